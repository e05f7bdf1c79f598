"""Calls that failed for a passing reason are made again: full jitter, Retry-After, bounded in number and time.

Our own loop, not stamina's: outcomes here are values, not exceptions, and clock and jitter are arguments.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from causal_eval.providers.clock import Clock, SystemClock
from causal_eval.providers.events import Listener, Waiting
from causal_eval.providers.provider import RETRYABLE, Failure, Outcome, Prompt, Provider
from causal_eval.seeds import Stream

_FINENESS = 2**20


@dataclass(frozen=True, slots=True)
class RetryRule:
    """How often and how long to try again; times in seconds."""

    attempts: int = 5
    """Calls for one prompt in all; 1: no retry."""
    elapsed: float = 40.0
    """No wait begins that would end later than this after the first call (time in our own queue not counted)."""
    initial: float = 1.0
    """Upper end of the first wait; it doubles with each attempt ..."""
    longest: float = 20.0
    """... up to this."""
    named_attempts: int = 20
    """Calls for one prompt as long as the provider itself names the time to wait (Retry-After) ..."""
    patience: float = 150.0
    """... and seconds of such waits in all; they do not count against ``elapsed``. Also the longest that all prompts
    together go on as the provider names if none of them gets a reply."""


class Retry:
    """Wraps a provider; sums ``calls`` over the attempts. A failure's ``latency_ms`` becomes the time spent in all."""

    def __init__(
        self,
        inner: Provider,
        rule: RetryRule | None = None,
        *,
        jitter: Stream,
        clock: Clock | None = None,
        listener: Listener | None = None,
    ) -> None:
        self._inner = inner
        self._rule = rule or RetryRule()
        self._jitter = jitter
        self._clock = clock or SystemClock()
        self._listener = listener
        self._starving_since: float | None = None

    @property
    def name(self) -> str:
        """That of the wrapped provider."""
        return self._inner.name

    async def complete(self, prompt: Prompt) -> Outcome:
        """The first outcome that another call would not change, or the last failure."""
        outcome = await self._inner.complete(prompt)
        if not isinstance(outcome, Failure):
            self._starving_since = None
            return outcome
        if outcome.kind not in RETRYABLE:
            return outcome
        return await self._again(prompt, outcome)

    async def close(self) -> None:
        """Close the wrapped provider."""
        await self._inner.close()

    async def _again(self, prompt: Prompt, failure: Failure) -> Outcome:
        tally = _Tally(self._rule, calls=failure.calls, spent=failure.latency_ms / 1000)
        while not self._starved(failure) and (wait := tally.wait(failure, self._share())) is not None:
            self._tell(wait, failure)
            await self._clock.sleep(wait)
            outcome = await self._inner.complete(prompt)
            tally.calls += outcome.calls
            if not isinstance(outcome, Failure):
                self._starving_since = None
                return replace(outcome, calls=tally.calls)
            tally.spent += outcome.latency_ms / 1000
            failure = outcome
        return replace(failure, calls=tally.calls, latency_ms=(tally.spent + tally.waited_as_told) * 1000)

    def _starved(self, failure: Failure) -> bool:
        """Whether the provider has put everybody off for longer than our patience.

        A few slots pass among many prompts so slowly that no single prompt would use up its own.
        """
        if failure.retry_after is None:
            return False
        now = self._clock.now()
        if self._starving_since is None:
            self._starving_since = now
        return now - self._starving_since > self._rule.patience

    def _share(self) -> float:
        return self._jitter.below(_FINENESS + 1) / _FINENESS

    def _tell(self, wait: float, failure: Failure) -> None:
        if self._listener is not None:
            self._listener.on_event(Waiting(self.name, wait, failure.message))


class _Tally:
    """What one prompt has cost so far."""

    __slots__ = ("_rule", "_tries", "_unnamed", "calls", "spent", "waited_as_told")

    def __init__(self, rule: RetryRule, *, calls: int, spent: float) -> None:
        self._rule = rule
        self._tries = 1
        self._unnamed = 0
        self.calls = calls
        self.spent = spent
        self.waited_as_told = 0.0

    def wait(self, failure: Failure, share: float) -> float | None:
        """Seconds to wait before the next call (*share* in 0..1 is the jitter); None: no further call."""
        rule = self._rule
        if failure.kind not in RETRYABLE or rule.attempts <= 1:
            return None
        if failure.retry_after is None:
            return self._own_wait(share)
        # a tenth of jitter, so that those told the same moment do not all come back in it
        wait = failure.retry_after * (1 + share / 10)
        if self._tries >= rule.named_attempts or self.waited_as_told + wait > rule.patience:
            return None
        self._tries += 1
        self.waited_as_told += wait
        return wait

    def _own_wait(self, share: float) -> float | None:
        rule = self._rule
        wait = share * min(rule.longest, rule.initial * 2.0**self._unnamed)
        if self._unnamed + 1 >= rule.attempts or self.spent + wait > rule.elapsed:
            return None
        self._tries += 1
        self._unnamed += 1
        self.spent += wait
        return wait
