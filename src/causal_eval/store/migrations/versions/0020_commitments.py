"""Commitments to question sets that follow from a secret, and words of users' own that sets are told in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; nothing that is there changes."""
    op.create_table(
        "commitments",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("set_digest", sa.String(length=64), nullable=False),
        sa.Column("split", sa.String(length=16), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("revealed_by", sa.Text(), nullable=True),
        sa.Column("revealed_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name="fk_commitments_project_projects"),
        sa.ForeignKeyConstraint(
            ["set_digest"], ["question_sets.digest"], name="fk_commitments_set_digest_question_sets"
        ),
        sa.PrimaryKeyConstraint("project", "set_digest", name="pk_commitments"),
    )
    op.create_index("ix_commitments_set_digest", "commitments", ["set_digest"], unique=False)
    op.create_table(
        "set_words",
        sa.Column("set_digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["set_digest"], ["question_sets.digest"], name="fk_set_words_set_digest_question_sets"),
        sa.PrimaryKeyConstraint("set_digest", "name", name="pk_set_words"),
    )
