"""Question sets that a worker makes, what waits for them, and what is made of one so far."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; nothing that is there changes."""
    op.create_table(
        "makings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("after", sa.String(length=32), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("claimed_by", sa.String(length=64), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.Float(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("question_set", sa.String(length=64), nullable=True),
        sa.Column("evaluation", sa.String(length=32), nullable=True),
        sa.Column("page", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name="fk_makings_project_projects"),
        sa.PrimaryKeyConstraint("id", name="pk_makings"),
    )
    op.create_index("ix_makings_status_created_at", "makings", ["status", "created_at"], unique=False)
    op.create_index("ix_makings_project_created_at", "makings", ["project", "created_at"], unique=False)
    op.create_table(
        "making_parts",
        sa.Column("making_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["making_id"], ["makings.id"], name="fk_making_parts_making_id_makings"),
        sa.PrimaryKeyConstraint("making_id", "position", name="pk_making_parts"),
    )
