"""Workers killed, stopped and told to end at any moment, against a real server: every question ends once."""

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

import pytest
from sqlalchemy import func, select
from tests.asked import asked

from causal_eval.seeds import Stream
from causal_eval.service import jobs, results
from causal_eval.service.access import Caller, Role
from causal_eval.service.answering import Call
from causal_eval.service.jobs import JobOrder
from causal_eval.service.wiring import Service, Visit, close_service, open_service
from causal_eval.settings import read_settings
from causal_eval.store.events import events_after
from causal_eval.store.jobs import JobStatus, list_shards
from causal_eval.store.observations import observations
from causal_eval.store.suites import keep_set
from causal_eval.store.tables import attempts

COUNT, WIDTH, KILLS = 1000, 16, 8
COMMAND = [sys.executable, "-c", "from causal_eval.cli.main import main; main()"]
WORKER = [sys.executable, "-m", "causal_eval.worker"]
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

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[str]]:
        """A worker process; killed at the end unless it has ended."""
        process = subprocess.Popen(WORKER, env=dict(self.env), stderr=subprocess.PIPE, text=True)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def kept(self, evaluation: str) -> int:
        """Outcomes so far."""
        with self.service.store.reading() as connection:
            of_it = attempts.c.evaluation_id == evaluation
            return connection.execute(select(func.count()).select_from(attempts).where(of_it)).scalar_one()

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


def wait_until(true: Callable[[], bool], *, within: float = 60, process: subprocess.Popen[str] | None = None) -> None:
    """Return as soon as it holds; a process that ends meanwhile is a failure, told with its words."""
    deadline = time.monotonic() + within
    while not true():
        if process is not None and process.poll() is not None:
            pytest.fail(f"the worker ended: {process.communicate()[1]}")
        assert time.monotonic() < deadline, "it does not get on"
        time.sleep(0.02)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A service over a fresh database, and a mock server that answers a thousand questions."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    home = {**kept, "HOME": str(tmp_path), "CEB_DATA_DIR": str(tmp_path / "data"), "NO_COLOR": "1"}
    (tmp_path / "scenario.toml").write_text("latency = 0.1\n")
    books = tmp_path / "books.jsonl"
    books.touch()
    server = subprocess.Popen(
        [*COMMAND, "mock-server", "--port", "0", "--json", "--scenario", str(tmp_path / "scenario.toml"), "--record",
         str(books)],
        env=home, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        url = json.loads(server.stdout.readline())["url"]
        env = {**home, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY}
        service = open_service(read_settings(env, cwd=tmp_path))
        yield Site(service, env, books)
        close_service(service)
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=20)


@pytest.fixture
def ordered(site: Site) -> str:
    """An evaluation of a thousand questions, ordered and not begun."""
    questions = (
        asked(f"q-{number}", gold="yes" if number % 3 else "no", family=f"f{number % 4}", rung=1 + number % 3)
        for number in range(COUNT)
    )
    stored = keep_set(site.service.store, questions, name="kills.jsonl")
    return jobs.order(
        site.visit, JobOrder("openai/gpt-x", stored.digest, call=Call(max_connections=WIDTH))
    ).evaluation.id


def check_whole(site: Site, evaluation: str) -> None:
    """Every question has one outcome with its hash, the job ended once, and its scores are those of its rows."""
    found = jobs.find(site.visit, evaluation)
    assert found.job.status is JobStatus.DONE
    with site.service.store.reading() as connection:
        rows = connection.execute(
            select(attempts.c.question, attempts.c.sample).where(attempts.c.evaluation_id == evaluation)
        ).all()
        parts = list_shards(connection, evaluation)
        told = Counter(one.kind for one in events_after(connection, evaluation, after=0, limit=10_000))
    assert len(rows) == len(set(rows)) == COUNT
    assert len(list(observations(site.service.store, found.evaluation))) == COUNT  # which checks every hash
    assert {part.status for part in parts} == {"done"}
    assert told["created"] == told["done"] == 1
    shown = [asdict(one) for one in results.scored(site.visit, evaluation)]
    again = [asdict(one) for one in results.compute(site.service, found.evaluation)]
    for one in (*shown, *again):
        del one["computed_at"]
    assert shown == again
    assert shown[0]["kept"] == shown[0]["verdicts"] == COUNT


