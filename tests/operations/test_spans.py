"""What ends becomes a span of the trace that is the evaluation; no secret, prompt or path stands in one."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from causal_eval.errors import UsageError
from causal_eval.operations.asked import Asked, parent_of
from causal_eval.operations.notices import EvaluationEnded, ShardBegun, ShardEnded
from causal_eval.operations.redaction import HIDDEN, Redactor
from causal_eval.operations.spans import Origin, Spans
from causal_eval.operations.traces import both, tracing
from causal_eval.providers.events import CallDropped, CallEnded, CallStarted
from causal_eval.providers.provider import FailureKind
from causal_eval.settings import Settings, read_settings

EVALUATION, TRACE, REQUEST, KEY = "ev-" + "0a" * 8, "0a" * 16, "0b" * 16, "sk-planted-secret-value-1234"


@pytest.fixture
def kept() -> InMemorySpanExporter:
    """Where spans go."""
    return InMemorySpanExporter()


@pytest.fixture
def spans(kept: InMemorySpanExporter) -> Spans:
    """What makes them, with a clock that is a second later at each look."""
    ticks = itertools.count(100)
    return Spans(SimpleSpanProcessor(kept), Origin("worker", lambda: float(next(ticks)), Redactor().clean))


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Those of an environment."""
    return lambda **env: read_settings({"HOME": str(tmp_path), **env}, cwd=tmp_path)


def parent(span: ReadableSpan) -> int | None:
    """The id of the span that it hangs under."""
    return None if span.parent is None else span.parent.span_id


def asked(**told: object) -> Asked:
    """A request, with what is *told* of it."""
    usual: dict[str, object] = {
        "method": "POST", "route": "/api/v1/evaluations", "status": 201, "request_id": REQUEST, "began": 1.0,
        "ended": 1.5,
    }  # fmt: skip
    return Asked(**{**usual, **told})  # type: ignore[arg-type]  # by name


def test_the_trace_is_the_evaluation(spans: Spans, kept: InMemorySpanExporter) -> None:
    """Request over evaluation over shard over call, whichever process tells it, and tasks at once keep apart."""

    async def carry(number: int) -> None:
        shard = f"{EVALUATION}-{number}"
        spans.hear(ShardBegun(shard, EVALUATION))
        async with asyncio.TaskGroup() as group:
            group.create_task(call(number))
            group.create_task(call(number))
        spans.hear(ShardEnded(shard, EVALUATION, "ended"))

    async def call(number: int) -> None:
        spans.hear(CallStarted("openai/gpt-x", 1))
        await asyncio.sleep(0.001)
        spans.hear(CallEnded(f"openai/gpt-{number}", None, None, 250.0))

    async def both_shards() -> None:
        await asyncio.gather(carry(0), carry(1))

    spans.answered(asked(evaluation=EVALUATION, made=True))
    asyncio.run(both_shards())
    spans.hear(EvaluationEnded(EVALUATION, "openai/gpt-x", "done", 1.0, 9.0))
    found = kept.get_finished_spans()
    assert {f"{one.context.trace_id:032x}" for one in found} == {TRACE}
    assert len({one.context.span_id for one in found}) == len(found) == 8
    by_name = {name: [one for one in found if one.name == name] for name in ("shard", "call", "evaluation")}
    request, evaluation = found[0], by_name["evaluation"][0]
    assert request.name == "POST /api/v1/evaluations"
    assert parent(request) is None
    assert parent(evaluation) == request.context.span_id
    assert {parent(one) for one in by_name["shard"]} == {evaluation.context.span_id}
    for shard in by_name["shard"]:
        under = [one for one in by_name["call"] if parent(one) == shard.context.span_id]
        number = str((shard.attributes or {})["causal_eval.shard"])[-1]
        assert [(one.attributes or {})["causal_eval.provider"] for one in under] == [f"openai/gpt-{number}"] * 2
        assert {one.end_time - one.start_time for one in under if one.end_time and one.start_time} == {250_000_000}


def test_failures_show(spans: Spans, kept: InMemorySpanExporter) -> None:
    """Of calls, shards, evaluations and requests, in a word and without what anybody said."""
    spans.hear(ShardBegun("s-0", "s"))
    spans.hear(CallEnded("openai/x", FailureKind.RATE_LIMIT, 429, 1.0))
    spans.hear(CallDropped("openai/x"))
    spans.hear(ShardEnded("s-0", "s", "failed"))
    spans.hear(EvaluationEnded("s", "openai/x", "halted", 1.0, 2.0))
    spans.answered(asked(status=503))
    said = [one.status.description for one in kept.get_finished_spans()]
    assert said == ["rate_limit", "dropped", "failed", "halted", "HTTP 503"]


