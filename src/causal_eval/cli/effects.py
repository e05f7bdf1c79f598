"""``causal-eval incident effect``: what an incident did to scores, of the service and of runs from this machine."""

from __future__ import annotations

import json as json_text
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime

from causal_eval.analysis.intervals import Interval
from causal_eval.analysis.numbers import counted, ends, percent, points
from causal_eval.cli import evaluating, incidents, opening, output
from causal_eval.effects import marking, mirror, touches
from causal_eval.effects.effect import Effect, Limits, Part, Scores, effect
from causal_eval.effects.relations import Calls
from causal_eval.effects.touches import Rerun, Touch
from causal_eval.errors import CausalEvalError, StoreError, UnknownName
from causal_eval.evaluation.spec import RunSpec
from causal_eval.incidents.book import find
from causal_eval.incidents.view import Told, told
from causal_eval.service.answering import Call, candidate
from causal_eval.settings import read_settings
from causal_eval.store.database import Store
from causal_eval.store.evaluations import begin, read_evaluation
from causal_eval.store.jobs import find_job
from causal_eval.store.suites import keep_set

ITEMS = 10
"""Marked results of an evaluation that a person is shown."""


def show(incident: str, *, rerun: bool, json: bool) -> int:
    """Mark what overlaps, ask it again if that is wanted, and say what the incident did."""
    with opening.opened() as store:
        one = copied(store, incident)
        if rerun:
            _ask_again(store, one, json=json)
        found = effect(store, one, limits=Limits(items=None if json else ITEMS + 1, scored=None))
    if json:
        _emit(found)
    else:
        for line in _lines(found):
            output.say(line)
    return 0


def copied(store: Store, incident: str) -> Told:
    """The incident as this machine's file tells it, else as it was copied into the database; its results are marked.

    Raises:
        UnknownName: it is in neither.
    """
    at, known = time.time(), _from_book(incident)
    if known is not None:
        with store.writing() as connection:
            refused = mirror.keep(connection, [known], at=at).refused
        if refused:
            raise UnknownName("incident", f"{incident}: the database holds another one of that number", ())
    else:
        with store.reading() as connection:
            known = mirror.get(connection, incident.upper())
    marking.mark(store, known, at=at)
    return known


def _from_book(incident: str) -> Told | None:
    try:
        with incidents.kept_book() as book, book.reading() as rows:
            return told(rows, find(rows, incident))
    except (StoreError, UnknownName):
        return None


def _ask_again(store: Store, one: Told, *, json: bool) -> None:
    with store.reading() as connection:
        found = [touch for touch in touches.of_incident(connection, one.id) if touch.marked]
        of_service = {touch.evaluation for touch in found if find_job(connection, touch.evaluation) is not None}
    for touch in found:
        try:
            if touch.evaluation in of_service:
                _order_again(touch)
            else:
                _run_again(store, touch, json=json)
        except CausalEvalError as error:
            output.note(f"{touch.evaluation} is not asked again: {error}")


def _order_again(touch: Touch) -> None:
    from causal_eval.cli.visiting import visiting  # the service, of which a run of the command line needs nothing
    from causal_eval.service.incident_effects import rerun

    with visiting() as visit:
        (ordered,) = rerun(visit, touch.incident, evaluation=touch.evaluation).ordered
    output.note(f"{touch.evaluation}: what is marked is ordered again as {ordered.rerun}; a worker carries it out")


def _run_again(store: Store, touch: Touch, *, json: bool) -> None:
    if touch.reruns:
        output.note(f"{touch.evaluation} was asked again in {', '.join(touch.reruns)}: once is enough")
        return
    with store.reading() as connection:
        spec = read_evaluation(connection, touch.evaluation, projects=None).spec
        asked = list(touches.marked_questions(connection, touch.incident, evaluation=touch.evaluation))
    questions = keep_set(store, asked, name=f"{touch.evaluation} again, {touch.incident}")
    again = replace(
        spec, question_set=questions.digest, limit=None, label=f"{touch.evaluation} again, {touch.incident}"
    )
    one = candidate(spec.answerer, _same_way(spec), read_settings(os.environ))
    begun = begin(store, again, now=datetime.now(UTC))
    with store.writing() as connection:
        if touches.origin_of(connection, begun.id) is None:
            touches.link(connection, Rerun(begun.id, touch.evaluation, touch.incident, incidents.who(), time.time()))
    evaluating.carry_out(store, [one], [again], display="none" if json else "plain", json=json)


