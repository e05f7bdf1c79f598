"""Fingerprints of the configurations that answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; an earlier version neither reads nor writes it."""
    op.add_column("attempts", sa.Column("fingerprint", sa.Text()))
