"""Two workers and an app on PostgreSQL, with everything going wrong around them: every question ends once."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from tests import lacking, servers
from tests.serving import COMMAND, Site, opened_site, wait_until

from causal_eval.seeds import Stream
from causal_eval.store.jobs import JobStatus

COUNT, WIDTH = 150, 8
"""Calls that each worker may have open."""
FAULTY = """
latency = 0.1
[[phase]]
mode = "rate-limit"
seconds = 1
chance = 0.02
[[phase]]
mode = "server-error"
chance = 0.02
[[phase]]
mode = "reset"
chance = 0.02
[[phase]]
mode = "garbage"
chance = 0.02
"""
APP = (*COMMAND, "app", "--port", "0", "--no-login")


@pytest.fixture
def database(own_postgres: servers.Postgres) -> servers.Postgres:
    """A server that the test may break."""
    return own_postgres


@pytest.fixture
def passing_valkey() -> Iterator[servers.Valkey]:
    """A Valkey that the test may end."""
    server = lacking.served(servers.own_valkey(), wheel=servers.VALKEY)
    yield server
    with contextlib.suppress(ProcessLookupError):
        os.kill(server.pid, signal.SIGKILL)


@pytest.fixture
def site(tmp_path: Path, database: servers.Postgres, passing_valkey: servers.Valkey) -> Iterator[Site]:
    """A service over that server, which answers with faults, and has Valkey."""
    with opened_site(tmp_path, database.url(), scenario=FAULTY, more={"REDIS_URL": passing_valkey.url}) as opened:
        yield opened


class Crew:
    """Two workers, of which any may be gone for a while."""

    def __init__(self, site: Site, stack: ExitStack) -> None:
        self._site = site
        self._stack = stack
        self.open = 0
        """Calls that may have been open when somebody was killed."""
        self.workers = [self._hire() for _ in range(2)]

    def kill(self, place: int) -> None:
        """Kill one, which may be stopped, and put another in its place."""
        self.workers[place].kill()
        self.workers[place].wait()
        self.open += WIDTH
        self.workers[place] = self._hire()

    def check_living(self) -> None:
        """Say what has ended by itself."""
        for worker in self.workers:
            if worker.poll() is not None:
                raise AssertionError(f"a worker ended: {worker.communicate()[1]}")

    def _hire(self) -> subprocess.Popen[str]:
        return self._stack.enter_context(self._site.worker())


@pytest.fixture
def crew(site: Site) -> Iterator[Crew]:
    """Two workers that work."""
    with ExitStack() as stack:
        yield Crew(site, stack)


def check_paid(site: Site, *, count: int, spared: int) -> int:
    """Only what was open when somebody was killed, and what came broken, is paid for twice; how often that was."""
    again: int = sum(one["paid"] for one in site.requests() if one["mode"] is None) - count
    assert 0 <= again <= spared
    return again


def ordered_by_an_app(site: Site, count: int) -> str:
    """An evaluation that an app process was asked for, which is killed as soon as it has said yes."""
    call = {"max_connections": WIDTH}
    body = {"answerer": "openai/gpt-x", "question_set": site.questions(count), "call": call}
    with site.process(*APP) as app:
        assert app.stdout is not None
        address = app.stdout.readline().split()[-1]
        request = Request(
            f"{address}/api/v1/evaluations", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urlopen(request, timeout=20) as reply:
            said = json.load(reply)
        app.kill()
        app.wait()
    return str(said["id"])


@pytest.mark.slow
@pytest.mark.parametrize(("count", "kills"), [(100, 2), pytest.param(1000, 25, marks=pytest.mark.full)])
def test_everything_is_killed(
    site: Site, crew: Crew, record_property: Callable[[str, object], None], count: int, kills: int
) -> None:
    """Workers are killed at random, and so is the app that took the order: nothing is lost, doubled or paid in vain."""
    moments = Stream("service-outages")
    ordered = ordered_by_an_app(site, count)
    for number in range(kills):
        goal = site.kept(ordered) + moments.between(5, 25)
        wait_until(lambda goal=goal: site.kept(ordered) >= goal)  # type: ignore[misc]  # a default holds it
        crew.kill(number % 2)
    wait_until(lambda: site.status(ordered) is JobStatus.DONE, within=90)
    site.check_whole(ordered, count=count)
    record_property("paid again", check_paid(site, count=count, spared=crew.open))


@pytest.mark.full
@pytest.mark.slow
def test_a_zombie_writes_nothing(site: Site, crew: Crew) -> None:
    """A worker that stood still for 13 s has lost its shards to the other; what it has in hand is refused."""
    ordered = site.order(COUNT, width=WIDTH)
    zombie, other = crew.workers
    wait_until(lambda: site.kept(ordered) > 20)
    other.send_signal(signal.SIGSTOP)
    there = site.kept(ordered)
    wait_until(lambda: site.kept(ordered) > there + 2 * WIDTH)  # what comes now is the zombie's: it has a shard in hand
    zombie.send_signal(signal.SIGSTOP)
    other.send_signal(signal.SIGCONT)
    time.sleep(13)
    zombie.send_signal(signal.SIGCONT)
    wait_until(lambda: site.status(ordered) is JobStatus.DONE)
    wait_until(lambda: site.fenced(ordered) > 0)
    crew.check_living()
    site.check_whole(ordered, count=COUNT)


@pytest.mark.slow
@pytest.mark.parametrize("down", [(0.0, 1.0), pytest.param((0.0, 1.0, 15.0), marks=pytest.mark.full)])
def test_the_database_goes_away(site: Site, crew: Crew, database: servers.Postgres, down: tuple[float, ...]) -> None:
    """The server crashes and is away for a while: workers wait for it, and go on with what they had."""
    ordered = site.order(COUNT, width=WIDTH)
    for seconds in down:
        goal = site.kept(ordered) + 20
        wait_until(lambda goal=goal: site.kept(ordered) >= goal)  # type: ignore[misc]  # a default holds it
        database.stop()
        time.sleep(seconds)
        database.start()
    wait_until(lambda: site.status(ordered) is JobStatus.DONE, within=90)
    crew.check_living()
    site.check_whole(ordered, count=COUNT)
    check_paid(site, count=COUNT, spared=2 * WIDTH * len(down))


@pytest.mark.slow
def test_valkey_says_nothing_about_work(site: Site, crew: Crew, passing_valkey: servers.Valkey) -> None:
    """Emptied and gone in the midst of work, it changes no outcome: it counts requests, and holds nothing else."""
    ordered = site.order(COUNT, width=WIDTH)
    wait_until(lambda: site.kept(ordered) > 10)
    with socket.create_connection(("127.0.0.1", passing_valkey.port)) as line:
        line.sendall(b"FLUSHALL\r\n")
        assert line.recv(16).startswith(b"+OK")
    wait_until(lambda: site.kept(ordered) > 30)
    os.kill(passing_valkey.pid, signal.SIGKILL)
    wait_until(lambda: site.status(ordered) is JobStatus.DONE)
    crew.check_living()
    site.check_whole(ordered, count=COUNT)
    check_paid(site, count=COUNT, spared=0)
