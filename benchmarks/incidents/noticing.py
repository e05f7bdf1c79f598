"""From a fault to the incident and to the colour of the status page: ``python -m benchmarks.incidents.noticing [N]``.

A sentinel that looks every second probes something that answers 503 from a random moment on; it needs two probes in a
row to believe it. Told: seconds until the incident is in its file, and from then until ``summary.json`` has a colour.
Wanted: 10 s, and 2 s more.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.sentinel.running import kept, running

from causal_eval.seeds import Stream

PATIENCE = 60.0


@dataclass(slots=True)
class Probed:
    """Something that answers, well or not."""

    url: str = ""
    status: int = 200


def main() -> None:
    """Break it, and print how long each took."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    dice = Stream("noticing", 1)
    found = [measured(dice.between(0, 1000) / 1000) for _ in range(times)]
    for name, took in (("to the incident", [one[0] for one in found]), ("to the colour", [one[1] for one in found])):
        print(f"{name:16} median {statistics.median(took):.2f} s, worst {max(took):.2f} s of {times}")


def measured(wait: float) -> tuple[float, float]:
    """Seconds from a fault to the incident, and from there to the colour; the fault comes *wait* seconds after all."""
    with probed() as target, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        page = folder / "status" / "summary.json"
        with running(folder, every="1", CEB_PROBES=f"api={target.url}"):
            until(page.is_file)
            time.sleep(1 + wait)
            began = time.monotonic()
            target.status = 503
            until(lambda: bool(kept(folder)))
            opened = time.monotonic()
            until(lambda: json.loads(page.read_bytes())["status"]["indicator"] != "none")
            return opened - began, time.monotonic() - opened


def until(condition: Callable[[], bool]) -> None:
    """Wait for *condition*, looking every hundredth of a second."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("it did not come about")
        time.sleep(0.01)


@contextmanager
def probed() -> Iterator[Probed]:
    """Something to probe."""
    target = Probed()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(target.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        target.url = f"http://127.0.0.1:{server.server_port}/health"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield target
        finally:
            server.shutdown()


if __name__ == "__main__":
    main()
