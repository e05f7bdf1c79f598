"""A breaker around one provider, model and key: after failures in a row no call is made until one probe succeeds.

Our own, not a library's: outcomes here are values, not exceptions, and the clock is an argument (decision 10).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from causal_eval.providers.clock import Clock, SystemClock
from causal_eval.providers.events import BreakerChanged, BreakerState, Listener
from causal_eval.providers.provider import OUTAGE, Failure, FailureKind, Outcome, Prompt, Provider


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """When to stop calling and when to try again; times in seconds."""

    failures: int = 10
    """So many in a row, with no reply between, open it; fewer would take a half-broken provider for a dead one. A
    prompt that went on failing while others got replies does not count."""
    initial: float = 1.0
    """From opening to the first probe; it doubles with each probe that fails ..."""
    longest: float = 4.0
    """... up to this."""
    probing: float = 1.0
    """While a probe is under way, who comes is told to ask again after this."""


class _Since(NamedTuple):
    """A prompt (held, so that its identity stays its own) and how many replies there were when it failed first."""

    prompt: Prompt
    replies: int


_REMEMBERED = 1000


class Breaker:
    """Wraps a provider; while open, a prompt gets a ``held`` failure at once, with the time of the next probe."""

    def __init__(
        self,
        inner: Provider,
        rule: BreakerRule | None = None,
        *,
        key: str = "",
        clock: Clock | None = None,
        listener: Listener | None = None,
    ) -> None:
        self._inner = inner
        self._rule = rule or BreakerRule()
        self._key = key
        self._clock = clock or SystemClock()
        self._listener = listener
        self._count = 0
        self._replies = 0
        self._failed: dict[int, _Since] = {}
        self._pause = self._rule.initial
        self._opened = 0.0
        self.state = BreakerState.CLOSED
        self.last: Failure | None = None
        """The failure that opened it; None while closed."""

    @property
    def name(self) -> str:
        """That of the wrapped provider."""
        return self._inner.name

    @property
    def wait(self) -> float:
        """Seconds until it may let a call through; 0: now."""
        if self.state is BreakerState.CLOSED:
            return 0.0
        if self.state is BreakerState.HALF_OPEN:
            return self._rule.probing
        return max(0.0, self._opened + self._pause - self._clock.now())

    async def complete(self, prompt: Prompt) -> Outcome:
        """The wrapped provider's outcome, or at once why no call is made."""
        if self.state is not BreakerState.CLOSED:
            wait = self.wait
            return self._held(wait) if wait else await self._probe(prompt)
        outcome = await self._inner.complete(prompt)
        if not isinstance(outcome, Failure):
            self._count = 0
            self._replies += 1
            if self.last is not None:
                self._close()
            return outcome
        return self._note(prompt, outcome)

    def trip(self, seconds: float, reason: str) -> None:
        """Open for so long, if it is closed, since that of another process did; the probe after it is our own."""
        if self.state is BreakerState.CLOSED and seconds > 0:
            self._pause = seconds
            self._open(Failure(FailureKind.CONNECTION, reason, calls=0, key=self._key, held=True))

    async def close(self) -> None:
        """Close the wrapped provider."""
        await self._inner.close()

    def _note(self, prompt: Prompt, failure: Failure) -> Failure:
        if failure.kind not in OUTAGE or self.state is not BreakerState.CLOSED or self._suspect(prompt):
            return failure
        self._count += 1
        if self._count < self._rule.failures:
            return failure
        self._pause = self._rule.initial
        self._open(failure)
        return self._blamed(failure)

    def _suspect(self, prompt: Prompt) -> bool:
        """Whether others got replies since *prompt* failed first: then it is the prompt, and says nothing of an outage.

        Without this, a few prompts that no server survives would look like one at the end of a run.
        """
        if len(self._failed) >= _REMEMBERED:
            self._failed.clear()
        since = self._failed.setdefault(id(prompt), _Since(prompt, self._replies))
        return since.replies != self._replies

    async def _probe(self, prompt: Prompt) -> Outcome:
        """One call that decides; abandoned, it leaves the breaker open and due."""
        self._change(BreakerState.HALF_OPEN)
        try:
            outcome = await self._inner.complete(prompt)
        except BaseException:
            if self.state is BreakerState.HALF_OPEN:
                self._change(BreakerState.OPEN)
            raise
        if not isinstance(outcome, Failure) or outcome.kind not in OUTAGE:  # any other answer is one from a live server
            self._close()
            return outcome
        self._pause = min(self._rule.longest, self._pause * 2)
        self._open(outcome)
        return self._blamed(outcome)

    def _blamed(self, failure: Failure) -> Failure:
        """The prompt is not to blame: no attempt of its own is used up."""
        return replace(failure, held=True, retry_after=max(self._pause, failure.retry_after or 0.0))

    def _held(self, wait: float) -> Failure:
        last = self.last
        assert last is not None
        return Failure(
            last.kind,
            f"breaker open: {last.message}",
            status=last.status,
            retry_after=wait,
            calls=0,
            key=self._key,
            held=True,
        )

    def _open(self, failure: Failure) -> None:
        self._opened = self._clock.now()
        self.last = failure
        self._change(BreakerState.OPEN)

    def _close(self) -> None:
        self._count = 0
        self.last = None
        self._change(BreakerState.CLOSED)

    def _change(self, state: BreakerState) -> None:
        self.state = state
        if self._listener is not None:
            reason = self.last.message if self.last is not None else ""
            self._listener.on_event(BreakerChanged(self.name, self._key, state, reason))
