"""The client where connections break: what does nothing twice is asked again, streams go on where they ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from causal_eval.client import Client, EvaluationOrder, Unreachable
from causal_eval.client.asking import Patience
from causal_eval.client.refusals import Unavailable, Unreadable

pytestmark = pytest.mark.anyio
QUICK = Patience(seconds=5, tries=3, pause=0.001)
SET = {"digest": "d", "hash": "h", "name": "n", "generator": "g", "count": 1, "created_at": "2026"}
Answering = Callable[[web.Request, int], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(answering: Answering) -> AsyncIterator[tuple[str, list[web.Request]]]:
    """A server that answers as told, by request and how many came before; its address, and what it was asked."""
    asked: list[web.Request] = []

    async def take(request: web.Request) -> web.StreamResponse:
        await request.read()
        asked.append(request)
        return await answering(request, len(asked) - 1)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    await runner.cleanup()


def cut(request: web.Request) -> web.StreamResponse:
    """End the connection without an answer."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def test_what_is_only_read_is_asked_again() -> None:
    """Twice without an answer, then with one."""

    async def answer(request: web.Request, before: int) -> web.StreamResponse:
        return cut(request) if before < 2 else web.json_response(SET)

    async with serving(answer) as (address, asked), Client(address, patience=QUICK) as client:
        assert (await client.get_question_set("d")).hash == "h"
    assert len(asked) == 3


async def test_an_order_is_sent_again_under_its_key() -> None:
    """The service tells by the key that it is the same one; without a key nothing that changes is sent twice."""

    async def answer(request: web.Request, before: int) -> web.StreamResponse:
        del before
        return cut(request)

    async with serving(answer) as (address, asked), Client(address, patience=QUICK) as client:
        with pytest.raises(Unreachable, match="no answer from http://127"):
            await client.create_evaluation(EvaluationOrder(answerer="a", question_set="q"))
        assert len(asked) == 3
        assert len({request.headers["Idempotency-Key"] for request in asked}) == 1
        with pytest.raises(Unreachable):
            await client.pause_evaluation("ev-1")
        assert len(asked) == 4


async def test_an_answer_that_takes_too_long_is_given_up() -> None:
    """After the time that was given, as often as was given."""
    over = asyncio.Event()

    async def answer(request: web.Request, before: int) -> web.StreamResponse:
        del request, before
        await over.wait()
        return web.Response()

    patience = Patience(seconds=0.05, tries=2, pause=0.001)
    async with serving(answer) as (address, asked), Client(address, patience=patience) as client:
        with pytest.raises(Unreachable, match="it took too long"):
            await client.list_suites()
        assert len(asked) == 2
        over.set()


async def test_what_has_not_changed_is_not_sent_again() -> None:
    """The tag of the first answer goes out with the second request, and its 304 gives the first answer again."""

    async def answer(request: web.Request, before: int) -> web.StreamResponse:
        del before
        if request.headers.get("If-None-Match") == '"t"':
            return web.Response(status=304, headers={"ETag": '"t"'})
        return web.json_response(SET, headers={"ETag": '"t"'})

    async with serving(answer) as (address, asked), Client(address, patience=QUICK) as client:
        first, second = [await client.get_question_set("d") for _ in range(2)]
        assert first == second
        assert "If-None-Match" in asked[1].headers
        await client.get_question_set("other")
        assert "If-None-Match" not in asked[2].headers


async def test_a_stream_goes_on_where_it_broke() -> None:
    """Each event once, though the first connection ended in the middle of one; 204 ends it."""

    async def answer(request: web.Request, before: int) -> web.StreamResponse:
        if request.headers["Last-Event-ID"] == "2":
            return web.Response(status=204)
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        for number in ((1,), (2,))[before]:
            await stream.write(
                f"retry: 1\n\n: here\n\nid: {number}\nevent: k\ndata: {json.dumps({'n': number})}\n\n".encode()
            )
        await stream.write(b"id: 9\nevent: k\ndata: {")
        return cut(request) if before == 0 else stream

    async with serving(answer) as (address, asked), Client(address, patience=QUICK) as client:
        told = [(event.id, event.kind, event.data["n"]) async for event in client.watch_evaluation("ev-1")]
    assert told == [(1, "k", 1), (2, "k", 2)]
    assert [request.headers["Last-Event-ID"] for request in asked] == ["0", "1", "2"]


async def test_a_stream_that_never_comes_is_given_up() -> None:
    """After as many tries as were given; below them the library asks once more on a connection that it kept."""

    async def answer(request: web.Request, before: int) -> web.StreamResponse:
        del before
        return cut(request)

    async with serving(answer) as (address, asked), Client(address, patience=QUICK) as client:
        with pytest.raises(Unreachable):
            await anext(client.watch_evaluation("ev-1"))
    assert 3 <= len(asked) <= 6


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (web.Response(status=502, text="<html>bad gateway"), Unavailable),
        (web.Response(text="<html>welcome to the hotel"), Unreadable),
        (web.json_response({"digest": 1}), Unreadable),
    ],
    ids=["gateway", "portal", "another version"],
)
async def test_an_answer_of_something_else_is_told(given: web.Response, error: type[Exception]) -> None:
    """No page of a gateway or a hotel is taken for the service."""

    async def answer(request: web.Request, before: int) -> web.StreamResponse:
        del request, before
        return given

    async with serving(answer) as (address, _), Client(address, patience=QUICK) as client:
        with pytest.raises(error):
            await client.get_question_set("d")


async def test_a_key_follows_no_redirect() -> None:
    """It goes to the address that was named, and to no other."""

    async def answer(request: web.Request, before: int) -> web.StreamResponse:
        del request, before
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    async with serving(answer) as (address, asked), Client(address, "ceb_k", patience=QUICK) as client:
        with pytest.raises(Exception, match="is this the address"):
            await client.list_suites()
    assert len(asked) == 1
