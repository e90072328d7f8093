"""The journal is asked for what came with the same bytes before."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_inbound_raw_sha256"), "inbound", ["raw_sha256"])
