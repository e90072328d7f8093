"""Alarms go by several paths, each for itself, and one that is over is known for it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
