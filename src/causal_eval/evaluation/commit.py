"""Group commit without a timer: what arrived while the last commit was under way goes into the next."""

from __future__ import annotations

import asyncio

from causal_eval.evaluation.attempt import Attempt
from causal_eval.evaluation.events import AnswerJudged, Listener, OutcomeKept
from causal_eval.evaluation.judging import Judge, verdict_on
from causal_eval.evaluation.ledger import Judged, Ledger
from causal_eval.scoring.verdict import Verdict

_FEW = 16
"""Commits of fewer outcomes are worth a moment's wait for company."""


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
        self._judged: list[Judged] = []
        """Verdicts on what is kept, not stored yet; lost in a crash, they are given again."""
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
        """Commit batch after batch until closed and empty; verdicts go into the next batch's commit if one waits."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            if self._open.attempts:
                await self._commit()
                self._woken.set()
            elif self._closed:
                return

    async def _commit(self) -> None:
        await self._gather()
        batch, self._open = self._open, _Batch()
        judged, self._judged = self._judged, []
        keys = await self._ledger.keep(batch.attempts, judged)
        batch.kept.set()
        await asyncio.sleep(0)  # who waited makes the next call first: judging has time while that is open
        for attempt in batch.attempts:
            self._listener(OutcomeKept(self._answerer, attempt))
        self._judged = [
            Judged(key, self._verdict(attempt))
            for attempt, key in zip(batch.attempts, keys, strict=True)
            if key is not None
        ]
        if self._judged and not self._open.attempts:
            judged, self._judged = self._judged, []
            await self._ledger.judge(judged)

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
