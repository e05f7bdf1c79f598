"""What happens during a run, as frozen events; progress displays, logs and metrics listen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from causal_eval.evaluation.attempt import Attempt
from causal_eval.evaluation.ledger import Progress
from causal_eval.scoring.verdict import Verdict


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins or goes on."""

    answerer: str
    progress: Progress
    """What was there before."""


@dataclass(frozen=True, slots=True)
class OutcomeKept:
    """An outcome is durable: nothing that happens from now on loses it."""

    answerer: str
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class AnswerJudged:
    """A kept reply or refusal has its verdict."""

    answerer: str
    attempt: Attempt
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class RunHalting:
    """The provider refuses us or is down: no new call begins, open ones are waited for."""

    answerer: str
    reason: str


@dataclass(frozen=True, slots=True)
class RunEnded:
    """No call is open any more and all that arrived is kept."""

    answerer: str
    complete: bool
    """True: every planned question was asked by this or an earlier run (it may still have failed)."""


Event = RunStarted | OutcomeKept | AnswerJudged | RunHalting | RunEnded


Listener = Callable[[Event], None]
"""Hears every event of a run, in order; must return at once and not raise."""


def silent(event: Event) -> None:
    """Hear and do nothing."""
