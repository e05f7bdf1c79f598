"""By which rule a run may stop."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the rule; a run of an earlier version has none, and an earlier version asks everything."""
    op.add_column("evaluations", sa.Column("stop_rule", sa.Text()))
