"""Tables of what incidents do to results: their copies, a mark on each result that one may have touched."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from causal_eval.store.tables import metadata

_OF_EVALUATION = "CASCADE"
"""A version before 0017 deletes an evaluation without knowing that these rows hang on it."""

incidents = Table(
    "incidents",
    metadata,
    #: As the sentinel names it: ``INC-7``.
    Column("id", String(32), primary_key=True),
    Column("component", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("severity", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    Column("title", Text, nullable=False),
    #: Nothing of it is for the public.
    Column("private", Boolean, nullable=False),
    #: Seconds since 1970, by the sentinel's clock; NULL: not yet.
    Column("began_at", Float, nullable=False),
    Column("opened_at", Float, nullable=False),
    Column("mitigated_at", Float),
    Column("resolved_at", Float),
    #: JSON of all that the sentinel told (``incidents.view.Told``).
    Column("payload", Text, nullable=False),
    #: When it was copied last; seconds since 1970.
    Column("copied_at", Float, nullable=False),
    #: When results were marked for it as it is now; NULL: they have not been, or it has changed since.
    Column("marked_at", Float),
    Index("ix_incidents_opened_at", "opened_at"),
)

incident_copy = Table(
    "incident_copy",
    metadata,
    #: Who is copied: ``sentinel``; one row.
    Column("source", String(16), primary_key=True),
    Column("tried_at", Float, nullable=False),
    #: When it answered last; NULL: never.
    Column("answered_at", Float),
    #: Why it did not the last time, one line; empty: it did.
    Column("fault", Text, nullable=False),
    #: What it is asked with next: all that changed since.
    Column("cursor", Integer, nullable=False),
    #: Evaluations that ended before have been looked at for late results.
    Column("looked_at", Float),
)

incident_marks = Table(
    "incident_marks",
    metadata,
    #: Append-only: a result is never rewritten because of an incident.
    Column("evaluation_id", ForeignKey("evaluations.id", ondelete=_OF_EVALUATION), primary_key=True),
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    #: ``kept`` (a reply or refusal) or ``failed`` (a call that failed).
    Column("outcome", String(8), primary_key=True),
    #: Its id in ``attempts`` or ``failures``.
    Column("result", Integer, primary_key=True, autoincrement=False),
    Column("question", String(32), nullable=False),
    Column("sample", Integer, nullable=False),
    #: ``during``: a call was open while it lasted; ``retried``: one that was repeated began shortly before.
    Column("reason", String(16), nullable=False),
    #: Calls that gave no reply: they were made again, or lost.
    Column("calls", Integer, nullable=False),
    Column("marked_at", Float, nullable=False),
    sqlite_with_rowid=False,
)

incident_tallies = Table(
    "incident_tallies",
    metadata,
    #: How many marks an evaluation has of an incident: a list of many evaluations need not count them.
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    Column("evaluation_id", ForeignKey("evaluations.id", ondelete=_OF_EVALUATION), primary_key=True, index=True),
    Column("kept", Integer, nullable=False),
    #: Questions and samples of which a call failed then and nothing is kept.
    Column("missing", Integer, nullable=False),
    Column("calls", Integer, nullable=False),
    sqlite_with_rowid=False,
)

incident_reruns = Table(
    "incident_reruns",
    metadata,
    #: The evaluation that asks marked questions of another one again.
    Column("rerun_id", ForeignKey("evaluations.id", ondelete=_OF_EVALUATION), primary_key=True),
    Column("evaluation_id", ForeignKey("evaluations.id", ondelete=_OF_EVALUATION), nullable=False, index=True),
    Column("incident_id", ForeignKey("incidents.id"), nullable=False, index=True),
    Column("asked_by", Text, nullable=False),
    #: Seconds since 1970.
    Column("asked_at", Float, nullable=False),
)
