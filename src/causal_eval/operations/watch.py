"""Whether what the service stands on answers: looked at again and again in threads of their own, so that nobody waits.

A look that does not come back is as bad as one that fails. The database is looked at over a connection that is no
part of the pool: the watch gets through when all others are taken.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext

from causal_eval.backups.state import BackupState, read_state
from causal_eval.errors import CausalEvalError, StoreLocked
from causal_eval.providers.catalog import NAMED_SERVER
from causal_eval.providers.switch import DISABLED
from causal_eval.settings import Settings
from causal_eval.store.database import Store, beside
from causal_eval.store.deployments import Deployment, list_deployments
from causal_eval.store.key_states import KeyState, known_keys
from causal_eval.store.liveness import Beat, beats
from causal_eval.store.lock_waits import LockWaits, lock_waits, wait_briefly
from causal_eval.store.moment import read_moment
from causal_eval.store.shards import Backlog, backlog
from causal_eval.store.switches import Switch, list_switches

EVERY = 2.0
PATIENCE = 3.0
"""Seconds that a look may take beyond that, before it counts as no answer."""
ROWS_SECONDS = 5.0
"""Between two looks at the queue and at keys."""
VERSIONS = 2
"""Versions that are told, with when they were started: the one in use and the one before."""
LIVE_SECONDS = 15.0
"""A worker that has not beaten for so long is not counted."""
REDIS_SECONDS = 1.0

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """How something is."""

    up: bool
    fault: str
    """One line; empty: none."""
    seconds: float
    """The last look took."""
    since: float
    """When it became so; seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What the database says of the work; times by its own clock."""

    now: float = 0.0
    workers: tuple[Beat, ...] = ()
    switches: tuple[Switch, ...] = ()
    queue: Backlog = field(default_factory=lambda: Backlog(0, None, {}))
    keys: tuple[KeyState, ...] = ()
    deployed: tuple[Deployment, ...] = ()
    """The versions that were started last, newest first."""


class Lookout:
    """Looks at one thing; started, in a thread every other second, else whenever somebody asks."""

    def __init__(self, name: str, look: Callable[[], None], *, clock: Callable[[], float]) -> None:
        self._name = name
        self._look = look
        self._clock = clock
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen: State | None = None
        self._seen_at = time.monotonic()

    def start(self) -> None:
        """Look once, then go on beside."""
        self._thread = threading.Thread(target=self._run, name=f"watch-{self._name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more; a look that hangs is left alone."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def state(self) -> State:
        """As it was at the last look; one that is overdue is bad news."""
        if self._thread is None:
            return self._once()
        seen, age = self._seen, time.monotonic() - self._seen_at
        if age > EVERY + PATIENCE:
            return State(up=False, fault=f"no answer for {age:.0f} s", seconds=age, since=self._clock() - age)
        return seen or State(up=True, fault="", seconds=0.0, since=self._clock())

    def _run(self) -> None:
        while True:
            self._once()
            if self._ended.wait(EVERY):
                return

    def _once(self) -> State:
        began, fault = time.monotonic(), ""
        try:
            self._look()
        except (CausalEvalError, OSError) as error:
            fault = str(error) or type(error).__name__
        before, now = self._seen, time.monotonic()
        since = before.since if before is not None and before.up is not bool(fault) else self._clock()
        self._seen_at, self._seen = now, State(up=not fault, fault=fault, seconds=now - began, since=since)
        return self._seen


class Watch:
    """What one process knows about what it stands on."""

    def __init__(
        self, store: Store, settings: Settings, *, clock: Callable[[], float], now: Callable[[], Settings] | None = None
    ) -> None:
        self.store = store
        self.settings = settings
        self._now = now or (lambda: settings)
        """Settings as they hold now."""
        self.clock = clock
        self.connection_errors = 0
        self.rows = Rows()
        self.waits = LockWaits()
        self._lone = beside(store)
        self._rows_at = float("-inf")
        self._is_kept = False
        """The connection stays open for the next look."""
        self._database = Lookout("database", self._ask_database, clock=clock)
        self._redis = Lookout("redis", self._ask_redis, clock=clock) if settings.redis_url else None
        event.listen(store.engine, "handle_error", self._note_error)

    def start(self) -> None:
        """Begin to look."""
        self._is_kept = True
        for one in self._lookouts():
            one.start()

    def stop(self) -> None:
        """Look no more."""
        for one in self._lookouts():
            one.stop()
        if event.contains(self.store.engine, "handle_error", self._note_error):
            event.remove(self.store.engine, "handle_error", self._note_error)
        self._lone.close()

    def database(self) -> State:
        """How the database is; ``rows`` is what it said then, and ``waits`` who waited for a lock."""
        return self._database.state()

    def redis(self) -> State | None:
        """How Redis is; None: there is none."""
        return None if self._redis is None else self._redis.state()

    def folders(self) -> Mapping[str, Path]:
        """Where the service writes, by name; only what is there."""
        named = {
            "data": self.settings.data_dir, "cache": self.settings.cache_dir, "reports": self.settings.report_dir,
        }  # fmt: skip
        if not self.store.is_postgresql:
            named["database"] = Path(self.store.place).parent
        return {name: path for name, path in named.items() if path.is_dir()}

    def disks(self) -> Mapping[str, Disk]:
        """How full the folders are."""
        found = {}
        for name, path in self.folders().items():
            try:
                usage = shutil.disk_usage(path)
            except OSError:
                continue  # what is gone has no size; who writes there says so
            found[name] = Disk(usage.free, usage.total)
        return found

    def backups(self) -> BackupState:
        """What is known of backups."""
        return read_state(self.settings.backup_dir)

    def _lookouts(self) -> list[Lookout]:
        return [one for one in (self._database, self._redis) if one is not None]

    def _ask_database(self) -> None:
        try:
            self._read()
        finally:
            if not self._is_kept:
                self._lone.close()

    def _read(self) -> None:
        with self._lone.reading() as connection:
            now, self.waits = read_moment(connection), lock_waits(connection)
        try:
            self._read_rows(now)
        except StoreLocked as error:
            if not self.store.is_postgresql:
                raise
            _LOG.warning("what the queue holds is told as it was: %s", error)  # the database itself answers

    def _read_rows(self, now: float) -> None:
        with self._lone.reading() as connection:
            wait_briefly(connection)
            living = beats(connection, since=now - LIVE_SECONDS)
            turned = list_switches(connection)
            is_due = not self._is_kept or time.monotonic() - self._rows_at >= ROWS_SECONDS
            queue = backlog(connection, off=switched_off(turned, self._now())) if is_due else self.rows.queue
            keys = tuple(known_keys(connection)) if is_due else self.rows.keys
            started = tuple(list_deployments(connection, limit=VERSIONS)) if is_due else self.rows.deployed
        if is_due:
            self._rows_at = time.monotonic()
        self.rows = Rows(now, tuple(living), tuple(turned), queue, keys, started)

    def _ask_redis(self) -> None:
        import redis  # an extra
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        client = redis.Redis.from_url(
            self.settings.redis_url,
            socket_timeout=REDIS_SECONDS,
            socket_connect_timeout=REDIS_SECONDS,
            retry=Retry(NoBackoff(), 0),  # the next look is one
        )
        try:
            client.ping()
        except redis.RedisError as error:
            raise OSError(f"Redis does not answer ({type(error).__name__})") from error
        finally:
            client.close()

    def _note_error(self, context: ExceptionContext) -> None:
        """Count connections that could not be made or broke; one that had gone stale in the pool is no news."""
        is_new = context.connection is None and not context.is_pre_ping
        if is_new or (context.is_disconnect and not context.is_pre_ping):
            self.connection_errors += 1


@dataclass(frozen=True, slots=True)
class Disk:
    """Of a file system, bytes."""

    free: int
    size: int


def switched_off(turned: list[Switch], settings: Settings) -> tuple[str, ...]:
    """How the names of answerers begin whose provider is switched off."""
    said = next((one.value for one in turned if one.name == DISABLED), settings.disabled_providers)
    names = [name.strip() for name in said.split(",") if name.strip()]
    return tuple(f"{way}/" for name in names for way in (name, f"{NAMED_SERVER}/{name}"))
