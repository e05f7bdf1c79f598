"""The ledger's twin in memory: for tests, for playing, and for runs that nobody wants to keep."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime

from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.evaluation.ledger import BACKLOG_PAGE, Judged, Progress
from causal_eval.evaluation.order import fair_order
from causal_eval.providers.provider import Failure
from causal_eval.questions.question import Question
from causal_eval.scoring.verdict import SCORER, Verdict


def utc_now() -> str:
    """Now: UTC, ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class MemoryLedger:
    """A :class:`~causal_eval.evaluation.ledger.Ledger` that forgets when the process ends."""

    def __init__(
        self, questions: Iterable[Question], *, seed: str = "0", epochs: int = 1, limit: int | None = None
    ) -> None:
        self._asks = [
            Ask(question, sample) for question in fair_order(questions, seed, limit=limit) for sample in range(epochs)
        ]
        self._keys: dict[tuple[str, int], int] = {}
        self.attempts: list[Attempt] = []
        """Replies and refusals; the key of one is its place here."""
        self.failures: list[Attempt] = []
        self.verdicts: dict[tuple[int, str], Verdict] = {}
        """(key, scorer version) -> verdict."""

    def now(self) -> str:
        """The time of day."""
        return utc_now()

    async def progress(self) -> Progress:
        """How many outcomes are planned and how many are kept."""
        return Progress(len(self._asks), len(self.attempts))

    async def missing(self) -> AsyncIterator[Ask]:
        """Asks without a reply or refusal, in the run's order."""
        for ask in self._asks:
            if (ask.question.id, ask.sample) not in self._keys:
                yield ask

    async def keep(self, attempts: Sequence[Attempt], judged: Sequence[Judged] = ()) -> list[int | None]:
        """Remember outcomes and verdicts on earlier ones; the first of two for the same ask stays."""
        await self.judge(judged)
        return [self._keep(attempt) for attempt in attempts]

    async def judge(self, verdicts: Sequence[Judged]) -> None:
        """Remember verdicts; the first by a scorer version stays."""
        for judged in verdicts:
            self.verdicts.setdefault((judged.key, judged.verdict.scorer), judged.verdict)

    async def unjudged(self) -> Sequence[tuple[int, Attempt]]:
        """Attempts without a verdict of this scorer version."""
        pending = [(key, attempt) for key, attempt in enumerate(self.attempts) if (key, SCORER) not in self.verdicts]
        return pending[:BACKLOG_PAGE]

    def _keep(self, attempt: Attempt) -> int | None:
        if isinstance(attempt.outcome, Failure):
            self.failures.append(attempt)
            return None
        place = (attempt.ask.question.id, attempt.ask.sample)
        if place in self._keys:
            return None
        self._keys[place] = len(self.attempts)
        self.attempts.append(attempt)
        return self._keys[place]
