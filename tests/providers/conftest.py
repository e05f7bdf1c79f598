"""A server that records what it receives, and short ways to a provider under test."""

from __future__ import annotations

import asyncio
import heapq
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from causal_eval.providers.adapters import adapter
from causal_eval.providers.catalog import route
from causal_eval.providers.config import ProviderConfig
from causal_eval.providers.provider import Failure, FailureKind, Message, Outcome, Prompt, Provider, Reply


class Upstream:
    """Answers every request with ``answer`` and keeps what it received."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[dict[str, Any]] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body: bytes = b"{}"
        self.refused: dict[str, int] = {}
        """Key -> status that it gets in place of the answer."""

    def answer(self, body: object, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Answer from now on with *body* (bytes as they are, anything else as JSON)."""
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status, self.headers = status, headers or {}

    async def handle(self, request: web.Request) -> web.Response:
        """Record and answer."""
        self.requests.append(
            {
                "method": request.method,
                "path": request.path_qs,
                "headers": request.headers.copy(),
                "json": await request.json(),
            }
        )
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        status = self.refused.get(key, self.status)
        if status != self.status:
            return web.json_response({"error": {"message": f"key {key} is refused"}}, status=status)
        return web.Response(
            body=self.body, status=self.status, headers={"Content-Type": "application/json", **self.headers}
        )


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    """A running :class:`Upstream`."""
    server = Upstream()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@pytest.fixture
def adapter_of(tmp_path: Path) -> Callable[..., Provider]:
    """Builds the bare adapter that a user's name and variables lead to."""

    def build(model: str, env: dict[str, str], **arguments: Any) -> Provider:
        return adapter(model, route(model), ProviderConfig(env=env, cache_dir=tmp_path, arguments=arguments))

    return build


@pytest.fixture
def prompt() -> Prompt:
    """A prompt with system and user turn."""
    return Prompt(messages=(Message("system", "Answer briefly. é"), Message("user", "Does A cause B?")))


class Sequence:
    """A provider that gives outcomes in order (the last one for ever) and counts calls."""

    name = "test/sequence"

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.calls = 0

    async def complete(self, prompt: Prompt) -> Outcome:  # noqa: ARG002 - the order alone decides
        """The next outcome."""
        self.calls += 1
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]

    async def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def sequence() -> type[Sequence]:
    """The class :class:`Sequence`."""
    return Sequence


@pytest.fixture
def failure() -> Callable[..., Failure]:
    """Builds a failure of a kind."""

    def build(
        kind: FailureKind, *, after: float | None = None, status: int | None = None, latency_ms: float = 0.0
    ) -> Failure:
        return Failure(kind, f"{kind} happened", status=status, retry_after=after, latency_ms=latency_ms)

    return build


@pytest.fixture
def reply() -> Reply:
    """A plain reply."""
    return Reply("yes")


class EventClock:
    """Simulated time with many sleepers: it jumps to the next deadline when nobody has anything left to do."""

    def __init__(self) -> None:
        self._now = 0.0
        self._number = 0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        """Simulated seconds; as with a real clock, no two looks see the same time."""
        self._now += 1e-9
        return self._now

    def wall(self) -> float:
        """Simulated seconds since 1970."""
        return 1_700_000_000.0 + self._now

    async def sleep(self, seconds: float) -> None:
        """Return at the deadline, after everybody whose deadline is earlier."""
        turn = asyncio.get_running_loop().create_future()
        self._number += 1
        heapq.heappush(self._sleepers, (self._now + seconds, self._number, turn))
        await turn

    async def run(self, work: Awaitable[object], *, until: float = float("inf")) -> float:
        """Let time pass until *work* is done (or *until*, when it is cancelled); the time it took."""
        task = asyncio.ensure_future(work)
        began = self._now
        while True:
            for _ in range(10):
                await asyncio.sleep(0)
            if task.done() or not self._sleepers or self._sleepers[0][0] > until:
                break
            deadline, _, turn = heapq.heappop(self._sleepers)
            self._now = max(self._now, deadline)
            if not turn.done():
                turn.set_result(None)
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._now = max(self._now, until)
            return self._now - began
        await task
        return self._now - began


@pytest.fixture
def event_clock() -> EventClock:
    """A fresh :class:`EventClock`."""
    return EventClock()
