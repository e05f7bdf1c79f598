"""What a provider says is left of its rate limits: the headers of OpenAI's and of Anthropic's kind, as one value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_EPOCH, _EPOCH_MS = 10**9, 10**12
"""A plain number beyond these is a date: in seconds, in milliseconds."""
_OPENAI = "x-ratelimit-{1}-{0}"
_ANTHROPIC = "anthropic-ratelimit-{0}-{1}"
_SIGNS = (
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    "anthropic-ratelimit-requests-remaining",
    "anthropic-ratelimit-tokens-remaining",
)


@dataclass(frozen=True, slots=True)
class Allowance:
    """One limit: requests or tokens."""

    remaining: float
    limit: float | None = None
    reset: float | None = None
    """Seconds until it is whole again."""

    def wait(self, need: float = 1.0) -> float:
        """Seconds until *need* is there, if it comes back evenly; 0 where it is there or nobody says."""
        if self.remaining >= need or self.reset is None:
            return 0.0
        if self.limit is None or self.limit <= self.remaining:
            return self.reset
        return self.reset * min(1.0, (need - self.remaining) / (self.limit - self.remaining))


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left after a call; None where the provider does not say."""

    requests: Allowance | None = None
    tokens: Allowance | None = None

    @property
    def exhausted(self) -> float | None:
        """Seconds until what is used up is whole again; None if nothing is, or the provider does not say."""
        found = [part.reset for part in (self.requests, self.tokens) if part and part.remaining <= 0 and part.reset]
        return max(found, default=None)


def quota_of(headers: Mapping[str, str], wall: float) -> Quota | None:
    """The limits that *headers* (case-insensitive, or lower-case names) tell; *wall* turns a date into seconds."""
    for sign in _SIGNS:
        if sign in headers:
            form = _OPENAI if sign.startswith("x-") else _ANTHROPIC
            return Quota(*(_allowance(headers, form, what=what, wall=wall) for what in ("requests", "tokens")))
    return None


def _allowance(headers: Mapping[str, str], form: str, *, what: str, wall: float) -> Allowance | None:
    remaining = number(headers.get(form.format(what, "remaining")))
    if remaining is None:
        return None
    limit = number(headers.get(form.format(what, "limit")))
    return Allowance(remaining, limit, _reset(headers.get(form.format(what, "reset")), wall))


def _reset(text: str | None, wall: float) -> float | None:
    """Seconds from ``1.5``, ``6m0s``, ``120ms``, seconds or milliseconds since 1970, or an RFC 3339 date."""
    if text is None:
        return None
    if (seconds := number(text)) is not None:
        date = seconds / 1000 if seconds >= _EPOCH_MS else seconds
        return max(0.0, date - wall) if seconds >= _EPOCH else seconds
    if text[:1].isdigit() and _PART.sub("", text.strip()) == "":
        return sum(float(count) * _SECONDS[unit] for count, unit in _PART.findall(text))
    try:
        return max(0.0, datetime.fromisoformat(text.strip()).timestamp() - wall)
    except (ValueError, OverflowError):
        return None


def number(text: str | None) -> float | None:
    """The finite number of at least 0 that *text* says; None for anything else."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
