"""When a run should end by itself: at a fatal failure at once, at the same failure again and again soon."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.errors import CausalEvalError, ProviderDown, ProviderRefused
from causal_eval.providers.clock import Clock, SystemClock
from causal_eval.providers.provider import FATAL, RETRYABLE, Failure, FailureKind, Outcome


@dataclass(frozen=True, slots=True)
class Halt:
    """Why no further call should be made."""

    kind: FailureKind
    reason: str
    """One line for people, without secrets."""

    @property
    def refused(self) -> bool:
        """True: the provider refuses us (exit code 6); False: it is down (exit code 7)."""
        return self.kind in FATAL or self.kind in {FailureKind.BAD_REQUEST, FailureKind.OTHER_MODEL}

    def error(self) -> CausalEvalError:
        """The error of the house for this halt; its exit code is that of the run."""
        return ProviderRefused(self.reason) if self.refused else ProviderDown(self.reason)


@dataclass(frozen=True, slots=True)
class HaltRule:
    """How much of the same failure is enough."""

    failures: int = 10
    """So many in a row, each with its retries exhausted and nothing else between, end the run."""
    seconds: float = 25.0
    """A streak that has lasted so long ends the run ..."""
    at_least: int = 3
    """... if it holds at least so many failures (narrow runs: few calls at once)."""


class HaltWatch:
    """Watches final outcomes of one provider; ``halt`` is set once and stays.

    All failures of the network's and the provider's own doing count as the same streak (500, then a reset, then 502
    is one outage); refused prompts (400), replies of another model and failures of the local runtime each form their
    own. A failure that says by itself that the provider is down ends the run at once.
    """

    def __init__(self, rule: HaltRule | None = None, *, clock: Clock | None = None) -> None:
        self._rule = rule or HaltRule()
        self._clock = clock or SystemClock()
        self._streak: str | None = None
        self._count = 0
        self._since = 0.0
        self.halt: Halt | None = None
        self.last: Failure | None = None
        """The last failure; what is said of a run to which no call was answered."""

    def note(self, outcome: Outcome) -> Halt | None:
        """Take note of a final outcome (retries done) and say whether the run should end."""
        if self.halt is None:
            if isinstance(outcome, Failure):
                self.last = outcome
                self._note_failure(outcome)
            else:
                self._streak = None
        return self.halt

    def _note_failure(self, failure: Failure) -> None:
        if failure.kind in FATAL:
            self.halt = Halt(failure.kind, failure.message)
            return
        if failure.down:
            self.halt = Halt(failure.kind, f"the provider is down, nobody has got a reply: {failure.message}")
            return
        now = self._clock.now()
        streak = "outage" if failure.kind in RETRYABLE else failure.kind.value
        if streak != self._streak:
            self._streak, self._count = streak, 0
            self._since = now - failure.latency_ms / 1000
        self._count += 1
        lasted = now - self._since
        enough = self._count >= self._rule.failures
        if enough or (self._count >= self._rule.at_least and lasted >= self._rule.seconds):
            self.halt = Halt(failure.kind, f"{self._count} failures in a row, the last: {failure.message}")
