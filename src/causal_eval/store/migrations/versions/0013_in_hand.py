"""What each worker has in hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a worker says with its beat; one of an earlier version says nothing."""
    op.add_column("workers", sa.Column("in_hand", sa.Text()))
