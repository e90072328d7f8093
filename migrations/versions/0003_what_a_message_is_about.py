"""What a message is about: rules, order numbers, partners; what was asked for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    instant = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    op.create_table(
        "order_number",
        sa.Column("id", key, autoincrement=True, nullable=False),
        sa.Column("mailbox_id", key, nullable=False),
        sa.Column("thread_id", key, nullable=False),
        sa.Column("message_id", key, nullable=False),
        sa.Column("name", sa.String(length=191), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("number_sha256", sa.String(length=64), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailbox.id"], name=op.f("fk_order_number_mailbox_id")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_order_number_message_id")
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["thread.id"], name=op.f("fk_order_number_thread_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_number")),
        sa.UniqueConstraint(
            "message_id",
            "name",
            "number_sha256",
            name=op.f("uq_order_number_message_id_name_number_sha256"),
        ),
    )
    op.create_index(
        op.f("ix_order_number_mailbox_id_number_sha256_id"),
        "order_number",
        ["mailbox_id", "number_sha256", "id"],
    )
    op.create_index(op.f("ix_order_number_thread_id"), "order_number", ["thread_id"])
    op.add_column("thread", sa.Column("resolved_at", instant, nullable=True))
    # Of earlier mail nobody kept what our server said, nor in which field an id stood.
    for table, flag in (
        ("participant", "proven"),
        ("citation", "direct"),
        ("thread", "kept_apart"),
    ):
        _add_flag(table, flag)
    op.add_column("attachment", sa.Column("dropped_at", instant, nullable=True))
    op.create_index(op.f("ix_attachment_sha256"), "attachment", ["sha256"])
    op.create_index(
        op.f("ix_attachment_dropped_at_held_until"), "attachment", ["dropped_at", "held_until"]
    )
    op.add_column("message", sa.Column("understood", sa.JSON(), nullable=True))
    _describe_threads()


def _add_flag(table: str, flag: str) -> None:
    """Add a column that says no for all rows that are there."""
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.add_column(sa.Column(flag, sa.Boolean(), nullable=True))
    column = sa.table(table, sa.column(flag, sa.Boolean()))
    op.execute(sa.update(column).values({flag: False}))
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.alter_column(flag, existing_type=sa.Boolean(), nullable=False)


def _describe_threads() -> None:
    """What is recorded already was not judged by rules: nothing is said of it."""
    for name, length in (("category", 64), ("promise", 16), ("after_answer", 16)):
        op.add_column("thread", sa.Column(name, sa.String(length=length), nullable=True))
    usual = {"priority": (sa.String(length=16), "normal")}
    usual |= {name: (sa.JSON(), []) for name in ("tags", "facts", "missing", "asked")}
    for name, (kind, _) in usual.items():
        op.add_column("thread", sa.Column(name, kind, nullable=True))
    thread = sa.table("thread", *(sa.column(name, kind) for name, (kind, _) in usual.items()))
    op.execute(thread.update().values({name: value for name, (_, value) in usual.items()}))
    with op.batch_alter_table("thread", schema=None) as batch_op:
        for name, (kind, _) in usual.items():
            batch_op.alter_column(name, existing_type=kind, nullable=False)
