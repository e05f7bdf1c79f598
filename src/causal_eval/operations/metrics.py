"""Every metric that the program exports, as one table, and the registry of a process that fills it.

Alerts, dashboards and drills go by these names; ``docs/reference/metrics.md`` is made from the table.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OTHER = "other"
"""The label value of everything beyond :data:`MOST`."""
MOST = 100
"""Values of one open label (models, providers, keys, versions) that a process tells apart."""

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 10.0)
"""Edges at 2 and 5 s: the runbook's thresholds of latency."""
_CALLS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


class Kind(StrEnum):
    """How a metric moves."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Spec:
    """One metric."""

    name: str
    kind: Kind
    help: str
    """One sentence."""
    labels: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()
    """Upper edges of a histogram, in seconds."""
    known: tuple[tuple[str, ...], ...] = ()
    """Values of the first labels that are known beforehand: where they are all labels, each series starts at 0."""


ITEM_OUTCOMES = ("scored", "unparsed", "abstained", "error")
CALL_OUTCOMES = (
    "ok", "refusal", "rate_limit", "auth", "quota", "server_error", "timeout", "connection", "invalid_response",
    "invalid_request",
)  # fmt: skip
AUTH_OUTCOMES = ("ok", "denied", "error")

_C, _G, _H = Kind.COUNTER, Kind.GAUGE, Kind.HISTOGRAM

SPECS: tuple[Spec, ...] = (
    Spec("http_requests_total", _C, "Requests answered, by route template and status.", ("method", "route", "status")),
    Spec("http_request_duration_seconds", _H, "Time to the last byte; streams apart.", ("route", "stream"), _SECONDS),
    Spec("http_requests_in_progress", _G, "Requests being answered now."),
    Spec("auth_requests_total", _C, "Requests that showed a key, a cookie or a password; `denied` is no `error`.",
         ("outcome",), known=(AUTH_OUTCOMES,)),
    Spec("rate_limit_fail_open_total", _C, "Requests let through uncounted because the counter (Redis) was away."),
    Spec("idempotent_replays_total", _C, "Requests answered from the answer to an earlier one of the same key."),
    Spec("evaluation_items_total", _C, "Questions with an outcome; `error` is infrastructure's, never a score.",
         ("provider", "model", "outcome")),
    Spec("evaluation_queue_depth", _G, "Shards that wait for a worker; every process tells the same number."),
    Spec("evaluation_queue_oldest_age_seconds", _G, "For how long the oldest of them has waited."),
    Spec("evaluation_workers_alive", _G, "Workers whose heartbeat is fresh."),
    Spec("evaluation_fenced_writes_total", _C, "Writes refused because another worker had taken the shard over."),
    Spec("evaluation_shards_redriven_total", _C, "Shards of dead workers that were started again."),
    Spec("evaluation_invariant_violations", _G, "Rows that break a rule of what is kept.", ("invariant",)),
    Spec("evaluation_row_hash_mismatches", _G, "Rows whose content has another hash than when they were written."),
    Spec("model_api_requests_total", _C, "Calls of model APIs, by outcome.", ("provider", "outcome")),
    Spec("model_api_request_duration_seconds", _H, "Time that a call took.", ("provider",), _CALLS),
    Spec("model_api_rate_limit_errors_total", _C, "Calls refused with 429.", ("provider",)),
    Spec("model_api_circuit_open", _G, "1 while a breaker of the provider is open.", ("provider",)),
    Spec("model_api_key_healthy", _G, "0 for a key that is revoked, spent or cooling down.", ("provider", "key")),
    Spec("model_api_calls_open", _G, "Calls under way.", ("provider",)),
    Spec("model_api_concurrency_limit", _G, "Calls that may be under way, as adapted.", ("provider",)),
    Spec("response_cache_lookups_total", _C, "Replies looked for in the cache."),
    Spec("response_cache_hits_total", _C, "Replies found there."),
    Spec("database_up", _G, "1 while this process reaches the database."),
    Spec("database_connection_pool_size", _G, "Connections that this process may hold."),
    Spec("database_connection_pool_in_use", _G, "Connections in use."),
    Spec("database_connection_pool_timeouts_total", _C, "Waits for a connection that were given up."),
    Spec("database_connection_errors_total", _C, "Connections refused or broken."),
    Spec("cache_up", _G, "1 while this process reaches Redis; absent where none is set."),
    Spec("read_only_mode", _G, "1 while nothing new is taken because the disk is nearly full, or an operator said so."),
    Spec("secret_exposure_detections_total", _C, "Secrets that were about to be logged, stored or exported."),
    Spec("backup_last_success_timestamp_seconds", _G, "When the newest backup was made and verified."),
    Spec("backup_restore_test_success", _G, "1 if the last backup that was tried could be restored."),
    Spec("backup_size_bytes", _G, "Size of the newest backup."),
    Spec("deployment_timestamp_seconds", _G, "When that version was deployed.", ("version",)),
    Spec("deployment_info", _G, "1 for the version that runs.", ("version", "migration")),
    Spec("process_memory_limit_bytes", _G, "Memory that this process may use (cgroup, else the machine's)."),
)  # fmt: skip
"""Every metric, by what it is about."""

_NAMES = {spec.name: spec for spec in SPECS}
_Metric = Counter | Gauge | Histogram


@dataclass(frozen=True, slots=True)
class Metrics:
    """The numbers of one process; methods may be called on any thread and take microseconds.

    A name that :data:`SPECS` does not list is a fault of the program (KeyError), as is another number of labels.
    """

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    _made: dict[str, _Metric] = field(default_factory=dict, init=False, repr=False)
    _series: dict[tuple[str, ...], _Metric] = field(default_factory=dict, init=False, repr=False)
    _seen: dict[tuple[str, str], set[str]] = field(default_factory=dict, init=False, repr=False)
    _before: list[Callable[[], None]] = field(default_factory=list, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        ProcessCollector(registry=self.registry)
        for spec in SPECS:
            if not spec.labels and spec.kind is not Kind.GAUGE:
                self._of(spec.name)
            if spec.known and len(spec.known) == len(spec.labels):
                for values in product(*spec.known):
                    self._of(spec.name, *values)

    def count(self, name: str, *labels: str, by: float = 1.0) -> None:
        """Add to a counter."""
        metric = self._of(name, *labels)
        assert isinstance(metric, Counter), name
        metric.inc(by)

    def start(self, name: str, *labels: str) -> None:
        """Have the series tell 0 until something happens, so that the first event is seen as an increase."""
        self._of(name, *labels)

    def set(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge."""
        metric = self._of(name, *labels)
        assert isinstance(metric, Gauge), name
        metric.set(value)

    def add(self, name: str, by: float, *labels: str) -> None:
        """Move a gauge."""
        metric = self._of(name, *labels)
        assert isinstance(metric, Gauge), name
        metric.inc(by)

    def observe(self, name: str, seconds: float, *labels: str) -> None:
        """Note how long something took."""
        metric = self._of(name, *labels)
        assert isinstance(metric, Histogram), name
        metric.observe(seconds)

    def before_reading(self, refresh: Callable[[], None]) -> None:
        """Have *refresh* called whenever the numbers are asked for, for gauges that are looked up; must not raise."""
        self._before.append(refresh)

    def text(self) -> bytes:
        """All of them as Prometheus reads them."""
        for refresh in self._before:
            refresh()
        return generate_latest(self.registry)

    def _of(self, name: str, *labels: str) -> _Metric:
        found = self._series.get((name, *labels))
        if found is not None:
            return found
        with self._lock:
            metric = self._made.get(name)
            if metric is None:
                metric = self._made[name] = _make(_NAMES[name], self.registry)
            bounded = tuple(
                self._bounded(name, label, value=value)
                for label, value in zip(_NAMES[name].labels, labels, strict=True)
            )
            series: _Metric = metric.labels(*bounded) if bounded else metric
            self._series[(name, *bounded)] = series
            return series

    def _bounded(self, name: str, label: str, *, value: str) -> str:
        seen = self._seen.setdefault((name, label), set())
        if value in seen or len(seen) < MOST:
            seen.add(value)
            return value
        return OTHER


def find(name: str) -> Spec:
    """The metric of that name; KeyError: there is none."""
    return _NAMES[name]


def exported(specs: Iterable[Spec] = SPECS) -> Sequence[str]:
    """Names of all series as Prometheus stores them."""
    suffixes = {Kind.HISTOGRAM: ("_bucket", "_sum", "_count")}
    return [spec.name + suffix for spec in specs for suffix in suffixes.get(spec.kind, ("",))]


def _make(spec: Spec, registry: CollectorRegistry) -> _Metric:
    if spec.kind is Kind.COUNTER:
        return Counter(spec.name, spec.help, spec.labels, registry=registry)
    if spec.kind is Kind.GAUGE:
        return Gauge(spec.name, spec.help, spec.labels, registry=registry)
    return Histogram(spec.name, spec.help, spec.labels, registry=registry, buckets=spec.edges)
