"""Ways in which the mock server spoils a request, and how a user writes one down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from causal_eval.errors import UnknownName, UsageError
from causal_eval.seeds import Stream

BIG = 10_000_000
_FINENESS = 10**6
_WHOLE = frozenset({"every", "first", "bytes"})
_OPTIONS = ("every", "first", "chance", "seconds", "bytes", "skew")


class Mode(StrEnum):
    """Ways to fail; the value is what a user types, and ``docs/reference/mock-server.md`` says what each does."""

    RATE_LIMIT = "rate-limit"
    RATE_LIMIT_BARE = "rate-limit-bare"
    RATE_LIMIT_DATE = "rate-limit-date"
    QUOTA = "quota"
    SERVER_ERROR = "server-error"
    BAD_GATEWAY = "bad-gateway"
    OVERLOADED = "overloaded"
    BAD_REQUEST = "bad-request"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    TOO_LARGE = "too-large"
    UNPROCESSABLE = "unprocessable"
    REDIRECT = "redirect"
    RESET = "reset"
    STALE = "stale"
    BREAK_OFF = "break-off"
    HANG = "hang"
    DRIP = "drip"
    SLOW_HEADERS = "slow-headers"
    CLOSE = "close"
    HTTP10 = "http10"
    BROKEN_CHUNKS = "broken-chunks"
    GZIP = "gzip"
    BROKEN_GZIP = "broken-gzip"
    GARBAGE = "garbage"
    PAGE = "page"
    ERROR_IN_200 = "error-in-200"
    BIG = "big"
    ENDLESS = "endless"
    EMPTY = "empty"
    TRUNCATION = "truncation"
    REFUSAL = "refusal"
    CONTENT_FILTER = "content-filter"
    OTHER_NAME = "other-name"
    UNCLOSED_THINK = "unclosed-think"
    DUPLICATED = "duplicated"


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
    seconds: float | None = None
    """What a mode that takes time or names one takes or names; None: :attr:`time`'s default."""
    size: int = BIG
    """Length of the reply that ``big`` gives, in bytes."""
    skew: float = 0.0
    """How far the server's own clock is ahead in ``rate-limit-date``, in seconds."""

    def hits(self, number: int, dice: Stream) -> bool:
        """Whether request *number* (from 1) is spoiled."""
        if self.every and number % self.every:
            return False
        if self.first and number > self.first:
            return False
        return not self.chance or dice.chance(round(self.chance * _FINENESS), _FINENESS)

    @property
    def time(self) -> float:
        """Seconds, by default one."""
        return 1.0 if self.seconds is None else self.seconds


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
        seconds=values.get("seconds"),
        size=int(values.get("bytes", BIG)),
        skew=values.get("skew", 0.0),
    )


def _number(key: str, value: str, text: str) -> float:
    if key not in _OPTIONS:
        raise UnknownName(f"option of {text!r}", key, _OPTIONS)
    try:
        number = float(value)
    except ValueError:
        raise UsageError(f"{text!r}: {key} must be a number, e.g. rate-limit:every=3,seconds=0.5") from None
    if key in _WHOLE and not (number >= 1 and number.is_integer()):
        raise UsageError(f"{text!r}: {key} must be a whole number from 1")
    if key == "chance" and not 0 < number <= 1:
        raise UsageError(f"{text!r}: chance must be above 0 and at most 1")
    if key == "seconds" and not 0 <= number < float("inf"):
        raise UsageError(f"{text!r}: seconds must be 0 or more; rate-limit-bare sends no Retry-After")
    return number
