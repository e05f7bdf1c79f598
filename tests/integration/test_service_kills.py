"""Workers killed, stopped and told to end at any moment, against a real server: every question ends once."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.serving import Site, opened_site, wait_until

from causal_eval.seeds import Stream
from causal_eval.service import jobs
from causal_eval.store.jobs import JobStatus

COUNT, WIDTH, KILLS = 300, 16, 2
EITHER = pytest.mark.parametrize(
    "database_url", [pytest.param("sqlite", marks=pytest.mark.full), "postgresql"], indirect=True
)
"""Of what is alike on both kinds of database, every change sees the one that is shared."""


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    """A service over a fresh database of either kind."""
    with opened_site(tmp_path, database_url, more={}) as opened:
        yield opened


@pytest.fixture
def file_site(tmp_path: Path) -> Iterator[Site]:
    """A service over a database in a file."""
    with opened_site(tmp_path, f"sqlite:///{tmp_path}/store.db", more={}) as opened:
        yield opened


@pytest.fixture
def ordered(site: Site) -> str:
    """An evaluation, ordered and not begun."""
    return site.order(COUNT, width=WIDTH)


@EITHER
@pytest.mark.slow
def test_killed_at_random_moments(site: Site, ordered: str, record_property: Callable[[str, object], None]) -> None:
    """However often the worker is killed, nothing is lost or doubled, and at most the open calls are paid again."""
    moments = Stream("service-kills")
    for _ in range(KILLS):
        before = site.kept(ordered)
        with site.worker() as process:
            goal = before + moments.between(1, 50)
            wait_until(lambda goal=goal: site.kept(ordered) >= goal, process=process)  # type: ignore[misc]  # a default holds it
            process.kill()
            process.wait()
        assert site.kept(ordered) >= before
    with site.worker() as process:
        wait_until(lambda: site.status(ordered) is JobStatus.DONE, process=process)
    site.check_whole(ordered, count=COUNT)
    extra = len(site.requests()) - COUNT
    record_property("extra calls", extra)
    assert 0 <= extra <= KILLS * WIDTH


@EITHER
@pytest.mark.slow
def test_told_to_end_it_hands_back(site: Site, ordered: str) -> None:
    """SIGTERM lets open calls end, pays none twice, ends the process well, and the next worker goes on at once."""
    for _ in range(2):
        before = site.kept(ordered)
        with site.worker() as process:
            wait_until(lambda before=before: site.kept(ordered) > before + 40, process=process)  # type: ignore[misc]  # a default holds it
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=20)
            assert process.returncode == 0, said
    with site.worker() as process:
        wait_until(lambda: site.status(ordered) is JobStatus.DONE, process=process)
    site.check_whole(ordered, count=COUNT)
    assert len(site.requests()) == COUNT


@EITHER
@pytest.mark.slow
def test_a_worker_that_was_stopped_writes_nothing_stale(site: Site, ordered: str) -> None:
    """What a stopped process has in hand when its shards became somebody else's is refused, and counted."""
    with site.worker() as process:
        wait_until(lambda: site.kept(ordered) > 50, process=process)
        _stop_between_writes(site, process)
        jobs.cancel(site.visit, ordered)
        before = site.kept(ordered)
        jobs.retry(site.visit, ordered)
        time.sleep(13)
        assert site.kept(ordered) == before
        process.send_signal(signal.SIGCONT)
        wait_until(lambda: site.status(ordered) is JobStatus.DONE, process=process)
    assert site.fenced(ordered) > 0
    site.check_whole(ordered, count=COUNT)


@EITHER
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
    site.check_whole(ordered, count=COUNT)


@pytest.mark.slow
def test_a_second_worker_on_a_file_is_refused(file_site: Site) -> None:
    """A database in a file has one worker; the second says so in one line and ends."""
    ordered = file_site.order(COUNT, width=WIDTH)
    with file_site.worker() as first:
        wait_until(lambda: file_site.kept(ordered) > 0, process=first)
        with file_site.worker() as second:
            assert second.wait(20) == 2
            assert second.stderr is not None
            assert "another worker works on" in second.stderr.read()


def _stop_between_writes(site: Site, process: subprocess.Popen[str]) -> None:
    """Stop *process* while it does not hold the lock of a database in a file, which nobody could write then."""
    while True:
        process.send_signal(signal.SIGSTOP)
        if site.service.store.engine.dialect.name != "sqlite":
            return
        with closing(sqlite3.connect(site.service.store.place, timeout=0.5)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                process.send_signal(signal.SIGCONT)
            else:
                return
