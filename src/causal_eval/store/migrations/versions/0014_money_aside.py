"""What is set aside for open calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; a worker of an earlier version sets nothing aside."""
    op.create_table(
        "money_aside",
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("evaluation", sa.Text(), nullable=False),
        sa.Column("dollars", sa.Text(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("holder", name="pk_money_aside"),
    )
    op.create_index("ix_money_aside_project", "money_aside", ["project"])
