"""``causal-eval ctl``: look at a run that goes on in another shell, pause it, let it go on, set its concurrency."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec

from causal_eval.cli import output
from causal_eval.cli.opening import opened
from causal_eval.cli.steering import STOPPED, RunState
from causal_eval.errors import UsageError
from causal_eval.evaluation.steering import SILENT, Wanted
from causal_eval.store.boards import Said, said, want
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation, Status, Summary, find_evaluation, summarize

CONFIRMED_WITHIN = 5.0
"""Seconds that a command waits to hear that what it wants is done."""
_LOOK = 0.1


@dataclass(frozen=True, slots=True)
class _Running:
    """A run that goes on, by its own word."""

    evaluation: str
    host: str
    pid: int
    age: float
    """Seconds since that word."""
    state: RunState

    @property
    def is_silent(self) -> bool:
        """True: its process is there, but has not been heard of for long."""
        return self.age > SILENT


def status(run: str | None, *, json: bool) -> int:
    """Say what a run is doing and waiting for."""
    with opened() as store:
        evaluation = _evaluation(store, run)
        running = _running(store, evaluation.id)
        last = _last_word(store, evaluation)
        summary = summarize(store, evaluation)
    if running is None:
        _show({"run": evaluation.id, "running": False, **_ended(summary, last)}, json=json)
        return 0
    state = msgspec.to_builtins(running.state)
    word = f"has not been heard of for {running.age:.0f} s: stopped, or the machine is too busy"
    if running.is_silent:
        state |= {"status": "silent", "says": f"process {running.pid} on {running.host} {word}"}
    process = {"host": running.host, "pid": running.pid, "age": round(running.age, 1)}
    _show({"run": evaluation.id, "running": True, **state, **process}, json=json)
    return 0


def _ended(summary: Summary, last: RunState | None) -> dict[str, object]:
    """How a run that does not go on has ended, and what to type."""
    evaluation = summary.evaluation
    found = {"answerer": evaluation.spec.answerer, "kept": summary.kept, "planned": summary.wanted}
    if summary.complete:
        return {"status": "complete", "says": "", **found}
    advice = f"`causal-eval resume {evaluation.id}` goes on"
    if last is None:
        return {"status": "not running", "says": advice, **found}
    return {"status": STOPPED, "says": f"{last.says}; {advice}", "cap": last.cap, **found}


def _last_word(store: Store, evaluation: Evaluation) -> RunState | None:
    """What ended a run that ended by itself; None: nothing did, or it was gone on with and interrupted since."""
    words = [msgspec.json.decode(one.state, type=RunState) for one in said(store, evaluation.id)]
    halted = evaluation.status is Status.HALTED
    return next((word for word in words if halted and word.status == STOPPED), None)


def pause(run: str | None, *, json: bool) -> int:
    """Let a run make no call and order no batch until it is told to go on; what is open ends and is kept."""
    return _tell(run, lambda wanted: replace(wanted, paused=True), lambda state: state.status == "paused", json=json)


def resume(run: str | None, *, json: bool) -> int:
    """Let a paused run go on."""
    return _tell(run, lambda wanted: replace(wanted, paused=False), lambda state: state.status != "paused", json=json)


def set_words(words: Sequence[str], *, json: bool) -> int:
    """``[RUN] concurrency N``.

    Raises:
        UsageError: they say something else.
    """
    *run, what, value = words if len(words) in {2, 3} else ("", "")
    if what != "concurrency" or not value.isdecimal():
        raise UsageError(f"ctl set {' '.join(words)!r}: write `causal-eval ctl set [RUN] concurrency N`")
    return set_concurrency(run[0] if run else None, int(value), json=json)


def set_concurrency(run: str | None, calls: int, *, json: bool) -> int:
    """Let so many calls of a run be open at once, up to ``MAX_CONCURRENT_API_CALLS``.

    Raises:
        UsageError: more than that, less than one, or the run's answerer makes no calls of that kind.
    """
    with opened() as store:
        evaluation = _evaluation(store, run)
        most = _alive(store, evaluation.id).state.most
    if most is None:
        raise UsageError(f"{evaluation.id}: only calls to an API have a concurrency, not batches or local answerers")
    if not 1 <= calls <= most:
        raise UsageError(
            f"concurrency is {calls}: allowed is 1 to {most}, the run's MAX_CONCURRENT_API_CALLS; raise that in .env "
            "to go further"
        )
    return _tell(
        evaluation.id,
        lambda wanted: replace(wanted, concurrency=calls),
        lambda state: state.concurrency == min(calls, state.most or calls),
        json=json,
    )


def _tell(run: str | None, change: Callable[[Wanted], Wanted], done: Callable[[RunState], bool], *, json: bool) -> int:
    """Want something of a run, and wait a little to hear that it is done."""
    deadline = time.monotonic() + CONFIRMED_WITHIN
    with opened() as store:
        evaluation = _evaluation(store, run)
        running: _Running | None = _alive(store, evaluation.id)
        want(store, evaluation.id, change)
        while running is not None and not done(running.state) and time.monotonic() < deadline:
            time.sleep(_LOOK)
            running = _running(store, evaluation.id)
    if running is None:
        raise UsageError(_dead(evaluation.id))
    taken = done(running.state)
    state = {**msgspec.to_builtins(running.state), "taken": taken}
    if not taken:
        state["says"] = f"asked, but process {running.pid} on {running.host} has not answered yet"
    _show({"run": evaluation.id, "running": True, **state}, json=json)
    return 0


def _show(found: dict[str, object], *, json: bool) -> None:
    if json:
        output.emit(found)
        return
    calls = ""
    if found.get("open_calls") is not None:
        calls = f"  {found['open_calls']} calls open (at most {found['concurrency']})"
    output.say(f"{found['run']}  {found['answerer']}  {found['status']}  {found['kept']}/{found['planned']}{calls}")
    if found["says"]:
        output.say(str(found["says"]))


def _evaluation(store: Store, run: str | None) -> Evaluation:
    """The run whose id begins so; without one, the only one that goes on."""
    if run is not None:
        return find_evaluation(store, run)
    found = [one.evaluation for one in said(store) if _alive_or_none(one) is not None]
    if len(found) != 1:
        listed = f"these do: {', '.join(found)}" if found else "`causal-eval ls` lists all"
        raise UsageError(f"name a run: {'several go' if found else 'none goes'} on now; {listed}")
    return find_evaluation(store, found[0])


def _running(store: Store, evaluation: str) -> _Running | None:
    return next((_alive_or_none(one) for one in said(store, evaluation)), None)


def _alive(store: Store, evaluation: str) -> _Running:
    running = _running(store, evaluation)
    if running is None:
        raise UsageError(_dead(evaluation))
    return running


def _dead(evaluation: str) -> str:
    return f"{evaluation} is not running: `causal-eval resume {evaluation}` goes on"


def _alive_or_none(one: Said) -> _Running | None:
    """A run whose process is there, as far as can be told from this machine."""
    age = max(0.0, time.time() - one.beat_at)
    here = one.process.host == socket.gethostname()
    state = msgspec.json.decode(one.state, type=RunState)
    if state.status == STOPPED or (here and not _is_there(one.process.pid)) or (not here and age > SILENT):
        return None
    return _Running(one.evaluation, one.process.host, one.process.pid, age, state)


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True
