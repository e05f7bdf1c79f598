"""Group commit: what arrived while the last commit was under way goes into the next; no outcome waits for a timer."""

from __future__ import annotations

import asyncio

from causal_eval.evaluation.attempt import Attempt
from causal_eval.evaluation.events import AnswerJudged, Listener, OutcomeKept
from causal_eval.evaluation.judging import Judge, verdict_on
from causal_eval.evaluation.ledger import Judged, Ledger
from causal_eval.scoring.verdict import Verdict

_FEW = 16
"""Commits of fewer outcomes are worth a moment's wait for company."""
_PATIENCE = 0.25
"""Seconds for which verdicts, which can always be given again, wait for a commit of outcomes to go with."""


class _Batch:
    """Outcomes that become durable together, or not at all."""

    __slots__ = ("attempts", "durable", "ended")

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.durable = False
        self.ended = asyncio.Event()

    def end(self, *, durable: bool) -> None:
        """Tell who waits what became of it."""
        self.durable = durable
        self.ended.set()


class GroupCommit:
    """Takes outcomes from many callers and keeps them in as few commits as they arrive in; judges after."""

    def __init__(self, answerer: str, *, ledger: Ledger, judge: Judge, listener: Listener) -> None:
        self._answerer = answerer
        self._ledger = ledger
        self._judge = judge
        self._listener = listener
        self._open = _Batch()
        self._kept: list[tuple[Attempt, int | None]] = []
        """What is kept and not judged yet, with its key in the ledger."""
        self._judged: list[Judged] = []
        """Verdicts on what is kept, not stored yet; lost in a crash, they are given again."""
        self._woken = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None
        self._closed = False

    async def keep(self, attempt: Attempt) -> None:
        """Return once *attempt* is durable; cancelling the caller does not take it out of its batch.

        Raises:
            CancelledError: nothing is kept any more, since :meth:`run` has ended; its error says why.
        """
        batch = self._open
        batch.attempts.append(attempt)
        self._woken.set()
        await batch.ended.wait()
        if not batch.durable:
            raise asyncio.CancelledError

    def close(self) -> None:
        """Nothing more will come: :meth:`run` ends when the rest is kept and judged."""
        self._closed = True
        self._woken.set()

    async def run(self) -> None:
        """Commit batch after batch until closed and empty; verdicts go along with the next outcomes, or soon alone."""
        try:
            while await self._step():
                pass
        finally:
            self._rest()
            self._open.end(durable=False)

    async def _step(self) -> bool:
        """Do what there is to do; False: nothing is left and nothing will come."""
        await self._woken.wait()
        self._woken.clear()
        if self._open.attempts:
            await self._commit()
        elif self._kept:
            self._judge_kept()
        elif self._judged and (self._alarm is None or self._closed):
            await self._ledger.judge(self._take_judged())
        else:
            return not self._closed
        self._woken.set()
        return True

    async def _commit(self) -> None:
        await self._gather()
        batch, self._open = self._open, _Batch()
        keeping = asyncio.ensure_future(self._ledger.keep(batch.attempts, self._take_judged()))
        await asyncio.sleep(0)  # the ledger begins; what it kept before is judged meanwhile
        self._judge_kept()
        try:
            keys = await keeping
        except BaseException:
            batch.end(durable=False)
            raise
        batch.end(durable=True)
        self._kept = list(zip(batch.attempts, keys, strict=True))
        await asyncio.sleep(0)  # who waited makes the next call first: judging has time while that is open

    def _judge_kept(self) -> None:
        kept, self._kept = self._kept, []
        for attempt, _ in kept:
            self._listener(OutcomeKept(self._answerer, attempt))
        self._judged += [Judged(key, self._verdict(attempt)) for attempt, key in kept if key is not None]
        if self._judged and self._alarm is None:
            self._alarm = asyncio.get_running_loop().call_later(_PATIENCE, self._ring)

    def _take_judged(self) -> list[Judged]:
        self._rest()
        judged, self._judged = self._judged, []
        return judged

    def _ring(self) -> None:
        self._alarm = None
        self._woken.set()

    def _rest(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    async def _gather(self) -> None:
        """Let the batch grow to a few while every turn of the loop adds to it; a larger one would march in step."""
        size = 0
        while size < len(self._open.attempts) < _FEW:
            size = len(self._open.attempts)
            await asyncio.sleep(0)

    def _verdict(self, attempt: Attempt) -> Verdict:
        verdict = verdict_on(attempt.outcome, attempt.ask.question, judge=self._judge)
        self._listener(AnswerJudged(self._answerer, attempt, verdict))
        return verdict
