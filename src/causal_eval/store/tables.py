"""Every table; changed only together with a migration (a test compares the two)."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)


class Moment(TypeDecorator[datetime]):
    """A point in time that comes back in UTC, whatever the time zone of the server's session is."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """See the base class."""
        assert dialect.name
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

projects = Table(
    "projects",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
)

schema_floor = Table(
    "schema_floor",
    metadata,
    #: One row: the oldest version of this program, by the newest migration that it knows, that may use these tables.
    Column("revision", String(32), primary_key=True),
)

question_sets = Table(
    "question_sets",
    metadata,
    #: SHA-256 of the canonical lines of all questions in order, answers and proofs included.
    Column("digest", String(64), primary_key=True),
    #: The hash that is shown: equal for a public file and its private twin.
    Column("hash", String(80), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("generator", String(32), nullable=False),
    Column("count", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
)

questions = Table(
    "questions",
    metadata,
    #: SHA-256 of the body, first 32 hex digits: two users may both call a question "q1".
    Column("digest", String(32), primary_key=True),
    Column("id", Text, nullable=False, index=True),
    #: Canonical JSON of the whole question.
    Column("body", LargeBinary, nullable=False),
    Column("family", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("rung", Integer, nullable=False),
    Column("domain", Text, nullable=False),
    Column("regime", Text, nullable=False),
    Column("difficulty", Integer, nullable=False),
    Column("cluster", Text, nullable=False),
    Column("twin", Text),
    Column("joint", Boolean, nullable=False),
    #: JSON list of baselines for which the question is legitimate.
    Column("exempt", Text, nullable=False),
)

set_members = Table(
    "set_members",
    metadata,
    Column("set_digest", ForeignKey("question_sets.digest"), primary_key=True),
    #: Place in the file, from 0.
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("question", ForeignKey("questions.digest"), nullable=False),
    sqlite_with_rowid=False,
)

set_orders = Table(
    "set_orders",
    metadata,
    Column("set_digest", ForeignKey("question_sets.digest"), primary_key=True),
    Column("seed", String(200), primary_key=True),
    #: Place in the random cluster order of the seed, from 0; runs of the same set and seed share it.
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("question", ForeignKey("questions.digest"), nullable=False),
    Index("ix_set_orders_set_digest_seed_question", "set_digest", "seed", "question"),
    sqlite_with_rowid=False,
)

evaluations = Table(
    "evaluations",
    metadata,
    #: Content hash of the spec: the same command finds its own run again.
    Column("id", String(32), primary_key=True),
    Column("project", ForeignKey("projects.id"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("status", String(16), nullable=False),
    Column("ended_at", Moment),
    Column("answerer", Text, nullable=False),
    #: JSON of the run's spec.
    Column("spec", Text, nullable=False),
    Column("set_digest", ForeignKey("question_sets.digest"), nullable=False, index=True),
    Column("seed", String(200), nullable=False),
    #: Number of questions: the first so many of the set's order.
    Column("planned", Integer, nullable=False),
    Column("epochs", Integer, nullable=False),
    #: JSON of the rule by which the run may stop; NULL: it asks everything.
    Column("stop_rule", Text),
    Index("idx_evaluations_created_at", "created_at"),
    Index("ix_evaluations_project_created_at", "project", "created_at"),
)

_FROM_CACHE = text("asked_at IS NOT NULL")

attempts = Table(
    "attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("evaluation_id", ForeignKey("evaluations.id"), nullable=False),
    Column("question", ForeignKey("questions.digest"), nullable=False),
    Column("answerer", Text, nullable=False),
    Column("sample", Integer, nullable=False),
    #: ``reply`` or ``refusal``.
    Column("kind", String(16), nullable=False),
    #: What the model said; of a refusal, the provider's reason.
    Column("text", Text, nullable=False),
    Column("reasoning", Text, nullable=False),
    Column("finish", Text, nullable=False),
    Column("served", Text, nullable=False),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    Column("cached_tokens", Integer),
    Column("reasoning_tokens", Integer),
    Column("latency_ms", Float, nullable=False),
    Column("calls", Integer, nullable=False),
    #: UTC, ISO 8601 with milliseconds.
    Column("started_at", String(32), nullable=False),
    #: SHA-256 over all columns but the id; those that came later count where they hold something.
    Column("content_hash", String(64), nullable=False),
    Column("written_tokens", Integer),
    #: Which observation this is, where replies are cached: rows of one source, in whatever run, are one observation.
    Column("source", String(32)),
    #: Of a reply from the cache: when it was first asked for; UTC, ISO 8601 with milliseconds.
    Column("asked_at", String(32)),
    #: The provider's id of the batch that it came in.
    Column("batch", Text),
    #: Name of the key that the last call was made with, never the key; NULL: not known, or none.
    Column("key", Text),
    #: The host that was called last.
    Column("route", Text),
    #: Of the configuration that answered; NULL: the provider says none.
    Column("fingerprint", Text),
    UniqueConstraint("evaluation_id", "question", "answerer", "sample"),
    Index("ix_attempts_started_at", "started_at"),
    Index("ix_attempts_asked_at", "asked_at", sqlite_where=_FROM_CACHE, postgresql_where=_FROM_CACHE),
)

failures = Table(
    "failures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("evaluation_id", ForeignKey("evaluations.id"), nullable=False, index=True),
    Column("question", ForeignKey("questions.digest"), nullable=False),
    Column("answerer", Text, nullable=False),
    Column("sample", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("message", Text, nullable=False),
    Column("status", Integer),
    Column("latency_ms", Float, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("started_at", String(32), nullable=False),
    Column("key", Text),
    Column("route", Text),
    Index("ix_failures_started_at", "started_at"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("attempt_id", ForeignKey("attempts.id"), nullable=False),
    Column("scorer", String(32), nullable=False),
    Column("mark", String(16), nullable=False),
    Column("strict", String(16), nullable=False),
    #: Exact fraction, ``"2/3"``.
    Column("share", Text, nullable=False),
    #: JSON of the parsed answer.
    Column("answer", Text, nullable=False),
    Column("reason", Text, nullable=False),
    #: The attempt's, again: so the few lines of a rare mark are found by an index. NULL: by a version before 0016.
    Column("evaluation_id", String(32)),
    UniqueConstraint("attempt_id", "scorer"),
    Index("ix_verdicts_evaluation_id_mark", "evaluation_id", "mark"),
)

replies = Table(
    "replies",
    metadata,
    #: SHA-256 of all that decides the reply (``providers/cache.py``).
    Column("key", String(64), primary_key=True),
    Column("project", ForeignKey("projects.id"), nullable=False),
    Column("answerer", Text, nullable=False),
    #: When it was first asked for; UTC, ISO 8601 with milliseconds.
    Column("asked_at", String(32), nullable=False, index=True),
    #: JSON of the outcome.
    Column("body", LargeBinary, nullable=False),
)

run_states = Table(
    "run_states",
    metadata,
    #: A row for each run that goes on; it goes with the run, unless that was killed.
    Column("evaluation_id", ForeignKey("evaluations.id"), primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    #: When the process last said that it lives; seconds since 1970.
    Column("beat_at", Float, nullable=False),
    #: JSON of what it is doing.
    Column("state", Text, nullable=False),
)

run_controls = Table(
    "run_controls",
    metadata,
    #: What somebody wants of a run that goes on; a run that begins takes the row away.
    Column("evaluation_id", ForeignKey("evaluations.id"), primary_key=True),
    Column("paused", Boolean, nullable=False),
    #: Open calls at most; NULL: as the run decides.
    Column("concurrency", Integer),
)

batches = Table(
    "batches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("evaluation_id", ForeignKey("evaluations.id"), nullable=False),
    #: From 1, in the order in which an evaluation orders.
    Column("number", Integer, nullable=False),
    #: What the provider is told and asked by.
    Column("tag", String(80), nullable=False),
    #: The provider's id; NULL: it may not have been ordered.
    Column("handle", Text),
    Column("asked", Integer, nullable=False),
    #: UTC, ISO 8601 with milliseconds: before it was ordered.
    Column("made_at", String(32), nullable=False),
    #: NULL: outcomes may still come of it.
    Column("closed_at", String(32)),
    UniqueConstraint("evaluation_id", "number"),
)

batch_rows = Table(
    "batch_rows",
    metadata,
    #: Rows are there while the batch is open.
    Column("batch_id", ForeignKey("batches.id"), primary_key=True, autoincrement=False),
    Column("question", ForeignKey("questions.digest"), primary_key=True),
    Column("sample", Integer, primary_key=True, autoincrement=False),
)
