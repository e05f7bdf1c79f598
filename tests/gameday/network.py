"""A network that fails on demand: a TCP relay between a process and what it talks to; for tests and drills alone."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

CHUNK = 65536


class Weather(StrEnum):
    """What the network does to bytes."""

    FINE = "fine"
    SLOW = "slow"
    """Each chunk is ``seconds`` late, in both directions."""
    SLICED = "sliced"
    """Bytes arrive one by one, in pieces that no reader expects."""
    BLACK_HOLE = "black-hole"
    """Connections are accepted and stay open, and nothing gets through: a half-open connection, or packets dropped."""
    CUT = "cut"
    """Open connections are reset, new ones are too."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something listens."""

    host: str
    port: int


class Network:
    """A relay to *target*, in a thread of its own; a context manager.

    ``weather`` may be changed at any time and holds for open connections as for new ones.
    """

    def __init__(self, target: Place, *, seconds: float = 0.5, port: int = 0) -> None:
        self._target = target
        self._seconds = seconds
        self._weather = Weather.FINE
        self._changed = asyncio.Event()
        self._open = set[asyncio.StreamWriter]()
        self._tasks = set[asyncio.Task[None]]()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)
        self._server: asyncio.Server | None = None
        self.port = port
        """Where the relay listens, on 127.0.0.1; 0 until it does: any that is free."""

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def weather(self) -> Weather:
        """What the network does now."""
        return self._weather

    def become(self, weather: Weather) -> None:
        """Let the network do *weather* from now on; returns when it holds."""
        self._run(self._become(weather))

    def _run(self, work: Coroutine[None, None, None]) -> None:
        future: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        future.result(timeout=30)

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._reset_all()
        await self._server.wait_closed()

    async def _become(self, weather: Weather) -> None:
        self._weather = weather
        self._changed.set()
        self._changed = asyncio.Event()
        if weather is Weather.CUT:
            self._reset_all()

    def _reset_all(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it or the network is stopped."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with self._holding(writer):
            if self._weather is Weather.CUT:
                writer.transport.abort()
                return
            with contextlib.suppress(OSError, ExceptionGroup, asyncio.CancelledError):  # the network is stopped
                await self._until_something_passes()
                there_reader, there = await asyncio.open_connection(self._target.host, self._target.port)
                with self._holding(there):
                    await self._join(self._relay(reader, there), self._relay(there_reader, writer))

    @contextlib.contextmanager
    def _holding(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        self._open.add(writer)
        try:
            yield
        finally:
            self._open.discard(writer)
            writer.close()

    async def _join(self, *ways: Coroutine[None, None, None]) -> None:
        """Both directions, until one of them is broken or both have ended."""
        async with asyncio.TaskGroup() as both:
            for way in ways:
                both.create_task(way)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            await self._until_something_passes()
            if self._weather is Weather.SLOW:
                await asyncio.sleep(self._seconds)
            step = 1 if self._weather is Weather.SLICED else len(data)
            for start in range(0, len(data), step):
                writer.write(data[start : start + step])
                await writer.drain()
                await asyncio.sleep(0)
        if writer.can_write_eof():
            writer.write_eof()

    async def _until_something_passes(self) -> None:
        while self._weather is Weather.BLACK_HOLE:
            await self._changed.wait()
