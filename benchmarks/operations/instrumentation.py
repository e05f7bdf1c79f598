"""What watching a request costs: CPU of an application bare, with its metrics, its id and its line, in turns.

All are called in this process, without a network, so that nothing but the layers and the line is measured; lines go
through a pipe to another process, as under a supervisor. Run: ``python benchmarks/operations/instrumentation.py``.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from causal_eval.api.logged import Logged
from causal_eval.api.measuring import Measuring
from causal_eval.api.tracing import Tracing
from causal_eval.operations.lines import logging_to
from causal_eval.operations.metrics import Metrics
from causal_eval.operations.redaction import Redactor
from causal_eval.operations.spans import Origin, Spans
from causal_eval.settings import read_settings

ROUNDS, REQUESTS, WANTED_US = 40, 1000, 30.0
SECRETS = [f"sk-planted-{number:030d}" for number in range(8)]
HEADERS = [(b"host", b"here"), (b"user-agent", b"benchmark"), (b"accept", b"*/*"), (b"authorization", b"Bearer x")]
ANSWER = {
    "type": "http.response.start", "status": 200,
    "headers": [(b"content-length", b"2"), (b"content-type", b"application/json"), (b"cache-control", b"no-store")],
}  # fmt: skip


async def _nothing(_: object) -> None:
    """Only the route's path is asked for."""


class _Nowhere(SpanExporter):
    """Takes spans as a receiver would, once they are encoded."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Encode them, and forget them."""
        encode_spans(spans).SerializeToString()
        return SpanExportResult.SUCCESS


ROUTE = Route("/api/v1/evaluations/{evaluation}", _nothing)


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """Nothing but an answer."""
    del receive
    scope["route"] = ROUTE
    await send(ANSWER)
    await send({"type": "http.response.body", "body": b"ok"})


async def seconds(app: ASGIApp) -> float:
    """CPU of so many requests."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        del message

    began = time.process_time()
    for number in range(REQUESTS):
        path = f"/api/v1/evaluations/{number:032x}"
        scope = {
            "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "headers": HEADERS,
            "client": ("127.0.0.1", 4),
        }  # fmt: skip
        await app(scope, receive, send)
        if not number % 10:
            await asyncio.sleep(0)  # the loop's own turns, in which what waits is written
    return time.process_time() - began


def compare(form: str) -> float:
    """Print microseconds a request, the median of the rounds; what the whole adds."""
    settings = read_settings({"CEB_LOG_FORMAT": form})
    silent = Logged(bare)  # made before the log is open: it gives ids and writes nothing
    reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert reader.stdin is not None
    with os.fdopen(os.dup(reader.stdin.fileno()), "w") as pipe, logging_to(settings, Redactor(SECRETS), stream=pipe):
        apps: dict[str, ASGIApp] = {
            "bare": bare,
            "metrics": Measuring(bare, Metrics()),
            "id": silent,
            "id and line": Logged(bare),
            "metrics, id and line": Measuring(Logged(bare), Metrics()),
            "a span": Tracing(bare, Spans(BatchSpanProcessor(_Nowhere()), Origin("app", time.time, str)).answered),
        }
        took: dict[str, list[float]] = {name: [] for name in apps}
        for _, (name, app) in itertools.product(range(ROUNDS), apps.items()):
            took[name].append(asyncio.run(seconds(app)) / REQUESTS * 1e6)
    reader.stdin.close()
    reader.wait()
    added = {name: statistics.median(map(float.__sub__, values, took["bare"])) for name, values in took.items()}
    for name, values in took.items():
        print(f"{form}: {name}: {statistics.median(values):.1f} us a request; {added[name]:+.1f} beside bare")
    return added["metrics, id and line"]


if __name__ == "__main__":
    print(f"load {os.getloadavg()[0]:.1f}")
    added = [compare(form) for form in ("text", "json")]
    sys.exit(max(added) > WANTED_US)
