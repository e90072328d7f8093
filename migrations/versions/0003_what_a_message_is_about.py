"""What a message is about: rules, order numbers, partners; what was asked for."""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
