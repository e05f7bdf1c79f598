"""A drill: what is broken, which alert must tell it, what mends it, and what must hold at the end."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg

from causal_eval.errors import OperationFailed
from causal_eval.operations.drills.asking import OK, Answer, Question, Visitors
from causal_eval.operations.drills.ground import OPEN_CALLS, PATIENCE, Ground, seconds_until
from causal_eval.operations.drills.kept import Bound, Undisturbed, found_after, undisturbed
from causal_eval.operations.stack.raising import wait_for, wait_running

Deed = Callable[[Ground], None]
Look = Callable[[Ground], str]
"""Says what is lacking; empty: nothing."""
PACE = 60
"""How many times quicker than usual rules wait and values are taken."""


def nothing(ground: Ground) -> None:
    """Nothing is to be done: it mends itself."""
    del ground


def nothing_lacks(ground: Ground) -> str:
    """All is as it must be."""
    del ground
    return ""


@dataclass(frozen=True, slots=True)
class Drill:
    """A row of the matrix of faults."""

    name: str
    says: str
    """What happens, in a line."""
    inject: Deed
    mend: Deed = nothing
    """By the runbook's own command; nothing where nothing is to be done."""
    alert: str = ""
    """Which must fire, and be over at the end; empty: none belongs to it."""
    beside: tuple[str, ...] = ()
    """Alerts that must fire too while the fault is there."""
    health: int | None = None
    """Status of /health once the fault is there; None: not looked at."""
    open_for_all: bool = False
    """Whether every request must be answered once the fault is told."""
    never_refused: bool = False
    """Whether every request must be answered all the time, from before the fault until after it is mended."""
    calm: bool = False
    """The evaluation is over before the fault comes."""
    unused: int = OPEN_CALLS
    """Replies of the model API that may be paid for and lost: those that are open when something dies."""
    calls_fail: bool = False
    """Calls get lost or are given up: those that were paid for are compared alone, and whoever ordered asks again for
    what is missing at the end, as the page of an evaluation offers."""
    prepare: Deed = nothing
    """Before the evaluation begins; of one that is over when the fault comes, after it."""
    keep: Deed | None = None
    """Repeated until the alert fires: what a supervisor would mend sooner than anybody sees it."""
    seen: Look = nothing_lacks
    """What else must be seen while the fault is there."""
    told: Look = nothing_lacks
    """What else must be seen after it."""
    clear: Deed = nothing
    """At the end, however it went."""
    measured: Look = nothing_lacks
    """What is written beside the result."""
    impossible: Look = nothing_lacks
    """Why it cannot be carried out on this machine."""
    pace: int = PACE
    full: bool = False
    """Left out of what every change must pass."""

    @property
    def digest(self) -> str:
        """Of its code: a line of the scorecard belongs to one version of the drill."""
        deeds = (self.inject, self.mend, self.prepare, self.keep, self.seen, self.told, self.clear, self.measured)
        source = [inspect.getsource(deed) for deed in deeds if deed is not None]
        flags = (self.health, self.open_for_all, self.never_refused, self.calm, self.unused, self.calls_fail, self.pace)
        said = "\0".join([self.name, self.alert, *self.beside, *map(str, flags), *source])
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
    measured: str = ""


def undisturbed_by(ground: Ground) -> Undisturbed:
    """What the evaluation of drills gives to which nothing happens; the questions are made first.

    Raises:
        OperationFailed: it does not end.
    """
    ground.learn()
    ground.api.weather(latency=0.0)
    evaluation = ground.order(open_calls=100)
    if not wait_for(lambda: ground.evaluation(evaluation) == "done", PATIENCE):
        raise OperationFailed(f"an evaluation that nothing disturbs does not end: {ground.evaluation(evaluation)}")
    ground.api.weather()
    return undisturbed(ground, evaluation)


def run(drill: Drill, ground: Ground, *, wanted: Undisturbed, say: Callable[[str], None]) -> Result:
    """Break *ground* as *drill* says, see it told, mend it, and see that nothing was lost.

    Raises:
        UsageError: the ground is not the drills' own; nothing was done to it.
    """
    ground.check_own()
    if reason := drill.impossible(ground):
        return Result(drill.name, drill.alert, None, 0.0, (f"not possible here: {reason}",))
    begun = time.monotonic()
    try:
        result = _carried_out(drill, ground, wanted=wanted, say=say)
    except (OperationFailed, psycopg.Error, subprocess.SubprocessError) as error:
        result = Result(drill.name, drill.alert, None, time.monotonic() - begun, (str(error),))
    finally:
        drill.clear(ground)
    say(f"{drill.name}: {'; '.join(result.problems) or 'passed'} {result.measured}")
    return result


