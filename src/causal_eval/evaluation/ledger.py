"""Where outcomes are kept the moment they arrive, and verdicts after."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.scoring.verdict import Verdict

BACKLOG_PAGE = 1000
"""The most attempts that :meth:`Ledger.unjudged` returns at once."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An attempt that is safely kept (``key`` names its row) together with its verdict."""

    key: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    planned: int
    """Questions times samples."""
    kept: int
    """Of these, how many have a reply or a refusal."""


class Ledger(Protocol):
    """Keeps one answerer's outcomes of one evaluation; append-only.

    Implementations: :class:`causal_eval.evaluation.memory.MemoryLedger` and the SQL ledger of the store.
    """

    def now(self) -> str:
        """The time by the ledger's clock: UTC, ISO 8601 with milliseconds."""

    async def progress(self) -> Progress:
        """How many outcomes are planned and how many are kept."""

    def missing(self) -> AsyncIterator[Ask]:
        """Every (question, sample) that has no reply or refusal yet, in the run's seeded cluster order, streamed.

        What fails while the iteration goes on is not given again by the same iteration.
        """

    async def keep(self, attempts: Sequence[Attempt], judged: Sequence[Judged] = ()) -> list[int | None]:
        """Store outcomes durably, all or none, and return a key for each that is to be judged.

        *judged*: verdicts on earlier attempts, stored in the same transaction as :meth:`judge` would. None stands for
        a Failure (kept apart: the question stays missing) and for an outcome of which another process has kept one
        before: the first stays, this one is dropped.
        """

    async def judge(self, verdicts: Sequence[Judged]) -> None:
        """Store verdicts; a second verdict by the same scorer version for the same key is ignored."""

    async def unjudged(self) -> Sequence[tuple[int, Attempt]]:
        """Attempts kept by an interrupted run that have no verdict of this scorer version yet.

        At most ``BACKLOG_PAGE`` at once, oldest first; call again until empty.
        """
