"""Who answers a question: a prompted provider or a baseline that sees the question itself."""

from __future__ import annotations

from typing import Protocol

from causal_eval.evaluation.attempt import Ask
from causal_eval.providers.provider import Outcome


class Answerer(Protocol):
    """Answers questions; never raises for what a provider does."""

    @property
    def name(self) -> str:
        """``provider/model`` or ``baseline/<name>`` as the user wrote it."""

    async def answer(self, ask: Ask) -> Outcome:
        """The outcome for one ask."""

    async def close(self) -> None:
        """Release what is held; idempotent."""
