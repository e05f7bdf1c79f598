"""A game: rounds that follow from a seed, each a drill that people answer as they would answer the real thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from causal_eval.errors import OperationFailed
from causal_eval.gamedays.plays import Play
from causal_eval.gamedays.response import Response, Stage
from causal_eval.incidents import actions, desk
from causal_eval.incidents.book import Rows, live, newest
from causal_eval.incidents.incident import Incident, State
from causal_eval.operations.drills.drill import Result, run
from causal_eval.operations.drills.ground import PATIENCE
from causal_eval.operations.drills.kept import Undisturbed
from causal_eval.operations.stack.raising import wait_for
from causal_eval.seeds import Stream

HASTE = 120
"""How many times sooner the deadlines of incidents pass in a game: a P0 is escalated after 15 s, a P1 after 60."""


GAME = "game"
"""Who puts away what is no part of it."""

SETTLED = 10.0
"""Seconds without a new incident, with the Watchdog heard, after which a stack has begun: late letters have come."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a round plays."""

    number: int
    play: Play
    acknowledges: bool
    """False: nobody takes it on until the next contact was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How a round went; seconds, None: it never came to that."""

    number: int
    drill: str
    incident: str
    expected: str
    """Severity, and the line of the classification that decides."""
    actual: str
    detect: float | None
    """From the fault to the opened incident."""
    page: float | None
    """From there to the colour of the status page; so are the next ones counted."""
    acknowledge: float | None
    escalate: float | None
    """To the letter that the next contact got."""
    mitigate: float | None
    """To the end of the last step of the runbook."""
    recover: float
    """From there until all was well."""
    resolve: float | None
    review: str
    problems: tuple[str, ...]


def turns(seed: str, rounds: int, plays: Mapping[str, Play]) -> list[Turn]:
    """The rounds of *seed*: the same every time; none is played again before all were."""
    drawn = Stream("gameday", seed)
    order: list[str] = []
    while len(order) < rounds:
        order += drawn.shuffled(sorted(plays))
    return [
        Turn(number, plays[name], acknowledges=not (plays[name].may_wait and drawn.child(number).chance(1, 2)))
        for number, name in enumerate(order[:rounds], start=1)
    ]


def begin(stage: Stage) -> None:
    """Put away what was opened while the stack started: rules that wait for a second see that nothing runs yet.

    Raises:
        OperationFailed: alerts do not come through, or incidents are opened again and again.
    """
    stage.ground.check_own()
    quiet = 0.0

    def is_settled() -> bool:
        nonlocal quiet
        with stage.book.reading() as rows:
            calm = all(one.state is State.MONITORING for one in live(rows))
        if not calm or "Watchdog" not in stage.ground.firing():
            quiet = 0.0
            return False
        quiet = quiet or stage.clock()
        return stage.clock() - quiet >= SETTLED

    if not wait_for(is_settled, PATIENCE):
        raise OperationFailed("the stack does not come to rest before the game: `causal-eval incident list`")
    _put_away(stage)


def play(turn: Turn, stage: Stage, *, wanted: Undisturbed, say: Callable[[str], None]) -> Round:
    """Play a round from its fault to its review.

    Raises:
        UsageError: the stage was not started for drills; nothing was done to it.
    """
    stage.ground.check_own()
    strays = [f"before it, {one.id} {one.key} was opened by nothing that is played" for one in _put_away(stage)]
    people = Response(stage, turn.play, acknowledges=turn.acknowledges)
    drill = replace(turn.play.drill, inject=people.inject, mend=people.mend, told=people.told)
    result = run(drill, stage.ground, wanted=wanted, say=say)
    return _round(turn, people, replace(result, problems=(*strays, *result.problems)))


def _put_away(stage: Stage) -> list[Incident]:
    """Every incident that nobody looked back on, once it is over, and all are for so long that none begins again."""

    def ends() -> bool:
        with stage.book.reading() as rows:
            return all(one.state is State.MONITORING for one in live(rows))

    if not wait_for(ends, PATIENCE):
        raise OperationFailed("an incident does not end although nothing is played: `causal-eval incident list`")
    with stage.book.writing() as rows:
        strays = [one for one in newest(rows) if one.state is not State.REVIEWED]
        for one in strays:
            _look_back(rows, one, at=stage.clock())

    def is_long_ago() -> bool:
        with stage.book.reading() as rows:
            last = max((one.resolved_at or 0.0 for one in newest(rows)), default=0.0)
        return stage.clock() - last > stage.rules.reopen

    wait_for(is_long_ago, stage.rules.reopen + 1.0)
    return strays


def _look_back(rows: Rows, one: Incident, *, at: float) -> None:
    if one.state.is_live:
        desk.resolve(rows, one.id, resolution="It ended.", root_cause="", who=GAME, at=at)
    actions.cause(rows, one.id, text="Nothing that was played.", who=GAME, at=at)
    actions.reviewed(rows, one.id, who=GAME, at=at)


def _round(turn: Turn, people: Response, result: Result) -> Round:
    one, decision = people.incident, people.decision
    opened = 0.0 if one is None else one.opened_at

    def since(at: float | None) -> float | None:
        return None if at is None or one is None else at - opened

    return Round(
        number=turn.number,
        drill=result.name,
        incident="" if one is None else one.id,
        expected=f"{turn.play.severity} {turn.play.rule}",
        actual="" if one is None or decision is None else f"{one.severity} {decision.rule}",
        detect=None if one is None else opened - people.injected_at,
        page=people.page,
        acknowledge=since(None if one is None else one.acknowledged_at),
        escalate=since(people.told_lead),
        mitigate=since(people.mitigated_at),
        recover=result.recovered,
        resolve=since(None if one is None else one.resolved_at),
        review="whole" if one is not None and one.state is State.REVIEWED else "",
        problems=result.problems,
    )  # fmt: skip


def failed(rounds: Sequence[Round]) -> list[str]:
    """Those in which something did not hold."""
    return [f"{one.number} ({one.drill})" for one in rounds if one.problems]