def _same_way(spec: RunSpec) -> Call:
    """As the run was asked; never from the cache, which may hold the very replies of the incident."""
    return Call(
        temperature=spec.temperature, max_tokens=spec.max_tokens or Call().max_tokens,
        elicitation=spec.elicitation.partition("@")[0] or None, cache="off",
        arguments={name: json_text.loads(value) for name, value in spec.params},
    )  # fmt: skip


def _lines(found: Effect) -> Iterator[str]:
    one = found.incident
    until = mirror.ended_at(one)
    yield f"{one.id} {one.component}/{one.family}: {one.title} ({one.severity}, {one.state})"
    yield f"  from {_moment(one.began_at)} to {'now: it lasts' if until is None else _moment(until)}"
    if not found.parts:
        yield f"  it touched no result: {_why(found)}"
        return
    users = {touch.asked_by or "the command line" for touch in found.touched}
    marked, calls = sum(touch.marked for touch in found.touched), sum(touch.calls for touch in found.touched)
    yield f"  why         {found.reason}"
    yield (
        f"  touched     {counted(marked, 'result')} of {counted(len(found.parts), 'evaluation')} "
        f"of {counted(len(users), 'user')}"
    )
    yield f"  repeated    {counted(calls, 'call')} that gave no reply: made again, or lost"
    for part in found.parts:
        yield from _part(part)
    if found.total is not None and len(found.parts) > 1:
        yield f"total  {_scores(found.total)}"


def _part(part: Part) -> Iterator[str]:
    touch = part.touch
    yield (
        f"{touch.evaluation}  {part.answerer}  {touch.marked:,} of {touch.wanted:,} results fall into it, "
        f"{touch.missing:,} of them missing"
    )
    yield f"  {_scores(part.scores)}" if part.scores else "  not scored: its questions are sealed"
    if touch.reruns:
        yield f"  asked again in {', '.join(touch.reruns)}"
    for item in part.items[:ITEMS]:
        lost = f", {counted(item.calls, 'call')} without a reply" if item.calls else ""
        yield f"    {item.question} #{item.sample + 1}  {item.outcome}, {item.reason}{lost}"
    if len(part.items) > ITEMS:
        yield "    ... and more: --json lists all"


def _scores(scores: Scores) -> str:
    given, without = scores.given, scores.without
    said = f"score {_score(given)}, without them {_score(without)}: {points(_less(without, given))}"
    return said if scores.again is None else f"{said}; asked again, {_score(scores.again)}"


def _score(interval: Interval) -> str:
    return f"{percent(interval.estimate)} {ends(interval)}"


def _less(one: Interval, other: Interval) -> float | None:
    return None if one.estimate is None or other.estimate is None else one.estimate - other.estimate


def _why(found: Effect) -> str:
    if found.calls is Calls.NONE:
        return found.reason
    return "no call that it may have touched was open then"


def _emit(found: Effect) -> None:
    one = found.incident
    output.emit({
        "event": "effect", "incident": one.id, "calls": found.calls.value, "reason": found.reason,
        "evaluations": len(found.parts), "results": sum(touch.marked for touch in found.touched),
        "repeated_calls": sum(touch.calls for touch in found.touched),
        "total": None if found.total is None else asdict(found.total),
    })  # fmt: skip
    for part in found.parts:
        told_ = {**asdict(part.touch), "answerer": part.answerer, "items": [asdict(item) for item in part.items]}
        output.emit({"event": "touched", **told_, "scores": None if part.scores is None else asdict(part.scores)})


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
