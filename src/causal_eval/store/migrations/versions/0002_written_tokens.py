"""How many input tokens a call wrote to the provider's prompt cache, which some bill apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was kept before does not say, and keeps its content hash."""
    op.add_column("attempts", sa.Column("written_tokens", sa.Integer(), nullable=True))
