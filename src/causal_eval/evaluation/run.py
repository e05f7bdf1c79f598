"""The heart: ask what is missing, keep what comes back before it is judged, then judge it; stop when it is hopeless."""

from __future__ import annotations

import asyncio
import functools
from collections import deque
from collections.abc import AsyncIterator
from typing import Protocol

from causal_eval.errors import CausalEvalError
from causal_eval.evaluation.answerer import Answerer
from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.evaluation.commit import GroupCommit
from causal_eval.evaluation.events import Listener, RunEnded, RunHalting, RunStarted, silent
from causal_eval.evaluation.flow import Flow, Gate
from causal_eval.evaluation.judging import Judge, verdict_on
from causal_eval.evaluation.ledger import Judged, Ledger
from causal_eval.providers.halt import Halt
from causal_eval.providers.provider import Outcome

AHEAD = 32
"""Questions taken from the ledger before their turn."""
DRAIN_SECONDS = 10.0
"""How long a halting run waits for open calls; what is not there by then is abandoned and stays missing.
What only waits for its turn is not waited for."""


class Watch(Protocol):
    """Sees every outcome and says when going on is hopeless."""

    def note(self, outcome: Outcome) -> Halt | None:
        """A reason to stop now, or None."""


async def evaluate(
    answerer: Answerer,
    *,
    ledger: Ledger,
    width: int | Flow,
    judge: Judge,
    watch: Watch,
    listener: Listener = silent,
) -> None:
    """Ask every question that *ledger* has no outcome for, *width* at a time; all that arrives is kept, then judged.

    A call counts as open until its outcome is durable, so a crash at any moment repeats at most *width* calls.
    Cancelling it (Ctrl-C) abandons open calls and keeps what arrived.

    Raises:
        ProviderRefused, ProviderDown: *watch* said so; open calls were waited for and kept.
        StoreError: the ledger cannot keep outcomes; nothing more is asked.
    """
    flow = width if isinstance(width, Flow) else Flow(width)
    if flow.size < 1:
        raise ValueError(f"width is {flow.size}: at least one call must be in flight")
    await judge_backlog(ledger, judge)
    listener(RunStarted(answerer.name, await ledger.progress()))
    commit = GroupCommit(answerer.name, ledger=ledger, judge=judge, listener=listener)
    asking = _Asking(answerer, flow, ledger=ledger, commit=commit, watch=watch, listener=listener)
    complete = False
    try:
        await supervise(asyncio.create_task(asking.all()), commit)
        complete = asking.halt is None
    finally:
        listener(RunEnded(answerer.name, complete))
    if asking.halt is not None:
        raise asking.halt


async def judge_backlog(ledger: Ledger, judge: Judge) -> int:
    """Judge what an interrupted run kept but did not judge; returns how many verdicts were added."""
    count = 0
    while backlog := await ledger.unjudged():
        verdicts = [
            Judged(key, verdict_on(attempt.outcome, attempt.ask.question, judge=judge)) for key, attempt in backlog
        ]
        await ledger.judge(verdicts)
        count += len(verdicts)
    return count


async def supervise(asking: asyncio.Task[None], commit: GroupCommit) -> None:
    """Run the calls beside the writer until all are kept; whichever ends badly ends the other."""
    writer = asyncio.create_task(commit.run())
    try:
        await asyncio.wait({asking, writer}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not asking.done():
            asking.cancel()
        await asyncio.wait({asking})
        commit.close()
        await asyncio.wait({writer})
    writer.result()  # the ledger's own error comes first: it is why the calls ended
    if not asking.cancelled():
        asking.result()


class _Asking:
    """*width* workers that share one stream of asks."""

    def __init__(
        self, answerer: Answerer, flow: Flow, *, ledger: Ledger, commit: GroupCommit, watch: Watch, listener: Listener
    ) -> None:
        self.halt: CausalEvalError | None = None
        self._answerer = answerer
        self._flow = flow
        self._ledger = ledger
        self._commit = commit
        self._watch = watch
        self._listener = listener
        self._grace: asyncio.TimerHandle | None = None
        self._workers: list[asyncio.Task[None]] = []

    async def all(self) -> None:
        """Ask until nothing is missing, the flow's gate lets nothing more through, or the run halts."""
        asks, flow = _Shared(self._ledger.missing()), self._flow

        def hire() -> None:
            work = self._work if flow.gate is None else functools.partial(self._work_gated, flow.gate)
            more = flow.size - len(self._workers)
            self._workers += [asyncio.create_task(work(asks)) for _ in range(more)]

        hire()
        flow.follow(hire)
        try:
            await self._until_done()
        finally:
            self._drop()
            await asyncio.wait(self._workers)
            if self._grace is not None:
                self._grace.cancel()
        for worker in self._workers:
            if self.halt is None or not worker.cancelled():
                worker.result()

    async def _until_done(self) -> None:
        """Return when all workers have ended, those who came later too, or one ended badly."""
        while busy := [worker for worker in self._workers if not worker.done()]:
            ended, _ = await asyncio.wait(busy, return_when=asyncio.FIRST_EXCEPTION)
            if any(not worker.cancelled() and worker.exception() is not None for worker in ended):
                return

    async def _work(self, asks: _Shared) -> None:
        while not self._halted() and (ask := await asks.next()) is not None:
            await self._call(ask)

    async def _work_gated(self, gate: Gate, asks: _Shared) -> None:
        while not self._halted() and (ask := await asks.next()) is not None:
            with self._flow.room:
                admitted = await gate.admit(ask)
            if not admitted:
                return
            if self._halted():  # meanwhile
                gate.forgo(ask)
                return
            gate.kept([await self._call(ask)])

    async def _call(self, ask: Ask) -> Attempt:
        started = self._ledger.now()
        outcome = await self._answerer.answer(ask)
        self._heed(self._watch.note(outcome))
        attempt = Attempt(ask, outcome, started)
        await self._commit.keep(attempt)
        return attempt

    def _halted(self) -> bool:
        return self.halt is not None

    def _heed(self, halt: Halt | None) -> None:
        if halt is None or self.halt is not None:
            return
        self.halt = halt.error()
        self._listener(RunHalting(self._answerer.name, str(self.halt)))
        self._flow.room.close()
        self._grace = asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._drop)

    def _drop(self) -> None:
        for worker in self._workers:
            worker.cancel()


class _Shared:
    """One asynchronous stream that several tasks take from, a few ahead so that they seldom queue for it."""

    def __init__(self, stream: AsyncIterator[Ask]) -> None:
        self._stream = stream
        self._turn = asyncio.Lock()
        self._ready: deque[Ask] = deque()
        self._ended = False

    async def next(self) -> Ask | None:
        """The next ask; None once the stream has ended."""
        if not self._ready:
            async with self._turn:
                if not self._ready and not self._ended:
                    await self._fill()
        return self._ready.popleft() if self._ready else None

    async def _fill(self) -> None:
        for _ in range(AHEAD):
            ask = await anext(self._stream, None)
            if ask is None:
                self._ended = True
                return
            self._ready.append(ask)
