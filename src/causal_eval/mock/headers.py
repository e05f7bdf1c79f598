"""What the mock server says in headers: which request it was, how long to wait, what is left of a limit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import formatdate
from types import MappingProxyType

from causal_eval.mock.faults import Fault, Mode
from causal_eval.mock.keys import Level

NAMED: Mapping[str, str] = MappingProxyType({"x-request-id": "req_mock", "request-id": "req_mock"})
"""Under which name the provider's support would find a request."""


def moment(wall: float) -> str:
    """RFC 3339, UTC, of seconds since 1970."""
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def waiting(fault: Fault, wall: float) -> dict[str, str]:
    """``Retry-After`` where the mode names a time; *wall* is the right time of day in seconds since 1970."""
    match fault.mode:
        case Mode.RATE_LIMIT_BARE:
            return {}
        case Mode.RATE_LIMIT_DATE:
            wrong = wall + fault.skew
            return {"Date": _date(wrong), "Retry-After": _date(math.ceil(wrong + fault.time))}
        case Mode.RATE_LIMIT:
            return {"Retry-After": f"{fault.time:g}"}
    return {} if fault.seconds is None else {"Retry-After": f"{fault.seconds:g}"}


def limits(levels: Sequence[Level], path: str, wall: float) -> dict[str, str]:
    """What is left of a key's limits, as the API at *path* says it."""
    write = _anthropic if path.startswith("/v1/messages") else _openai
    return {name: value for level in levels for name, value in write(level, wall)}


def _openai(level: Level, wall: float) -> Iterator[tuple[str, str]]:  # noqa: ARG001 - as its twin
    yield f"x-ratelimit-limit-{level.what}", str(level.limit)
    yield f"x-ratelimit-remaining-{level.what}", str(level.remaining)
    yield f"x-ratelimit-reset-{level.what}", _duration(level.reset)


def _anthropic(level: Level, wall: float) -> Iterator[tuple[str, str]]:
    yield f"anthropic-ratelimit-{level.what}-limit", str(level.limit)
    yield f"anthropic-ratelimit-{level.what}-remaining", str(level.remaining)
    yield f"anthropic-ratelimit-{level.what}-reset", moment(wall + level.reset)


def _duration(seconds: float) -> str:
    """As OpenAI writes it: ``6m0s``, ``1.5s``, ``120ms``."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    minutes, rest = divmod(round(seconds, 3), 60)
    return f"{minutes:.0f}m{rest:g}s" if minutes else f"{rest:g}s"


def _date(wall: float) -> str:
    return formatdate(wall, usegmt=True)