def test_calls_outside_of_a_shard_are_nobodys(spans: Spans, kept: InMemorySpanExporter) -> None:
    """Nor are those after its end."""
    spans.hear(CallEnded("openai/x", None, None, 1.0))
    spans.hear(ShardBegun("s-0", "s"))
    spans.hear(ShardEnded("s-0", "s", "ended"))
    spans.hear(CallEnded("openai/x", None, None, 1.0))
    spans.hear(ShardEnded("s-0", "s", "ended"))
    assert [one.name for one in kept.get_finished_spans()] == ["shard"]


def test_other_requests_have_traces_of_their_own(spans: Spans, kept: InMemorySpanExporter) -> None:
    """By the id that the log has too; what they ask for is linked."""
    spans.answered(asked(method="GET", evaluation=EVALUATION))
    spans.answered(asked(request_id="of-the-caller"))
    first, second = kept.get_finished_spans()
    assert f"{first.context.trace_id:032x}" == REQUEST
    assert [f"{link.context.trace_id:032x}" for link in first.links] == [TRACE]
    assert second.context.trace_id not in {0, first.context.trace_id}
    assert not second.links


@pytest.mark.parametrize(("flags", "count"), [("01", 1), ("00", 0)])
def test_a_caller_that_traces_is_followed(spans: Spans, kept: InMemorySpanExporter, flags: str, count: int) -> None:
    """Its span is ours's parent, what it began is linked, and what it leaves out we do."""
    spans.answered(asked(evaluation=EVALUATION, made=True, parent=f"00-{'1c' * 16}-{'2d' * 8}-{flags}"))
    found = kept.get_finished_spans()
    assert len(found) == count
    for one in found:
        assert f"{one.context.trace_id:032x}" == "1c" * 16
        assert f"{parent(one):016x}" == "2d" * 8
        assert [f"{link.context.trace_id:032x}" for link in one.links] == [TRACE]


@pytest.mark.parametrize(
    "said", ["", "x", f"00-{'0' * 32}-{'2d' * 8}-01", f"00-{'1c' * 16}-{'0' * 16}-01", f"00-{'1C' * 16}-{'2d' * 8}-01"]
)
def test_what_is_no_parent_is_none(said: str) -> None:
    """Empty, nonsense, nought, capitals."""
    assert parent_of(said) is None


def test_no_secret_is_in_a_span(spans: Spans, kept: InMemorySpanExporter) -> None:
    """Not where a caller put it in an id, nor in the name of a model."""
    spans.answered(asked(request_id=KEY, evaluation=KEY))
    spans.hear(ShardBegun("s-0", "s"))
    spans.hear(CallEnded(f"openai/{KEY}", None, None, 1.0))
    spans.hear(EvaluationEnded("s", f"openai/{KEY}", "done", 1.0, 2.0))
    text = "".join(one.to_json() for one in kept.get_finished_spans())
    assert "planted" not in text
    assert text.count(HIDDEN) == 4


def test_without_a_receiver_there_is_nothing(settings: Callable[..., Settings]) -> None:
    """Neither spans nor a second listener; nothing of OpenTelemetry is loaded for it."""
    heard: list[object] = []
    hear = heard.append
    with tracing(settings(), process="app", clock=lambda: 0.0, clean=str) as traces:
        assert traces is None
        assert both(hear, traces) == hear


def test_a_missing_extra_is_named(settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to type."""
    monkeypatch.delitem(sys.modules, "causal_eval.operations.spans")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    wanted = settings(CEB_TRACES_URL="http://127.0.0.1:1")
    with (
        pytest.raises(UsageError, match=r"pip install 'causal-eval-bench\[traces\]'"),
        tracing(wanted, process="app", clock=lambda: 0.0, clean=str),
    ):
        pass


@pytest.mark.parametrize("url", ["ftp://x", "http://user:pass@x", "localhost:4318", "http://x?token=y"])
def test_what_is_no_receiver_is_refused(settings: Callable[..., Settings], url: str) -> None:
    """A password stands elsewhere."""
    with pytest.raises(UsageError, match="CEB_TRACES_URL"):
        settings(CEB_TRACES_URL=url)
