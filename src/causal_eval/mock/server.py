"""The mock server: what it is told, where it listens, and its routes."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Handler

from causal_eval.errors import UsageError
from causal_eval.mock.accounts import Accounts
from causal_eval.mock.answers import Answers, Fixed
from causal_eval.mock.batches import BatchPlan
from causal_eval.mock.certificate import server_context
from causal_eval.mock.door import Door
from causal_eval.mock.faults import Fault, Mode
from causal_eval.mock.further import further_routes
from causal_eval.mock.keys import Key, Keyring, public_name
from causal_eval.mock.latency import FixedTime, Latency
from causal_eval.mock.message_batches import MessageBatches
from causal_eval.mock.openai_batches import OpenAIBatches
from causal_eval.mock.reception import Reception
from causal_eval.mock.timeline import Phase, Timeline
from causal_eval.mock.wire import AnthropicWire, OpenAIWire, catalogue, encoded
from causal_eval.providers.clock import Clock, SystemClock

_LARGEST_REQUEST = 256 * 2**20


@web.middleware
async def _bear_hanging_up(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A client that is killed in the middle of a request is no fault of the server: nothing is logged."""
    try:
        return await handler(request)
    except ConnectionError:
        return web.Response()


@dataclass(frozen=True, slots=True)
class MockConfig:
    """How the server answers."""

    answers: Answers = field(default_factory=lambda: Fixed("Yes."))
    faults: tuple[Fault, ...] = ()
    """The first that hits a request spoils it; they come after the phases."""
    phases: tuple[Phase, ...] = ()
    keys: tuple[Key, ...] = ()
    """If there are any, requests with another key get 401."""
    latency: float | Latency = 0.0
    """Before every answer for which no phase has its own; a number: seconds."""
    key: str = field(default="", repr=False)
    """One more key."""
    batch: BatchPlan = field(default_factory=BatchPlan)
    models: tuple[str, ...] = ("mock",)
    seed: str = "0"
    host: str = "127.0.0.1"
    port: int = 0
    """0: any free port."""
    shares_port: bool = False
    """Another one that does so too may listen there meanwhile, to take over without a gap."""
    tls: str = ""
    """``self-signed`` or ``expired``: serve https with such a certificate."""
    record: Path | None = None
    """A file that gets a line of JSON for every request."""
    clock: Clock = field(default_factory=SystemClock)


class MockServer:
    """``async with MockServer(config) as server``: listens at ``server.url`` and counts what it receives."""

    def __init__(self, config: MockConfig | None = None) -> None:
        self.config = config or MockConfig()
        self.accounts = Accounts(self.config.record)
        self.url = ""
        """Root without /v1; set when the server runs."""
        self.certificate: Path | None = None
        """With ``tls``: the file that a client would have to trust; gone when the server stops."""
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._runner: web.AppRunner | None = None
        self._stopping = asyncio.Event()

    @property
    def received(self) -> Counter[str]:
        """Requests by path."""
        return self.accounts.received

    @property
    def spoiled(self) -> Counter[Mode]:
        """Requests by the fault that hit them, or the limit of their key."""
        return self.accounts.spoiled

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; UsageError if the port is taken, the record cannot be written or there is no such certificate."""
        try:
            await self._listen()
        except UsageError:
            await self.stop()
            raise

    async def _listen(self) -> None:
        self.accounts.open()
        context = await self._context()
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        host, port, shares = self.config.host, self.config.port, self.config.shares_port or None
        site = web.TCPSite(self._runner, host, port, ssl_context=context, reuse_port=shares)
        try:
            await site.start()
        except OSError as error:
            raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from error
        host, port = self._runner.addresses[0][:2]
        self.url = f"{'https' if context else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"

    async def stop(self) -> None:
        """Stop listening and cut what hangs; idempotent."""
        self._stopping.set()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        self.accounts.close()
        if self._folder is not None:
            self._folder.cleanup()

    async def _context(self) -> ssl.SSLContext | None:
        if not self.config.tls:
            return None
        self._folder = tempfile.TemporaryDirectory(prefix="causal-eval-mock-")
        self.certificate = Path(self._folder.name) / "certificate.pem"
        return await asyncio.to_thread(server_context, self.config.tls, self.certificate.parent)

    async def hold(self, seconds: float) -> None:
        """Wait, but not longer than the server runs."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=_LARGEST_REQUEST, middlewares=[_bear_hanging_up])
        reception = self._reception()
        doors: dict[str, Door] = {}
        for wire in (OpenAIWire(), AnthropicWire()):
            doors[wire.path] = Door(wire, reception, answers=self.config.answers, hold=self.hold)
            app.router.add_post(wire.path, doors[wire.path].serve)
        app.add_routes(further_routes(lambda wire: Door(wire, reception, answers=self.config.answers, hold=self.hold)))
        messages = doors.pop(AnthropicWire.path)
        app.add_routes(OpenAIBatches(doors, self.config.batch).routes())
        app.add_routes(MessageBatches(messages, self.config.batch).routes())
        app.router.add_get("/v1/models", self._list)
        app.router.add_get("/mock/requests", self._requests)
        return app

    def _reception(self) -> Reception:
        config = self.config
        keys = [*config.keys, *([Key(public_name(config.key), config.key)] if config.key else [])]
        latency = FixedTime(config.latency) if isinstance(config.latency, int | float) else config.latency
        phases = [*config.phases, *(Phase(fault=fault) for fault in config.faults)]
        timeline = Timeline(phases, latency=latency, seed=config.seed)
        return Reception(Keyring(keys), timeline, accounts=self.accounts, clock=config.clock)

    async def _list(self, request: web.Request) -> web.Response:
        self.received[request.path] += 1
        return web.Response(body=encoded(catalogue(self.config.models)), content_type="application/json")

    async def _requests(self, request: web.Request) -> web.Response:  # noqa: ARG002 - a handler's shape
        return web.Response(body=encoded(self.accounts.summary()), content_type="application/json")
