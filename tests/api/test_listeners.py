"""Many who listen, and some who stall, on a real server: others are answered, and all are let go at its end."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import uvicorn

from causal_eval.api.app import make_app
from causal_eval.api.turns import LONG_THREADS
from causal_eval.api.who import Door
from causal_eval.errors import UnknownName
from causal_eval.service import jobs, results
from causal_eval.service.accounts import local_caller
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.suites import StoredSet

pytestmark = pytest.mark.anyio
SECONDS = 240
"""In which everything here is over, on a busy machine too."""
BUSY = 60
"""Requests; more than there are threads of any kind."""


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def serving(service: Service) -> AsyncIterator[int]:
    """A server with nobody to log in; the port that it listens on."""
    often = replace(service, settings=replace(service.settings, requests_per_minute=1_000_000))
    app = make_app(often, open_to_all=True)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=30))
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listening:
        running = asyncio.create_task(server.serve([listening]))
        try:
            yield listening.getsockname()[1]
        finally:
            door: Door = app.state.door
            door.stopping.set()
            server.should_exit = True
            await running


async def ask(where: int, path: str) -> Connection:
    """A connection on which the server has begun to answer with 200."""
    reader, writer = await asyncio.open_connection("127.0.0.1", where)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    assert b"200" in await reader.readline()
    return reader, writer


async def listen(where: int, path: str) -> Connection:
    """A connection on which the first event has come."""
    reader, writer = await ask(where, path)
    await reader.readuntil(b"event: created")
    return reader, writer


async def hang_up(connections: list[Connection]) -> None:
    """Close them all."""
    for _, writer in connections:
        writer.close()
    await asyncio.gather(*(writer.wait_closed() for _, writer in connections), return_exceptions=True)


@pytest.mark.parametrize(
    "many", [pytest.param(200, marks=pytest.mark.slow), pytest.param(1000, marks=pytest.mark.full)]
)
async def test_all_who_listen_are_let_go_when_the_server_ends(
    service: Service, question_set: StoredSet, many: int
) -> None:
    """While they listen, others are answered; at the end each stream is over, none is cut."""
    begun = jobs.order(Visit(service, local_caller("")), jobs.JobOrder("baseline/oracle", question_set.digest))
    path = f"/api/v1/evaluations/{begun.evaluation.id}/events"
    async with asyncio.timeout(SECONDS):
        async with serving(service) as where:
            listeners = list(await asyncio.gather(*(listen(where, path) for _ in range(many))))
            await hang_up([await ask(where, "/api/v1/evaluations")])
        rests = await asyncio.gather(*(reader.read() for reader, _ in listeners))
        await hang_up(listeners)
    assert all(rest.endswith(b"0\r\n\r\n") for rest in rests)


async def test_who_stalls_holds_up_nobody(service: Service) -> None:
    """Hundreds of requests whose head or body never comes to an end leave room for one that does."""
    halves = (b"GET /api/v1/suites HT", b"POST /api/v1/solve HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
    async with asyncio.timeout(SECONDS), serving(service) as where:
        stalled = [await asyncio.open_connection("127.0.0.1", where) for _ in range(100)]
        for place, (_, writer) in enumerate(stalled):
            writer.write(halves[place % 2])
            await writer.drain()
        stalled.append(await ask(where, "/api/v1/suites"))
        await hang_up(stalled)


async def test_a_short_request_does_not_wait_for_long_ones(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """While every thread for long requests is busy, and more wait for one, short ones are answered."""
    begun, over = threading.Semaphore(0), threading.Event()

    def page(*args: object, **kwargs: object) -> None:
        del args, kwargs
        begun.release()
        assert over.wait(60)
        raise UnknownName("evaluation", "x", ())

    monkeypatch.setattr(results, "page", page)
    async with asyncio.timeout(120), serving(service) as where:
        try:
            slow = [await asyncio.open_connection("127.0.0.1", where) for _ in range(BUSY)]
            for _, writer in slow:
                writer.write(b"GET /api/v1/evaluations/x/results HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            for _ in range(LONG_THREADS):
                assert await asyncio.to_thread(begun.acquire, timeout=60)
            for path in ("/api/v1/evaluations", "/api/v1/session", "/health/ready"):
                _, writer = await ask(where, path)
                writer.close()
        finally:
            over.set()
        for reader, writer in slow:
            assert b"404" in await reader.readline()
            writer.close()
