"""Where a folder began, so that an audit can tell what is missing in it; several daemons on one
database, and who of them works on what.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Where the folders that are known began has not been kept.
    op.add_column("folder", sa.Column("began_uid", sa.BigInteger(), nullable=True))
    instant = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    _leases(instant)


def _leases(instant: sa.types.TypeEngine[object]) -> None:
    op.create_table(
        "daemon",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("home", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=191), nullable=False),
        sa.Column("key_mark", sa.String(length=64), nullable=False),
        sa.Column("mailboxes", sa.JSON(), nullable=False),
        sa.Column("started_at", instant, nullable=False),
        sa.Column("until", instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_daemon")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=191), nullable=False),
        sa.Column("holder", sa.String(length=32), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("since", instant, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
