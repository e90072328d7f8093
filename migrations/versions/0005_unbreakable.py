"""Where a folder began, so that an audit can tell what is missing in it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Where the folders that are known began has not been kept.
    op.add_column("folder", sa.Column("began_uid", sa.BigInteger(), nullable=True))
