"""Tables of the work that the service does: jobs, their shards, who works on them, and what all workers share."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from causal_eval.store.tables import metadata

jobs = Table(
    "jobs",
    metadata,
    #: A row for each evaluation that the service carries out; runs of the command line have none.
    Column("evaluation_id", ForeignKey("evaluations.id"), primary_key=True),
    Column("project", ForeignKey("projects.id"), nullable=False),
    #: Id of the user, or of the key, who asked for it.
    Column("requested_by", Text, nullable=False),
    #: ``open``, ``done``, ``cancelled``, ``halted`` (a provider refused us or was down), ``over_budget``.
    Column("status", String(16), nullable=False),
    #: 1 is served first, 10 is usual.
    Column("priority", Integer, nullable=False),
    Column("paused", Boolean, nullable=False),
    #: Seconds since 1970.
    Column("created_at", Float, nullable=False),
    Column("ended_at", Float),
    #: JSON of how answers are asked for (``service.answering.Call``).
    Column("call", Text, nullable=False),
    #: Calls that one worker may have open for it; NULL: as many as the provider takes.
    Column("width", Integer),
    #: Spend cap in dollars, an exact decimal; NULL: none but the project's.
    Column("budget", Text),
    #: Why it ended, one line; empty: nothing is wrong.
    Column("note", Text, nullable=False),
    Index("ix_jobs_status_priority", "status", "priority"),
    Index("ix_jobs_project_created_at", "project", "created_at"),
)

shards = Table(
    "shards",
    metadata,
    #: ``<evaluation>-<number>``: the id of the engine's workflow too.
    Column("id", String(48), primary_key=True),
    Column("evaluation_id", ForeignKey("jobs.evaluation_id"), nullable=False),
    Column("number", Integer, nullable=False),
    #: Places in the run's order, the first and one past the last.
    Column("start", Integer, nullable=False),
    Column("stop", Integer, nullable=False),
    #: ``open``, ``done``, ``cancelled``, ``halted``.
    Column("status", String(16), nullable=False),
    #: Who works on it: a token of the claim; NULL: nobody.
    Column("owner", String(64)),
    #: Rises with every claim; every insert of an outcome carries it, and an older one is refused.
    Column("fence", Integer, nullable=False),
    #: Writes of stale claims that were refused.
    Column("fenced", Integer, nullable=False),
    Column("claimed_at", Float),
    Column("ended_at", Float),
    UniqueConstraint("evaluation_id", "number"),
    Index("ix_shards_status", "status"),
)

scores = Table(
    "scores",
    metadata,
    #: What ``analysis`` made of an evaluation's rows, so that lists need not; ``invariants`` recomputes it.
    Column("evaluation_id", ForeignKey("evaluations.id"), primary_key=True),
    #: ``overall``, ``rung 2``, ``effect``.
    Column("scope", String(80), primary_key=True),
    #: Order of the rows.
    Column("place", Integer, nullable=False),
    Column("score", Float),
    Column("low", Float),
    Column("high", Float),
    Column("chance", Float),
    Column("against", String(40), nullable=False),
    Column("units", Integer, nullable=False),
    Column("clusters", Integer, nullable=False),
    Column("strict", Float),
    Column("unparsed", Integer, nullable=False),
    Column("abstained", Integer, nullable=False),
    Column("missing", Integer, nullable=False),
    Column("ungraded", Integer, nullable=False),
    Column("excluded", Integer, nullable=False),
    Column("exempt", Integer, nullable=False),
    Column("alarm", Boolean, nullable=False),
    #: Dollars, an exact fraction; NULL: not known.
    Column("cost", Text),
    Column("time_ms", Float),
    Column("cached", Integer, nullable=False),
    #: Outcomes and verdicts that were there when it was computed.
    Column("kept", Integer, nullable=False),
    Column("verdicts", Integer, nullable=False),
    Column("computed_at", Float, nullable=False),
    Index("ix_scores_scope_score", "scope", "score"),
)

workers = Table(
    "workers",
    metadata,
    #: Fresh for every process; the engine's executor id.
    Column("id", String(64), primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("started_at", Float, nullable=False),
    #: When it last said that it lives, by the database's clock; seconds since 1970.
    Column("beat_at", Float, nullable=False),
    Column("draining", Boolean, nullable=False),
    #: Ids of the shards that it had in hand then, between spaces; NULL: it has not said yet.
    Column("in_hand", Text),
)

leases = Table(
    "leases",
    metadata,
    #: What only one process at a time does, such as ``sweep``.
    Column("name", String(64), primary_key=True),
    Column("owner", String(64), nullable=False),
    #: By the database's clock; seconds since 1970.
    Column("until", Float, nullable=False),
)

key_states = Table(
    "key_states",
    metadata,
    #: What all workers know about a provider's key; ``key`` is its printed name, never the key; "" = the provider.
    Column("provider", String(255), primary_key=True),
    Column("key", String(160), primary_key=True),
    #: Seconds since 1970; NULL: not cooling down.
    Column("cooldown_until", Float),
    Column("revoked_at", Float),
    #: ``closed``, ``open`` or ``half-open``.
    Column("breaker", String(16), nullable=False),
    Column("breaker_until", Float),
    Column("failures", Integer, nullable=False),
    #: Why, one line, redacted.
    Column("note", Text, nullable=False),
    Column("updated_at", Float, nullable=False),
)

call_leases = Table(
    "call_leases",
    metadata,
    #: A worker's share of what a provider's key allows, good for a few seconds.
    Column("provider", String(64), primary_key=True),
    Column("key", String(80), primary_key=True),
    Column("worker", ForeignKey("workers.id"), primary_key=True),
    #: Calls it may have open, and those that it wants.
    Column("calls", Integer, nullable=False),
    Column("wanted", Integer, nullable=False),
    #: Its share of the requests and tokens per minute; NULL: no limit.
    Column("requests", Float),
    Column("tokens", Float),
    Column("until", Float, nullable=False),
)

money_aside = Table(
    "money_aside",
    metadata,
    #: What a process has set aside for its open calls of an evaluation; a token of its own.
    Column("holder", String(64), primary_key=True),
    Column("project", Text, nullable=False, index=True),
    Column("evaluation", Text, nullable=False),
    #: Dollars, an exact fraction.
    Column("dollars", Text, nullable=False),
    #: By the database's clock; seconds since 1970.
    Column("until", Float, nullable=False),
)

deployments = Table(
    "deployments",
    metadata,
    Column("id", Integer, primary_key=True),
    #: Of the program.
    Column("version", String(64), nullable=False),
    #: Of its source, where the build says so; "": it does not.
    Column("revision", String(64), nullable=False),
    #: The newest migration that it knows.
    Column("schema", String(32), nullable=False),
    #: When the first process of it started, by the database's clock; seconds since 1970.
    Column("started_at", Float, nullable=False),
    Column("host", Text, nullable=False),
    #: ``app``, ``worker``, ``serve``.
    Column("started_by", Text, nullable=False),
)

switches = Table(
    "switches",
    metadata,
    #: A setting that an operator changed while the service runs; wins over the environment until it is over.
    Column("name", String(80), primary_key=True),
    Column("value", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_at", Float, nullable=False),
    #: NULL: until it is taken back.
    Column("until", Float),
    Column("reason", Text, nullable=False),
)

events = Table(
    "events",
    metadata,
    #: What happened, in order; the id is the ``Last-Event-ID`` of a listener.
    Column("id", Integer, primary_key=True),
    Column("project", ForeignKey("projects.id"), nullable=False),
    Column("evaluation_id", ForeignKey("evaluations.id"), nullable=False),
    #: ``created``, ``progress``, ``waiting``, ``paused``, ``resumed``, ``cancelled``, ``halted``, ``done``.
    Column("kind", String(32), nullable=False),
    #: JSON.
    Column("body", Text, nullable=False),
    Column("at", Float, nullable=False),
    Index("ix_events_evaluation_id_id", "evaluation_id", "id"),
    Index("ix_events_project_id", "project", "id"),
    sqlite_autoincrement=True,
)

set_owners = Table(
    "set_owners",
    metadata,
    #: Who may use a question set; one that nobody owns came from the command line, project ``local``.
    Column("project", ForeignKey("projects.id"), primary_key=True),
    Column("set_digest", ForeignKey("question_sets.digest"), primary_key=True, index=True),
    Column("added_by", Text, nullable=False),
    #: Seconds since 1970.
    Column("added_at", Float, nullable=False),
)
