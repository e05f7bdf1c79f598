"""Cached replies with their provenance, and what a run is doing and is asked to do from another shell."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables; what was kept before came from no cache, and keeps its content hash."""
    op.add_column("attempts", sa.Column("source", sa.String(32), nullable=True))
    op.add_column("attempts", sa.Column("asked_at", sa.String(32), nullable=True))
    op.create_table(
        "replies",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("answerer", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.String(32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name="fk_replies_project_projects"),
        sa.PrimaryKeyConstraint("key", name="pk_replies"),
    )
    op.create_index("ix_replies_asked_at", "replies", ["asked_at"])
    op.create_table(
        "run_states",
        sa.Column("evaluation_id", sa.String(32), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("beat_at", sa.Float(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        _run("run_states"),
        sa.PrimaryKeyConstraint("evaluation_id", name="pk_run_states"),
    )
    op.create_table(
        "run_controls",
        sa.Column("evaluation_id", sa.String(32), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=True),
        _run("run_controls"),
        sa.PrimaryKeyConstraint("evaluation_id", name="pk_run_controls"),
    )


def _run(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_evaluation_id_evaluations"
    return sa.ForeignKeyConstraint(["evaluation_id"], ["evaluations.id"], name=name)
