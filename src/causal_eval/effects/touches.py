"""Which evaluations an incident touched, which incidents touched an evaluation, and what was asked again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, exists, func, insert, select

from causal_eval.effects.overlap import FAILED
from causal_eval.errors import Conflict
from causal_eval.questions.question import Question
from causal_eval.store.incident_tables import incident_marks, incident_reruns, incident_tallies, incidents
from causal_eval.store.locks import take_turn
from causal_eval.store.rows import question_from
from causal_eval.store.tables import attempts, evaluations, questions
from causal_eval.store.work_tables import jobs

_ASKING = "reruns"


@dataclass(frozen=True, slots=True)
class Touch:
    """An incident and an evaluation some of whose results fall into it."""

    incident: str
    title: str
    severity: str
    private: bool
    """Nothing of the incident is for the public."""
    evaluation: str
    project: str
    asked_by: str
    """Id of the user, or of the key, who ordered it; empty: the command line."""
    wanted: int
    """Results of the evaluation, marked or not, there or not."""
    kept: int
    """Replies and refusals that fall into it."""
    missing: int
    """Results that are missing, of which a call failed then."""
    calls: int
    """Calls that gave no reply then: they were made again, or lost."""
    reruns: tuple[str, ...]
    """Evaluations that asked what is marked again."""

    @property
    def marked(self) -> int:
        """Results that fall into it."""
        return self.kept + self.missing

    def __str__(self) -> str:
        """For whoever may know of the incident."""
        return f"{self.marked:,} of {self.wanted:,} results fall into {self.incident}: {self.title}"


@dataclass(frozen=True, slots=True)
class Item:
    """A result that is marked."""

    question: str
    sample: int
    """From 0."""
    outcome: str
    """``kept``, or ``failed``: calls of it failed, whether or not it was answered later."""
    reason: str
    calls: int


@dataclass(frozen=True, slots=True)
class Rerun:
    """An evaluation that asks what is marked in another one again."""

    rerun: str
    evaluation: str
    incident: str
    asked_by: str
    asked_at: float


def of_incident(connection: Connection, incident: str, *, projects: frozenset[str] | None = None) -> list[Touch]:
    """Evaluations of *projects* (None: of any) with a mark of *incident*, the most marked first."""
    found = _touches(connection, incident_tallies.c.incident_id == incident)
    return [one for one in found if projects is None or one.project in projects]


def of_evaluations(connection: Connection, wanted: Collection[str]) -> dict[str, list[Touch]]:
    """Evaluation -> the incidents that touched results of it; those that none touched are left out."""
    found: dict[str, list[Touch]] = {}
    for one in _touches(connection, incident_tallies.c.evaluation_id.in_(wanted)) if wanted else ():
        if one.marked:
            found.setdefault(one.evaluation, []).append(one)
    return found


def items(connection: Connection, incident: str, *, evaluation: str, limit: int | None = None) -> list[Item]:
    """Marked results of *evaluation*, by question and sample; *limit* of them at most."""
    of = incident_marks.c
    query = (
        select(questions.c.id, of.sample, of.outcome, func.min(of.reason), func.sum(of.calls))
        .join(questions, questions.c.digest == of.question)
        .where(of.evaluation_id == evaluation, of.incident_id == incident)
        .group_by(questions.c.id, of.sample, of.outcome)
        .order_by(questions.c.id, of.sample, of.outcome)
    )
    return [Item(*row) for row in connection.execute(query if limit is None else query.limit(limit))]


def marked_questions(connection: Connection, incident: str, *, evaluation: str) -> Iterator[Question]:
    """Every question of *evaluation* with a marked result, whole, once; but not what failed and was answered later."""
    of, kept = incident_marks.c, attempts.c
    later = exists().where(
        kept.evaluation_id == evaluation, kept.question == of.question, kept.sample == of.sample, of.outcome == FAILED
    )
    asked = select(of.question).where(of.evaluation_id == evaluation, of.incident_id == incident, ~later).distinct()
    query = select(questions.c.body).where(questions.c.digest.in_(asked)).order_by(questions.c.digest)
    for body in connection.scalars(query):
        yield question_from(body)


def origin_of(connection: Connection, rerun: str) -> Rerun | None:
    """Whose marked results *rerun* asks again; None: it is no such evaluation."""
    of = incident_reruns.c
    query = select(of.rerun_id, of.evaluation_id, of.incident_id, of.asked_by, of.asked_at).where(of.rerun_id == rerun)
    row = connection.execute(query).first()
    return None if row is None else Rerun(*row)


def link(connection: Connection, one: Rerun) -> None:
    """Put down that *one* asks again, as the first that does: whoever comes at the same moment waits, and is refused.

    Raises:
        Conflict: another one does already.
    """
    take_turn(connection, _ASKING)
    of = incident_reruns.c
    mine = (of.evaluation_id == one.evaluation) & (of.incident_id == one.incident)
    there = connection.scalars(select(of.rerun_id).where(mine)).all()
    if there:
        raise asked_before(one.incident, one.evaluation, reruns=there)
    row = {
        "rerun_id": one.rerun, "evaluation_id": one.evaluation, "incident_id": one.incident, "asked_by": one.asked_by,
        "asked_at": one.asked_at,
    }  # fmt: skip
    connection.execute(insert(incident_reruns), row)


def asked_before(incident: str, evaluation: str, *, reruns: Iterable[str]) -> Conflict:
    """Why it is not asked again."""
    return Conflict(
        f"what {incident} touched of {evaluation} was asked again in {', '.join(reruns)}: "
        "once, so that nobody asks until the answers please him"
    )


def _touches(connection: Connection, which: ColumnElement[bool]) -> list[Touch]:
    tallied, row = incident_tallies.c, incidents.c
    query = (
        select(
            row.id, row.title, row.severity, row.private, tallied.evaluation_id, evaluations.c.project,
            func.coalesce(jobs.c.requested_by, ""), evaluations.c.planned * evaluations.c.epochs, tallied.kept,
            tallied.missing, tallied.calls,
        )
        .select_from(
            incident_tallies.join(incidents, row.id == tallied.incident_id)
            .join(evaluations, evaluations.c.id == tallied.evaluation_id)
            .outerjoin(jobs, jobs.c.evaluation_id == tallied.evaluation_id)
        )
        .where(which)
        .order_by((tallied.kept + tallied.missing).desc(), tallied.evaluation_id, row.opened_at)
    )  # fmt: skip
    found = connection.execute(query).all()
    again = _reruns(connection, {one.evaluation_id for one in found})
    return [Touch(*one, reruns=tuple(again.get((one.id, one.evaluation_id), ()))) for one in found]


def _reruns(connection: Connection, wanted: Collection[str]) -> dict[tuple[str, str], list[str]]:
    of = incident_reruns.c
    found: dict[tuple[str, str], list[str]] = {}
    query = select(of.incident_id, of.evaluation_id, of.rerun_id).where(of.evaluation_id.in_(wanted))
    for row in connection.execute(query.order_by(of.asked_at, of.rerun_id)) if wanted else ():
        found.setdefault((row.incident_id, row.evaluation_id), []).append(row.rerun_id)
    return found
