"""Spans by OpenTelemetry: request, evaluation, shard, call; no prompt, reply, path or key stands in one.

An evaluation's id says the id of its trace, and the spans that others hang under are derived from names, so that no row
has to carry a context from the app to whichever worker takes a shard up.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

import causal_eval
from causal_eval.operations.asked import Asked, parent_of
from causal_eval.operations.notices import EvaluationEnded, Event, ShardBegun, ShardEnded
from causal_eval.providers.events import CallDropped, CallEnded

PATIENCE = 3.0
"""Seconds for one sending."""

_ID = re.compile(r"ev-([0-9a-f]{16})|([0-9a-f]{32})")
_SCOPE = InstrumentationScope("causal_eval", causal_eval.__version__)
_SAMPLED, _LEFT_OUT = TraceFlags(TraceFlags.SAMPLED), TraceFlags(TraceFlags.DEFAULT)


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose spans these are."""

    process: str
    """``app``, ``worker`` or ``serve``."""
    clock: Callable[[], float]
    """Seconds since 1970."""
    clean: Callable[[str], str]
    """Hides secrets."""


@dataclass(frozen=True, slots=True)
class _Carrying:
    """A shard under way in this task, and in those that it started."""

    context: SpanContext
    began: float


_CARRYING: ContextVar[_Carrying | None] = ContextVar("carrying", default=None)


def sending(url: str, origin: Origin) -> Spans:
    """Spans that go to the OTLP receiver at *url* in batches, from a thread of their own."""
    exporter = OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces", timeout=PATIENCE)
    return Spans(BatchSpanProcessor(exporter), origin)


class Spans:
    """A :class:`~causal_eval.operations.traces.Traces`: each span is made whole when what it tells of has ended."""

    def __init__(self, processor: SpanProcessor, origin: Origin) -> None:
        self._processor = processor
        self._origin = origin
        self._numbers = itertools.count()
        self._resource = Resource.create(
            {
                "service.name": f"causal-eval-{origin.process}",
                "service.version": causal_eval.__version__,
            }
        )

    def hear(self, event: Event) -> None:
        """Make a span of what ends: a call, a shard, an evaluation."""
        match event:
            case CallEnded() | CallDropped():
                self._call(event)
            case ShardBegun(shard, evaluation):
                began = self._origin.clock()
                _CARRYING.set(_Carrying(_context(evaluation, f"shard {shard} {began}"), began))
            case ShardEnded(shard, evaluation, outcome):
                self._shard(shard, evaluation, outcome=outcome)
            case EvaluationEnded():
                self._evaluation(event)
            case _:
                pass

    def answered(self, asked: Asked) -> None:
        """Make a span of a request: the root of the evaluation that it began, else of a trace of its own."""
        given = parent_of(asked.parent)
        root = None if not asked.evaluation else _context(asked.evaluation, "request")
        links = []
        if given is not None:
            flags = _SAMPLED if given.sampled else _LEFT_OUT
            parent = SpanContext(given.trace, given.span, is_remote=True, trace_flags=flags)
            context = SpanContext(given.trace, _span_id(asked.request_id), is_remote=False, trace_flags=flags)
            links = [] if root is None else [Link(root)]
        elif asked.made and root is not None:
            parent, context = None, root
        else:
            parent, context = None, _context(asked.request_id, "request")
            links = [] if root is None else [Link(root)]
        attributes: dict[str, str | int] = {
            "http.request.method": asked.method,
            "http.route": asked.route,
            "http.response.status_code": asked.status,
            "causal_eval.request_id": self._origin.clean(asked.request_id),
        }
        if asked.evaluation:
            attributes["causal_eval.evaluation_id"] = self._origin.clean(asked.evaluation)
        failed = "" if asked.status < HTTPStatus.INTERNAL_SERVER_ERROR else f"HTTP {asked.status}"
        self._tell(
            _Told(f"{asked.method} {asked.route}", context, parent, asked.began, asked.ended, attributes, failed),
            kind=SpanKind.SERVER, links=links,
        )  # fmt: skip

    def close(self) -> None:
        """Send what is left, for a few seconds at most."""
        self._processor.shutdown()

    def _call(self, event: CallEnded | CallDropped) -> None:
        carrying = _CARRYING.get()
        if carrying is None:
            return
        now = self._origin.clock()
        attributes: dict[str, str | int] = {"causal_eval.provider": self._origin.clean(event.provider)}
        took, failed = 0.0, "dropped"
        if isinstance(event, CallEnded):
            took, failed = event.latency_ms / 1000, "" if event.kind is None else event.kind.value
            attributes["causal_eval.refused"] = event.refused
            if event.status is not None:
                attributes["http.response.status_code"] = event.status
        trace = carrying.context.trace_id
        span = _span_id(f"{carrying.context.span_id} {next(self._numbers)}")
        context = SpanContext(trace, span, is_remote=False, trace_flags=_SAMPLED)
        told = _Told("call", context, carrying.context, now - took, now, attributes, failed)
        self._tell(told, kind=SpanKind.CLIENT)

    def _shard(self, shard: str, evaluation: str, *, outcome: str) -> None:
        carrying = _CARRYING.get()
        if carrying is None:
            return
        _CARRYING.set(None)
        parent = _context(evaluation, "evaluation")
        attributes = {"causal_eval.shard": shard, "causal_eval.outcome": outcome}
        failed = outcome if outcome == "failed" else ""
        now = self._origin.clock()
        self._tell(_Told("shard", carrying.context, parent, carrying.began, now, attributes, failed))

    def _evaluation(self, event: EvaluationEnded) -> None:
        context = _context(event.evaluation, "evaluation")
        parent = _context(event.evaluation, "request")
        attributes = {
            "causal_eval.evaluation_id": event.evaluation,
            "causal_eval.answerer": self._origin.clean(event.answerer),
            "causal_eval.status": event.status,
        }
        failed = "" if event.status == "done" else event.status
        self._tell(_Told("evaluation", context, parent, event.began, event.ended, attributes, failed))

    def _tell(self, told: _Told, *, kind: SpanKind = SpanKind.INTERNAL, links: Sequence[Link] = ()) -> None:
        if not told.context.trace_flags.sampled:
            return
        self._processor.on_end(
            ReadableSpan(
                told.name, told.context, told.parent, self._resource, told.attributes, links=links, kind=kind,
                status=Status(StatusCode.ERROR, told.failed) if told.failed else Status(),
                start_time=int(told.began * 1e9), end_time=int(told.ended * 1e9), instrumentation_scope=_SCOPE,
            )
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Told:
    name: str
    context: SpanContext
    parent: SpanContext | None
    began: float
    ended: float
    attributes: Mapping[str, str | int]
    failed: str
    """In a word; empty: it went well."""


def _context(trace: str, name: str) -> SpanContext:
    """The span called *name* in the trace called *trace*."""
    return SpanContext(_trace_id(trace), _span_id(f"{trace} {name}"), is_remote=False, trace_flags=_SAMPLED)


def _trace_id(name: str) -> int:
    """The digits of an evaluation's id twice, those of a request's id once, wherever a name is one of these."""
    match = _ID.fullmatch(name)
    number = int(match[1] * 2 if match[1] else match[2], 16) if match else 0
    return number or int.from_bytes(hashlib.sha256(name.encode()).digest()[:16])


def _span_id(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) or 1
