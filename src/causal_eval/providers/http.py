"""The one way to the network: a shared session per provider with timeouts everywhere; errors come back as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp
import msgspec
from yarl import URL

from causal_eval.providers.classify import Origin, Response, classify
from causal_eval.providers.clock import Clock, SystemClock
from causal_eval.providers.keys import key_label
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Refusal
from causal_eval.providers.quota import Quota, quota_of
from causal_eval.providers.redact import one_line

LARGEST_BODY = 16 * 2**20
"""Bytes; no chat completion is longer, and a runaway server must not fill the memory."""
_OK = 200
_CHUNK = 64 * 2**10


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to call and as whom."""

    base_url: str
    """Root of the API with its version, without a slash at the end: ``https://api.openai.com/v1``."""
    key: str = field(default="", repr=False)
    """Sent in the ``auth`` header; empty: no such header."""
    key_name: str = ""
    """Environment variable the key came from, for messages."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers of every call."""
    auth: str = "Authorization"
    """Header of the key, which stands there bare; in ``Authorization`` as a bearer token."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds after which a call fails."""

    connect: float = 10.0
    read: float = 300.0
    """Longest silence; a reply that is not streamed is silent until it is finished."""
    total: float = 600.0


class Answered(NamedTuple):
    """A 200 response."""

    content: bytes
    quota: Quota | None


class Http:
    """Posts JSON to one endpoint; opens its session at the first call, on the loop that makes it."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeouts: Timeouts | None = None,
        connections: int = 100,
        clock: Clock | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._timeouts = timeouts or Timeouts()
        self._connections = connections
        self._clock = clock or SystemClock()
        self._host = urlsplit(endpoint.base_url).netloc
        self._origin = Origin(self._host, endpoint.key, endpoint.key_name, key_label(endpoint.key))
        self._session: aiohttp.ClientSession | None = None

    def url(self, path: str) -> URL:
        """The address of *path* (``/chat/completions``) below the base URL."""
        return URL(self._endpoint.base_url + path)

    async def call(self, url: URL, body: bytes, read: Callable[[bytes], Outcome]) -> Outcome:
        """What *read* makes of the body of a 200 response, or what went wrong; timed. Raises only CancelledError.

        A body that *read* cannot decode is a bad reply.
        """
        began = self._clock.now()
        answer = await self.post(url, body)
        elapsed = (self._clock.now() - began) * 1000
        label = self._origin.label
        if not isinstance(answer, Answered):
            return replace(answer, latency_ms=elapsed, key=label)
        try:
            outcome = read(answer.content)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            outcome = self.bad_reply(f"the body cannot be read: {error}")
        return replace(outcome, latency_ms=elapsed, key=label, quota=answer.quota)

    async def post(self, url: URL, body: bytes) -> Answered | Refusal | Failure:
        """The body of a 200 response and what is left of the limits, or what went wrong; raises only CancelledError."""
        # TimeoutError, which asyncio and aiohttp raise, is an OSError
        session = self._session or self._open()
        try:
            async with session.post(url, data=body, allow_redirects=False) as response:
                content = await self._read(response)
                if response.status == _OK and content is not None:
                    return Answered(content, quota_of(response.headers, self._clock.wall()))
                headers = {name.lower(): value for name, value in response.headers.items()}
                status = response.status
        except (aiohttp.ClientError, OSError) as error:
            return self._failure(error)
        if content is None:
            too_long = f"the reply of {self._host} is longer than {LARGEST_BODY // 2**20} MiB"
            return Failure(FailureKind.BAD_REPLY, too_long, status=status)
        return classify(Response(status, headers, content), self._origin, wall=self._clock.wall())

    def bad_reply(self, problem: str) -> Failure:
        """The failure for a 200 response that is not what the API documents."""
        message = one_line(f"HTTP 200 from {self._host}, but {problem}", self._endpoint.key)
        return Failure(FailureKind.BAD_REPLY, message, status=_OK)

    def error_in_reply(self, status: int, body: bytes) -> Failure | Refusal:
        """What an error object inside a 200 response means (gateways do that), read as if sent with *status*."""
        return classify(Response(status, {}, body), self._origin, wall=self._clock.wall())

    async def close(self) -> None:
        """Close every connection; idempotent, and a later call opens a new session."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._endpoint.key:
            bearer = self._endpoint.auth == "Authorization"
            headers[self._endpoint.auth] = f"Bearer {self._endpoint.key}" if bearer else self._endpoint.key
        headers.update(self._endpoint.headers)
        limits = self._timeouts
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, ttl_dns_cache=300),
            timeout=aiohttp.ClientTimeout(
                total=limits.total, connect=None, sock_connect=limits.connect, sock_read=limits.read
            ),
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self._session

    async def _read(self, response: aiohttp.ClientResponse) -> bytes | None:
        """The body; None if it is longer than ``LARGEST_BODY``."""
        length = response.content_length
        if length is not None and length <= LARGEST_BODY and "Content-Encoding" not in response.headers:
            return await response.read()
        parts: list[bytes] = []
        size = 0
        async for part in response.content.iter_chunked(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > LARGEST_BODY:
                return None
        return b"".join(parts)

    def _failure(self, error: Exception) -> Failure:
        told = explain(error, self._timeouts)
        return Failure(told.kind, one_line(f"{self._host}: {told.words}", self._endpoint.key))


@dataclass(frozen=True, slots=True)
class Explained:
    """A foreign error in our terms."""

    kind: FailureKind
    words: str


def explain(error: Exception, timeouts: Timeouts) -> Explained:
    """What an error of aiohttp or the operating system means; every class of ``aiohttp.ClientError`` has its words."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return Explained(FailureKind.TIMEOUT, f"no connection within {timeouts.connect:g} s")
        case aiohttp.SocketTimeoutError():
            return Explained(FailureKind.TIMEOUT, f"no data for {timeouts.read:g} s")
        case TimeoutError():
            return Explained(FailureKind.TIMEOUT, f"no complete reply within {timeouts.total:g} s")
        case aiohttp.ClientConnectorDNSError():
            return Explained(FailureKind.CONNECTION, "the host name cannot be resolved; check the base URL")
        case aiohttp.ClientSSLError() | aiohttp.ServerFingerprintMismatch():
            return Explained(FailureKind.CONNECTION, f"TLS failed: {error}")
        case aiohttp.ClientConnectorError():
            return Explained(FailureKind.CONNECTION, f"cannot connect ({error.strerror}); is the server running?")
        case aiohttp.ClientPayloadError():
            return Explained(FailureKind.CONNECTION, "the connection broke off in the middle of a reply")
        case aiohttp.InvalidURL():
            return Explained(FailureKind.NOT_FOUND, "the base URL is not valid")
        case aiohttp.ClientResponseError():
            return Explained(FailureKind.BAD_REPLY, f"the reply is not HTTP: {error.message}")
        case _:
            return Explained(FailureKind.CONNECTION, f"the connection was reset ({type(error).__name__})")
