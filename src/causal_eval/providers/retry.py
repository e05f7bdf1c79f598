"""Calls that failed for a passing reason are made again: full jitter, Retry-After, bounded in number and time.

It stands outside keys and routes: they are tried at once, and only when none is left does a prompt wait here.

Our own loop, not stamina's: outcomes here are values, not exceptions, and clock and jitter are arguments.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import NamedTuple

from causal_eval.providers.clock import Clock, SystemClock
from causal_eval.providers.events import Listener, Waiting
from causal_eval.providers.provider import OUTAGE, RETRYABLE, Failure, Outcome, Prompt, Provider
from causal_eval.providers.state import Wait
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
    outage: float = 30.0
    """The longest that prompts wait for a breaker to close, if none of them gets a reply."""
    held: float = 600.0
    """The longest that one prompt waits while calls are held back, though others get replies."""
    at_least: int = 3
    """So many prompts waiting without a reply to anybody mean that the provider is down: the first to give up says so,
    for the run to end ..."""
    grace: float = 15.0
    """... and the others wait so much longer: the run ends around them, and they stay pending, not failed."""


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
        self._silent_since: float | None = None
        self._told_down: float | None = None
        self._asleep: dict[int, _Sleeper] = {}
        self._number = 0

    @property
    def name(self) -> str:
        """That of the wrapped provider."""
        return self._inner.name

    async def complete(self, prompt: Prompt) -> Outcome:
        """The first outcome that another call would not change, or the last failure."""
        outcome = await self._inner.complete(prompt)
        if not isinstance(outcome, Failure):
            self._silent_since = self._told_down = None
            return outcome
        if outcome.kind not in RETRYABLE:
            return outcome
        return await self._again(prompt, outcome)

    async def close(self) -> None:
        """Close the wrapped provider."""
        await self._inner.close()

    def forgive(self) -> None:
        """Time in which nobody could call is no time without a reply: begin to count anew."""
        self._silent_since = self._told_down = None

    def waits(self) -> tuple[Wait, ...]:
        """What is waited for now, by reason and key; longest first."""
        now = self._clock.now()
        found: dict[tuple[str, str], list[float]] = {}
        for sleeper in self._asleep.values():
            rest = max(0.0, sleeper.until - now)
            found.setdefault((sleeper.failure.message, sleeper.failure.key), []).append(rest)
        waits = (Wait(reason, key, max(rests), len(rests)) for (reason, key), rests in found.items())
        return tuple(sorted(waits, key=lambda wait: -wait.seconds))

    async def _again(self, prompt: Prompt, failure: Failure) -> Outcome:
        tally = _Tally(self._rule, calls=failure.calls, spent=failure.latency_ms / 1000)
        number = self._number = self._number + 1
        try:
            while (hope := self._hope(failure)) is _Hope.YES:
                wait = tally.wait(failure, self._share())
                if wait is None:
                    break
                self._asleep[number] = _Sleeper(self._clock.now() + wait, failure)
                self._tell(wait, failure)
                await self._clock.sleep(wait)
                outcome = await self._inner.complete(prompt)
                tally.calls += outcome.calls
                lost = failure.lost + outcome.lost
                if not isinstance(outcome, Failure):
                    self._silent_since = self._told_down = None
                    return replace(outcome, calls=tally.calls, lost=lost)
                tally.spent += outcome.latency_ms / 1000
                failure = replace(outcome, lost=lost)
        finally:
            self._asleep.pop(number, None)
        spent = tally.spent + tally.waited_as_told + tally.held
        return replace(failure, calls=tally.calls, latency_ms=spent * 1000, held=False, down=hope is _Hope.FOR_NOBODY)

    def _hope(self, failure: Failure) -> _Hope:
        """Whether nobody has got a reply for longer than is borne.

        No single prompt would find out: a few slots pass among many so slowly that none uses up its own bounds.
        """
        if failure.retry_after is None:
            return _Hope.YES
        now = self._clock.now()
        if self._silent_since is None:
            self._silent_since = now
        bound = self._rule.outage if failure.kind in OUTAGE else self._rule.patience
        if now - self._silent_since <= bound:
            return _Hope.YES
        if len(self._asleep) < self._rule.at_least:
            return _Hope.NONE
        if self._told_down is None:
            self._told_down = now
            return _Hope.FOR_NOBODY
        return _Hope.NONE if now - self._told_down > self._rule.grace else _Hope.YES

    def _share(self) -> float:
        return self._jitter.below(_FINENESS + 1) / _FINENESS

    def _tell(self, wait: float, failure: Failure) -> None:
        if self._listener is not None:
            self._listener.on_event(Waiting(self.name, wait, failure.message, failure.key, len(self._asleep)))


class _Hope(Enum):
    """Whether waiting on makes sense."""

    YES = auto()
    NONE = auto()
    """Not for this prompt."""
    FOR_NOBODY = auto()
    """The provider is down, and this prompt is the first to say so."""


class _Sleeper(NamedTuple):
    """A prompt that waits."""

    until: float
    failure: Failure


class _Tally:
    """What one prompt has cost so far."""

    __slots__ = ("_rule", "_tries", "_unnamed", "calls", "held", "spent", "waited_as_told")

    def __init__(self, rule: RetryRule, *, calls: int, spent: float) -> None:
        self._rule = rule
        self._tries = 1
        self._unnamed = 0
        self.calls = calls
        self.spent = spent
        self.waited_as_told = 0.0
        self.held = 0.0

    def wait(self, failure: Failure, share: float) -> float | None:
        """Seconds to wait before the next call (*share* in 0..1 is the jitter); None: no further call."""
        rule = self._rule
        if failure.kind not in RETRYABLE or (rule.attempts <= 1 and not failure.held):
            return None
        if failure.retry_after is None:
            return self._own_wait(share)
        # a tenth of jitter, so that those told the same moment do not all come back in it
        wait = failure.retry_after * (1 + share / 10)
        if failure.held:
            self.held += wait
            return wait if self.held <= rule.held else None
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
