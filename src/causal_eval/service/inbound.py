"""How often somebody may ask: counted by key, user or address, in Redis where it is there, else in this process.

Redis gone lets requests through, counted here meanwhile; that is seen in :attr:`Inbound.lapses`, never by who asks.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from causal_eval.errors import TooSoon
from causal_eval.service.access import NOBODY, Caller
from causal_eval.service.backoff import neighbourhood
from causal_eval.settings import Settings

PATIENCE = 0.25
"""Seconds that a request waits for Redis."""
REST = 5.0
"""Seconds for which Redis is left alone after it failed."""


@dataclass(slots=True)
class _Health:
    down_until: float = 0.0
    failures: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    lapses: int = 0


@dataclass(frozen=True, slots=True)
class Inbound:
    """Counts requests, and says when there are too many."""

    rate: RateLimitItemPerMinute
    here: SlidingWindowCounterRateLimiter
    shared: SlidingWindowCounterRateLimiter | None
    now: Callable[[], float] = time.monotonic
    _health: _Health = field(default_factory=_Health)

    @property
    def lapses(self) -> int:
        """How often Redis could not be asked since the process began."""
        return self._health.lapses

    def admit(self, caller: Caller, *, address: str) -> None:
        """Count a request of *caller*, or, where nobody is logged in, of *address*.

        Raises:
            TooSoon: it is one too many.
        """
        who = f"address:{neighbourhood(address)}" if caller.actor == NOBODY.actor else caller.actor
        if not self._hit(who):
            # A sliding window lets the next request through after about one part of the minute.
            raise TooSoon(f"more than {self.rate.amount} requests in a minute", wait=60 / self.rate.amount)

    def _hit(self, who: str) -> bool:
        if self.shared is not None and self.now() >= self._health.down_until:
            try:
                return self.shared.hit(self.rate, who)
            except StorageError:
                self._health.down_until = self.now() + REST
                self._health.lapses = next(self._health.failures)
        return self.here.hit(self.rate, who)


def make_inbound(settings: Settings) -> Inbound:
    """The counter that *settings* ask for."""
    shared = None
    if settings.redis_url:
        storage = RedisStorage(
            settings.redis_url,
            key_prefix="ceb:inbound",
            wrap_exceptions=True,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
        )
        shared = SlidingWindowCounterRateLimiter(storage)
    here = SlidingWindowCounterRateLimiter(MemoryStorage())
    return Inbound(RateLimitItemPerMinute(settings.requests_per_minute), here, shared)
