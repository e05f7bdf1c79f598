"""With which key and at which host each outcome came about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two columns to both kinds of outcomes; of older ones it is not known, and they keep their content hash."""
    for table in ("attempts", "failures"):
        op.add_column(table, sa.Column("key", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("route", sa.Text(), nullable=True))
