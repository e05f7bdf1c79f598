"""How many calls are open at once: a sliding window under a hard cap that feels its way up and backs off when told."""

from __future__ import annotations

from dataclasses import dataclass, field

from causal_eval.providers.clock import Clock, SystemClock
from causal_eval.providers.events import LimitChanged, Listener
from causal_eval.providers.gradient import Gradient
from causal_eval.providers.pace import Pace
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Prompt, Provider, Refusal, Reply
from causal_eval.providers.quota import Quota
from causal_eval.providers.waiting import WaitingRoom
from causal_eval.providers.window import Window

_OVERLOADED = frozenset({429, 503, 529})


@dataclass(frozen=True, slots=True)
class LimitRule:
    """How the number of open calls moves."""

    most: int = 100
    """Upper end; adaptive limits follow the shared cap, where there is one, in its place."""
    start: int = 10
    fixed: bool = False
    """True: always ``most`` (``--max-connections``)."""
    backoff: float = 0.5
    """Factor at a 429, once for all calls that were under way together."""
    longest_pause: float = 60.0
    """Seconds; a longer Retry-After is left to the retry rule."""
    first_pause: float = 0.5
    """Seconds without a call after a 429 that names no time; doubled while nothing but such 429 come ..."""
    longest_guess: float = 20.0
    """... up to this."""


@dataclass(frozen=True, slots=True)
class Outer:
    """What several providers or keys share."""

    cap: Window | None = None
    """Hard cap over everything."""
    pace: Pace | None = None
    """Requests and tokens per minute."""
    room: WaitingRoom = field(default_factory=WaitingRoom)
    """Where one waits for a slot."""


