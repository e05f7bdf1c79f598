"""A whole service for tests: processes, a mock server with books, and what must hold at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from tests.asked import asked

from causal_eval.service import jobs, results
from causal_eval.service.access import Caller, Role
from causal_eval.service.answering import Call
from causal_eval.service.invariants import violations
from causal_eval.service.jobs import JobOrder
from causal_eval.service.wiring import Service, Visit, close_service, open_service
from causal_eval.settings import read_settings
from causal_eval.store.events import events_after
from causal_eval.store.jobs import JobStatus, list_shards
from causal_eval.store.observations import observations
from causal_eval.store.suites import keep_set
from causal_eval.store.tables import attempts

COMMAND = [sys.executable, "-c", "from causal_eval.cli.main import main; main()"]
WORKER = [*COMMAND, "worker"]
_PIPED = 2**20
"""Bytes: what a process says while its database is away waits there until somebody reads it."""
KEY = "sk-planted-service-kills"


@dataclass(slots=True)
class Site:
    """A service with the environment of its processes."""

    service: Service
    env: Mapping[str, str]
    books: Path
    """Every request that the mock server got."""

    @property
    def visit(self) -> Visit:
        """Somebody who may do everything."""
        return Visit(self.service, Caller("local", "local", Role.ADMIN, None))

    def questions(self, count: int) -> str:
        """The digest of a stored set of so many questions."""
        questions = (
            asked(f"q-{number}", gold="yes" if number % 3 else "no", family=f"f{number % 4}", rung=1 + number % 3)
            for number in range(count)
        )
        return keep_set(self.service.store, questions, name="kills.jsonl").digest

    def order(self, count: int, *, width: int, **wanted: Any) -> str:
        """An evaluation of so many questions, ordered and not begun."""
        order = JobOrder("openai/gpt-x", self.questions(count), call=Call(max_connections=width), **wanted)
        return jobs.order(self.visit, order).evaluation.id

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[str]]:
        """A worker process; killed at the end unless it has ended."""
        with self.process(*WORKER) as process:
            yield process

    @contextmanager
    def process(self, *command: str) -> Iterator[subprocess.Popen[str]]:
        """A process of the service; killed at the end unless it has ended."""
        piped = subprocess.PIPE
        env, home = dict(self.env), self.env["HOME"]
        process = subprocess.Popen(
            command, cwd=home, env=env, stdout=piped, stderr=piped, text=True, pipesize=_PIPED
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def kept(self, evaluation: str) -> int:
        """Outcomes so far."""
        with self.service.store.reading() as connection:
            of_it = attempts.c.evaluation_id == evaluation
            return int(connection.execute(select(func.count()).select_from(attempts).where(of_it)).scalar_one())

    def status(self, evaluation: str) -> JobStatus:
        """How the job stands."""
        return jobs.find(self.visit, evaluation).job.status

    def requests(self) -> list[dict[str, Any]]:
        """What the server was asked."""
        return [json.loads(line) for line in self.books.read_text().splitlines()]

    def fenced(self, evaluation: str) -> int:
        """Writes of stale claims that were refused."""
        with self.service.store.reading() as connection:
            return sum(part.fenced for part in list_shards(connection, evaluation))

    def check_whole(self, evaluation: str, *, count: int) -> None:
        """Every question has one outcome with its hash, the job ended once, and its scores are those of its rows."""
        found = jobs.find(self.visit, evaluation)
        assert found.job.status is JobStatus.DONE
        with self.service.store.reading() as connection:
            rows = connection.execute(
                select(attempts.c.question, attempts.c.sample).where(attempts.c.evaluation_id == evaluation)
            ).all()
            parts = list_shards(connection, evaluation)
            kinds = [one.kind for one in events_after(connection, evaluation, after=0, limit=10_000)]
        told = Counter(kinds)
        assert len(rows) == len(set(rows)) == count
        assert len(list(observations(self.service.store, found.evaluation))) == count  # which checks every hash
        assert {part.status for part in parts} == {"done"}
        assert told["created"] == told["done"] == 1
        assert kinds[-1] == "done"
        shown = [asdict(one) for one in results.scored(self.visit, evaluation)]
        again = [asdict(one) for one in results.compute(self.service, found.evaluation)]
        for one in (*shown, *again):
            del one["computed_at"]
        assert shown == again
        assert shown[0]["kept"] == shown[0]["verdicts"] == count
        assert list(violations(self.service)) == []


@contextmanager
def opened_site(
    folder: Path, url: str, *, scenario: str = "latency = 0.1\n", more: Mapping[str, str]
) -> Iterator[Site]:
    """A service over the database at *url*, and a mock server that does what *scenario* says."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    home = {**kept, "HOME": str(folder), "CEB_DATA_DIR": str(folder / "data"), "NO_COLOR": "1", "DATABASE_URL": url}
    home["CEB_DISK_RESERVE"] = "0%"  # how full the disk of the tests is says nothing
    home["CEB_LOG_LEVEL"] = "WARNING"  # nobody reads what a process says before it has ended
    (folder / "scenario.toml").write_text(scenario)
    books = folder / "books.jsonl"
    books.touch()
    mock = ("mock-server", "--port", "0", "--json", "--scenario", f"{folder}/scenario.toml", "--record", str(books))
    server = subprocess.Popen([*COMMAND, *mock], env=home, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())["url"]
        env = {**home, "OPENAI_BASE_URL": address, "OPENAI_API_KEY": KEY, **more}
        subprocess.run([*COMMAND, "migrate"], env=env, check=True, capture_output=True, timeout=60)
        service = open_service(read_settings(env, cwd=folder))
        yield Site(service, env, books)
        close_service(service)
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=20)


def wait_until(true: Callable[[], bool], *, within: float = 60, process: subprocess.Popen[str] | None = None) -> None:
    """Return as soon as it holds; a process that ends meanwhile is a failure, told with its words."""
    deadline = time.monotonic() + within
    while not true():
        if process is not None and process.poll() is not None:
            raise AssertionError(f"the worker ended: {process.communicate()[1]}")
        assert time.monotonic() < deadline, "it does not get on"
        time.sleep(0.02)
