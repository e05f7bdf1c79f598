"""Copies of incidents, marks on the results that one may have touched, and what was asked again because of one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def _of_evaluation(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_evaluations"
    return sa.ForeignKeyConstraint([column], ["evaluations.id"], name=name, ondelete="CASCADE")


def _of_incident(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=f"fk_{table}_incident_id_incidents")


def upgrade() -> None:
    """Add tables and indexes; a version that does not know them copies nothing, and deletes what hangs on them."""
    op.create_index("ix_attempts_started_at", "attempts", ["started_at"])
    cached = sa.text("asked_at IS NOT NULL")
    op.create_index("ix_attempts_asked_at", "attempts", ["asked_at"], sqlite_where=cached, postgresql_where=cached)
    op.create_index("ix_failures_started_at", "failures", ["started_at"])
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("began_at", sa.Float(), nullable=False),
        sa.Column("opened_at", sa.Float(), nullable=False),
        sa.Column("mitigated_at", sa.Float()),
        sa.Column("resolved_at", sa.Float()),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("copied_at", sa.Float(), nullable=False),
        sa.Column("marked_at", sa.Float()),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_opened_at", "incidents", ["opened_at"])
    op.create_table(
        "incident_copy",
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("tried_at", sa.Float(), nullable=False),
        sa.Column("answered_at", sa.Float()),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.Float()),
        sa.PrimaryKeyConstraint("source", name="pk_incident_copy"),
    )
    _marks()
    op.create_table(
        "incident_reruns",
        sa.Column("rerun_id", sa.String(length=32), nullable=False),
        sa.Column("evaluation_id", sa.String(length=32), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.Float(), nullable=False),
        _of_evaluation("incident_reruns", "rerun_id"),
        _of_evaluation("incident_reruns", "evaluation_id"),
        _of_incident("incident_reruns"),
        sa.PrimaryKeyConstraint("rerun_id", name="pk_incident_reruns"),
    )
    op.create_index("ix_incident_reruns_evaluation_id", "incident_reruns", ["evaluation_id"])
    op.create_index("ix_incident_reruns_incident_id", "incident_reruns", ["incident_id"])


def _marks() -> None:
    op.create_table(
        "incident_marks",
        sa.Column("evaluation_id", sa.String(length=32), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("result", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("question", sa.String(length=32), nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("marked_at", sa.Float(), nullable=False),
        _of_evaluation("incident_marks", "evaluation_id"),
        _of_incident("incident_marks"),
        sa.PrimaryKeyConstraint("evaluation_id", "incident_id", "outcome", "result", name="pk_incident_marks"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "incident_tallies",
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("evaluation_id", sa.String(length=32), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        _of_incident("incident_tallies"),
        _of_evaluation("incident_tallies", "evaluation_id"),
        sa.PrimaryKeyConstraint("incident_id", "evaluation_id", name="pk_incident_tallies"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_incident_tallies_evaluation_id", "incident_tallies", ["evaluation_id"])
