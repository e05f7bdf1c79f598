"""A worker: says that it lives, carries out shards, and starts again what dead workers had under way."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence

from causal_eval import __version__
from causal_eval.operations.lines import Named
from causal_eval.performing.call_slots import CallSlots
from causal_eval.performing.keyring import Keyring
from causal_eval.performing.shards import Performing
from causal_eval.performing.turns import in_hand
from causal_eval.service.engine import HandBack
from causal_eval.service.wiring import Service
from causal_eval.store.locks import hold_file
from causal_eval.store.workers import Worker
from causal_eval.worker.checker import Checker
from causal_eval.worker.copier import Copier
from causal_eval.worker.couriers import Couriers
from causal_eval.worker.disk_watcher import DiskWatcher
from causal_eval.worker.maker import Maker
from causal_eval.worker.pulse import Pulse
from causal_eval.worker.reporter import Reporter
from causal_eval.worker.sweeper import Sweeper

_LOG = logging.getLogger(__name__)


async def work(service: Service, *, worker: str, stop: Callable[[], bool]) -> None:
    """Carry out shards as *worker*, a name that no process had before, until *stop* says so; then hand back.

    Raises:
        StoreLocked: the database is a file, and another process works on it.
    """
    slots = CallSlots(service, worker)
    performing = Performing(service, stop=stop, cap=slots.window)
    myself = _myself(service, worker)
    with _alone(service), Pulse(service.store, myself, stop=stop, in_hand=performing.in_hand.copy) as pulse:
        keyring = Keyring(service, worker, asking=performing.asking, usual=performing.usual)
        aside = (Sweeper(service, pulse).run, Couriers(service, pulse).run, Reporter(service).run)
        runs = (
            performing.watch,
            keyring.run,
            slots.run,
            DiskWatcher(service).run,
            Checker(service, worker).run,
            Copier(service, worker).run,
            Maker(service, pulse, stop=stop).run,
            *aside,
        )
        beside = [asyncio.create_task(run()) for run in runs]

        def over() -> bool:
            return stop() or any(task.done() for task in beside)  # without them there is no sense in going on

        try:
            width = in_hand(service.settings.max_concurrent_api_calls)
            await service.engine.run_worker(worker, functools.partial(_guarded, performing), width=width, stop=over)
        finally:
            ended = [task for task in beside if task.done()]
            await _cancel(beside)
            await performing.close()
            slots.close()
            keyring.close()
        for task in ended:
            task.result()


async def _guarded(performing: Performing, shard: str) -> None:
    """The door of a shard: a fault of this program ends its job, so that it does not come back for ever."""
    with Named({"evaluation_id": shard.rpartition("-")[0], "shard": shard}):
        await _carry_out(performing, shard)


async def _carry_out(performing: Performing, shard: str) -> None:
    began = time.perf_counter()
    carrying = asyncio.create_task(performing(shard))
    try:
        await asyncio.wait({carrying})
    finally:
        await _cancel([carrying])
    error = None if carrying.cancelled() else carrying.exception()
    if isinstance(error, HandBack):
        _LOG.info("shard handed back")
        raise error
    if error is None:
        _LOG.info("shard ended", extra={"duration_ms": (time.perf_counter() - began) * 1000})
    else:
        _LOG.error("shard failed", exc_info=error)
        await performing.give_up(shard, f"{type(error).__name__}: {error} (a fault of this program: see the log)")


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def _myself(service: Service, worker: str) -> Worker:
    return Worker(worker, socket.gethostname(), os.getpid(), __version__, service.clock())


@contextlib.contextmanager
def _alone(service: Service) -> Iterator[None]:
    """Where the database is a file, only one process works on it."""
    store = service.store
    if store.engine.dialect.name != "sqlite":
        yield
        return
    refusal = f"another worker works on {store.place}: a database in a file has one; end it, or use PostgreSQL"
    with hold_file(f"{store.place}.worker.lock", refusal):
        yield
