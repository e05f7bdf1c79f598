"""A drill: what is broken, which alert must tell it, what mends it, and what must hold at the end."""

from __future__ import annotations

import hashlib
import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass

from causal_eval.errors import OperationFailed
from causal_eval.operations.drills.ground import PATIENCE, Ground, seconds_until
from causal_eval.operations.stack.raising import wait_for, wait_running

Deed = Callable[[Ground], None]
OK = 200


@dataclass(frozen=True, slots=True)
class Drill:
    """A row of the matrix of faults."""

    name: str
    says: str
    """What happens, in a line."""
    inject: Deed
    mend: Deed
    """By the runbook's own command; nothing where nothing is to be done."""
    alert: str = ""
    """Which must fire, and be over at the end; empty: none belongs to it."""
    health: int | None = None
    """Status of /health once the fault is there; None: not looked at."""
    open_for_all: bool = False
    """Whether every request must be answered all the time."""
    keep: Deed | None = None
    """Repeated until the alert fires: what a supervisor would mend sooner than anybody sees it."""
    told: Callable[[Ground], str] | None = None
    """What else must be seen after it; empty: it was."""
    full: bool = False
    """Left out of what every change must pass."""

    @property
    def digest(self) -> str:
        """Of its code: a line of the scorecard belongs to one version of the drill."""
        deeds = [deed for deed in (self.inject, self.mend, self.keep, self.told) if deed is not None]
        source = [inspect.getsource(deed) for deed in deeds]
        said = "\0".join([self.name, self.alert, str(self.health), str(self.open_for_all), *source])
        return hashlib.sha256(said.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Result:
    """How a drill went."""

    name: str
    alert: str
    detected: float | None
    """Seconds from the fault to the alert; None: no alert belongs to it."""
    recovered: float
    """Seconds from the end of mending until all was well: health, alerts, the evaluation under way."""
    problems: tuple[str, ...]
    """What did not hold; empty: all did."""


def nothing(ground: Ground) -> None:
    """Nothing is to be done: it mends itself."""
    del ground


def run(drill: Drill, ground: Ground, *, say: Callable[[str], None]) -> Result:
    """Break *ground* as *drill* says, see it told, mend it, and see that nothing was lost.

    Raises:
        UsageError: the ground is not the drills' own; nothing was done to it.
    """
    ground.check_own()
    begun = time.monotonic()
    try:
        return _carried_out(drill, ground, say=say)
    except OperationFailed as error:
        say(f"{drill.name}: {error}")
        return Result(drill.name, drill.alert, None, time.monotonic() - begun, (str(error),))


def _carried_out(drill: Drill, ground: Ground, *, say: Callable[[str], None]) -> Result:
    _settle(ground, drill.alert)
    evaluation = ground.order()
    _begun(ground, evaluation)
    problems: list[str] = []
    say(f"{drill.name}: {drill.says}")
    begun = time.monotonic()
    drill.inject(ground)
    detected = _detect(drill, ground, begun=begun, problems=problems)
    if drill.health is not None and not wait_for(lambda: ground.health() == drill.health, PATIENCE):
        problems.append(f"/health is {ground.health()}, not {drill.health}")
    if drill.open_for_all:
        problems += _refused(ground)
    drill.mend(ground)
    recovered = seconds_until(lambda: _is_well(ground, evaluation, alert=drill.alert))
    if recovered is None:
        problems.append(f"not well after {PATIENCE:g} s: {_said(ground, evaluation)}")
    problems += _kept(ground, evaluation)
    if drill.told is not None and (lacking := drill.told(ground)):
        problems.append(lacking)
    say(f"{drill.name}: {'; '.join(problems) or 'passed'}")
    return Result(drill.name, drill.alert, detected, recovered or PATIENCE, tuple(problems))


def _settle(ground: Ground, alert: str) -> None:
    """Begin with everything well and *alert* silent, so that what is seen later is the fault's."""
    wait_running(ground.plan, ground.plan.names)
    if not wait_for(lambda: ground.health() == OK and alert not in ground.firing(), PATIENCE):
        raise OperationFailed(f"it is not well before the drill: /health {ground.health()}, {sorted(ground.firing())}")


def _begun(ground: Ground, evaluation: str) -> None:
    """Wait until an evaluation has outcomes and is not over: a fault must hit it."""
    path = f"/api/v1/evaluations/{evaluation}"
    if not wait_for(lambda: ground.ask("GET", path).body.get("progress", {}).get("kept", 0) > 0, PATIENCE):
        raise OperationFailed(f"the evaluation does not begin: {ground.ask('GET', path).body}")


def _detect(drill: Drill, ground: Ground, *, begun: float, problems: list[str]) -> float | None:
    if not drill.alert:
        return None

    def fires() -> bool:
        if drill.keep is not None:
            drill.keep(ground)
        return drill.alert in ground.firing()

    if not wait_for(fires, PATIENCE):
        problems.append(f"{drill.alert} does not fire within {PATIENCE:g} s; {sorted(ground.firing())} do")
        return None
    return time.monotonic() - begun


def _refused(ground: Ground) -> list[str]:
    answers = [ground.ask("GET", "/version").status for _ in range(100)]
    refused = [status for status in answers if status != OK]
    return [f"{len(refused)} of 100 requests were not answered: {sorted(set(refused))}"] if refused else []


def _is_well(ground: Ground, evaluation: str, *, alert: str) -> bool:
    running = all(state.runs for state in ground.states().values())
    return (
        running and ground.health() == OK and ground.evaluation(evaluation) == "done" and alert not in ground.firing()
    )


def _said(ground: Ground, evaluation: str) -> str:
    down = [name for name, state in ground.states().items() if not state.runs]
    alerts = sorted(ground.firing())
    return f"/health {ground.health()}, evaluation {ground.evaluation(evaluation)}, down {down}, alerts {alerts}"


def _kept(ground: Ground, evaluation: str) -> list[str]:
    """Every question has one outcome, none is missing or an error, and everything that is kept is as it must be."""
    counts = ground.ask("GET", f"/api/v1/evaluations/{evaluation}").body.get("progress", {})
    problems = (
        []
        if counts.get("kept") == counts.get("wanted") and not counts.get("failed_calls")
        else [f"not one outcome for each question: {counts}"]
    )
    try:
        ground.command("invariants")
    except OperationFailed as error:
        problems.append(str(error))
    return problems
