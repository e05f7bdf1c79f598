"""The durable engine: DBOS Transact over the database of the store, SQLite and PostgreSQL alike.

One workflow with one step for a shard. What DBOS leaves out stands here: what an exception would end for good is put
back into the queue before it is raised; dead workers' shards, and those that ended too early, are started again by
:meth:`DbosEngine.sweep`. Nothing of DBOS that talks to its makers is switched on.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions, WorkflowStatus
from sqlalchemy import URL, Connection, Engine

from causal_eval.service.engine import HandBack, Perform, Scene, ShardJob
from causal_eval.store import postgresql
from causal_eval.store.faults import explained

APPLICATION = "causal-eval"
VERSION = "1"
"""Pinned: workers take up only what has their own; it rises when the workflow below changes its steps."""
QUEUE = "shards"
WORKFLOW = "shard"
BUSY_SECONDS, IDLE_SECONDS = 0.25, 0.5
"""Between two looks of a worker for shards, while there are some and while there are none.

From the longer to the shorter DBOS goes by a tenth a look: far apart, a short evaluation would be over before.
"""
LOOK_SECONDS = 0.5
"""Between two looks whether the worker is to end."""
DRAIN_SECONDS = 20
STALLED_SECONDS = 5.0
"""A worker that stands still within a transaction of DBOS holds up the others for no longer (PostgreSQL)."""
ABSENT_SECONDS = 12.0
"""What a worker has not had in hand for so long never reached it; longer than it lives without a word."""
_CHUNK = 500
_PURGED_AT_ONCE = 1000
_ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
_UNKNOWN = "unknown"
_NOISE = ("no longer owned", "cannot schedule new futures", "Event loop is closed")
"""What DBOS logs of shards that were handed back, or are another worker's by now: all is well."""


