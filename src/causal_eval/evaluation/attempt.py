"""One question asked once: what was asked, what came back, and how it was judged."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.providers.provider import Outcome
from causal_eval.questions.question import Question


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that is still to be asked, with its sample number (0 to epochs-1)."""

    question: Question
    sample: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """A question and what came back for it."""

    ask: Ask
    outcome: Outcome
    started_at: str = ""
    """UTC, ISO 8601 with milliseconds."""
