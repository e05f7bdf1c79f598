"""A whole service sends its traces to a receiver by OTLP, and does without one that is not there."""

from __future__ import annotations

import json
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.servers import free_port
from tests.serving import COMMAND, KEY, Site, opened_site, wait_until

from causal_eval.store.jobs import JobStatus

QUESTIONS = 6


class Receiver(ThreadingHTTPServer):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Sent)
        self.bodies: list[bytes] = []

    def spans(self) -> list[Span]:
        """Every span so far."""
        found = []
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    found += scope.spans
        return found


class _Sent(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Keep the body."""
        assert isinstance(self.server, Receiver)
        assert self.path == "/v1/traces"
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A service over a file."""
    with opened_site(tmp_path, f"sqlite:///{tmp_path}/x.db", scenario="latency = 0\n", more={}) as found:
        yield found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """One that listens."""
    found = Receiver()
    thread = threading.Thread(target=found.serve_forever)
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


@contextmanager
def evaluated(site: Site, url: str) -> Iterator[str]:
    """The id of an evaluation that a service with that receiver carried out, asked for over HTTP; it has ended then."""
    site.env = {**site.env, "CEB_TRACES_URL": url}
    digest = site.questions(QUESTIONS)
    with site.process(*COMMAND, "serve", "--no-login", "--port", "0") as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        order = json.dumps({"answerer": "openai/gpt-x", "question_set": digest}).encode()
        asking = Request(f"{found[0]}/api/v1/evaluations", order, {"Content-Type": "application/json"})
        with urlopen(asking, timeout=30) as answer:
            evaluation: dict[str, Any] = json.load(answer)
        wait_until(lambda: site.status(evaluation["id"]) is JobStatus.DONE, process=process)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        assert time.monotonic() - began < 15
        yield str(evaluation["id"])


@pytest.mark.slow
def test_one_trace_from_request_to_call(site: Site, receiver: Receiver) -> None:
    """All of it is there once the process has ended; no key or prompt is."""
    with evaluated(site, f"http://127.0.0.1:{receiver.server_port}") as evaluation:
        spans = [one for one in receiver.spans() if one.trace_id.hex() == 2 * evaluation.removeprefix("ev-")]
    named = {name: [one for one in spans if one.name == name] for name in {one.name for one in spans}}
    (request,), (whole,), (shard,) = (named[name] for name in ("POST /api/v1/evaluations", "evaluation", "shard"))
    calls = named["call"]
    assert len(calls) == QUESTIONS
    assert (request.parent_span_id, whole.parent_span_id) == (b"", request.span_id)
    assert shard.parent_span_id == whole.span_id
    assert {call.parent_span_id for call in calls} == {shard.span_id}
    assert all(shard.start_time_unix_nano <= call.start_time_unix_nano for call in calls)
    sent = b"".join(receiver.bodies)
    assert KEY.encode() not in sent
    assert b"Does " not in sent
    assert b"question" not in sent


@pytest.mark.full
def test_no_receiver_no_harm(site: Site) -> None:
    """The evaluation is done, and the process ends when it is told to."""
    with evaluated(site, f"http://127.0.0.1:{free_port()}") as evaluation:
        site.check_whole(evaluation, count=QUESTIONS)
