"""Real Prometheus and Alertmanager: a fault becomes an alert and reaches who must know; Watchdog is always heard."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.servers import free_port

from causal_eval.operations.monitoring.configure import Job, Receivers, Watch, lay_out

PATIENCE = 120.0
"""Seconds within which what must come has come, on a busy machine too."""


class Exporter(ThreadingHTTPServer):
    """Answers what Prometheus asks, until it is told to fail."""

    text = "database_up 1\n"


class _Metrics(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer with the text of the server."""
        assert isinstance(self.server, Exporter)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(self.server.text.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Sink(ThreadingHTTPServer):
    """Keeps what Alertmanager tells it: one after another, in the order of arrival."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Told)
        self.told: queue.Queue[tuple[str, str]] = queue.Queue()

    def wait_for(self, name: str, status: str, *, seconds: float = PATIENCE) -> None:
        """Return once the alert *name* arrived with *status*; what came before is forgotten."""
        until = time.monotonic() + seconds
        while self.told.get(timeout=max(0.01, until - time.monotonic())) != (name, status):
            pass


class _Told(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Keep the alerts that were sent."""
        assert isinstance(self.server, Sink)
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for alert in body["alerts"]:
            self.server.told.put((alert["labels"]["alertname"], alert["status"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def served(server: ThreadingHTTPServer) -> Iterator[int]:
    """The port of *server*, which answers meanwhile."""
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def running(folder: Path, *command: str) -> Iterator[None]:
    """A program that runs meanwhile."""
    with (folder / f"{Path(command[0]).name}.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


@contextlib.contextmanager
def watched(folder: Path, exporter: int, *, sentinel: int, people: int) -> Iterator[None]:
    """Prometheus and Alertmanager over an exporter, sixty times as fast as in production."""
    prometheus, alertmanager = free_port(), free_port()
    address = f"127.0.0.1:{alertmanager}"
    names, target = ("causal-eval-api", "causal-eval-worker"), f"127.0.0.1:{exporter}"
    jobs = tuple(Job(name=name, targets=(target,)) for name in names)
    told = Receivers(sentinel=f"http://127.0.0.1:{sentinel}/alerts", direct=f"http://127.0.0.1:{people}/page")
    lay_out(folder, Watch(jobs=jobs, alertmanagers=(address,)), told=told, times=60)
    with (
        running(
            folder, "prometheus-alertmanager", f"--config.file={folder}/alertmanager.yml",
            f"--storage.path={folder}/am",
            f"--web.listen-address={address}", "--cluster.listen-address=",
        ),
        running(
            folder, "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
            f"--web.listen-address=127.0.0.1:{prometheus}", "--rules.alert.resend-delay=1s",
        ),
    ):  # fmt: skip
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("prometheus", "alertmanager")
def test_a_fault_reaches_sentinel_and_people(tmp_path: Path) -> None:
    """The database is lost: both are told, once it is back they are told too, and Watchdog is heard again and again."""
    exporter, sentinel, people = Exporter(("127.0.0.1", 0), _Metrics), Sink(), Sink()
    with (
        served(exporter) as one,
        served(sentinel) as two,
        served(people) as three,
        watched(tmp_path, one, sentinel=two, people=three),
    ):
        for _ in range(3):
            sentinel.wait_for("Watchdog", "firing")
        exporter.text = "database_up 0\n"
        people.wait_for("DatabaseDown", "firing")
        sentinel.wait_for("DatabaseDown", "firing")
        exporter.text = "database_up 1\n"
        sentinel.wait_for("DatabaseDown", "resolved")
        sentinel.wait_for("Watchdog", "firing")
