"""The mock server: routes, counting, latency and the faults that are due."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from aiohttp import web

from causal_eval.errors import UsageError
from causal_eval.mock.answers import Answers, Fixed
from causal_eval.mock.faults import Fault, Mode
from causal_eval.mock.wire import (
    AnthropicWire,
    Json,
    OpenAIWire,
    Problem,
    Said,
    Wire,
    asked_text,
    catalogue,
)
from causal_eval.seeds import Stream

GARBAGE = '{"choices": [{"mess'
REFUSED = "I can't help with that."
_LARGEST_REQUEST = 16 * 2**20
_PROBLEMS = {
    Mode.RATE_LIMIT: Problem(429, "rate_limit_error", "Rate limit reached: slow down."),
    Mode.QUOTA: Problem(429, "insufficient_quota", "You exceeded your current quota."),
    Mode.SERVER_ERROR: Problem(500, "server_error", "The server had an error."),
    Mode.OVERLOADED: Problem(503, "overloaded_error", "Overloaded."),
    Mode.UNAUTHORIZED: Problem(401, "authentication_error", "Incorrect API key provided."),
    Mode.BAD_REQUEST: Problem(400, "invalid_request_error", "The request is not valid."),
}
_FINISHES = {Mode.EMPTY: "empty", Mode.TRUNCATION: "length", Mode.REFUSAL: "refusal"}


@dataclass(frozen=True, slots=True)
class MockConfig:
    """How the server answers."""

    answers: Answers = field(default_factory=lambda: Fixed("Yes."))
    faults: tuple[Fault, ...] = ()
    """The first that hits a request spoils it."""
    latency: float = 0.0
    """Seconds before every answer."""
    key: str = field(default="", repr=False)
    """If set, requests with another key get 401."""
    models: tuple[str, ...] = ("mock",)
    seed: str = "0"
    host: str = "127.0.0.1"
    port: int = 0
    """0: any free port."""


class MockServer:
    """``async with MockServer(config) as server``: listens at ``server.url`` and counts what it receives."""

    def __init__(self, config: MockConfig | None = None) -> None:
        self.config = config or MockConfig()
        self.received: Counter[str] = Counter()
        """Requests by path."""
        self.spoiled: Counter[Mode] = Counter()
        """Requests by the fault that hit them."""
        self.url = ""
        """Root without /v1; set when the server runs."""
        self._dice = Stream("mock", self.config.seed)
        self._number = 0
        self._runner: web.AppRunner | None = None
        self._stopping = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; UsageError if the port is taken."""
        app = web.Application(client_max_size=_LARGEST_REQUEST)
        for wire in (OpenAIWire(), AnthropicWire()):
            app.router.add_post(wire.path, _Door(self, wire).serve)
        app.router.add_get("/v1/models", self._list)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.config.host, self.config.port)
        try:
            await site.start()
        except OSError as error:
            await self.stop()
            place = f"{self.config.host}:{self.config.port}"
            raise UsageError(f"cannot listen on {place}: {error.strerror}; choose another --port") from error
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"

    async def stop(self) -> None:
        """Stop listening and cut what hangs; idempotent."""
        self._stopping.set()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def due(self) -> Fault | None:
        """Count one more request and say which fault hits it."""
        self._number += 1
        number = self._number
        fault = next((fault for fault in self.config.faults if fault.hits(number, self._dice)), None)
        if fault is not None:
            self.spoiled[fault.mode] += 1
        return fault

    async def hold(self, seconds: float) -> None:
        """Wait, but not longer than the server runs."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _list(self, request: web.Request) -> web.Response:
        self.received[request.path] += 1
        return web.json_response(catalogue(self.config.models))


class _Door:
    """One API's endpoint."""

    def __init__(self, server: MockServer, wire: Wire) -> None:
        self._server = server
        self._wire = wire

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, spoiled or not."""
        server = self._server
        server.received[request.path] += 1
        fault = server.due()
        if server.config.latency:
            await server.hold(server.config.latency)
        if fault is not None and fault.mode in {Mode.RESET, Mode.HANG}:
            return await self._cut(request, fault)
        problem = self._problem(fault, request)
        if problem is not None:
            return self._error(problem, fault)
        return await self._answer(request, fault.mode if fault else None)

    async def _cut(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.mode is Mode.HANG:
            await self._server.hold(fault.seconds)
        _abort(request)
        return web.Response()

    def _problem(self, fault: Fault | None, request: web.Request) -> Problem | None:
        if fault is not None and fault.mode in _PROBLEMS:
            problem = _PROBLEMS[fault.mode]
            return replace(problem, status=self._wire.statuses.get(problem.kind, problem.status))
        if self._server.config.key and self._server.config.key not in _keys(request):
            return _PROBLEMS[Mode.UNAUTHORIZED]
        return None

    def _error(self, problem: Problem, fault: Fault | None = None) -> web.Response:
        headers = {"x-request-id": "req_mock"}
        if fault is not None and fault.mode is Mode.RATE_LIMIT and fault.seconds >= 0:
            headers["Retry-After"] = f"{fault.seconds:g}"
        return web.json_response(self._wire.error(problem), status=problem.status, headers=headers)

    async def _answer(self, request: web.Request, mode: Mode | None) -> web.StreamResponse:
        body = await _body(request)
        if body is None:
            return self._error(Problem(400, "invalid_request_error", "The body is not a JSON object."))
        asked = asked_text(body)
        text = self._server.config.answers.reply_to(asked)
        if text is None:
            return self._error(Problem(400, "invalid_request_error", "The mock has no reply for this prompt."))
        said = _spoken(text, asked, body=body, mode=mode)
        if body.get("stream"):
            return await self._stream(request, said, mode=mode)
        if mode is Mode.GARBAGE:
            return web.Response(text=GARBAGE, content_type="application/json")
        content = json.dumps(self._wire.reply(said)).encode()
        if mode is Mode.BREAK_OFF:
            return await _broken(request, content)
        return web.Response(body=content, content_type="application/json")

    async def _stream(self, request: web.Request, said: Said, *, mode: Mode | None) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number, event in enumerate(self._wire.stream(said), start=1):
            if number > 1 and mode is Mode.BREAK_OFF:
                _abort(request)
                return response
            await response.write(_spoil(event) if mode is Mode.GARBAGE else event)
        await response.write_eof()
        return response


def _spoken(text: str, asked: str, *, body: Json, mode: Mode | None) -> Said:
    finish = _FINISHES.get(mode, "stop") if mode else "stop"
    spoken = {"length": text[: len(text) // 2], "refusal": REFUSED, "empty": ""}.get(finish, text)
    return Said(spoken, model=str(body.get("model", "")), asked=asked, finish=finish)


def _keys(request: web.Request) -> set[str]:
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return {bearer, request.headers.get("x-api-key", "")}


async def _body(request: web.Request) -> Json | None:
    try:
        body = await request.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


async def _broken(request: web.Request, content: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(content))})
    await response.prepare(request)
    await response.write(content[: len(content) // 2])
    _abort(request)
    return response


def _spoil(event: bytes) -> bytes:
    head, _, _ = event.partition(b"data: ")
    return head + b"data: " + GARBAGE.encode() + b"\n\n"


def _abort(request: web.Request) -> None:
    """Cut the connection so that the client sees a reset."""
    if request.transport is not None:
        request.transport.abort()
