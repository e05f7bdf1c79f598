"""Tables of what goes out, takes a worker a while, or comes with a set: submissions, webhooks, makings, commitments."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from causal_eval.store.tables import metadata

submissions = Table(
    "submissions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", ForeignKey("projects.id"), nullable=False),
    #: ``verified`` (our server called the model) or ``self_reported`` (raw answers, scored again).
    Column("tier", String(16), nullable=False),
    Column("answerer", Text, nullable=False),
    #: JSON of what the submitter says about the model: size, licence, link.
    Column("about", Text, nullable=False),
    Column("suite", Text, nullable=False),
    Column("evaluation_id", ForeignKey("evaluations.id"), index=True),
    #: The set, which is known before it is kept: nobody sees one of the verified tier before it is scored.
    Column("set_digest", String(64), nullable=False, index=True),
    #: SHA-256 of the raw answers of a self-report; empty: of the verified tier.
    Column("answers_digest", String(64), nullable=False, index=True),
    #: Billions of parameters, as the submitter says; NULL: not said.
    Column("size", Float),
    #: SHA-256 of the secret seed, published before the first question is asked.
    Column("commitment", String(64), nullable=False),
    #: The seed; of the verified tier it is shown once the scores are there.
    Column("seed", Text, nullable=False),
    #: ``open``, ``scored``, ``published``, ``rejected``, ``withdrawn``.
    Column("status", String(16), nullable=False),
    #: JSON of what looks wrong: a duplicate, an impossible score.
    Column("flags", Text, nullable=False),
    Column("is_public", Boolean, nullable=False),
    #: What is signed: canonical JSON of the scores, what they prove and what not; NULL until scored.
    Column("signed", Text),
    #: Ed25519 over ``signed``; NULL until scored.
    Column("signature", LargeBinary),
    #: JSON: evaluation of the same set that was scored before -> [this one minus it, p value of the paired test].
    Column("paired", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("scored_at", Float),
    Index("ix_submissions_status_suite", "status", "suite"),
    Index("ix_submissions_project_suite", "project", "suite"),
)

moderation = Table(
    "moderation",
    metadata,
    #: Append-only.
    Column("id", Integer, primary_key=True),
    Column("submission_id", ForeignKey("submissions.id"), nullable=False, index=True),
    Column("at", Float, nullable=False),
    Column("actor", Text, nullable=False),
    #: ``score``, ``publish``, ``reject``, ``withdraw``, ``flag`` or ``note``.
    Column("action", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    sqlite_autoincrement=True,
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", ForeignKey("projects.id"), nullable=False, index=True),
    Column("url", Text, nullable=False),
    #: JSON list of event kinds; empty: all.
    Column("kinds", Text, nullable=False),
    #: The signing secret, sealed as provider keys are.
    Column("sealed", LargeBinary, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("master", String(32), nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    #: Events up to this one are no longer to be queued for it.
    Column("seen", Integer, nullable=False),
    #: Since when nothing has arrived there; NULL: what was sent last arrived.
    Column("failing_since", Float),
    Column("disabled_at", Float),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("webhook_id", ForeignKey("webhooks.id"), nullable=False),
    Column("event_id", ForeignKey("events.id"), nullable=False),
    #: ``open``, ``done`` or ``failed``.
    Column("status", String(16), nullable=False),
    Column("tries", Integer, nullable=False),
    #: Seconds since 1970: when it was queued, and when it is to be tried next.
    Column("created_at", Float, nullable=False),
    Column("next_at", Float, nullable=False),
    Column("last_status", Integer),
    Column("last_error", Text, nullable=False),
    Index("ix_deliveries_status_next_at", "status", "next_at"),
    Index("ix_deliveries_webhook_id_event_id", "webhook_id", "event_id", unique=True),
)

reports = Table(
    "reports",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", ForeignKey("projects.id"), nullable=False),
    #: ``open`` (waits, or is being written), ``done`` or ``failed``.
    Column("status", String(16), nullable=False),
    Column("requested_by", Text, nullable=False),
    #: Evaluations that it is about; where one of them was deleted, the report goes too.
    Column("parts", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    #: When a worker took it up last; NULL: none has.
    Column("claimed_at", Float),
    Column("tries", Integer, nullable=False),
    Column("ended_at", Float),
    #: Why it could not be written; empty otherwise.
    Column("note", Text, nullable=False),
    #: The HTML page; NULL until it is written.
    Column("page", Text),
    #: The same as JSON.
    Column("document", Text),
    Index("ix_reports_status_created_at", "status", "created_at"),
    Index("ix_reports_project_created_at", "project", "created_at"),
)

report_parts = Table(
    "report_parts",
    metadata,
    Column("report_id", ForeignKey("reports.id"), primary_key=True),
    Column("evaluation_id", ForeignKey("evaluations.id"), primary_key=True, index=True),
    Column("place", Integer, nullable=False),
)

makings = Table(
    "makings",
    metadata,
    #: Of a set and of a check it follows from what is asked, so that the same is made once; else a random name.
    Column("id", String(32), primary_key=True),
    Column("project", ForeignKey("projects.id"), nullable=False),
    #: ``set``, ``check``, ``evaluation`` or ``submission``.
    Column("kind", String(16), nullable=False),
    #: What people read: of a set its name.
    Column("name", Text, nullable=False),
    #: JSON of what is asked for.
    Column("asked", Text, nullable=False),
    #: The making that has to be done before; NULL: it waits for none.
    Column("after", String(32)),
    #: ``open`` (waits, or is being made), ``done`` or ``failed``.
    Column("status", String(16), nullable=False),
    Column("requested_by", Text, nullable=False),
    #: Questions, and how many of them are made, or looked at.
    Column("wanted", Integer, nullable=False),
    Column("made", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    #: The worker that has it in hand; NULL: none has.
    Column("claimed_by", String(64)),
    #: How often one took it up: what a worker writes that has lost it is refused by this.
    Column("tries", Integer, nullable=False),
    Column("ended_at", Float),
    #: Why it could not be made; empty otherwise.
    Column("note", Text, nullable=False),
    #: Key of the set that was made, or that is checked.
    Column("question_set", String(64)),
    #: The evaluation that was begun on it.
    Column("evaluation", String(32)),
    #: What was found of a set, as a page and as JSON; NULL until it is checked.
    Column("page", Text),
    Column("document", Text),
    Index("ix_makings_status_created_at", "status", "created_at"),
    Index("ix_makings_project_created_at", "project", "created_at"),
)

making_parts = Table(
    "making_parts",
    metadata,
    #: Questions of a set that is not whole yet; they are deleted when it is.
    Column("making_id", ForeignKey("makings.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

commitments = Table(
    "commitments",
    metadata,
    #: Of sets that follow from a secret: what may be published before anybody answers.
    Column("project", ForeignKey("projects.id"), primary_key=True),
    Column("set_digest", ForeignKey("question_sets.digest"), primary_key=True, index=True),
    #: ``private`` or ``rotating``.
    Column("split", String(16), nullable=False),
    #: Canonical JSON: the commitment, the plan, the generator's version, the set's hash.
    Column("document", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    #: The set's own key, which is no secret any longer; NULL: it is one, and stands nowhere.
    Column("key", Text),
    Column("revealed_by", Text),
    Column("revealed_at", Float),
)

set_words = Table(
    "set_words",
    metadata,
    #: Domain files of a user's own that a set is told in: without their words nobody can verify it.
    Column("set_digest", ForeignKey("question_sets.digest"), primary_key=True),
    Column("name", String(64), primary_key=True),
    #: TOML.
    Column("text", Text, nullable=False),
)
