"""How many calls are open at once: a sliding window under a hard cap that feels its way up and backs off at 429."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from causal_eval.providers.clock import Clock, SystemClock
from causal_eval.providers.events import CallEnded, CallStarted, LimitChanged, Listener, Waiting
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Prompt, Provider

_OVERLOADED = frozenset({429, 503, 529})


class Window:
    """At most ``limit`` holders at once, first come, first served; the limit may change at any moment.

    Shared by several providers it is the hard cap over all of them.
    """

    __slots__ = ("_queue", "limit", "open")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.open = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """How many wait for a slot."""
        return len(self._queue)

    def resize(self, limit: int) -> None:
        """Set the limit; calls that are open beyond a lower one end in their own time."""
        self.limit = limit
        self._admit()

    async def enter(self) -> None:
        """Return when a slot is held; it must be given back by :meth:`leave`."""
        if self.open < self.limit and not self._queue:
            self.open += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the slot came and the cancellation with it
                self.leave()
            else:
                self._queue.remove(turn)
            raise

    def leave(self) -> None:
        """Give a slot back."""
        self.open -= 1
        self._admit()

    def _admit(self) -> None:
        while self._queue and self.open < self.limit:
            turn = self._queue.popleft()
            if not turn.done():
                self.open += 1
                turn.set_result(None)


@dataclass(frozen=True, slots=True)
class LimitRule:
    """How the number of open calls moves."""

    most: int = 100
    """Hard cap."""
    start: int = 10
    fixed: bool = False
    """True: always ``most`` (``--max-connections``)."""
    backoff: float = 0.5
    """Factor at a 429, once for all calls that were under way together."""
    longest_pause: float = 60.0
    """Seconds; a longer Retry-After is left to the retry rule."""


class Limits:
    """Wraps a provider so that at most the current limit of calls is open, and none starts while it asks to wait."""

    def __init__(
        self,
        inner: Provider,
        rule: LimitRule | None = None,
        *,
        cap: Window | None = None,
        clock: Clock | None = None,
        listener: Listener | None = None,
    ) -> None:
        self._inner = inner
        self._rule = rule or LimitRule()
        self._cap = cap
        self._clock = clock or SystemClock()
        self._listener = listener
        self._size = float(self._rule.most if self._rule.fixed else min(self._rule.start, self._rule.most))
        self._window = Window(int(self._size))
        self._searching = True
        self._round = 0
        self._closed_until: float | None = None

    @property
    def name(self) -> str:
        """That of the wrapped provider."""
        return self._inner.name

    @property
    def limit(self) -> int:
        """Calls that may be open now."""
        return self._window.limit

    async def complete(self, prompt: Prompt) -> Outcome:
        """The wrapped provider's outcome, once a slot is free."""
        await self._window.enter()
        try:
            if self._closed_until is not None:
                await self._pause()
            return await self._capped(prompt)
        finally:
            self._window.leave()

    async def close(self) -> None:
        """Close the wrapped provider."""
        await self._inner.close()

    async def _capped(self, prompt: Prompt) -> Outcome:
        if self._cap is None:
            return await self._call(prompt)
        await self._cap.enter()
        try:
            return await self._call(prompt)
        finally:
            self._cap.leave()

    async def _call(self, prompt: Prompt) -> Outcome:
        window, began_in = self._window, self._round
        if self._listener is not None:
            self._listener.on_event(CallStarted(self.name, window.open))
        outcome = await self._inner.complete(prompt)
        if self._listener is not None:
            self._listener.on_event(_ended(self.name, outcome))
        if isinstance(outcome, Failure):
            self._learn_failure(outcome, began_in)
        elif window.open >= window.limit and began_in == self._round and not self._rule.fixed:
            self._grow()  # only a full window says that more would be used
        return outcome

    async def _pause(self) -> None:
        """Wait until the provider wants calls again."""
        while self._closed_until is not None and (rest := self._closed_until - self._clock.now()) > 0:
            await self._clock.sleep(rest)
        self._closed_until = None

    def _grow(self) -> None:
        """Double per window of replies until the first 429 (slow start), then one more per window."""
        if self._size < self._rule.most:
            self._size = min(self._rule.most, self._size + (1.0 if self._searching else 1.0 / self._size))
            self._apply()

    def _learn_failure(self, failure: Failure, began_in: int) -> None:
        if failure.kind is not FailureKind.RATE_LIMIT and failure.status not in _OVERLOADED:
            return
        if failure.retry_after:
            self._close_for(min(failure.retry_after, self._rule.longest_pause), failure.message)
        if began_in == self._round and not self._rule.fixed:
            self._round += 1
            self._searching = False
            self._size = max(1.0, self._size * self._rule.backoff)
            self._apply()

    def _close_for(self, seconds: float, reason: str) -> None:
        until = self._clock.now() + seconds
        if self._closed_until is None and self._listener is not None:
            self._listener.on_event(Waiting(self.name, seconds, reason))
        self._closed_until = max(until, self._closed_until or until)

    def _apply(self) -> None:
        limit = int(self._size)
        if limit == self._window.limit:
            return
        self._window.resize(limit)
        if self._listener is not None:
            self._listener.on_event(LimitChanged(self.name, limit))


def _ended(name: str, outcome: Outcome) -> CallEnded:
    if isinstance(outcome, Failure):
        return CallEnded(name, outcome.kind, outcome.status, outcome.latency_ms)
    return CallEnded(name, None, None, outcome.latency_ms)
