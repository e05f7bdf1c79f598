"""Room for every word that says where a score lies against chance."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen the column; PostgreSQL refused the longest word."""
    with op.batch_alter_table("scores") as table:
        table.alter_column(
            "against", existing_type=sa.String(length=16), type_=sa.String(length=40), existing_nullable=False
        )
