"""What the line about a request costs: CPU of an application with and without its log, in turns.

Both are called in this process, without a network, so that nothing but the layer and the line is measured.
Run: ``python benchmarks/service/log_lines.py``.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from causal_eval.api.logged import Logged
from causal_eval.operations.lines import logging_to
from causal_eval.operations.redaction import Redactor
from causal_eval.settings import read_settings

ROUNDS, REQUESTS = 30, 1000
SECRETS = [f"sk-planted-{number:030d}" for number in range(8)]


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """Nothing but an answer."""
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


async def seconds(app: ASGIApp) -> float:
    """CPU of so many requests."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        del message

    headers = [(b"host", b"here"), (b"user-agent", b"benchmark"), (b"accept", b"*/*")]
    began = time.process_time()
    for number in range(REQUESTS):
        path = f"/api/v1/evaluations/{number:032x}"
        scope = {"type": "http", "method": "GET", "path": path, "headers": headers, "client": ("127.0.0.1", 4)}
        await app(scope, receive, send)
    return time.process_time() - began


def compare(form: str) -> None:
    """Print microseconds a request, the median of the rounds."""
    settings = read_settings({"CEB_LOG_FORMAT": form})
    silent = Logged(bare)  # made before the log is open: it gives ids and writes nothing
    with (
        Path("/dev/null").open("w", encoding="utf-8") as nowhere,
        logging_to(settings, Redactor(SECRETS), stream=nowhere),
    ):
        apps: dict[str, ASGIApp] = {"bare": bare, "with an id": silent, "with an id and a line": Logged(bare)}
        took: dict[str, list[float]] = {name: [] for name in apps}
        for _, (name, app) in itertools.product(range(ROUNDS), apps.items()):
            took[name].append(asyncio.run(seconds(app)) / REQUESTS * 1e6)
    for name, values in took.items():
        print(f"{form}: {name}: {statistics.median(values):.1f} us (fastest {min(values):.1f})")


if __name__ == "__main__":
    for each in ("text", "json"):
        compare(each)
