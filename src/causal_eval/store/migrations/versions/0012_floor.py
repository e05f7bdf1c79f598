"""Which earlier versions of the program may use the tables as they are now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Begin with this version: a later migration that takes away what this one uses puts its own number there."""
    op.create_table(
        "schema_floor",
        sa.Column("revision", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_schema_floor"),
    )
    op.execute("INSERT INTO schema_floor (revision) VALUES ('0012')")
