"""How an answer travels: whole, slowly, in pieces, cut off, or as something else than what was asked for."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from aiohttp import web

from causal_eval.mock.faults import Fault, Mode

GARBAGE = b'{"choices": [{"mess'
PAGE = "<!doctype html><title>Sign in</title><p>Please sign in to the network.</p>"
GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body>bad gateway</body></html>"
ELSEWHERE = "/mock/elsewhere"
"""Where a redirect leads: nothing is there."""
_DRIPS = 20
_SPACES = b" " * 65536
_COMMENTS = b": still there\n\n" * 4096
Hold = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Parcel:
    """An answer that is ready to go."""

    request: web.Request
    chunks: Sequence[bytes]
    """One JSON body, or the events of a stream."""
    stream: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def head(self) -> dict[str, str]:
        """Headers with the content type."""
        return {"Content-Type": "text/event-stream" if self.stream else "application/json", **self.headers}

    @property
    def content(self) -> bytes:
        """The whole body."""
        return b"".join(self.chunks)


async def send(parcel: Parcel, fault: Fault | None, *, hold: Hold) -> web.StreamResponse:
    """Send *parcel* as *fault* has it; *hold* waits so many seconds, but not longer than the server runs."""
    way = _WAYS.get(fault.mode) if fault else None
    try:
        return await (_whole(parcel) if fault is None or way is None else way(parcel, fault, hold))
    except ConnectionError:  # the client has gone, perhaps killed: nobody is left to tell
        return cut(parcel.request)


def cut(request: web.Request) -> web.Response:
    """Cut the connection so that the client sees a reset."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _whole(parcel: Parcel) -> web.StreamResponse:
    if not parcel.stream:
        return web.Response(body=parcel.content, headers=parcel.head)
    response = await _opened(parcel)
    for chunk in parcel.chunks:
        await response.write(chunk)
    await response.write_eof()
    return response


async def _opened(parcel: Parcel, *, length: int | None = None) -> web.StreamResponse:
    response = web.StreamResponse(headers=parcel.head)
    response.content_length = length
    await response.prepare(parcel.request)
    return response


async def _page(parcel: Parcel, fault: Fault, hold: Hold) -> web.StreamResponse:  # noqa: ARG001 - one of _WAYS
    return web.Response(text=PAGE, content_type="text/html")


async def _gateway(parcel: Parcel, fault: Fault, hold: Hold) -> web.StreamResponse:  # noqa: ARG001 - one of _WAYS
    return web.Response(status=502, text=GATEWAY, content_type="text/html")


async def _redirect(parcel: Parcel, fault: Fault, hold: Hold) -> web.StreamResponse:  # noqa: ARG001 - one of _WAYS
    return web.Response(status=307, headers={"Location": ELSEWHERE})


async def _garbage(parcel: Parcel, fault: Fault, hold: Hold) -> web.StreamResponse:  # noqa: ARG001 - one of _WAYS
    spoiled = [_spoil(chunk) if parcel.stream else GARBAGE for chunk in parcel.chunks]
    return await _whole(replace(parcel, chunks=spoiled))


def _spoil(event: bytes) -> bytes:
    head, _, _ = event.partition(b"data: ")
    return head + b"data: " + GARBAGE + b"\n\n"


async def _break_off(parcel: Parcel, fault: Fault, hold: Hold) -> web.StreamResponse:  # noqa: ARG001 - one of _WAYS
    content = parcel.content
    response = await _opened(parcel, length=None if parcel.stream else len(content))
    await response.write(parcel.chunks[0] if parcel.stream else content[: len(content) // 2])
    return cut(parcel.request)


async def _drip(parcel: Parcel, fault: Fault, hold: Hold) -> web.StreamResponse:
    content = parcel.content
    step = -(-len(content) // _DRIPS)
    response = await _opened(parcel, length=None if parcel.stream else len(content))
    for start in range(0, len(content), step):
        await response.write(content[start : start + step])
        await hold(fault.time / _DRIPS)
    await response.write_eof()
    return response


async def _endless(parcel: Parcel, fault: Fault, hold: Hold) -> web.StreamResponse:
    response = await _opened(parcel)
    await response.write(parcel.chunks[0] if parcel.stream else parcel.content[:1])
    while True:  # until the client has had enough: then writing fails
        await response.write(_COMMENTS if parcel.stream else _SPACES)
        await hold(fault.seconds or 0.0)


async def _gzip(parcel: Parcel, fault: Fault, hold: Hold) -> web.StreamResponse:  # noqa: ARG001 - one of _WAYS
    content = gzip.compress(parcel.content, mtime=0)
    if fault.mode is Mode.BROKEN_GZIP:
        content = content[:10] + b"\xff" * (len(content) - 10)
    headers = {**parcel.headers, "Content-Encoding": "gzip"}
    return await _whole(replace(parcel, chunks=[content], headers=headers))


async def _close(parcel: Parcel, fault: Fault, hold: Hold) -> web.StreamResponse:  # noqa: ARG001 - one of _WAYS
    response = await _whole(parcel)
    await response.prepare(parcel.request)
    await response.write_eof()
    _shut(parcel.request)
    return response


async def _slow_headers(parcel: Parcel, fault: Fault, hold: Hold) -> web.StreamResponse:
    head = _raw_head("HTTP/1.1", {**parcel.head, "Content-Length": str(len(parcel.content))})
    step = -(-len(head) // _DRIPS)
    for start in range(0, len(head), step):
        _raw(parcel.request, head[start : start + step])
        await hold(fault.time / _DRIPS)
    return _raw_end(parcel.request, parcel.content)


async def _http10(parcel: Parcel, fault: Fault, hold: Hold) -> web.StreamResponse:  # noqa: ARG001 - one of _WAYS
    return _raw_end(parcel.request, _raw_head("HTTP/1.0", parcel.head) + parcel.content)


async def _chunks(parcel: Parcel, fault: Fault, hold: Hold) -> web.StreamResponse:  # noqa: ARG001 - one of _WAYS
    head = _raw_head("HTTP/1.1", {**parcel.head, "Transfer-Encoding": "chunked"})
    first = parcel.content[: len(parcel.content) // 2]
    return _raw_end(parcel.request, head + b"%x\r\n%b\r\nnonsense\r\n" % (len(first), first))


def _raw_head(version: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{version} 200 OK", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode()


def _raw(request: web.Request, data: bytes) -> None:
    """Send bytes that the HTTP library would not."""
    if request.transport is None:
        raise ConnectionResetError("the client has gone")
    request.transport.write(data)


def _raw_end(request: web.Request, data: bytes) -> web.Response:
    """The last bytes; the library finds the connection closed and adds nothing."""
    _raw(request, data)
    _shut(request)
    return web.Response()


def _shut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()


_WAYS: Mapping[Mode, Callable[[Parcel, Fault, Hold], Awaitable[web.StreamResponse]]] = MappingProxyType(
    {
        Mode.PAGE: _page,
        Mode.BAD_GATEWAY: _gateway,
        Mode.REDIRECT: _redirect,
        Mode.GARBAGE: _garbage,
        Mode.BREAK_OFF: _break_off,
        Mode.DRIP: _drip,
        Mode.ENDLESS: _endless,
        Mode.GZIP: _gzip,
        Mode.BROKEN_GZIP: _gzip,
        Mode.CLOSE: _close,
        Mode.SLOW_HEADERS: _slow_headers,
        Mode.HTTP10: _http10,
        Mode.BROKEN_CHUNKS: _chunks,
    }
)
