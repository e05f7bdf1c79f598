"""Submissions to the leaderboard as rows, the log of their moderation, and which question sets they seal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, or_, select, update

from causal_eval.errors import UnknownName
from causal_eval.store.public_tables import moderation, submissions


class Tier(StrEnum):
    """What is known of where the answers come from; results of different tiers are never ranked together."""

    VERIFIED = "verified"
    """Our server asked, on questions that nobody could know before."""
    SELF_REPORTED = "self_reported"
    """Somebody sent answers, which our server scored."""


class Standing(StrEnum):
    """How far a submission is."""

    OPEN = "open"
    SCORED = "scored"
    PUBLISHED = "published"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Submission:
    """One answerer's result on one suite, as a row holds it."""

    id: str
    project: str
    tier: Tier
    answerer: str
    about: str
    """JSON of what the submitter says about it."""
    size: float | None
    """Billions of parameters, as the submitter says."""
    suite: str
    set_digest: str
    commitment: str
    """SHA-256 of the seed."""
    seed: str = field(repr=False)
    is_public: bool
    created_at: float
    answers_digest: str = ""
    """SHA-256 of the raw answers of a self-report."""
    status: Standing = Standing.OPEN
    evaluation_id: str | None = None
    flags: str = "[]"
    """JSON list of what looks wrong."""
    signed: str | None = None
    signature: bytes | None = None
    paired: str = "{}"
    """JSON: evaluation of the same set that was scored before -> [this one minus it, p value]."""
    scored_at: float | None = None

    @property
    def sealed(self) -> bool:
        """True: its questions and their seed are shown to nobody yet."""
        return self.tier is Tier.VERIFIED and self.scored_at is None


@dataclass(frozen=True, slots=True)
class Moderated:
    """A line of the log of moderation."""

    id: int
    at: float
    actor: str
    action: str
    reason: str


def is_sealed(digest: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the set with that digest belongs to a verified submission that is not scored yet."""
    return exists().where(submissions.c.set_digest == digest, *_sealing())


def sealed_evaluation(connection: Connection, evaluation: str) -> bool:
    """Whether the questions of *evaluation* are not to be shown yet."""
    query = select(submissions.c.id).where(submissions.c.evaluation_id == evaluation, *_sealing())
    return connection.execute(query).first() is not None


def insert_submission(connection: Connection, one: Submission) -> None:
    """Add a submission."""
    connection.execute(insert(submissions), asdict(one))


def change_submission(connection: Connection, submission: str, *, values: Mapping[str, object]) -> None:
    """Set columns of its row, by name."""
    connection.execute(update(submissions).where(submissions.c.id == submission).values(**values))


def find_submission(connection: Connection, submission: str) -> Submission:
    """The submission with this id.

    Raises:
        UnknownName: there is none.
    """
    row = connection.execute(select(submissions).where(submissions.c.id == submission)).first()
    if row is None:
        raise UnknownName("submission", submission, ())
    return _submission(row)


def list_submissions(
    connection: Connection, projects: frozenset[str] | None, *, before: tuple[float, str] | None, limit: int,
    status: Standing | None = None,
) -> list[Submission]:  # fmt: skip
    """The newest of *projects* (None: of all), newest first, those older than *before* (its time and id)."""
    row = submissions.c
    query = select(submissions).order_by(row.created_at.desc(), row.id.desc()).limit(limit)
    if projects is not None:
        query = query.where(row.project.in_(projects))
    if status is not None:
        query = query.where(row.status == status)
    if before is not None:
        at, name = before
        query = query.where(or_(row.created_at < at, and_(row.created_at == at, row.id < name)))
    return [_submission(found) for found in connection.execute(query)]


def waiting(connection: Connection, *, limit: int = 10) -> list[Submission]:
    """Verified submissions whose evaluation exists and which are not scored."""
    row = submissions.c
    query = select(submissions).where(row.status == Standing.OPEN, row.tier == Tier.VERIFIED)
    found = connection.execute(query.where(row.evaluation_id.is_not(None)).order_by(row.created_at).limit(limit))
    return [_submission(one) for one in found]


def same_set(connection: Connection, one: Submission, *, limit: int) -> list[Submission]:
    """Others of its tier that were asked the very same questions and are scored, newest first."""
    row = submissions.c
    query = select(submissions).where(
        row.set_digest == one.set_digest, row.tier == one.tier, row.id != one.id, row.scored_at.is_not(None)
    )
    return [_submission(found) for found in connection.execute(query.order_by(row.created_at.desc()).limit(limit))]


def same_answers(connection: Connection, one: Submission) -> list[str]:
    """Ids of others with the very same raw answers, of whatever project."""
    row = submissions.c
    query = select(row.id).where(row.answers_digest == one.answers_digest, row.answers_digest != "", row.id != one.id)
    return list(connection.scalars(query.order_by(row.created_at).limit(10)))


def tries(connection: Connection, one: Submission) -> int:
    """How many submissions of its project, tier, answerer and suite there are, this one and withdrawn ones too."""
    row = submissions.c
    query = select(func.count()).select_from(submissions)
    return connection.execute(
        query.where(
            row.project == one.project, row.suite == one.suite, row.tier == one.tier, row.answerer == one.answerer
        )
    ).scalar_one()


def log_moderation(connection: Connection, submission: str, *, line: Moderated) -> None:
    """Add a line; its id is the database's to give."""
    values = {"submission_id": submission, "at": line.at, "actor": line.actor}
    connection.execute(insert(moderation), {**values, "action": line.action, "reason": line.reason})


def moderation_of(connection: Connection, submission: str) -> list[Moderated]:
    """The log of a submission, oldest first."""
    query = select(moderation).where(moderation.c.submission_id == submission).order_by(moderation.c.id)
    return [Moderated(row.id, row.at, row.actor, row.action, row.reason) for row in connection.execute(query)]


def _sealing() -> tuple[ColumnElement[bool], ...]:
    return (submissions.c.tier == Tier.VERIFIED, submissions.c.scored_at.is_(None))


def _submission(row: Any) -> Submission:
    values = dict(row._mapping)
    return Submission(**{**values, "tier": Tier(row.tier), "status": Standing(row.status)})
