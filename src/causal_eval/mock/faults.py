"""Which requests the mock server spoils, and how."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from causal_eval.errors import UnknownName, UsageError
from causal_eval.seeds import Stream

_FINENESS = 10**6


class Mode(StrEnum):
    """Ways to fail; the value is what a user types."""

    RATE_LIMIT = "rate-limit"
    """429 with Retry-After."""
    QUOTA = "quota"
    """429 that waiting will not change: out of credit."""
    SERVER_ERROR = "server-error"
    """500."""
    OVERLOADED = "overloaded"
    """503 (OpenAI) or 529 (Anthropic)."""
    UNAUTHORIZED = "unauthorized"
    """401."""
    BAD_REQUEST = "bad-request"
    """400."""
    RESET = "reset"
    """The connection is cut before any answer."""
    BREAK_OFF = "break-off"
    """The connection is cut in the middle of the body."""
    HANG = "hang"
    """No answer for ``seconds``, then the connection is cut."""
    GARBAGE = "garbage"
    """200 with JSON that cannot be read."""
    EMPTY = "empty"
    """200 without any choice (OpenAI) or content (Anthropic)."""
    TRUNCATION = "truncation"
    """The first half of the reply, marked as cut at the token limit."""
    REFUSAL = "refusal"
    """The model declines."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail and which requests it hits: all of them, unless one of the three numbers is set."""

    mode: Mode
    every: int = 0
    """Each n-th request (the n-th, 2n-th ...)."""
    first: int = 0
    """Only the first so many requests."""
    chance: float = 0.0
    """Each request with this probability, decided by the server's seed."""
    seconds: float = 1.0
    """Retry-After of ``rate-limit`` (a value below 0 sends none), length of ``hang``."""

    def hits(self, number: int, dice: Stream) -> bool:
        """Whether request *number* (from 1) is spoiled."""
        if self.every:
            return number % self.every == 0
        if self.first:
            return number <= self.first
        if self.chance:
            return dice.chance(round(self.chance * _FINENESS), _FINENESS)
        return True


def parse_fault(text: str) -> Fault:
    """The fault of ``mode`` or ``mode:every=3``, ``mode:first=2,seconds=0.5``, ``mode:chance=0.1``."""
    name, _, options = text.partition(":")
    if name not in set(Mode):
        raise UnknownName("mock mode", name, list(Mode))
    values: dict[str, float] = {}
    for option in filter(None, options.split(",")):
        key, _, value = option.partition("=")
        values[key.strip()] = _number(key.strip(), value, text)
    return Fault(
        Mode(name),
        every=int(values.get("every", 0)),
        first=int(values.get("first", 0)),
        chance=values.get("chance", 0.0),
        seconds=values.get("seconds", 1.0),
    )


def _number(key: str, value: str, text: str) -> float:
    if key not in {"every", "first", "chance", "seconds"}:
        raise UnknownName(f"option of {text!r}", key, ("every", "first", "chance", "seconds"))
    try:
        number = float(value)
    except ValueError:
        raise UsageError(f"{text!r}: {key} must be a number, e.g. rate-limit:every=3,seconds=0.5") from None
    whole = key in {"every", "first"}
    if (whole and (number < 1 or number != int(number))) or (key == "chance" and not 0 < number <= 1):
        raise UsageError(f"{text!r}: {key} must be {'a whole number from 1' if whole else 'above 0 and at most 1'}")
    return number
