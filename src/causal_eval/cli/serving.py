"""``causal-eval serve``, ``app``, ``worker`` and ``migrate``: the service's processes, which join its doors."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from types import FrameType
from typing import NamedTuple

import uvicorn

from causal_eval.api.app import make_app
from causal_eval.api.measuring import expect
from causal_eval.api.tracing import install as trace_requests
from causal_eval.api.who import Door
from causal_eval.cli import loops, output
from causal_eval.cli.patience import PatientProtocol
from causal_eval.errors import UsageError, VerificationMismatch
from causal_eval.operations.collectors import watching
from causal_eval.operations.database.fitting import check_room
from causal_eval.operations.deployments import deployed, note_process
from causal_eval.operations.lines import logging_to, set_level
from causal_eval.operations.metrics import Metrics
from causal_eval.operations.redaction import Redactor, secrets_of
from causal_eval.operations.traces import Traces, both, tracing
from causal_eval.operations.watch import Watch
from causal_eval.service import accounts
from causal_eval.service.invariants import violations
from causal_eval.service.live import heed_hangup
from causal_eval.service.live_settings import LiveSettings
from causal_eval.service.wiring import Service, close_service, open_service
from causal_eval.settings import read_settings
from causal_eval.store.database import migrate_store, open_store
from causal_eval.web.app import make_pages
from causal_eval.worker.run import work
from causal_eval.worker.telling import telling

BACKLOG = 2048
DRAIN_SECONDS = 10
"""How long open requests may take once the process is told to end."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server listens, and who may use it."""

    host: str
    port: int
    login: bool
    proxies: tuple[str, ...] = ()


def serve(place: Place) -> int:
    """Requests and jobs in one process, until SIGTERM or SIGINT."""
    loops.run(_serve(place, with_worker=True))
    return 0


def app(place: Place) -> int:
    """Requests alone: workers are processes of their own."""
    loops.run(_serve(place, with_worker=False))
    return 0


def worker() -> int:
    """Jobs alone."""
    loops.run(_work())
    return 0


def migrate(*, json: bool) -> int:
    """Bring the database to what this version needs; several may be started at once, one does it."""
    settings = read_settings(os.environ)
    said = migrate_store(settings.database_url)
    service = open_service(settings)
    try:
        service.engine.prepare()
    finally:
        close_service(service)
    if json:
        output.emit({"event": "migrated", "said": said})
    else:
        output.say(said)
    return 0


def deploys(*, json: bool) -> int:
    """Say which versions were started, newest first."""
    store = open_store(read_settings(os.environ).database_url)
    try:
        for one in deployed(store):
            at = datetime.fromtimestamp(one.started_at, UTC).isoformat(timespec="seconds")
            if json:
                output.emit({"event": "deployment", "name": one.name, **asdict(one)})
            else:
                output.say(f"{at}  {one.name}  schema {one.schema}  {one.started_by} on {one.host}")
    finally:
        store.close()
    return 0


def invariants(*, json: bool) -> int:
    """Say everything that does not hold of what is kept.

    Raises:
        VerificationMismatch: something does not.
    """
    service = open_service(read_settings(os.environ))
    count = 0
    try:
        for count, one in enumerate(violations(service), 1):  # noqa: B007 - it is said below
            if json:
                output.emit({"event": "violation", **asdict(one)})
            else:
                output.say(f"{one.rule}: {one.where}: {one.problem}")
    finally:
        close_service(service)
    if count:
        raise VerificationMismatch(f"{count} violations: keep the database as it is, and restore a backup beside it")
    if json:
        output.emit({"event": "invariants", "violations": 0})
    else:
        output.say("everything that is kept is as it must be")
    return 0


