"""What each issue claimed, to be followed up by the next."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds the register of claims."""
    op.create_table(
        "claims",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("issue_id", sa.Integer(), sa.ForeignKey("issues.id"), nullable=False, index=True),
        sa.Column("metric", sa.String(200), nullable=False),
        sa.Column("facility_id", sa.String(1000), nullable=False),
        sa.Column("side", sa.String(10), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.UniqueConstraint("issue_id", "metric", "facility_id", "side"),
    )
