"""A sentinel as a process of its own, letters for it, and what it keeps."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web

from causal_eval.incidents import timeline
from causal_eval.incidents.book import newest, open_book
from causal_eval.incidents.contacts import to_file
from causal_eval.incidents.incident import Incident
from causal_eval.sentinel.listening import Address, make_app
from causal_eval.sentinel.process import Sentinel, Watched

SECONDS = 60.0
BEGAN = "2026-11-29T10:00:00.000Z"


@contextmanager
def answering(folder: Path, *, clock: Callable[[], float] = time.time, token_file: Path | None = None) -> Iterator[str]:
    """The address of a sentinel in this process that looks at nothing by itself."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    book = open_book(folder / "incidents.db")
    keeper = Sentinel(
        book=book, watched=Watched(), contacts=to_file(folder / "messages.jsonl"), status_dir=folder / "status",
        clock=clock,
    )  # fmt: skip
    runner = web.AppRunner(make_app(keeper, Address("127.0.0.1", 0, token_file)), handle_signals=False)

    async def begin() -> str:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    try:
        yield asyncio.run_coroutine_threadsafe(begin(), loop).result(SECONDS)
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS)
        loop.close()
        book.close()


@contextmanager
def running(folder: Path, *, every: str = "0.2", **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The sentinel as a process of its own, and its address; nobody is left behind."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("CEB_")}
    env |= {"CEB_DATA_DIR": str(folder), "HOME": str(folder), **variables}
    command = [str(Path(sys.executable).with_name("causal-eval")), "sentinel", "--port", "0", "--every", every]
    with (folder / "sentinel.log").open("a") as log:  # nobody reads it: a pipe would fill, and the sentinel wait
        process = subprocess.Popen(command, env=env, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("sentinel at "), said
        yield process, said.split()[2].rstrip(",")
    finally:
        process.kill()
        process.communicate()


def send(address: str, *alerts: dict[str, object]) -> dict[str, object]:
    """What the sentinel answers to a letter."""
    body = json.dumps({"version": "4", "status": "firing", "alerts": alerts}).encode()
    request = urllib.request.Request(f"{address}/alerts", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        told: dict[str, object] = json.loads(answer.read())
    return told


def alert(
    name: str = "RedisDown",
    *,
    severity: str = "P2",
    component: str = "cache",
    status: str = "firing",
    provider: str = "",
) -> dict[str, object]:
    """An alert as Alertmanager sends it."""
    labels = {"alertname": name, "severity": severity, "component": component}
    return {
        "status": status, "labels": {**labels, "provider": provider} if provider else labels, "startsAt": BEGAN,
        "annotations": {"summary": f"{name} fires"}, "fingerprint": f"{name}-{provider}",
    }  # fmt: skip


def kept(folder: Path) -> list[Incident]:
    """Every incident, its timeline whole."""
    book = open_book(folder / "incidents.db")
    with book.reading() as rows:
        found = newest(rows)
        for one in found:
            timeline.entries(rows, one.id)
    book.close()
    return found


def until(condition: Callable[[], bool], *, seconds: float = SECONDS) -> float:
    """Seconds until *condition* held."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not come about"
        time.sleep(0.05)
    return time.monotonic() - began
