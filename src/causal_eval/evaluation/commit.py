"""Group commit without a timer: what arrived while the last commit was under way goes into the next."""

from __future__ import annotations

import asyncio

from causal_eval.evaluation.attempt import Attempt
from causal_eval.evaluation.events import AnswerJudged, Listener, OutcomeKept
from causal_eval.evaluation.judging import Judge, verdict_on
from causal_eval.evaluation.ledger import Judged, Ledger


class _Batch:
    """Outcomes that become durable together."""

    __slots__ = ("attempts", "kept")

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.kept = asyncio.Event()


class GroupCommit:
    """Takes outcomes from many callers and keeps them in as few commits as they arrive in; judges after."""

    def __init__(self, answerer: str, *, ledger: Ledger, judge: Judge, listener: Listener) -> None:
        self._answerer = answerer
        self._ledger = ledger
        self._judge = judge
        self._listener = listener
        self._open = _Batch()
        self._woken = asyncio.Event()
        self._closed = False

    async def keep(self, attempt: Attempt) -> None:
        """Return once *attempt* is durable; cancelling the caller does not take it out of its batch."""
        batch = self._open
        batch.attempts.append(attempt)
        self._woken.set()
        await batch.kept.wait()

    def close(self) -> None:
        """Nothing more will come: :meth:`run` ends when the rest is kept and judged."""
        self._closed = True
        self._woken.set()

    async def run(self) -> None:
        """Commit batch after batch until closed and empty."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            if self._open.attempts:
                await self._commit()
                self._woken.set()
            elif self._closed:
                return

    async def _commit(self) -> None:
        batch, self._open = self._open, _Batch()
        keys = await self._ledger.keep(batch.attempts)
        batch.kept.set()
        for attempt in batch.attempts:
            self._listener(OutcomeKept(self._answerer, attempt))
        await self._judge_kept(batch.attempts, keys)

    async def _judge_kept(self, attempts: list[Attempt], keys: list[int | None]) -> None:
        verdicts = []
        for attempt, key in zip(attempts, keys, strict=True):
            if key is None:
                continue
            verdict = verdict_on(attempt.outcome, attempt.ask.question, judge=self._judge)
            verdicts.append(Judged(key, verdict))
            self._listener(AnswerJudged(self._answerer, attempt, verdict))
        if verdicts:
            await self._ledger.judge(verdicts)
