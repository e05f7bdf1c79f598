"""What a process counts: requests, calls, items, who came in; one registry a process, made at its door.

A label takes its value from a known set, whatever comes in: what is in none of them is ``other`` or ``unmatched``.
Counters stand at 0 from the start, so that the first event is an increase.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.registry import Collector

from causal_eval.evaluation.events import AnswerJudged, OutcomeKept
from causal_eval.operations.notices import (
    PLACES,
    Checked,
    Entrance,
    Event,
    Identified,
    Recalled,
    SecretSeen,
    WriteFenced,
)
from causal_eval.providers.catalog import LOCAL, read_catalog
from causal_eval.providers.events import CallDropped, CallEnded, CallStarted
from causal_eval.providers.provider import Failure, FailureKind
from causal_eval.scoring.verdict import Mark

disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no types there; when a counter began is asked by nobody, and doubles the series

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OTHER, UNMATCHED = "other", "unmatched"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
CALL_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)
ANSWERED, REFUSED, DROPPED = "ok", "refusal", "dropped"
_NAMED = {FailureKind.BAD_REPLY: "invalid_response"}
CALL_OUTCOMES = (ANSWERED, REFUSED, DROPPED, *(_NAMED.get(kind, kind.value) for kind in FailureKind))
ITEM_OUTCOMES = ("scored", "abstained", "unparsed", "ungraded", "cached", "error")
_BASELINE = "baseline"


class Request(NamedTuple):
    """A request that was answered, as labels say it."""

    method: str
    route: str
    """Template of its path; :data:`UNMATCHED` where no route took it."""
    status: int
    stream: bool = False
    """Its answer comes piece by piece, for as long as it likes."""


class Metrics:
    """The counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Requests(self.registry)
        self.calls = Calls(self.registry)
        self.items = Items(self.registry)
        self.invariants = Invariants(self.registry)
        self._entrances = self._counter("auth_requests", "Keys, cookies and passwords that were shown", "outcome")
        self._secrets = self._counter("secret_exposure_detections", "Keys found where none may stand", "where")
        self._fenced = Counter(
            "fenced_writes", "Writes refused to workers that had lost their shard", registry=self.registry
        )
        for outcome in Entrance:
            self._entrances.labels(outcome)
        for where in (*PLACES, OTHER):
            self._secrets.labels(where)

    def hear(self, event: Event) -> None:
        """Count *event*."""
        match event:
            case CallStarted() | CallEnded() | CallDropped():
                self.calls.hear(event)
            case OutcomeKept() | AnswerJudged() | Recalled():
                self.items.hear(event)
            case Identified(outcome):
                self._entrances.labels(outcome).inc()
            case SecretSeen(where):
                self._secrets.labels(where if where in PLACES else OTHER).inc()
            case WriteFenced():
                self._fenced.inc()
            case Checked():
                self.invariants.hear(event)
            case _:
                pass

    def expose(self, where: str) -> None:
        """Count a key that was found at *where*."""
        self.hear(SecretSeen(where))

    def add(self, collector: Collector) -> None:
        """Have *collector* asked whenever somebody looks."""
        self.registry.register(collector)

    def text(self) -> bytes:
        """All of it in the text format of Prometheus (:data:`CONTENT_TYPE`)."""
        return generate_latest(self.registry)

    def _counter(self, name: str, help_text: str, label: str) -> Counter:
        return Counter(name, help_text, [label], registry=self.registry)


class Invariants:
    """What the last look at everything that is kept found; nothing is told before there was one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._violations: Gauge | None = None

    def hear(self, event: Checked) -> None:
        """Tell what *event* found."""
        if self._violations is None:
            self._violations = self._gauge(
                "evaluation_invariant_violations", "What does not hold, by rule", "invariant"
            )
            self._changed = self._gauge("evaluation_row_hash_mismatches", "Rows that are not as they were written")
            self._at = self._gauge("evaluation_invariants_checked_timestamp_seconds", "When that was looked at last")
        for rule, count in event.found.items():
            self._violations.labels(rule).set(count)
        self._changed.set(event.changed)
        self._at.set(event.at)

    def _gauge(self, name: str, help_text: str, *labels: str) -> Gauge:
        return Gauge(name, help_text, labels, registry=self._registry)


class Requests:
    """HTTP requests, by route and never by path."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._total = Counter("http_requests", "Requests answered", ["method", "route", "status"], registry=registry)
        self._seconds = Histogram(
            "http_request_duration_seconds", "Time until a request was answered in full; of streams, open for so long",
            ["method", "route", "stream"], buckets=REQUEST_SECONDS, registry=registry,
        )  # fmt: skip
        self.in_flight = Gauge("http_requests_in_flight", "Requests that are being answered", registry=registry)
        self._known: dict[Request, tuple[Counter, Histogram]] = {}
        """Children by what asked for them: looking labels up costs more than counting."""

    def expect(self, routes: Iterable[tuple[str, str]]) -> None:
        """Let every (method, route) stand at 0 for the failures that alerts watch."""
        for (method, route), status in itertools.product(routes, (500, 503)):
            self._total.labels(method, route, str(status))

    def count(self, request: Request, seconds: float) -> None:
        """*request* was answered after so many seconds."""
        found = self._known.get(request)
        if found is None:
            found = self._known[request] = self._children(request)
        found[0].inc()
        found[1].observe(seconds)

    def _children(self, request: Request) -> tuple[Counter, Histogram]:
        stream = "true" if request.stream else "false"
        return (
            self._total.labels(request.method, request.route, str(request.status)),
            self._seconds.labels(request.method, request.route, stream),
        )


