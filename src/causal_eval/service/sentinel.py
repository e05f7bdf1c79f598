"""The sentinel, asked over HTTP: within two seconds, by a few requests at once, whatever becomes of it."""

from __future__ import annotations

import http.client
import re
import threading
import time
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec

from causal_eval.errors import Conflict, SentinelAway, TooSoon, UnknownName, UsageError
from causal_eval.incidents import view
from causal_eval.settings import Settings

SECONDS = 2.0
"""For the whole of an answer."""
AT_ONCE = 4
"""Threads of the service that may wait for it: with all others it goes on serving."""
LARGEST = 16 * 2**20
ADVICE = "use `causal-eval incident` on the sentinel's machine, or try again in a minute"
UNKNOWN = (
    "start one (`causal-eval sentinel`) and set CEB_SENTINEL_URL to its address, or use `causal-eval incident` on the "
    "machine of the one that runs"
)
_ID = re.compile(r"(?:INC-)?([0-9]{1,15})", re.IGNORECASE)
_PLACES = threading.BoundedSemaphore(AT_ONCE)
_T = TypeVar("_T")


class _Refused(msgspec.Struct):
    kind: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What the sentinel is asked."""

    path: str
    body: msgspec.Struct | None = None
    """None: it is read."""
    key: str = ""
    """Of a request that is done once, however often it is sent."""


def changed(settings: Settings, *, since: int) -> view.Page:
    """What happened to incidents after *since*; ask with its cursor next.

    Raises:
        SentinelAway: it does not answer, or no address of it is set.
    """
    return ask(settings, Request(f"/incidents?{urlencode({'since': since, 'limit': view.LARGEST_PAGE})}"), view.Page)


def incident_path(incident: str, deed: str = "") -> str:
    """Where *incident* is, or where *deed* is done to it.

    Raises:
        UnknownName: that is the id of none.
    """
    return "/".join(("/incidents", id_of(incident), *([deed] if deed else [])))


def id_of(text: str) -> str:
    """The id as it is written: ``INC-7`` for ``inc-7`` and ``7``.

    Raises:
        UnknownName: it is none.
    """
    match = _ID.fullmatch(text)
    if match is None:
        raise UnknownName("incident", text, ())
    return f"INC-{int(match[1])}"


def ask(settings: Settings, request: Request, kind: type[_T]) -> _T:
    """What the sentinel answers.

    Raises:
        SentinelAway: it does not answer, or no address of it is set.
        UnknownName, UsageError, Conflict, TooSoon: it refuses.
    """
    if not settings.sentinel_url:
        raise SentinelAway(f"no sentinel is known here: {UNKNOWN}")
    ends = time.monotonic() + SECONDS
    if not _PLACES.acquire(timeout=SECONDS):
        raise SentinelAway(f"the sentinel is asked by too many at once: {ADVICE}")
    try:
        status, body, wait = _answer(settings, request, ends=ends)
    except (OSError, http.client.HTTPException) as error:
        raise SentinelAway(f"the sentinel does not answer ({type(error).__name__}): {ADVICE}") from error
    finally:
        _PLACES.release()
    if status >= http.client.BAD_REQUEST:
        raise _refusal(status, body, wait=wait)
    return _read(body, kind)


def _answer(settings: Settings, request: Request, *, ends: float) -> tuple[int, bytes, str]:
    """Status, body and how long to wait."""
    parts = urlsplit(settings.sentinel_url)
    maker = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = maker(parts.netloc, timeout=_left(ends))
    headers = {"Content-Type": "application/json"} if request.body is not None else {}
    if request.key:
        headers["Idempotency-Key"] = request.key
    if settings.sentinel_token_file is not None:
        headers["Authorization"] = f"Bearer {settings.sentinel_token_file.read_text('utf-8').strip()}"
    try:
        sent = None if request.body is None else msgspec.json.encode(request.body)
        connection.request("GET" if sent is None else "POST", parts.path.rstrip("/") + request.path, sent, headers)
        socket = connection.sock  # the answer takes it away once it is at its end
        socket.settimeout(_left(ends))
        answer = connection.getresponse()
        body = b""
        while part := answer.read1(1 << 16):
            body += part
            if len(body) > LARGEST:
                raise http.client.HTTPException(f"more than {LARGEST} bytes")
            if answer.isclosed():  # the socket is, too
                break
            socket.settimeout(_left(ends))
        return answer.status, body, answer.headers.get("Retry-After", "")
    finally:
        connection.close()


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _read(body: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SentinelAway(f"the sentinel is of another version ({error}): use one for both") from error


def _refusal(status: int, body: bytes, *, wait: str) -> Exception:
    try:
        said = msgspec.json.decode(body, type=_Refused)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        said = _Refused()
    match status:
        case 404 if said.detail:
            return UnknownName.as_said(said.detail)
        case 409:
            return Conflict(said.detail)
        case 422:
            return UsageError(said.detail)
        case 429:
            return TooSoon(said.detail.partition(":")[0], wait=float(wait) if wait.isdigit() else 60.0)
        case 403:
            return SentinelAway("the sentinel does not believe who asks: set CEB_SENTINEL_TOKEN_FILE on both sides")
        case _:
            return SentinelAway(f"the sentinel cannot keep anything (status {status}): {ADVICE}")
