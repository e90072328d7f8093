"""Time: what is to happen when, what was promised, and since when the policy holds."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    instant = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    op.create_table(
        "in_force",
        sa.Column("mailbox_id", key, nullable=False),
        sa.Column("part", sa.String(length=191), nullable=False),
        sa.Column("since", instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailbox.id"], name=op.f("fk_in_force_mailbox_id")
        ),
        sa.PrimaryKeyConstraint("mailbox_id", "part", name=op.f("pk_in_force")),
    )
    op.create_table(
        "timer",
        sa.Column("id", key, autoincrement=True, nullable=False),
        sa.Column("mailbox_id", key, nullable=False),
        sa.Column("thread_id", key, nullable=False),
        sa.Column("key", sa.String(length=191), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("since", instant, nullable=False),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", instant, nullable=True),
        sa.Column("fired_at", instant, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("outbox_id", key, nullable=True),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name=op.f("fk_timer_mailbox_id")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_timer_outbox_id")),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_timer_thread_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timer")),
        sa.UniqueConstraint("thread_id", "key", name=op.f("uq_timer_thread_id_key")),
    )
    op.create_index(
        op.f("ix_timer_mailbox_id_state_next_attempt_at"),
        "timer",
        ["mailbox_id", "state", "next_attempt_at"],
    )
    op.create_index(op.f("ix_timer_outbox_id"), "timer", ["outbox_id"])
    # Of what was answered before, the spans stand in the times of its messages.
    op.add_column("thread", sa.Column("first_reply_seconds", sa.BigInteger(), nullable=True))
    op.add_column("message", sa.Column("rating", sa.Integer(), nullable=True))
    _want_plans()
    _steer(key, instant)


def _steer(key: sa.types.TypeEngine[int], instant: sa.types.TypeEngine[datetime]) -> None:
    """Staff steer from their mail clients: nothing was seen there yet."""
    op.create_table(
        "mark",
        sa.Column("message_id", key, nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("writing", sa.JSON(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", instant, nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_mark_message_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_mark")),
    )
    op.add_column("folder", sa.Column("modseq", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("thread", schema=None) as batch_op:
        batch_op.add_column(sa.Column("by_hand", sa.Boolean(), nullable=True))
    thread = sa.table("thread", sa.column("by_hand", sa.Boolean()))
    op.execute(thread.update().values(by_hand=False))
    with op.batch_alter_table("thread", schema=None) as batch_op:
        batch_op.alter_column("by_hand", existing_type=sa.Boolean(), nullable=False)


def _want_plans() -> None:
    """Whatever is under way gets its timers; what would have been due is not made up for."""
    with op.batch_alter_table("thread", schema=None) as batch_op:
        batch_op.add_column(sa.Column("plan_wanted", sa.Boolean(), nullable=True))
    thread = sa.table(
        "thread", sa.column("plan_wanted", sa.Boolean()), sa.column("status", sa.String())
    )
    alive = thread.c.status.in_(("open", "working", "pending"))
    op.execute(thread.update().values(plan_wanted=alive))
    with op.batch_alter_table("thread", schema=None) as batch_op:
        batch_op.alter_column("plan_wanted", existing_type=sa.Boolean(), nullable=False)
    op.create_index(
        op.f("ix_thread_mailbox_id_plan_wanted"), "thread", ["mailbox_id", "plan_wanted"]
    )
