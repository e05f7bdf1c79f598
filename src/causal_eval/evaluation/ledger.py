"""Where outcomes are kept the moment they arrive, and verdicts after; with an in-memory twin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.scoring.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """An attempt that is safely kept (``key`` names its row) together with its verdict."""

    key: int
    verdict: Verdict


class Ledger(Protocol):
    """Keeps one answerer's outcomes of one evaluation; append-only."""

    def missing(self) -> AsyncIterator[Ask]:
        """Every (question, sample) that has no reply or refusal yet, in the run's seeded cluster order, streamed."""

    async def keep(self, attempts: Sequence[Attempt]) -> list[int]:
        """Store outcomes durably and return a key for each; a Failure is kept apart and stays missing."""

    async def judge(self, verdicts: Sequence[Judged]) -> None:
        """Store verdicts; a second verdict by the same scorer version for the same key is ignored."""

    async def unjudged(self) -> Sequence[tuple[int, Attempt]]:
        """Attempts kept by an interrupted run that have no verdict of this scorer version yet (at most 1,000 at
        once; call again until empty)."""
