"""What is looked up when somebody scrapes: the database, its pool and its rows, Redis, disks, backups, the version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import QueuePool

from causal_eval import __version__
from causal_eval.operations.metrics import Metrics, known_providers, provider_label
from causal_eval.operations.watch import Watch
from causal_eval.providers.stack import CAP
from causal_eval.providers.switch import DISABLED
from causal_eval.questions.question import GENERATOR
from causal_eval.scoring.verdict import SCORER
from causal_eval.store.database import HEAD
from causal_eval.store.key_states import OPEN, KeyState

READ_ONLY = "READ_ONLY"
"""The switch by which nothing is written."""
SWITCHES = (CAP, DISABLED, READ_ONLY)
KEY_STATES = ("cooling", "open", "revoked", "exhausted")
SHARD_STATES = ("open", "done", "cancelled", "halted")
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_UNLIMITED = 1 << 60


class Standing(Collector):
    """Everything that a :class:`Watch` knows."""

    def __init__(self, watch: Watch, *, limits: Iterable[Path] = _LIMITS, memory: Path = Path("/proc/meminfo")) -> None:
        self._watch = watch
        self._limits = tuple(limits)
        self._memory = memory

    def describe(self) -> Iterable[Metric]:
        """Nothing is looked at when it is registered."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All of it, as it is known now; nothing of it waits for anybody."""
        yield from self._database()
        yield from self._work()
        yield from self._keys()
        yield from self._switches()
        yield from self._disks()
        yield from self._backups()
        yield self._deployments()
        build = _gauge("build_info", "1, with the versions of this process", "version", "generator", "scorer", "schema")
        build.add_metric([__version__, GENERATOR, SCORER, HEAD], 1)
        yield build
        yield _one("process_memory_limit_bytes", "Memory that this process may use", value=self._memory_limit())

    def _database(self) -> Iterator[Metric]:
        watch, state = self._watch, self._watch.database()
        yield _one("database_up", "1: the database answers this process", value=state.up)
        if state.up:  # who waited when it was last there waits no more
            waits = watch.waits
            yield _one("database_lock_waits", "Sessions that wait for a lock", value=waits.sessions)
            yield _one("database_lock_wait_seconds", "How long the longest of them has waited", value=waits.longest)
        pool = watch.store.engine.pool
        if isinstance(pool, QueuePool):
            most = pool.size() + max(0, pool._max_overflow)  # noqa: SLF001 - nothing public tells it
            yield _one("database_connection_pool_size", "Connections that this process may have", value=most)
            yield _one("database_connection_pool_in_use", "Connections that are taken", value=pool.checkedout())
        timeouts = getattr(pool, "timeouts", 0)
        yield _count("database_connection_pool_timeouts", "Who got no connection in time", value=timeouts)
        errors = watch.connection_errors
        yield _count("database_connection_errors", "Connections that could not be made, or broke", value=errors)
        redis = watch.redis()
        if redis is not None:
            yield _one("redis_client_up", "1: Redis answers this process", value=redis.up)

    def _work(self) -> Iterator[Metric]:
        rows = self._watch.rows
        queue = rows.queue
        yield _one("evaluation_queue_depth", "Shards that are to be carried out; not of held jobs", value=queue.depth)
        oldest = max(0.0, self._watch.clock() - queue.oldest_at) if queue.oldest_at is not None else 0.0
        yield _one("evaluation_queue_oldest_seconds", "Age of the oldest job with such a shard", value=oldest)
        states = _gauge("evaluation_shards", "Shards, by how they stand", "state")
        for state in SHARD_STATES:
            states.add_metric([state], queue.states.get(state, 0))
        yield states
        yield _one("evaluation_workers", "Workers that said lately that they live", value=len(rows.workers))

    def _keys(self) -> Iterator[Metric]:
        rows = self._watch.rows
        found = Counter((provider_label(one.provider), state) for one in rows.keys for state in _states(one, rows.now))
        keys = _gauge("model_api_keys", "Keys that calls cannot be made with now, by why", "provider", "state")
        circuits = _gauge("model_api_circuit_open", "1: the breaker of a key is open", "provider")
        for provider in known_providers():
            circuits.add_metric([provider], min(1, found[provider, "open"]))
            for state in KEY_STATES:
                keys.add_metric([provider, state], found[provider, state])
        yield keys
        yield circuits

    def _switches(self) -> Iterator[Metric]:
        turned = {one.name for one in self._watch.rows.switches}
        switches = _gauge("runtime_switch", "1: an operator has overridden the setting", "name")
        for name in SWITCHES:
            switches.add_metric([name], name in turned)
        yield switches
        yield _one("read_only_mode", "1: nothing is written", value=READ_ONLY in turned)

    def _disks(self) -> Iterator[Metric]:
        free = _gauge("disk_free_bytes", "Free space where the service writes", "mount")
        size = _gauge("disk_size_bytes", "Size of the file system where the service writes", "mount")
        for name, disk in self._watch.disks().items():
            free.add_metric([name], disk.free)
            size.add_metric([name], disk.size)
        yield free
        yield size

    def _backups(self) -> Iterator[Metric]:
        known = self._watch.backups()
        if known.last_success_at is not None:
            yield _one(
                "backup_last_success_timestamp_seconds", "When a backup was last whole", value=known.last_success_at
            )
        if known.restore_test_at is not None:
            yield _one(
                "backup_restore_test_success",
                "1: the last restore on trial went well",
                value=bool(known.restore_test_ok),
            )
            yield _one("backup_restore_test_timestamp_seconds", "When that was", value=known.restore_test_at)

    def _deployments(self) -> Metric:
        """Of each version the last start: one that came back has two."""
        started: dict[str, float] = {}
        for one in self._watch.rows.deployed:
            started[one.name] = max(one.started_at, started.get(one.name, one.started_at))
        told = _gauge("deployment_timestamp_seconds", "When a version was started; of the last versions", "version")
        for version, at in started.items():
            told.add_metric([version], at)
        return told

    def _memory_limit(self) -> float:
        """The limit of this process's group; without one, the memory of the machine."""
        for path in self._limits:
            said = _read(path).strip()
            if said.isdecimal() and int(said) < _UNLIMITED:
                return float(said)
        total = next((line for line in _read(self._memory).splitlines() if line.startswith("MemTotal:")), "")
        return float(total.split()[1]) * 1024 if total else 0.0


@contextmanager
def watching(watch: Watch, metrics: Metrics) -> Iterator[Watch]:
    """Look after what the service stands on meanwhile, and have *metrics* tell of it."""
    metrics.add(Standing(watch))
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


class Counted(Collector):
    """One counter that is kept elsewhere."""

    def __init__(self, name: str, help_text: str, *, value: Callable[[], float]) -> None:
        self._name, self._help, self._value = name, help_text, value

    def describe(self) -> Iterable[Metric]:
        """Nothing is looked at when it is registered."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """As it stands now."""
        yield _count(self._name, self._help, value=self._value())


def _gauge(name: str, help_text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, labels=labels)


def _one(name: str, help_text: str, *, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, float(value))


def _count(name: str, help_text: str, *, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, help_text, float(value))


def _states(key: KeyState, now: float) -> Iterator[str]:
    """Why no call is made with *key* at *now*; nothing: it may be used."""
    if key.revoked_at is not None:
        yield "exhausted" if key.note.startswith("exhausted") else "revoked"
    if (key.cooldown_until or 0.0) > now:
        yield "cooling"
    if key.breaker == OPEN and (key.breaker_until or 0.0) > now:
        yield "open"


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return ""
