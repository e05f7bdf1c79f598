"""Requests over aiohttp: the transport that is always there."""

from __future__ import annotations

import functools
import os

import aiohttp
from yarl import URL

from causal_eval.providers import transport
from causal_eval.providers.transport import Answer, Call, NoAnswer, Sink, Timeouts, TransportRule

_CHUNK = 64 * 2**10
_address = functools.lru_cache(maxsize=64)(URL)


class OverAiohttp:
    """One session; opened at the first request, on the loop that makes it."""

    def __init__(self, rule: TransportRule) -> None:
        self._rule = rule
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes) -> Answer | NoAnswer:
        """See the protocol."""
        session = self._session or self._open()
        # TimeoutError, which asyncio and aiohttp raise, is an OSError
        try:
            async with session.post(_address(url), data=body, allow_redirects=False) as response:
                return Answer(response.status, response.headers, await self._read(response))
        except (aiohttp.ClientError, OSError) as error:
            return explain(error, self._rule.timeouts)

    async def send(self, call: Call, sink: Sink | None = None) -> Answer | NoAnswer:
        """See the protocol."""
        session = self._session or self._open()
        body, headers = call.body or None, dict(call.headers)
        request = session.request(call.method, _address(call.url), data=body, headers=headers, allow_redirects=False)
        try:
            async with request as response:
                if sink is None or response.status != transport.OK:
                    return Answer(response.status, response.headers, await self._read(response))
                return await _pour(response, sink)
        except (aiohttp.ClientError, OSError) as error:
            return explain(error, self._rule.timeouts)

    async def close(self) -> None:
        """See the protocol; a later request opens a new session."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        limits = self._rule.timeouts
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._rule.connections, ttl_dns_cache=300),
            timeout=aiohttp.ClientTimeout(
                total=limits.total, connect=None, sock_connect=limits.connect, sock_read=limits.read
            ),
            headers=dict(self._rule.headers),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=not self._rule.direct,
        )
        return self._session

    async def _read(self, response: aiohttp.ClientResponse) -> bytes | None:
        length = response.content_length
        if length is not None and length <= self._rule.largest and "Content-Encoding" not in response.headers:
            return await response.read()
        parts: list[bytes] = []
        size = 0
        async for part in response.content.iter_chunked(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > self._rule.largest:
                return None
        return b"".join(parts)


async def _pour(response: aiohttp.ClientResponse, sink: Sink) -> Answer:
    async for part in response.content.iter_chunked(_CHUNK):
        await sink(part)
    return Answer(response.status, response.headers, b"")


def explain(error: Exception, timeouts: Timeouts) -> NoAnswer:
    """What an error of aiohttp or the operating system means; every class of ``aiohttp.ClientError`` has its words."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return transport.no_connection(timeouts)
        case aiohttp.SocketTimeoutError():
            return transport.no_data(timeouts)
        case TimeoutError():
            return transport.no_end(timeouts)
        case aiohttp.ClientConnectorDNSError():
            return transport.UNKNOWN_HOST
        case aiohttp.ClientSSLError() | aiohttp.ServerFingerprintMismatch():
            return transport.tls_failed(_distrust(error))
        case aiohttp.ClientConnectorError():
            return transport.refused(os.strerror(error.errno) if error.errno else str(error.strerror))
        case aiohttp.ClientPayloadError():
            return _body_fault(str(error))
        case aiohttp.InvalidURL():
            return transport.BAD_ADDRESS
        case aiohttp.ClientResponseError():
            return transport.no_http(error.message)
        case _:
            return transport.reset(type(error).__name__)


def _distrust(error: Exception) -> str:
    """What is wrong with the certificate or the handshake, in OpenSSL's own words where there are any."""
    cause = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    said = getattr(cause, "verify_message", None) or getattr(cause, "reason", None) or str(cause)
    return str(said).replace("_", " ").lower() if str(said).isupper() else str(said)


def _body_fault(text: str) -> NoAnswer:
    if "content-encoding" in text:
        return transport.BAD_ENCODING
    return transport.no_http("broken chunks") if "chunk" in text else transport.BROKEN_OFF
