"""Reports that a worker writes, and the evaluations that each is about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; nothing that is there changes."""
    op.create_table(
        "reports",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("claimed_at", sa.Float(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.Float(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name="fk_reports_project_projects"),
        sa.PrimaryKeyConstraint("id", name="pk_reports"),
    )
    op.create_index("ix_reports_status_created_at", "reports", ["status", "created_at"], unique=False)
    op.create_index("ix_reports_project_created_at", "reports", ["project", "created_at"], unique=False)
    op.create_table(
        "report_parts",
        sa.Column("report_id", sa.String(length=32), nullable=False),
        sa.Column("evaluation_id", sa.String(length=32), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluations.id"], name="fk_report_parts_evaluation_id_evaluations"
        ),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name="fk_report_parts_report_id_reports"),
        sa.PrimaryKeyConstraint("report_id", "evaluation_id", name="pk_report_parts"),
    )
    op.create_index("ix_report_parts_evaluation_id", "report_parts", ["evaluation_id"], unique=False)
