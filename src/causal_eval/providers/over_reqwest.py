"""Requests over pyreqwest (Rust's reqwest): the faster transport of the extra ``[fast]``.

Its coroutines answer a cancellation with a response that came at the same moment: the task would go on as if nobody had
cancelled it, so that is looked for after each of them.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import BodyDecodeError, DecodeError, PyreqwestError, RequestTimeoutError

from causal_eval.providers import transport
from causal_eval.providers.transport import Answer, Call, NoAnswer, Sink, Timeouts, TransportRule

if TYPE_CHECKING:
    from pyreqwest.client import Client
    from pyreqwest.response import Response

_CHUNK = 64 * 2**10
_TLS = ("ertificate", "tls", "TLS", "HandshakeFailure", "corrupt message")
"""What rustls says of a server that cannot be trusted, or that speaks no TLS."""


class OverReqwest:
    """One client with its connections."""

    def __init__(self, rule: TransportRule) -> None:
        self._rule = rule
        self._client: Client | None = None

    async def post(self, url: str, body: bytes) -> Answer | NoAnswer:
        """See the protocol."""
        client = self._client or self._open()
        began, wanted = time.monotonic(), _Wanted()
        try:
            async with client.post(url).body_bytes(body).build_streamed() as response:
                wanted.check()
                return Answer(response.status, response.headers, await self._read(response, wanted))
        except PyreqwestError as error:
            return explain(error, self._rule.timeouts, elapsed=time.monotonic() - began)
        finally:
            wanted.check()

    async def send(self, call: Call, sink: Sink | None = None) -> Answer | NoAnswer:
        """See the protocol."""
        client = self._client or self._open()
        began, wanted = time.monotonic(), _Wanted()
        request = client.request(call.method, call.url).headers(dict(call.headers))
        if call.body:
            request = request.body_bytes(call.body)
        try:
            async with request.build_streamed() as response:
                wanted.check()
                if sink is None or response.status != transport.OK:
                    return Answer(response.status, response.headers, await self._read(response, wanted))
                return await _pour(response, sink, wanted=wanted)
        except PyreqwestError as error:
            return explain(error, self._rule.timeouts, elapsed=time.monotonic() - began)
        finally:
            wanted.check()

    async def close(self) -> None:
        """See the protocol; a later request opens a new client."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _open(self) -> Client:
        limits = self._rule.timeouts
        builder = (
            ClientBuilder()
            .connect_timeout(timedelta(seconds=limits.connect))
            .read_timeout(timedelta(seconds=limits.read))
            .timeout(timedelta(seconds=limits.total))
            .max_connections(self._rule.connections)
            .default_headers(self._rule.headers)
            .follow_redirects(False)  # noqa: FBT003 - the library's own signature
        )
        self._client = (builder.no_proxy() if self._rule.direct else builder).build()
        return self._client

    async def _read(self, response: Response, wanted: _Wanted) -> bytes | None:
        length = response.get_header("content-length")
        encoded = response.get_header("content-encoding")
        if length is not None and encoded is None and length.isdigit() and int(length) <= self._rule.largest:
            return bytes(await response.bytes())
        parts: list[bytes] = []
        size = 0
        while (part := await response.body_reader.read(_CHUNK)) is not None:
            wanted.check()
            parts.append(bytes(part))
            size += len(part)
            if size > self._rule.largest:
                return None
        return b"".join(parts)


class _Wanted:
    """Whether the task that began a request still wants it: what cleans up after it was cancelled does."""

    __slots__ = ("_before", "_task")

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self._before = 0 if self._task is None else self._task.cancelling()

    def check(self) -> None:
        """Return where nobody has cancelled it since.

        Raises:
            CancelledError: somebody has, whatever the library made of that.
        """
        if self._task is not None and self._task.cancelling() > self._before:
            raise asyncio.CancelledError


async def _pour(response: Response, sink: Sink, *, wanted: _Wanted) -> Answer:
    while (part := await response.body_reader.read(_CHUNK)) is not None:
        wanted.check()
        await sink(bytes(part))
    return Answer(response.status, response.headers, b"")


def explain(error: PyreqwestError, timeouts: Timeouts, *, elapsed: float) -> NoAnswer:
    """What an error of the library means, by its class, its causes and the seconds that had passed.

    The library names every timeout before the first byte a connection timeout: time tells which it was.
    """
    causes = _causes(error)
    text = "; ".join(causes)
    match error:
        case RequestTimeoutError():
            return _timeout(text, timeouts, elapsed=elapsed)
        case BodyDecodeError():
            return _body_fault(text, causes[-1])
        case DecodeError():
            return transport.no_http(causes[-1])
    if "dns error" in text:
        return transport.UNKNOWN_HOST
    if any(word in text for word in _TLS):
        return transport.tls_failed(causes[-1])
    if "builder error" in text or "relative URL" in text:
        return transport.BAD_ADDRESS
    if "tcp connect error" in text or "(Connect)" in text:
        return transport.refused(causes[-1].partition(" (os error")[0])
    return transport.reset(causes[-1])


def _body_fault(text: str, last: str) -> NoAnswer:
    if "chunk" in text:
        return transport.no_http(last)
    return transport.BROKEN_OFF if "from connection" in text else transport.BAD_ENCODING


def _timeout(text: str, timeouts: Timeouts, *, elapsed: float) -> NoAnswer:
    if elapsed >= timeouts.total:
        return transport.no_end(timeouts)
    return transport.no_connection(timeouts) if "(Connect)" in text else transport.no_data(timeouts)


def _causes(error: PyreqwestError) -> list[str]:
    details = getattr(error, "details", None) or {}
    return [str(cause["message"]) for cause in details.get("causes") or ()] or [str(error)]