def _carried_out(drill: Drill, ground: Ground, *, wanted: Undisturbed, say: Callable[[str], None]) -> Result:
    _settle(ground, drill.alert)
    if not drill.calm:
        drill.prepare(ground)
    books = ground.api.books()
    evaluation = ground.order()
    _begun(ground, evaluation, calm=drill.calm)
    if drill.calm:
        drill.prepare(ground)
    problems: list[str] = []
    say(f"{drill.name}: {drill.says}")
    with _visited(ground, problems) if drill.never_refused else contextlib.nullcontext():
        detected = _broken(drill, ground, problems=problems)
        drill.mend(ground)
        recovered = seconds_until(lambda: _is_well(ground, drill, evaluation=evaluation))
    if recovered is None:
        problems.append(f"not well after {PATIENCE:g} s: {_said(ground, evaluation)}")
    bound = Bound(books, drill.unused, exact=not drill.calls_fail)
    kept = found_after(ground, evaluation, wanted=wanted, bound=bound)
    problems += [*kept.problems, *filter(None, [drill.told(ground)])]
    measured = [drill.measured(ground), f"{kept.unused} paid replies lost" if kept.unused else ""]
    return Result(
        drill.name, drill.alert, detected, recovered or PATIENCE, tuple(problems), ", ".join(filter(None, measured))
    )


def _settle(ground: Ground, alert: str) -> None:
    """Begin with everything well and *alert* silent, so that what is seen later is the fault's."""
    wait_running(ground.plan, ground.plan.names)
    if not wait_for(lambda: ground.health() == OK and alert not in ground.firing(), PATIENCE):
        raise OperationFailed(f"it is not well before the drill: /health {ground.health()}, {sorted(ground.firing())}")


def _begun(ground: Ground, evaluation: str, *, calm: bool) -> None:
    """Wait until an evaluation has outcomes and is not over: a fault must hit it; *calm*: until it is over."""
    if not wait_for(lambda: ground.evaluation(evaluation) == "done" if calm else ground.kept() > 0, PATIENCE):
        raise OperationFailed(f"the evaluation does not {'end' if calm else 'begin'}: {ground.evaluation(evaluation)}")


def _broken(drill: Drill, ground: Ground, *, problems: list[str]) -> float | None:
    """Inject the fault, and look until it is told; seconds until the alert."""
    begun = time.monotonic()
    drill.inject(ground)
    detected = _detect(drill, ground, begun=begun, problems=problems)
    if drill.health is not None and not wait_for(lambda: ground.health() == drill.health, PATIENCE):
        problems.append(f"/health is {ground.health()}, not {drill.health}")
    if drill.open_for_all:
        problems += _refused(ground)
    problems += filter(None, [drill.seen(ground)])
    return detected


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
    detected = time.monotonic() - begun
    seen: set[str] = set()

    def all_fire() -> bool:
        seen.update(ground.firing())
        return seen.issuperset(drill.beside)

    if not wait_for(all_fire, PATIENCE):
        problems.append(f"{sorted(set(drill.beside) - seen)} do not fire beside {drill.alert} within {PATIENCE:g} s")
    return detected


def _refused(ground: Ground) -> list[str]:
    answers = [ground.ask("GET", "/version").status for _ in range(100)]
    refused = [status for status in answers if status != OK]
    return [f"{len(refused)} of 100 requests were not answered: {sorted(set(refused))}"] if refused else []


@contextlib.contextmanager
def _visited(ground: Ground, problems: list[str]) -> Iterator[None]:
    answers: list[Answer] = []
    asked = Question("GET", "/api/v1/evaluations?limit=1")
    with Visitors(ground.plan.ports["lb"], asked, tell=answers.append):
        yield
    refused = [answer.status for answer in answers if answer.status != OK]
    if refused:
        problems.append(f"{len(refused)} of {len(answers)} requests were not answered: {sorted(set(refused))}")


def _is_well(ground: Ground, drill: Drill, *, evaluation: str) -> bool:
    running = all(state.runs for state in ground.states().values())
    if not running or ground.health() != OK or drill.alert in ground.firing():
        return False
    if drill.calls_fail and ground.ask_for_the_rest():
        return False
    return ground.evaluation(evaluation) == "done"


def _said(ground: Ground, evaluation: str) -> str:
    down = [name for name, state in ground.states().items() if not state.runs]
    alerts = sorted(ground.firing())
    return f"/health {ground.health()}, evaluation {ground.evaluation(evaluation)}, down {down}, alerts {alerts}"
