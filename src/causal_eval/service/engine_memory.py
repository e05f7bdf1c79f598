"""The engine without a database of its own, within one process: the twin that tests compare the durable one with."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, event

from causal_eval.service.engine import HandBack, Perform, Scene, ShardJob

_POLL_SECONDS = 0.02


class MemoryEngine:
    """An :class:`~causal_eval.service.engine.Engine` that forgets everything with its process."""

    def __init__(self) -> None:
        self.queued: list[ShardJob] = []
        self._running: dict[str, ShardJob] = {}

    def prepare(self) -> None:
        """Nothing is needed."""

    def enqueue_in_transaction(self, connection: Connection, jobs: Sequence[ShardJob]) -> None:
        """Queue *jobs* when the transaction on *connection* is committed; nothing where it is rolled back."""
        pending = list(jobs)

        def committed(_: Connection) -> None:
            self.queued.extend(pending)
            pending.clear()

        def rolled_back(_: Connection) -> None:
            pending.clear()

        event.listen(connection, "commit", committed)
        event.listen(connection, "rollback", rolled_back)

    def cancel(self, shards: Sequence[str]) -> None:
        """Take *shards* out of the queue."""
        gone = frozenset(shards)
        self.queued = [job for job in self.queued if job.id not in gone]

    def waiting(self) -> int:
        """How many shards wait."""
        return len(self.queued)

    async def run_worker(self, worker: str, perform: Perform, *, width: int, stop: Callable[[], bool]) -> None:
        """Carry out queued shards, the lowest priority number first, until *stop* says so."""
        del worker
        tasks: set[asyncio.Task[None]] = set()
        while not stop():
            while (job := self._next(width)) is not None:
                tasks.add(asyncio.create_task(self._perform(job, perform)))
            await asyncio.sleep(_POLL_SECONDS)
            for task in [task for task in tasks if task.done()]:
                tasks.discard(task)
                task.result()
        await asyncio.gather(*tasks)

    def sweep(self, scene: Scene, look: Callable[[], Scene]) -> int:
        """Queue what is wanted and neither waits nor is under way; the only worker is this process."""
        there = {job.id for job in self.queued} | self._running.keys()
        gone = [job for job in scene.wanted if job.id not in there]
        still = {job.id for job in look().wanted} if gone else set()
        again = [job for job in gone if job.id in still]
        self.queued.extend(again)
        return len(again)

    def purge(self, *, before: float) -> None:
        """What ended is forgotten already."""

    def close(self) -> None:
        """Hold nothing."""

    def _next(self, width: int) -> ShardJob | None:
        busy = Counter(job.provider for job in self._running.values())
        free = [job for job in self.queued if busy[job.provider] < width]
        if not free:
            return None
        job = min(free, key=lambda job: job.priority)
        self.queued.remove(job)
        self._running[job.id] = job
        return job

    async def _perform(self, job: ShardJob, perform: Perform) -> None:
        try:
            await perform(job.id)
        except (HandBack, asyncio.CancelledError):
            self.queued.append(job)
        finally:
            del self._running[job.id]