@pytest.mark.slow
def test_killed_at_random_moments(site: Site, ordered: str, record_property: Callable[[str, object], None]) -> None:
    """However often the worker is killed, nothing is lost or doubled, and at most the open calls are paid again."""
    moments = Stream("service-kills")
    for _ in range(KILLS):
        before = site.kept(ordered)
        with site.worker() as process:
            goal = before + moments.between(1, 90)
            wait_until(lambda goal=goal: site.kept(ordered) >= goal, process=process)  # type: ignore[misc]
            process.kill()
            process.wait()
        assert site.kept(ordered) >= before
    with site.worker() as process:
        wait_until(lambda: site.status(ordered) is JobStatus.DONE, process=process)
    check_whole(site, ordered)
    extra = len(site.requests()) - COUNT
    record_property("extra calls", extra)
    assert 0 <= extra <= KILLS * WIDTH


@pytest.mark.slow
def test_told_to_end_it_hands_back(site: Site, ordered: str) -> None:
    """SIGTERM lets open calls end, pays none twice, ends the process well, and the next worker goes on at once."""
    for _ in range(3):
        before = site.kept(ordered)
        with site.worker() as process:
            wait_until(lambda before=before: site.kept(ordered) > before + 40, process=process)  # type: ignore[misc]
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    with site.worker() as process:
        wait_until(lambda: site.status(ordered) is JobStatus.DONE, process=process)
    check_whole(site, ordered)
    assert len(site.requests()) == COUNT


@pytest.mark.slow
def test_a_worker_that_was_stopped_writes_nothing_stale(site: Site, ordered: str) -> None:
    """What a stopped process has in hand when its shards became somebody else's is refused, and counted."""
    with site.worker() as process:
        wait_until(lambda: site.kept(ordered) > 50, process=process)
        process.send_signal(signal.SIGSTOP)
        jobs.cancel(site.visit, ordered)
        before = site.kept(ordered)
        jobs.retry(site.visit, ordered)
        time.sleep(13)
        assert site.kept(ordered) == before
        process.send_signal(signal.SIGCONT)
        wait_until(lambda: site.status(ordered) is JobStatus.DONE, process=process)
    assert site.fenced(ordered) > 0
    check_whole(site, ordered)


@pytest.mark.slow
def test_cancelled_and_held_it_is_quiet_soon(site: Site, ordered: str) -> None:
    """Half a second after a cancellation no call is open and none begins; held, open calls end and none begins."""
    with site.worker() as process:
        wait_until(lambda: site.kept(ordered) > 50, process=process)
        jobs.pause(site.visit, ordered, paused=True)
        time.sleep(0.6)
        before = len(site.requests())
        time.sleep(1.5)
        assert len(site.requests()) == before
        jobs.pause(site.visit, ordered, paused=False)
        wait_until(lambda: len(site.requests()) > before + 50, process=process)
        jobs.cancel(site.visit, ordered)
        time.sleep(0.5)
        before, kept = len(site.requests()), site.kept(ordered)
        time.sleep(1.5)
        assert (len(site.requests()), site.kept(ordered)) == (before, kept)
        jobs.retry(site.visit, ordered)
        wait_until(lambda: site.status(ordered) is JobStatus.DONE, process=process)
    check_whole(site, ordered)


@pytest.mark.slow
def test_a_second_worker_on_a_file_is_refused(site: Site, ordered: str) -> None:
    """A database in a file has one worker; the second says so in one line and ends."""
    with site.worker() as first:
        wait_until(lambda: site.kept(ordered) > 0, process=first)
        with site.worker() as second:
            assert second.wait(20) == 2
            assert second.stderr is not None
            assert "another worker works on" in second.stderr.read()
