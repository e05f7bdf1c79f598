"""Jobs, their shards, workers, leases and what all workers share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; nothing that is there changes."""
    _jobs()
    _shards()
    _scores()
    _workers()
    _leases()
    _key_states()
    _call_leases()
    _switches()
    _events()
    _set_owners()


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("evaluation_id", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("ended_at", sa.Float(), nullable=True),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("budget", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluations.id"], name="fk_jobs_evaluation_id_evaluations"),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name="fk_jobs_project_projects"),
        sa.PrimaryKeyConstraint("evaluation_id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_project_created_at", "jobs", ["project", "created_at"], unique=False)
    op.create_index("ix_jobs_status_priority", "jobs", ["status", "priority"], unique=False)


def _shards() -> None:
    op.create_table(
        "shards",
        sa.Column("id", sa.String(length=48), nullable=False),
        sa.Column("evaluation_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("stop", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("fenced", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.Float(), nullable=True),
        sa.Column("ended_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["evaluation_id"], ["jobs.evaluation_id"], name="fk_shards_evaluation_id_jobs"),
        sa.PrimaryKeyConstraint("id", name="pk_shards"),
        sa.UniqueConstraint("evaluation_id", "number", name="uq_shards_evaluation_id_number"),
    )
    op.create_index("ix_shards_status", "shards", ["status"], unique=False)


def _scores() -> None:
    op.create_table(
        "scores",
        sa.Column("evaluation_id", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("chance", sa.Float(), nullable=True),
        sa.Column("against", sa.String(length=16), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("clusters", sa.Integer(), nullable=False),
        sa.Column("strict", sa.Float(), nullable=True),
        sa.Column("unparsed", sa.Integer(), nullable=False),
        sa.Column("abstained", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("ungraded", sa.Integer(), nullable=False),
        sa.Column("excluded", sa.Integer(), nullable=False),
        sa.Column("exempt", sa.Integer(), nullable=False),
        sa.Column("alarm", sa.Boolean(), nullable=False),
        sa.Column("cost", sa.Text(), nullable=True),
        sa.Column("time_ms", sa.Float(), nullable=True),
        sa.Column("cached", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("verdicts", sa.Integer(), nullable=False),
        sa.Column("computed_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluations.id"], name="fk_scores_evaluation_id_evaluations"),
        sa.PrimaryKeyConstraint("evaluation_id", "scope", name="pk_scores"),
    )
    op.create_index("ix_scores_scope_score", "scores", ["scope", "score"], unique=False)


def _workers() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("beat_at", sa.Float(), nullable=False),
        sa.Column("draining", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )


def _leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )


def _key_states() -> None:
    op.create_table(
        "key_states",
        sa.Column("provider", sa.String(length=255), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("cooldown_until", sa.Float(), nullable=True),
        sa.Column("revoked_at", sa.Float(), nullable=True),
        sa.Column("breaker", sa.String(length=16), nullable=False),
        sa.Column("breaker_until", sa.Float(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "key", name="pk_key_states"),
    )


def _call_leases() -> None:
    op.create_table(
        "call_leases",
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("requests", sa.Float(), nullable=True),
        sa.Column("tokens", sa.Float(), nullable=True),
        sa.Column("until", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["worker"], ["workers.id"], name="fk_call_leases_worker_workers"),
        sa.PrimaryKeyConstraint("provider", "key", "worker", name="pk_call_leases"),
    )


def _switches() -> None:
    op.create_table(
        "switches",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.Float(), nullable=False),
        sa.Column("until", sa.Float(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_switches"),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("evaluation_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluations.id"], name="fk_events_evaluation_id_evaluations"),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name="fk_events_project_projects"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_evaluation_id_id", "events", ["evaluation_id", "id"], unique=False)
    op.create_index("ix_events_project_id", "events", ["project", "id"], unique=False)


def _set_owners() -> None:
    op.create_table(
        "set_owners",
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("set_digest", sa.String(length=64), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name="fk_set_owners_project_projects"),
        sa.ForeignKeyConstraint(
            ["set_digest"], ["question_sets.digest"], name="fk_set_owners_set_digest_question_sets"
        ),
        sa.PrimaryKeyConstraint("project", "set_digest", name="pk_set_owners"),
    )
    op.create_index("ix_set_owners_set_digest", "set_owners", ["set_digest"], unique=False)
