"""The heart: ask what is missing, keep what comes back before it is judged, then judge it; stop when it is hopeless."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from causal_eval.errors import CausalEvalError
from causal_eval.evaluation.answerer import Answerer
from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.evaluation.commit import GroupCommit
from causal_eval.evaluation.events import Listener, RunEnded, RunHalting, RunStarted, silent
from causal_eval.evaluation.judging import Judge, verdict_on
from causal_eval.evaluation.ledger import Judged, Ledger
from causal_eval.providers.halt import Halt
from causal_eval.providers.provider import Outcome

DRAIN_SECONDS = 10.0
"""How long a halting run waits for open calls; what is not there by then is abandoned and stays missing."""


class Watch(Protocol):
    """Sees every outcome and says when going on is hopeless."""

    def note(self, outcome: Outcome) -> Halt | None:
        """A reason to stop now, or None."""


class Width:
    """How many calls may be in flight; may grow while the run goes on."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._grown: Callable[[], None] | None = None

    def widen(self, size: int) -> None:
        """Let at least *size* calls be in flight from now on."""
        if size > self.size:
            self.size = size
            if self._grown is not None:
                self._grown()

    def follow(self, grown: Callable[[], None]) -> None:
        """Tell *grown* when it has grown."""
        self._grown = grown


async def evaluate(
    answerer: Answerer,
    *,
    ledger: Ledger,
    width: int | Width,
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
    width = width if isinstance(width, Width) else Width(width)
    if width.size < 1:
        raise ValueError(f"width is {width.size}: at least one call must be in flight")
    await judge_backlog(ledger, judge)
    listener(RunStarted(answerer.name, await ledger.progress()))
    commit = GroupCommit(answerer.name, ledger=ledger, judge=judge, listener=listener)
    asking = _Asking(answerer, ledger=ledger, commit=commit, watch=watch, listener=listener)
    complete = False
    try:
        await supervise(asyncio.create_task(asking.all(width)), commit)
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
        self, answerer: Answerer, *, ledger: Ledger, commit: GroupCommit, watch: Watch, listener: Listener
    ) -> None:
        self.halt: CausalEvalError | None = None
        self._answerer = answerer
        self._ledger = ledger
        self._commit = commit
        self._watch = watch
        self._listener = listener
        self._grace: asyncio.TimerHandle | None = None
        self._workers: list[asyncio.Task[None]] = []

    async def all(self, width: Width) -> None:
        """Ask until nothing is missing or the run halts."""
        asks = _Shared(self._ledger.missing())

        def hire() -> None:
            more = width.size - len(self._workers)
            self._workers += [asyncio.create_task(self._work(asks)) for _ in range(more)]

        hire()
        width.follow(hire)
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
        while self.halt is None and (ask := await asks.next()) is not None:
            started = self._ledger.now()
            outcome = await self._answerer.answer(ask)
            self._heed(self._watch.note(outcome))
            await self._commit.keep(Attempt(ask, outcome, started))

    def _heed(self, halt: Halt | None) -> None:
        if halt is None or self.halt is not None:
            return
        self.halt = halt.error()
        self._listener(RunHalting(self._answerer.name, str(self.halt)))
        self._grace = asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._drop)

    def _drop(self) -> None:
        for worker in self._workers:
            worker.cancel()


class _Shared:
    """One asynchronous stream that several tasks take from; nothing is taken ahead, so that a gate in it holds."""

    def __init__(self, stream: AsyncIterator[Ask]) -> None:
        self._stream = stream
        self._turn = asyncio.Lock()
        self._ended = False

    async def next(self) -> Ask | None:
        """The next ask; None once the stream has ended."""
        async with self._turn:
            if self._ended:
                return None
            ask = await anext(self._stream, None)
            self._ended = ask is None
            return ask
