"""Batches that are under way, what they were asked, and which reply came in one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables and a column; what was kept before came by calls of its own, and keeps its content hash."""
    op.create_table(
        "batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("evaluation_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(80), nullable=False),
        sa.Column("handle", sa.Text()),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.String(32), nullable=False),
        sa.Column("closed_at", sa.String(32)),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluations.id"], name="fk_batches_evaluation_id_evaluations"),
        sa.UniqueConstraint("evaluation_id", "number", name="uq_batches_evaluation_id_number"),
    )
    op.create_table(
        "batch_rows",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(32), nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "question", "sample", name="pk_batch_rows"),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_batch_rows_batch_id_batches"),
        sa.ForeignKeyConstraint(["question"], ["questions.digest"], name="fk_batch_rows_question_questions"),
    )
    op.add_column("attempts", sa.Column("batch", sa.Text(), nullable=True))