class DbosEngine:
    """An :class:`~causal_eval.service.engine.Engine` that survives everything that its database survives."""

    def __init__(self, url: URL, own: Engine | None = None) -> None:
        """Over *own* connections to the server at *url*: those of DBOS prepare statements, which a pooler loses."""
        self._url, self._place = url.render_as_string(hide_password=False), url.render_as_string()
        self._own, self._paced = own, 0.0
        self._absent: dict[_Held, float] = {}
        """What its worker did not have in hand at the last look, and since when."""
        _hush()
        self._client = DBOSClient(
            system_database_url=self._url,
            system_database_engine=self._own,
            application_name=APPLICATION,
            serializer=DBOSPortableJSONSerializer(),
            lazy=True,
            retry_connection_errors=False,  # a request must not hang while the database is down
            sys_db_idle_transaction_timeout_sec=STALLED_SECONDS,
        )

    def prepare(self) -> None:
        """Create or migrate the tables of DBOS: beside ours in SQLite, in the schema ``dbos`` in PostgreSQL."""
        DBOS.migrate(self._url)

    def enqueue_in_transaction(self, connection: Connection, jobs: Sequence[ShardJob]) -> None:
        """Put *jobs* in the queue with the rest of the transaction."""
        for job in jobs:
            self._client.enqueue_in_transaction(connection, _options(job), job.id)

    def cancel(self, shards: Sequence[str]) -> None:
        """Take *shards* out of the queue."""
        if shards:
            self._client.cancel_workflows(list(shards))

    def waiting(self) -> int:
        """How many shards wait, over all workers."""
        return len(self._client.list_workflows(status="ENQUEUED", queue_name=QUEUE, load_input=False))

    async def run_worker(self, worker: str, perform: Perform, *, width: int, stop: Callable[[], bool]) -> None:
        """Carry out shards as the executor *worker*, on the running loop, until *stop* says so; then hand back."""

        @DBOS.step(name="carry-out")
        async def carry_out(shard: str) -> None:
            try:
                await perform(shard)
            except HandBack:
                # first into the queue, then out of the step: what leaves it by itself is dead for good
                await self._client.resume_workflows_async([shard], queue_name=QUEUE)
                raise

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=1000)
        async def carry(shard: str) -> None:
            await carry_out(shard)

        del carry  # DBOS knows it by its name
        DBOS(config=self._config(worker))
        DBOS.listen_queues([QUEUE])
        DBOS.launch()
        try:
            await DBOS.register_queue_async(
                QUEUE, partition_worker_concurrency=width, polling_interval_sec=IDLE_SECONDS
            )
            while not stop():  # noqa: ASYNC110 - a signal handler or another thread says so
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            loop = asyncio.get_running_loop()
            # DBOS made its own threads the loop's, and ends them: who works beside it must not be left without
            loop.set_default_executor(ThreadPoolExecutor())
            await asyncio.shield(asyncio.to_thread(_end))
            loop.set_default_executor(ThreadPoolExecutor())  # a shard that ended meanwhile may have put DBOS's back

    def sweep(self, scene: Scene, look: Callable[[], Scene]) -> int:
        """Queue again what nobody who lives has under way, and what is wanted and has ended or is not there.

        Raises:
            StoreError: the database is away.
        """
        with explained(self._place):
            stray, ended = self._stray(scene), self._ended(scene.wanted)
            count = self._start(stray, ended, look()) if stray or ended else 0
            self._pace(BUSY_SECONDS if scene.wanted else IDLE_SECONDS)
            return count

    def _pace(self, seconds: float) -> None:
        """Let all workers look for shards that often."""
        if seconds == self._paced:
            return
        queue = self._client.retrieve_queue(QUEUE)
        if queue is not None:
            queue.set_polling_interval_sec(seconds)
            self._paced = seconds

    def _stray(self, scene: Scene) -> list[_Held]:
        """What the engine takes for under way, on somebody who is dead or has not had it in hand for too long."""
        pending = self._client.list_workflows(status="PENDING", queue_name=QUEUE, load_input=False, load_output=False)
        held = [_Held(one.workflow_id, one.executor_id or "") for one in pending]
        now = time.monotonic()
        self._absent = {one: self._absent.get(one, now) for one in held if _is_absent(one, scene)}
        return [one for one in held if one.worker not in scene.hands or self._is_late(one, now)]

    def _is_late(self, held: _Held, now: float) -> bool:
        return now - self._absent.get(held, now) > ABSENT_SECONDS

    def _ended(self, wanted: Sequence[ShardJob]) -> dict[str, ShardJob]:
        """What of *wanted* the engine takes for ended, or does not know."""
        found: dict[str, ShardJob] = {}
        for jobs in _chunks(wanted):
            states = self._states([job.id for job in jobs])
            found |= {job.id: job for job in jobs if states.get(job.id, _UNKNOWN) in (*_ENDED, _UNKNOWN)}
        return found

    def _start(self, stray: Sequence[_Held], ended: Mapping[str, ShardJob], scene: Scene) -> int:
        """Start what is still so by *scene*: who signed in meanwhile lives, what was done meanwhile is done."""
        orphans = [one.shard for one in stray if one.worker not in scene.hands or _is_absent(one, scene)]
        if orphans:
            self._client.resume_workflows(orphans, queue_name=QUEUE)
        wanted = [ended[job.id] for job in scene.wanted if job.id in ended]
        for jobs in _chunks(wanted):
            self._again(jobs)
        return len(orphans) + len(wanted)

    def purge(self, *, before: float) -> None:
        """Forget workflows that ended before that moment."""
        with explained(self._place):
            self._purge(before)

    def _purge(self, before: float) -> None:
        ended = self._client.list_workflows(
            status=list(_ENDED),
            queue_name=QUEUE,
            completed_before=datetime.fromtimestamp(before, UTC).isoformat(),
            limit=_PURGED_AT_ONCE,
            load_input=False,
            load_output=False,
        )
        if ended:
            self._client.delete_workflows([one.workflow_id for one in ended])

    def close(self) -> None:
        """Disconnect."""
        self._client.destroy()
        if self._own is not None:
            self._own.dispose()

    def _again(self, jobs: Sequence[ShardJob]) -> None:
        known = self._states([job.id for job in jobs])
        for job in jobs:
            if job.id in known:
                self._client.rewind_workflow(
                    job.id, start_step=1, application_version=VERSION, queue_name=QUEUE,
                    queue_partition_key=job.provider,
                )  # fmt: skip
            else:
                self._client.enqueue(_options(job), job.id)

    def _states(self, shards: list[str]) -> dict[str, str]:
        found: list[WorkflowStatus] = self._client.list_workflows(
            workflow_ids=shards, load_input=False, load_output=False
        )
        return {one.workflow_id: one.status for one in found}

    def _config(self, worker: str) -> DBOSConfig:
        return {
            "name": APPLICATION,
            "system_database_url": self._url,
            "application_version": VERSION,
            "executor_id": worker,
            "run_migrations": False,
            "sys_db_idle_transaction_timeout_sec": STALLED_SECONDS,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            "scheduler_polling_interval_sec": 3600.0,
            "use_listen_notify": False,  # nobody waits for messages: a connection and a thread less
            "db_engine_kwargs": {} if self._own is None else {"creator": postgresql.connecting(self._own.url)},
        }


class _Held(NamedTuple):
    """A shard that the engine takes for under way."""

    shard: str
    worker: str


def _is_absent(held: _Held, scene: Scene) -> bool:
    """Whether a worker that lives, and says what it has in hand, does not have it."""
    hands = scene.hands.get(held.worker)
    return hands is not None and held.shard not in hands


def _options(job: ShardJob) -> EnqueueOptions:
    return {
        "queue_name": QUEUE,
        "workflow_name": WORKFLOW,
        "workflow_id": job.id,
        "queue_partition_key": job.provider,
        "app_version": VERSION,
        "priority": job.priority,
    }


def _chunks(jobs: Sequence[ShardJob]) -> Iterator[list[ShardJob]]:
    rest = iter(jobs)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _end() -> None:
    """Begin nothing more, and return when nothing is under way, or after the time for it."""
    DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=DRAIN_SECONDS)


def _hush() -> None:
    """Let DBOS log to whoever listens, not to the terminal, and not what says nothing."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())  # DBOS adds one of its own unless there is one
        logger.addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    return not any(words in record.getMessage() for words in _NOISE)
