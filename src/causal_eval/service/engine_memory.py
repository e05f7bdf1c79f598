"""The engine without a database of its own, within one process: the twin that tests compare the durable one with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, event

from causal_eval.service.engine import Perform, ShardJob

_POLL_SECONDS = 0.02


class MemoryEngine:
    """An :class:`~causal_eval.service.engine.Engine` that forgets everything with its process."""

    def __init__(self) -> None:
        self.queued: list[ShardJob] = []

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
        """Carry out queued shards, *width* at a time, lowest priority number first, until *stop* says so."""
        del worker
        tasks: set[asyncio.Task[None]] = set()
        while not stop():
            while self.queued and len(tasks) < width:
                tasks.add(asyncio.create_task(self._perform(self._next(), perform)))
            await asyncio.sleep(_POLL_SECONDS)
            for task in [task for task in tasks if task.done()]:
                tasks.discard(task)
                task.result()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def sweep(self, dead: Sequence[str]) -> int:
        """Nothing outlives the process, so no dead worker has anything under way."""
        del dead
        return 0

    def _next(self) -> ShardJob:
        job = min(self.queued, key=lambda job: job.priority)
        self.queued.remove(job)
        return job

    async def _perform(self, job: ShardJob, perform: Perform) -> None:
        try:
            await perform(job.id)
        except asyncio.CancelledError:
            self.queued.append(job)
            raise
