"""What an HTTP status and error body mean: a table, pure, the same for every API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

import msgspec

from causal_eval.providers.provider import Failure, FailureKind, Refusal
from causal_eval.providers.quota import number, quota_of
from causal_eval.providers.redact import one_line

_KINDS = {
    400: FailureKind.BAD_REQUEST,
    401: FailureKind.AUTH,
    402: FailureKind.QUOTA,
    403: FailureKind.AUTH,
    404: FailureKind.NOT_FOUND,
    405: FailureKind.NOT_FOUND,
    408: FailureKind.TIMEOUT,
    409: FailureKind.SERVER_ERROR,
    425: FailureKind.SERVER_ERROR,
    429: FailureKind.RATE_LIMIT,
}
_QUOTA_WORDS = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_error", "quota_exceeded"})
_OUT_OF_CREDIT = "credit balance is too low"
_FILTERED = "content_filter"
_BLOCKED = "content filtering policy"
"""Anthropic's filter has no code of its own: a 400 whose message says so."""
LONGEST_GUESS = 60.0
"""Seconds; a 429 that says when its limit is whole again, but not when to come back, is not waited for any longer."""
_REDIRECT, _CLIENT_FAULT, _SERVER_FAULT = 300, 400, 500
_WRONG_KEY = "API_KEY_INVALID"
_PER_DAY = "PerDay"


class _Violation(msgspec.Struct, rename="camel"):
    quota_id: str = ""


class _Status(msgspec.Struct, rename="camel"):
    """One entry of Google's ``details``: ErrorInfo, QuotaFailure or RetryInfo of google.rpc."""

    reason: str = ""
    violations: tuple[_Violation, ...] = ()
    retry_delay: str = ""


class _Detail(msgspec.Struct):
    """The object under ``error``; OpenAI and Anthropic agree on ``type`` and ``message``, Google adds ``details``."""

    message: str | None = None
    type: str | None = None
    code: str | int | None = None
    details: msgspec.Raw = msgspec.Raw()

    @property
    def statuses(self) -> tuple[_Status, ...]:
        """Google's details; nothing where another server's stand under that name."""
        try:
            return _decode_statuses(self.details)
        except msgspec.DecodeError:
            return ()


class _ErrorBody(msgspec.Struct):
    error: _Detail | str | None = None
    message: str | None = None
    detail: msgspec.Raw = msgspec.Raw()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a response came from, for messages."""

    host: str
    key: str = field(default="", repr=False)
    key_name: str = ""
    """Environment variable the key came from."""
    label: str = ""
    """How the key is named where it must not be shown: ``...3f2a``."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response that is not a success: status, headers (lower-case names) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


_decode = msgspec.json.Decoder(_ErrorBody).decode
_decode_statuses = msgspec.json.Decoder(tuple[_Status, ...]).decode


def classify(response: Response, origin: Origin, *, wall: float) -> Failure | Refusal:
    """What a response with an error status means; *wall* (seconds since 1970) turns a Retry-After date into seconds."""
    detail = _detail(response.body)
    words = {detail.type, detail.code}
    text = detail.message or ""
    if _FILTERED in words or (response.status == _CLIENT_FAULT and _BLOCKED in text.lower()):
        return Refusal(reason=_FILTERED)
    kind = _kind(response.status)
    if words & _QUOTA_WORDS or _OUT_OF_CREDIT in text.lower() or _used_up(detail):
        kind = FailureKind.QUOTA
    elif any(status.reason == _WRONG_KEY for status in detail.statuses):  # Google says it with 400
        kind = FailureKind.AUTH
    said = _elsewhere(response) or f"{text.rstrip('. ') or 'no message'}{_advice(kind, origin)}"
    message = f"HTTP {response.status} from {origin.host}: {said}"
    quota = quota_of(response.headers, wall)
    wait = retry_after(response.headers, wall)
    if wait is None:  # Google says it in the body
        wait = next((seconds for seconds in map(_seconds, detail.statuses) if seconds is not None), None)
    if wait is None and kind is FailureKind.RATE_LIMIT and quota is not None and quota.exhausted is not None:
        wait = min(quota.exhausted, LONGEST_GUESS)
    return Failure(
        kind, one_line(message, origin.key), status=response.status, retry_after=wait, key=origin.label, quota=quota
    )


def _elsewhere(response: Response) -> str:
    """What a redirect says, without a query, which may hold a secret; empty if it is none."""
    if not _REDIRECT <= response.status < _CLIENT_FAULT:
        return ""
    place = unquote(re.split(r"[?#]", response.headers.get("location", ""), maxsplit=1)[0])
    return f"a redirect to {place or 'nowhere'}, which is not followed; set the base URL to the final address"


def _used_up(detail: _Detail) -> bool:
    """Whether a quota of a whole day is gone, which no wait of a run outlasts."""
    return any(_PER_DAY in violation.quota_id for status in detail.statuses for violation in status.violations)


def _seconds(status: _Status) -> float | None:
    return number(status.retry_delay.removesuffix("s"))


def _kind(status: int) -> FailureKind:
    if status >= _SERVER_FAULT:
        return FailureKind.SERVER_ERROR
    if status >= _CLIENT_FAULT:
        return _KINDS.get(status, FailureKind.BAD_REQUEST)
    if status >= _REDIRECT:
        return FailureKind.NOT_FOUND
    return FailureKind.BAD_REPLY


def _advice(kind: FailureKind, origin: Origin) -> str:
    named = f" (key {origin.label})" if origin.label else ""
    match kind:
        case FailureKind.AUTH:
            return f"; check {origin.key_name}{named}" if origin.key_name else ""
        case FailureKind.NOT_FOUND:
            return "; check the model's name and the base URL"
        case FailureKind.QUOTA:
            return f"; the account is out of credit{named}"
        case _:
            return ""


def _detail(body: bytes) -> _Detail:
    try:
        decoded = _decode(body)
    except msgspec.DecodeError:
        return _Detail(message=body[:2000].decode("utf-8", "replace"))
    if isinstance(decoded.error, _Detail):
        return decoded.error
    fallback = bytes(decoded.detail).decode("utf-8", "replace")
    return _Detail(message=decoded.error or decoded.message or fallback or body[:2000].decode("utf-8", "replace"))


def retry_after(headers: Mapping[str, str], wall: float) -> float | None:
    """Seconds the server asks to wait (``retry-after-ms``, or Retry-After as seconds or date); None if it does not.

    A date is read against the response's own Date, so that a wrong clock on either side does no harm.
    """
    if (milliseconds := number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    given = headers.get("retry-after")
    if (seconds := number(given)) is not None:
        return seconds
    deadline = _date(given)
    if deadline is None:
        return None
    return max(0.0, deadline - (_date(headers.get("date")) or wall))


def _date(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text or "").timestamp()
    except (ValueError, OverflowError):
        return None
