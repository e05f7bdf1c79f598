"""How often somebody may ask: counted in memory, which has an end whoever comes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from causal_eval.errors import TooSoon

HOUR = 3600.0
MOST_NAMES = 10_000


@dataclass(frozen=True, slots=True)
class Turnstile:
    """Counts who comes how often."""

    clock: Callable[[], float]
    seen: dict[str, deque[float]] = field(default_factory=dict)

    def admit(self, who: str, *, most: int) -> None:
        """Count one more.

        Raises:
            TooSoon: *who* came more than *most* times within an hour.
        """
        now = self.clock()
        if len(self.seen) > MOST_NAMES:
            self._forget(before=now - HOUR)
        times = self.seen.setdefault(who, deque(maxlen=most + 1))
        while times and times[0] < now - HOUR:
            times.popleft()
        times.append(now)
        if len(times) > most:
            raise TooSoon("too many requests", wait=HOUR)

    def _forget(self, *, before: float) -> None:
        """Forget who has not come since; if these are few, everybody: rather a limit that begins anew than no end."""
        for name in [name for name, times in self.seen.items() if times[-1] < before]:
            del self.seen[name]
        if len(self.seen) > MOST_NAMES:
            self.seen.clear()
