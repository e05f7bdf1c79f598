"""The first tables: projects, questions and their sets, evaluations, attempts, failures, verdicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table, the project of the command line first."""
    _create_projects()
    _create_questions()
    _create_sets()
    _create_evaluations()
    _create_attempts()
    _create_failures()
    _create_verdicts()


def _create_projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
    )
    op.execute("INSERT INTO projects (id, name, created_at) VALUES ('local', 'Command line', CURRENT_TIMESTAMP)")


def _create_questions() -> None:
    op.create_table(
        "questions",
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("regime", sa.Text(), nullable=False),
        sa.Column("difficulty", sa.Integer(), nullable=False),
        sa.Column("cluster", sa.Text(), nullable=False),
        sa.Column("twin", sa.Text()),
        sa.Column("joint", sa.Boolean(), nullable=False),
        sa.Column("exempt", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_questions"),
    )
    op.create_index("ix_questions_id", "questions", ["id"])


def _create_sets() -> None:
    op.create_table(
        "question_sets",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(80), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("generator", sa.String(32), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_question_sets"),
    )
    op.create_index("ix_question_sets_hash", "question_sets", ["hash"])
    op.create_table(
        "set_members",
        sa.Column("set_digest", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("question", sa.String(32), nullable=False),
        *_set_keys("set_members"),
        sa.PrimaryKeyConstraint("set_digest", "position", name="pk_set_members"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "set_orders",
        sa.Column("set_digest", sa.String(64), nullable=False),
        sa.Column("seed", sa.String(200), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("question", sa.String(32), nullable=False),
        *_set_keys("set_orders"),
        sa.PrimaryKeyConstraint("set_digest", "seed", "position", name="pk_set_orders"),
        sqlite_with_rowid=False,
    )


def _set_keys(table: str) -> tuple[sa.ForeignKeyConstraint, sa.ForeignKeyConstraint]:
    return (
        sa.ForeignKeyConstraint(["question"], ["questions.digest"], name=f"fk_{table}_question_questions"),
        sa.ForeignKeyConstraint(["set_digest"], ["question_sets.digest"], name=f"fk_{table}_set_digest_question_sets"),
    )


def _create_evaluations() -> None:
    op.create_table(
        "evaluations",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("project", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("answerer", sa.Text(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("set_digest", sa.String(64), nullable=False),
        sa.Column("seed", sa.String(200), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("epochs", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name="fk_evaluations_project_projects"),
        sa.ForeignKeyConstraint(
            ["set_digest"], ["question_sets.digest"], name="fk_evaluations_set_digest_question_sets"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_evaluations"),
    )
    op.create_index("idx_evaluations_created_at", "evaluations", ["created_at"])
    op.create_index("ix_evaluations_project_created_at", "evaluations", ["project", "created_at"])
    op.create_index("ix_evaluations_set_digest", "evaluations", ["set_digest"])


def _asked_columns() -> tuple[sa.Column[object], ...]:
    """What an attempt and a failure have in common: which question was asked of whom."""
    return (
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("evaluation_id", sa.String(32), nullable=False),
        sa.Column("question", sa.String(32), nullable=False),
        sa.Column("answerer", sa.Text(), nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
    )


def _asked_keys(table: str) -> tuple[sa.ForeignKeyConstraint, sa.ForeignKeyConstraint]:
    return (
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluations.id"], name=f"fk_{table}_evaluation_id_evaluations"),
        sa.ForeignKeyConstraint(["question"], ["questions.digest"], name=f"fk_{table}_question_questions"),
    )


def _create_attempts() -> None:
    op.create_table(
        "attempts",
        *_asked_columns(),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reasoning", sa.Text(), nullable=False),
        sa.Column("finish", sa.Text(), nullable=False),
        sa.Column("served", sa.Text(), nullable=False),
        sa.Column("input_tokens", sa.Integer()),
        sa.Column("output_tokens", sa.Integer()),
        sa.Column("cached_tokens", sa.Integer()),
        sa.Column("reasoning_tokens", sa.Integer()),
        sa.Column("latency_ms", sa.Float(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.String(32), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        *_asked_keys("attempts"),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sa.UniqueConstraint(
            "evaluation_id",
            "question",
            "answerer",
            "sample",
            name="uq_attempts_evaluation_id_question_answerer_sample",
        ),
    )


def _create_failures() -> None:
    op.create_table(
        "failures",
        *_asked_columns(),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("latency_ms", sa.Float(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.String(32), nullable=False),
        *_asked_keys("failures"),
        sa.PrimaryKeyConstraint("id", name="pk_failures"),
    )
    op.create_index("ix_failures_evaluation_id", "failures", ["evaluation_id"])


def _create_verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("scorer", sa.String(32), nullable=False),
        sa.Column("mark", sa.String(16), nullable=False),
        sa.Column("strict", sa.String(16), nullable=False),
        sa.Column("share", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name="fk_verdicts_attempt_id_attempts"),
        sa.PrimaryKeyConstraint("id", name="pk_verdicts"),
        sa.UniqueConstraint("attempt_id", "scorer", name="uq_verdicts_attempt_id_scorer"),
    )