@contextlib.asynccontextmanager
async def _opened(metrics: Metrics, *, by: str) -> AsyncIterator[_Open]:
    settings = read_settings(os.environ)
    redactor = Redactor(secrets_of(settings, os.environ), found=metrics.expose)
    live = LiveSettings(settings, hide=redactor.learn, heed=lambda now: set_level(now.log_level))
    heed_hangup(live.reload)
    with (
        logging_to(settings, redactor),
        tracing(settings, process=by, clock=time.time, clean=redactor.clean) as traces,
    ):
        service = await asyncio.to_thread(open_service, settings, listener=both(metrics.hear, traces), live=live)
        following = asyncio.create_task(live.follow())
        try:
            await asyncio.to_thread(check_room, service.store)
            await asyncio.to_thread(note_process, service.store, by=by)
            yield _Open(service, traces)
        finally:
            following.cancel()
            await asyncio.to_thread(close_service, service)


async def _work() -> None:
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    metrics = Metrics()
    async with _opened(metrics, by="worker") as (service, _):
        watch = _watch(service)
        with telling(metrics, service.settings), watching(watch, metrics):
            await work(service, worker=service.token(), stop=ending.is_set)


async def _serve(place: Place, *, with_worker: bool) -> None:
    metrics = Metrics()
    async with _opened(metrics, by="serve" if with_worker else "app") as (service, traces):
        _admit(service, place)
        watch = _watch(service)
        application = make_app(
            service, open_to_all=not place.login, proxies=place.proxies, metrics=metrics, watch=watch
        )
        application.mount("/", make_pages(service, open_to_all=not place.login))
        expect(application)
        if traces is not None:
            trace_requests(application, traces)
        door: Door = application.state.door
        server = _Server(
            uvicorn.Config(
                application, host=place.host, port=place.port, log_config=None, access_log=False,
                http=PatientProtocol,
                server_header=False, proxy_headers=False, timeout_graceful_shutdown=DRAIN_SECONDS,
            ),
            ending=door.stopping.set,
        )  # fmt: skip
        with _listening(place) as listening, watching(watch, metrics):
            output.say(f"Causal Eval Bench at http://{place.host}:{listening.getsockname()[1]}")
            output.flush()
            serving = asyncio.create_task(server.serve([listening]))
            working = asyncio.create_task(_beside(service, server)) if with_worker else None
            await serving
            if working is not None:
                await working


async def _beside(service: Service, server: _Server) -> None:
    """A worker that ends with the server, and ends it where it cannot go on."""
    try:
        await work(service, worker=service.token(), stop=server.is_ending)
    finally:
        server.should_exit = True


def _watch(service: Service) -> Watch:
    return Watch(service.store, service.settings, clock=service.clock, now=lambda: service.now)


class _Open(NamedTuple):
    """A service, and what traces it."""

    service: Service
    traces: Traces | None


class _Server(uvicorn.Server):
    """Says that it ends before it waits for open requests, so that listeners to events are let go."""

    def __init__(self, config: uvicorn.Config, *, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End; a second SIGINT does not wait. The signal is not raised again: this is how the service is ended."""
        del frame
        self._ending()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    def is_ending(self) -> bool:
        """True once it was told to end."""
        return self.should_exit


def _admit(service: Service, place: Place) -> None:
    """See that who may use the service is decided, and make the first admin where nobody is there yet.

    Raises:
        UsageError: everybody could use it, or nobody could.
    """
    if not place.login:
        if not _is_loopback(place.host):
            raise UsageError(
                f"--no-login with --host {place.host}: whoever reaches that address could use the service; leave out "
                "--no-login, or listen on 127.0.0.1"
            )
        return
    first = accounts.bootstrap(service)
    if first is not None:
        output.say(f"the first admin: {first.email}, password {first.password} (shown this once; change it)")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listening(place: Place) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((place.host, place.port))
        listening.listen(BACKLOG)  # who connects from now on waits until requests are answered
    except OSError as error:
        listening.close()
        raise UsageError(
            f"--host {place.host} --port {place.port} cannot be listened on ({error.strerror}): give another --port"
        ) from error
    return listening
