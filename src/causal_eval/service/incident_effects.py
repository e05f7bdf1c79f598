"""What incidents did to results, for whoever may know: scores with and without, marks beside results, asking again.

Nothing that is stored or published changes: what is asked again is an evaluation of its own, linked to the first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from causal_eval.effects import mirror, touches
from causal_eval.effects.effect import Effect, Limits, effect
from causal_eval.effects.touches import Rerun, Touch
from causal_eval.errors import CausalEvalError, Conflict, UnknownName
from causal_eval.incidents.view import Told
from causal_eval.service import jobs
from causal_eval.service.access import Caller, Permission, require
from causal_eval.service.answering import Call
from causal_eval.service.jobs import JobOrder, Ordered
from causal_eval.service.splits import check_open
from causal_eval.service.wiring import Visit
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.jobs import JobStatus
from causal_eval.store.owners import own_set
from causal_eval.store.scores import scope_scores
from causal_eval.store.suites import keep_set


@dataclass(frozen=True, slots=True)
class Again:
    """An evaluation that asked what is marked again, and its own score."""

    evaluation: str
    score: float | None
    """None: it is not scored yet."""
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Fallen:
    """What stands beside a result: so many of its parts fall into an incident."""

    incident: str | None
    """None: it is not public, and the caller is no operator."""
    title: str
    severity: str
    marked: int
    missing: int
    wanted: int
    again: tuple[Again, ...]

    def __str__(self) -> str:
        """One line."""
        where = "an incident that is not public" if self.incident is None else self.incident
        return f"{self.marked:,} of {self.wanted:,} results fall into {where}"


class Left(NamedTuple):
    """An evaluation that is not asked again, and why."""

    evaluation: str
    why: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of asking again."""

    ordered: tuple[Rerun, ...]
    left: tuple[Left, ...]


def effect_of(visit: Visit, incident: str, *, limits: Limits | None = None) -> Effect:
    """What *incident* did to evaluations that the caller may see.

    Raises:
        UnknownName: there is none, or it is not public and the caller is no operator.
    """
    require(visit.caller, Permission.READ)
    return effect(visit.service.store, _known(visit, incident), projects=visit.caller.projects, limits=limits)


def fallen(connection: Connection, caller: Caller, *, evaluations: Collection[str]) -> dict[str, tuple[Fallen, ...]]:
    """Evaluation -> what stands beside its results; those that no incident touched are left out."""
    found = touches.of_evaluations(connection, evaluations)
    again = [name for marked in found.values() for one in marked for name in one.reruns]
    scored = scope_scores(connection, again, scope="overall") if again else {}

    def told(one: Touch) -> Fallen:
        known = not one.private or caller.may(Permission.OPERATE)
        rows = [(name, scored.get(name)) for name in one.reruns]
        return Fallen(
            one.incident if known else None, one.title if known else "", one.severity,
            one.marked, missing=one.missing, wanted=one.wanted,
            again=tuple(
                Again(name, *((None, None, None) if row is None else (row.score, row.low, row.high)))
                for name, row in rows
            ),
        )  # fmt: skip

    return {name: tuple(told(one) for one in marked) for name, marked in found.items()}


def touched(visit: Visit, incident: str) -> list[Touch]:
    """Evaluations that the caller may see with results that fall into *incident*; none, where no copy of it is here."""
    require(visit.caller, Permission.READ)
    with visit.service.store.reading() as connection:
        return touches.of_incident(connection, incident, projects=visit.caller.projects)


def rerun(visit: Visit, incident: str, *, evaluation: str | None = None) -> Asked:
    """Ask what is marked again, of *evaluation* or (None) of all that the caller enters: each once, linked to it.

    Raises:
        NotAllowed: the caller is no operator. UnknownName: there is no such incident, or it touched no such evaluation.
        Conflict: of *evaluation* nothing can be asked again; the message says why.
    """
    require(visit.caller, Permission.OPERATE)
    one = _known(visit, incident)
    with visit.service.store.reading() as connection:
        found = touches.of_incident(connection, one.id, projects=visit.caller.projects)
    found = [touch for touch in found if touch.marked and evaluation in {None, touch.evaluation}]
    if evaluation is not None and not found:
        raise UnknownName("evaluation", evaluation, ())
    ordered, left = list[Rerun](), list[Left]()
    for touch in found:
        try:
            ordered.append(_again(visit, touch))
        except CausalEvalError as error:
            if evaluation is not None:
                raise
            left.append(Left(touch.evaluation, str(error)))
    return Asked(tuple(ordered), tuple(left))


def _known(visit: Visit, incident: str) -> Told:
    with visit.service.store.reading() as connection:
        one = mirror.get(connection, incident)
    if one.private and not visit.caller.may(Permission.OPERATE):
        raise UnknownName("incident", incident, ())
    return one


def _again(visit: Visit, touch: Touch) -> Rerun:
    found = jobs.find(visit, touch.evaluation)
    _check(visit, touch, found=found)
    run, store, now = found.evaluation, visit.service.store, visit.service.clock()
    with store.reading() as connection:
        asked = list(touches.marked_questions(connection, touch.incident, evaluation=run.id))
    question_set = keep_set(store, asked, name=f"{run.id} again, {touch.incident}")
    with store.writing() as connection:
        own_set(connection, question_set.digest, project=run.project, by=visit.caller.actor, at=now)
    call = msgspec.json.decode(found.job.call, type=Call)
    wanted = JobOrder(
        run.spec.answerer, question_set.digest, run.project, run.spec.seed, epochs=run.spec.epochs,
        call=replace(call, cache="off"), priority=found.job.priority, budget=found.job.budget,
    )  # fmt: skip
    links = list[Rerun]()

    def link(connection: Connection, begun: Evaluation) -> None:
        links.append(Rerun(begun.id, run.id, touch.incident, visit.caller.actor, now))
        touches.link(connection, links[-1])

    jobs.order_over(visit, wanted, question_set=question_set, also=link)
    return links[0]


def _check(visit: Visit, touch: Touch, *, found: Ordered) -> None:
    if touch.reruns:
        raise touches.asked_before(touch.incident, touch.evaluation, reruns=touch.reruns)
    if found.job.of_command_line:
        raise Conflict(
            f"evaluation {touch.evaluation} is run by the command line: use `causal-eval incident effect --rerun` there"
        )
    if found.job.status is JobStatus.OPEN:
        raise Conflict(f"evaluation {touch.evaluation} is under way: wait for its end")
    with visit.service.store.reading() as connection:
        check_open(connection, touch.evaluation)


def beside(visit: Visit, evaluation: str) -> tuple[Fallen, ...]:
    """What stands beside the results of *evaluation*, which the caller was shown."""
    with visit.service.store.reading() as connection:
        return fallen(connection, visit.caller, evaluations=[evaluation]).get(evaluation, ())


def origin(visit: Visit, rerun: str) -> Rerun | None:
    """Whose marked results *rerun*, which the caller was shown, asks again; None: it is no such evaluation."""
    with visit.service.store.reading() as connection:
        return touches.origin_of(connection, rerun)
