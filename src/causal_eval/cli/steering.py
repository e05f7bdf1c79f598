"""This process's runs, seen and steered from other shells: what they publish, and what they do when they are told."""

from __future__ import annotations

import asyncio
import functools
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec

from causal_eval.cli.budgeting import Held
from causal_eval.cli.display import Display
from causal_eval.errors import BudgetReached, CausalEvalError, StoreError
from causal_eval.evaluation.answerer import Answerer
from causal_eval.evaluation.elicit import Prompted
from causal_eval.evaluation.flow import Barrier, Flow, Gate, Gates
from causal_eval.evaluation.steering import Steered, Steering, Wanted
from causal_eval.evaluation.stopping import StopGate
from causal_eval.providers.stack import Stack
from causal_eval.providers.state import RouteState, Wait
from causal_eval.store.boards import Process, SqlBoard
from causal_eval.store.database import Store

STOPPED = "stopped"
PAUSED = "paused by `causal-eval ctl pause`; `causal-eval ctl resume` goes on"
_SOON = 1.0
"""Seconds; a shorter wait is not worth a word."""


class RunState(msgspec.Struct):
    """What a run publishes about itself."""

    answerer: str
    status: str
    """``running`` or ``paused``; the last word of a run that ended by itself: ``stopped``."""
    says: str
    """What it is waiting for or was stopped by, in one line; empty while it waits for replies alone."""
    kept: int
    planned: int
    open_calls: int | None = None
    """None: this answerer's calls are not counted."""
    concurrency: int | None = None
    """Open calls at most."""
    most: int | None = None
    """What ``concurrency`` may be set to; None: it cannot."""
    waits: tuple[Wait, ...] = ()
    routes: tuple[RouteState, ...] = ()
    cap: str = ""
    """The flag of the cap that keeps something back, or stopped it; empty: neither does."""


class Ordered:
    """A run whose answers are ordered as batches, as others see it: what is at the provider cannot be held back."""

    def __init__(self, name: str, shown: Display, barrier: Barrier, held: Held | None = None) -> None:
        self._name = name
        self._shown = shown
        self._barrier = barrier
        self._held = held

    def snapshot(self) -> str:
        """What the run is waiting for, as JSON."""
        kept, planned = self._shown.standing
        paused = self._barrier.closed
        doing = self._shown.waiting or ("" if paused else "asking the provider about batches")
        says = _joined("; ".join(filter(None, (PAUSED if paused else "", doing))), self._held)
        state = RunState(self._name, "paused" if paused else "running", says, kept, planned, cap=_cap(self._held))
        return msgspec.json.encode(state).decode()

    def heed(self, wanted: Wanted) -> None:
        """Order nothing new, or go on; batches that are open are collected all the time."""
        if wanted.paused and not self._barrier.closed:
            self._barrier.close()
            self._shown.say(f"{self._name}: paused by `causal-eval ctl`; no batch is ordered, open ones are collected")
        elif self._barrier.closed and not wanted.paused:
            self._barrier.open()
            self._shown.say(f"{self._name}: goes on")


class Reins:
    """A run of this process as others steer it."""

    def __init__(
        self, name: str, answerer: Answerer, shown: Display, *, width: int, held: Held | None = None,
        stop: StopGate | None = None,
    ) -> None:  # fmt: skip
        provider = answerer.provider if isinstance(answerer, Prompted) else None
        self._stack = provider if isinstance(provider, Stack) else None
        self._barrier = None if self._stack is not None else Barrier()
        """For an answerer without a stack: nothing of it is held back but what is not asked yet."""
        gates: list[Gate] = [] if stop is None else [stop]
        gates += [] if self._barrier is None else [self._barrier]
        gates += [] if held is None else [held.gate]
        room = self._stack.room if self._stack is not None else None
        self.flow = Flow(width, Gates(*gates) if gates else None, room)
        self._name = name
        self._shown = shown
        self._held = held
        self._paused = False

    def snapshot(self) -> str:
        """What the run is doing, as JSON; the display hears what it waits for."""
        says = self._says()
        self._shown.waits(says)
        kept, planned = self._shown.standing
        if kept < planned:
            says = says or self._between(planned - kept)
        state = RunState(self._name, "paused" if self._paused else "running", says, kept, planned, cap=_cap(self._held))
        if self._stack is not None:
            found = self._stack.state()
            state.open_calls, state.concurrency, state.most = found.open_calls, found.cap, self._stack.most
            state.waits, state.routes = found.waits, found.routes
        return msgspec.json.encode(state).decode()

    def heed(self, wanted: Wanted) -> None:
        """Pause, go on, or change how many calls are open at once."""
        if wanted.paused != self._paused:
            self._paused = wanted.paused
            self._pause() if wanted.paused else self._go_on()
        if wanted.concurrency is not None and self._stack is not None:
            self._stack.resize(wanted.concurrency)
            self.flow.widen(min(wanted.concurrency, self._stack.most))

    def _pause(self) -> None:
        if self._stack is not None:
            self._stack.pause()
        if self._barrier is not None:
            self._barrier.close()
        self._shown.say(f"{self._name}: paused by `causal-eval ctl`; open calls end and are kept")

    def _go_on(self) -> None:
        if self._stack is not None:
            self._stack.go_on()
        if self._barrier is not None:
            self._barrier.open()
        self._shown.say(f"{self._name}: goes on")

    def _says(self) -> str:
        if self._paused:
            return PAUSED
        if self._stack is None:
            return _joined("", self._held)
        found = self._stack.state()
        pace = f"waiting {found.pace_wait:.0f} s: the pace of --rpm or --tpm" if found.pace_wait >= _SOON else ""
        return _joined(str(found) or pace, self._held)

    def _between(self, left: int) -> str:
        """What the run does while nothing is waited for; empty while calls are open."""
        if self._stack is None:
            return f"answers are made on this machine, {left} items are left"
        if self._stack.state().open_calls:
            return ""
        return f"between two calls: none is open at this moment, {left} items are left"


def _joined(waits: str, held: Held | None) -> str:
    return "; ".join(filter(None, (waits, str(held or ""))))


def _cap(held: Held | None) -> str:
    return "" if held is None else held.cap


@dataclass(frozen=True, slots=True)
class Here:
    """Which run of which database this process carries out."""

    store: Store
    evaluation: str
    answerer: str


def stopped(here: Here, why: CausalEvalError, shown: Display) -> None:
    """Leave word of what ended the run, for ``ctl status``, until it goes on."""
    kept, planned = shown.standing
    cap = why.cap if isinstance(why, BudgetReached) else ""
    word = RunState(here.answerer, STOPPED, f"stopped: {why}", kept, planned, cap=cap)
    board = SqlBoard(here.store, here.evaluation, Process(socket.gethostname(), os.getpid()))
    try:
        board.say(msgspec.json.encode(word).decode(), time.time())
    except StoreError as error:
        shown.warn("ctl", f"ctl cannot say why this run ended: {error}")
    finally:
        board.close()


@asynccontextmanager
async def steered(here: Here, reins: Steered, shown: Display) -> AsyncIterator[None]:
    """Publish the run and do what is wanted of it while the block runs."""
    board = SqlBoard(here.store, here.evaluation, Process(socket.gethostname(), os.getpid()))
    steering = Steering(board, reins, trouble=functools.partial(shown.warn, "ctl"))
    task = asyncio.create_task(steering.serve())
    try:
        yield
    finally:
        task.cancel()
        try:
            await asyncio.wait([task])  # unlike the task itself, which would take a cancellation of ours for its own
        finally:
            await steering.close()
        if not task.cancelled():
            task.result()
