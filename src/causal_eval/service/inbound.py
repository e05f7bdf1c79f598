"""How often somebody may ask: counted by key, user or address, in Redis where it is there, else in this process.

Redis gone lets requests through, counted here meanwhile; that is seen in :attr:`Inbound.lapses`, never by who asks.
"""

from __future__ import annotations

import functools
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from limits import RateLimitItemPerMinute
from limits.errors import ConfigurationError, StorageError
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from causal_eval.errors import TooSoon, UsageError
from causal_eval.service.access import NOBODY, Caller
from causal_eval.service.backoff import neighbourhood
from causal_eval.settings import Settings

PATIENCE = 0.25
"""Seconds that a request waits for Redis."""
_MINUTE = 60.0
REST = 5.0
"""Seconds for which Redis is left alone after it failed."""


@dataclass(slots=True)
class _Count:
    minute: int
    now: int = 0
    before: int = 0
    """In the minute before."""


class Window:
    """Counts in this process as ``limits`` does in Redis: a sliding window of a minute for each who asks.

    Its own memory storage starts a thread for every other count, 0.4 ms on the event loop that all requests share.
    """

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}
        self._minute = 0
        self._lock = threading.Lock()

    def hit(self, most: int, who: str, *, now: float) -> bool:
        """Count one of *who* at *now* seconds; False, and it does not count: it would be more than *most* a minute."""
        minute, into = int(now // _MINUTE), now % _MINUTE
        with self._lock:
            if minute != self._minute:
                self._minute = minute
                self._counts = {name: one for name, one in self._counts.items() if one.minute >= minute - 1}
            count = self._counts.setdefault(who, _Count(minute))
            if count.minute != minute:
                count.before = count.now
                count.minute, count.now = minute, 0
            if count.now + count.before * (1 - into / _MINUTE) > most - 1:
                return False
            count.now += 1
            return True


@functools.lru_cache(maxsize=4)
def _rate(most: int) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(most)


@dataclass(slots=True)
class _Health:
    down_until: float = 0.0
    failures: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    lapses: int = 0


@dataclass(frozen=True, slots=True)
class Inbound:
    """Counts requests, and says when there are too many."""

    most: Callable[[], int]
    """Requests a minute, as it holds now."""
    here: Window
    shared: SlidingWindowCounterRateLimiter | None
    now: Callable[[], float] = time.monotonic
    _health: _Health = field(default_factory=_Health)

    @property
    def rate(self) -> RateLimitItemPerMinute:
        """What holds now."""
        return _rate(self.most())

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
            most = self.most()
            raise TooSoon(f"more than {most} requests in a minute", wait=60 / most)

    def _hit(self, who: str) -> bool:
        if self.shared is not None and self.now() >= self._health.down_until:
            try:
                return self.shared.hit(self.rate, who)
            except StorageError:
                self._health.down_until = self.now() + REST
                self._health.lapses = next(self._health.failures)
        return self.here.hit(self.most(), who, now=self.now())


def make_inbound(settings: Settings, *, most: Callable[[], int] | None = None) -> Inbound:
    """The counter that *settings* ask for; *most* says how many a minute, where that may change.

    Raises:
        UsageError: there is a Redis, and its library cannot be used.
    """
    shared = SlidingWindowCounterRateLimiter(_storage(settings.redis_url)) if settings.redis_url else None
    return Inbound(most or (lambda: settings.requests_per_minute), Window(), shared)


def _storage(url: str) -> RedisStorage:
    try:
        return RedisStorage(
            url,
            key_prefix="ceb:inbound",
            wrap_exceptions=True,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
        )
    except ConfigurationError as error:
        raise UsageError(
            f"REDIS_URL is set, and the package redis or what it needs cannot be imported ({error}): "
            "pip install 'causal-eval-bench[service]' with this Python, or leave REDIS_URL out"
        ) from error
