"""Connections: one whose request does not come is ended; what is asked in time is answered, however long that takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from causal_eval.cli.patience import PatientProtocol

pytestmark = pytest.mark.anyio
HEAD = b"GET /slow HTTP/1.1\r\nHost: here\r\n"


class Hasty(PatientProtocol):
    """The same in less time."""

    head_seconds = 0.3


async def slow(request: Request) -> Response:
    """An answer that takes longer than a head may."""
    await request.body()
    await asyncio.sleep(0.6)
    return PlainTextResponse("done")


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server's."""
    app = Starlette(routes=[Route("/slow", slow)])
    server = uvicorn.Server(uvicorn.Config(app, port=0, http=Hasty, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


@pytest.mark.parametrize("sent", [b"", b"GET", HEAD])
async def test_a_head_that_does_not_end_is_not_waited_for(port: int, sent: bytes) -> None:
    """Nothing, a part of a line or a part of the head: the connection is ended."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()


async def test_a_head_by_the_byte_is_not_waited_for(port: int) -> None:
    """Bytes that come do not win more time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    reading = asyncio.create_task(reader.read())
    async with asyncio.timeout(5):
        while not reading.done():
            writer.write(b"G")
            await asyncio.sleep(0.05)
    writer.close()


async def test_what_was_asked_in_time_is_answered(port: int) -> None:
    """A slow answer is no slow head; the next request on the connection has its own time, which is limited too."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(HEAD + b"\r\n")
        assert (await asyncio.wait_for(reader.readuntil(b"done"), 5)).startswith(b"HTTP/1.1 200")
    writer.write(HEAD)
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