class Calls:
    """Calls to providers' APIs, by provider and never by model."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._total = Counter("model_api_requests", "Calls to model APIs", ["provider", "outcome"], registry=registry)
        self._limited = Counter(
            "model_api_rate_limit_errors", "Calls that were answered with a rate limit", ["provider"], registry=registry
        )
        self._seconds = Histogram(
            "model_api_request_duration_seconds", "Time that a call to a model API took", ["provider"],
            buckets=CALL_SECONDS, registry=registry,
        )  # fmt: skip
        self._open = Gauge("model_api_open_calls", "Calls that are open", ["provider"], registry=registry)
        for provider in known_providers():
            for outcome in CALL_OUTCOMES:
                self._total.labels(provider, outcome)
            self._limited.labels(provider)
            self._seconds.labels(provider)
            self._open.labels(provider)

    def hear(self, event: CallStarted | CallEnded | CallDropped) -> None:
        """Count a call that begins or ends."""
        provider = provider_label(event.provider)
        if isinstance(event, CallStarted):
            self._open.labels(provider).inc()
            return
        self._open.labels(provider).dec()
        self._total.labels(provider, _outcome(event)).inc()
        if isinstance(event, CallEnded):
            self._seconds.labels(provider).observe(event.latency_ms / 1000)
            if event.kind is FailureKind.RATE_LIMIT:
                self._limited.labels(provider).inc()


class Items:
    """Items of evaluations: what became of each question that was asked."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._total = Counter(
            "evaluation_items", "Items by what became of them; error: the call failed, and nothing is scored",
            ["provider", "outcome"], registry=registry,
        )  # fmt: skip
        self._lookups = Counter(
            "response_cache_lookups", "Answers of evaluations that may use the response cache", ["provider"],
            registry=registry,
        )  # fmt: skip
        self._hits = Counter("response_cache_hits", "Those that came out of it", ["provider"], registry=registry)
        for provider in known_providers():
            for outcome in ITEM_OUTCOMES:
                self._total.labels(provider, outcome)
            self._lookups.labels(provider)
            self._hits.labels(provider)

    def hear(self, event: OutcomeKept | AnswerJudged | Recalled) -> None:
        """Count what became of an item."""
        provider = provider_label(event.answerer)
        if isinstance(event, Recalled):
            self._total.labels(provider, "cached").inc(event.count)
            self._lookups.labels(provider).inc(event.count)
            self._hits.labels(provider).inc(event.count)
        elif isinstance(event, OutcomeKept):
            if isinstance(event.attempt.outcome, Failure):
                self._total.labels(provider, "error").inc()
        else:
            self._judged(event, provider)

    def _judged(self, event: AnswerJudged, provider: str) -> None:
        outcome = event.attempt.outcome
        if isinstance(outcome, Failure):
            return  # counted when it was kept
        is_hit = bool(outcome.source) and outcome.calls == 0
        if outcome.source:
            self._lookups.labels(provider).inc()
        if is_hit:
            self._hits.labels(provider).inc()
        self._total.labels(provider, "cached" if is_hit else _ITEM.get(event.verdict.mark, "scored")).inc()


_ITEM = {
    Mark.ABSTAINED: "abstained", Mark.UNPARSED: "unparsed", Mark.UNGRADED: "ungraded", Mark.MISSING: "error",
}  # fmt: skip


@cache
def known_providers() -> tuple[str, ...]:
    """Every value that a label ``provider`` may have."""
    return (*read_catalog(), LOCAL, _BASELINE, OTHER)


def provider_label(answerer: str) -> str:
    """The provider of *answerer* (``provider/model``, or the provider alone), if it is one that is known."""
    head = answerer.partition("/")[0]
    return head if head in _providers() else OTHER


@cache
def _providers() -> frozenset[str]:
    return frozenset(known_providers())


def _outcome(event: CallEnded | CallDropped) -> str:
    if isinstance(event, CallDropped):
        return DROPPED
    if event.kind is not None:
        return _NAMED.get(event.kind, event.kind.value)
    return REFUSED if event.refused else ANSWERED
