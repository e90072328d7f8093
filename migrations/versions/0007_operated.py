"""Alarms go by several paths, each for itself, and one that is over is known for it. A message may
be erased: it stays as a mark by which it is known again. What is to be removed from the disk is
noted. The history is a chain.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _alarms()
    instant = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    op.add_column("message", sa.Column("erased_at", instant, nullable=True))
    op.create_index(op.f("ix_message_erased_at"), "message", ["erased_at"])
    op.add_column("message", sa.Column("quoted_at", instant, nullable=True))
    op.create_table(
        "removal",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("is_file", sa.Boolean(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at_once", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    # What stands there already is sealed as it is found.
    op.add_column("event", sa.Column("salt", sa.String(length=32), nullable=True))
    op.add_column("event", sa.Column("detail_sha256", sa.String(length=64), nullable=True))
    op.add_column("event", sa.Column("seal", sa.String(length=64), nullable=True))
    op.add_column("thread", sa.Column("seal", sa.String(length=64), nullable=True))


def _alarms() -> None:
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.add_column(sa.Column("path", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("ends", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("topic_sha256", sa.String(length=64), nullable=True))
    # What an old one was about is not known any more: it is a topic of its own, and ends none.
    op.execute(
        sa.text("UPDATE alert SET topic_sha256 = subject_sha256, ends = :no").bindparams(
            sa.bindparam("no", False, sa.Boolean())
        )
    )
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.alter_column("ends", existing_type=sa.Boolean(), nullable=False)
        batch_op.alter_column("topic_sha256", existing_type=sa.String(length=64), nullable=False)