class Limits:
    """Wraps a provider so that at most the current limit of calls is open, and none starts while it asks to wait.

    Who comes in a pause gets a ``held`` failure with its end: another key may be free.
    """

    def __init__(
        self,
        inner: Provider,
        rule: LimitRule | None = None,
        *,
        outer: Outer | None = None,
        key: str = "",
        clock: Clock | None = None,
        listener: Listener | None = None,
    ) -> None:
        self._inner = inner
        self._name = inner.name
        self._rule = rule = rule or LimitRule()
        outer = outer or Outer()
        self._cap, self._pace, self._room = outer.cap, outer.pace, outer.room
        self._key = key
        self._clock = clock or SystemClock()
        self._listener = listener
        self._size = float(rule.most if rule.fixed else min(rule.start, rule.most))
        self.window = Window(int(self._size))
        self._gradient = None if rule.fixed else Gradient(self._clock.now)
        self._step = 0
        """Exponent of growth: a reply adds size**-step/2: 0 doubles per window, 1 adds its root, 2 adds one."""
        self._round = 0
        self._storm = 0
        self._closed_until = 0.0
        self._closed_for: Failure | None = None
        self.quota: Quota | None = None
        """What the provider last said is left."""

    @property
    def name(self) -> str:
        """That of the wrapped provider."""
        return self._name

    @property
    def limit(self) -> int:
        """Calls that may be open now."""
        return self.window.limit

    @property
    def wait(self) -> float:
        """Seconds until the provider wants calls again; 0: now."""
        if self._closed_for is None:
            return 0.0
        return max(0.0, self._closed_until - self._clock.now())

    @property
    def closed_for(self) -> Failure | None:
        """The failure that asked to wait, while the wait lasts."""
        return self._closed_for if self.wait else None

    @property
    def _most(self) -> int:
        return self._rule.most if self._cap is None or self._rule.fixed else self._cap.limit

    def fix(self, limit: int) -> None:
        """Where the number of open calls is fixed, let it be *limit*; an adaptive one follows the shared cap."""
        if self._rule.fixed:
            self._resize(limit)

    async def complete(self, prompt: Prompt) -> Outcome:
        """The wrapped provider's outcome, once a slot is free."""
        if not self.window.take():
            with self._room:
                await self.window.enter()
        try:
            if self._pace is not None:
                return await self._paced(prompt, self._pace)
            return await self._capped(prompt)
        finally:
            self.window.leave()

    def shut(self, failure: Failure) -> None:
        """Make no further call, for *failure*'s reason: who queues here is sent on."""
        self._closed_until, self._closed_for = float("inf"), failure

    def cool(self, seconds: float, reason: str) -> None:
        """Make no call for so long, since the provider asked another process to wait."""
        told = Failure(FailureKind.RATE_LIMIT, reason, calls=0, key=self._key, held=True)
        self._close_for(min(seconds, self._rule.longest_pause), told)

    async def close(self) -> None:
        """Close the wrapped provider."""
        await self._inner.close()

    async def _paced(self, prompt: Prompt, pace: Pace) -> Outcome:
        if self._closed_for is not None and (held := self._held()) is not None:
            return held  # before a moment is used up
        thought = await pace.turn(prompt)
        outcome = await self._capped(prompt)
        pace.settle(prompt, outcome, thought=thought)
        return outcome

    async def _capped(self, prompt: Prompt) -> Outcome:
        cap = self._cap
        if cap is None:
            return await self._call(prompt)
        if not cap.take():
            with self._room:
                await cap.enter()
        try:
            return await self._call(prompt)
        finally:
            cap.leave()

    async def _call(self, prompt: Prompt) -> Outcome:
        if self._closed_for is not None and (held := self._held()) is not None:
            return held
        window, began_in = self.window, self._round
        outcome = await self._inner.complete(prompt)
        if isinstance(outcome, Failure):
            self._learn_failure(outcome, began_in)
        else:
            self._storm = 0
            if outcome.quota is not None:
                self._learn_quota(outcome.quota)
            if window.open >= window.limit and began_in == self._round and self._gradient is not None:
                self._grow(outcome, self._gradient)  # only a full window says that more would be used
        return outcome

    def _held(self) -> Failure | None:
        """Why no call is made now; None once the pause is over."""
        told, rest = self._closed_for, self.wait
        if told is None or rest <= 0:
            self._closed_for = None
            return None
        return Failure(told.kind, told.message, status=told.status, retry_after=rest, calls=0, key=self._key, held=True)

    def _grow(self, outcome: Reply | Refusal, gradient: Gradient) -> None:
        """Double per window of replies until told to slow down (slow start), then more carefully."""
        factor = gradient.note(outcome.latency_ms, outcome.usage.output, limit=self.window.limit)
        most = self._most
        if factor != 1:
            self._step = max(self._step, 1)
            self._resize(min(most, self._size * factor))
        elif self._size > most:
            self._resize(most)
        elif self._size < most and not gradient.holding:
            self._resize(min(most, self._size + float(self._size ** (-self._step / 2))))

    def _learn_failure(self, failure: Failure, began_in: int) -> None:
        if failure.kind is not FailureKind.RATE_LIMIT and failure.status not in _OVERLOADED:
            return
        if failure.calls == 0:  # the breaker's word, not the provider's
            return
        if failure.quota is not None:
            self.quota = failure.quota
        self._close(failure, began_in)
        if began_in == self._round and self._gradient is not None:
            self._step = 2
            self._gradient.forget()
            self._resize(self._size * self._rule.backoff)
        if began_in == self._round:
            self._round += 1

    def _close(self, failure: Failure, began_in: int) -> None:
        seconds = failure.retry_after
        if seconds is None:
            if failure.kind is not FailureKind.RATE_LIMIT or began_in != self._round:
                return
            seconds = min(self._rule.longest_guess, self._rule.first_pause * 2.0**self._storm)
            self._storm += 1
        self._close_for(min(seconds, self._rule.longest_pause), failure)

    def _close_for(self, seconds: float, failure: Failure) -> None:
        until = self._clock.now() + seconds
        if seconds > 0 and until > self._closed_until:
            self._closed_until, self._closed_for = until, failure

    def _learn_quota(self, quota: Quota) -> None:
        """Stop just before the provider would refuse."""
        self.quota = quota
        waits = [part.wait() for part in (quota.requests, quota.tokens) if part is not None and part.remaining <= 0]
        seconds = min(max(waits, default=0.0), self._rule.longest_pause)
        if seconds:
            self._close_for(seconds, Failure(FailureKind.RATE_LIMIT, f"{self._name} says that its limit is used up"))

    def _resize(self, size: float) -> None:
        self._size = max(1.0, size)
        limit = int(self._size)
        if limit == self.window.limit:
            return
        self.window.resize(limit)
        if self._listener is not None:
            self._listener.on_event(LimitChanged(self._name, limit))
