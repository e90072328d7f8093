"""Mails to ourselves are known, and when they came back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    instant = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "probe",
        sa.Column("outbox_id", key, nullable=False),
        sa.Column("mailbox_id", key, nullable=False),
        sa.Column("queued_at", instant, nullable=False),
        sa.Column("message_id", key, nullable=True),
        sa.Column("back_at", instant, nullable=True),
        sa.Column("junked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_probe_outbox_id")),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name=op.f("fk_probe_mailbox_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_probe_message_id")),
        sa.PrimaryKeyConstraint("outbox_id", name=op.f("pk_probe")),
    )
    op.create_index(op.f("ix_probe_mailbox_id_outbox_id"), "probe", ["mailbox_id", "outbox_id"])
    op.create_index(op.f("ix_probe_message_id"), "probe", ["message_id"])
