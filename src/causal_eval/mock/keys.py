"""Who may ask the mock server, and how much: revoked keys, quotas, requests and tokens per minute."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from causal_eval.mock.faults import Mode

LONG_ENOUGH = 12
"""From this length on, a key's last four characters give nothing away."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that the server knows; 0 or None: without limit."""

    name: str
    value: str = field(repr=False)
    quota: int | None = None
    """Requests until the credit is used up."""
    revoked_from_request: int | None = None
    """The key's own n-th request and all after it get 401."""
    revoked_from_second: float | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """What is left of a limit."""

    what: str
    """``requests`` or ``tokens``."""
    limit: int
    remaining: int
    reset: float
    """Seconds until all is there again."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a request may come in, and what its answer says about limits."""

    key: str
    """Public name."""
    refused: Mode | None = None
    wait: float = 0.0
    """Seconds after which a request over the limit would be let in."""
    levels: tuple[Level, ...] = ()


class _Bucket:
    """A limit by the minute that fills again evenly."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._level = float(limit)
        self._at = 0.0

    def wait(self, amount: int, second: float) -> float:
        """Seconds until *amount* is there; 0: now. More than the whole limit fits into a full bucket only."""
        self._level = min(self.limit, self._level + (second - self._at) * self.limit / 60)
        self._at = second
        return max(0.0, (min(amount, self.limit) - self._level) * 60 / self.limit)

    def take(self, amount: int) -> None:
        """Use it; what was not known beforehand may leave a debt."""
        self._level -= amount

    def level(self, what: str) -> Level:
        """What is left, after :meth:`wait`."""
        reset = (self.limit - self._level) * 60 / self.limit
        return Level(what, self.limit, max(0, int(self._level)), reset)


class _Used:
    """One key's state."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.requests = 0
        self.granted = 0
        limits = {"requests": key.requests_per_minute, "tokens": key.tokens_per_minute}
        self.buckets = {what: _Bucket(limit) for what, limit in limits.items() if limit}

    def admit(self, tokens: int, second: float) -> Admission:
        key, self.requests = self.key, self.requests + 1
        late = key.revoked_from_second is not None and second >= key.revoked_from_second
        if late or (key.revoked_from_request is not None and self.requests >= key.revoked_from_request):
            return Admission(key.name, Mode.UNAUTHORIZED)
        if key.quota is not None and self.granted >= key.quota:
            return Admission(key.name, Mode.QUOTA)
        amounts = {"requests": 1, "tokens": tokens}
        wait = max((bucket.wait(amounts[what], second) for what, bucket in self.buckets.items()), default=0.0)
        if not wait:
            self.granted += 1
            for what, bucket in self.buckets.items():
                bucket.take(amounts[what])
        levels = tuple(bucket.level(what) for what, bucket in self.buckets.items())
        return Admission(key.name, Mode.RATE_LIMIT if wait else None, wait, levels)


class Keyring:
    """Lets requests in by their key; without any key everybody comes in, under a name that gives no key away."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._used = {key.value: _Used(key) for key in keys}

    def admit(self, value: str, *, tokens: int, second: float) -> Admission:
        """Count one more request of *tokens* (those of its prompt) with the key *value*, *second* seconds in."""
        used = self._used.get(value)
        if used is not None:
            return used.admit(tokens, second)
        return Admission(public_name(value), Mode.UNAUTHORIZED if self._used else None)

    def spend(self, value: str, tokens: int) -> None:
        """Count what the reply took."""
        used = self._used.get(value)
        if used is not None and "tokens" in used.buckets:
            used.buckets["tokens"].take(tokens)


def public_name(value: str) -> str:
    """A key's name in counts and records: its end if it is long, else a fingerprint."""
    if not value:
        return "none"
    if len(value) >= LONG_ENOUGH:
        return f"...{value[-4:]}"
    return f"sha256:{hashlib.sha256(value.encode()).hexdigest()[:8]}"
