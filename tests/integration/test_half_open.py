"""The network to PostgreSQL swallows everything, and connections stay open: it is told at once, and nothing is lost."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from sqlalchemy.engine import make_url
from tests import servers
from tests.gameday.network import Network, Place, Weather
from tests.serving import COMMAND, Site, opened_site, wait_until

from causal_eval.store.jobs import JobStatus

COUNT, WIDTH, VISITORS = 150, 8, 12
PATIENCE = 3.0
"""Seconds that a load balancer waits for an answer to /health."""
TOLD_WITHIN = 10.0


@pytest.fixture
def network(postgres: servers.Postgres) -> Iterator[Network]:
    """A network to the server."""
    with Network(Place("127.0.0.1", postgres.port)) as between:
        yield between


@pytest.fixture
def site(tmp_path: Path, postgres_url: str, valkey: servers.Valkey, network: Network) -> Iterator[Site]:
    """A service whose processes have that network before the database; the test itself has none."""
    with opened_site(tmp_path, postgres_url, more={"REDIS_URL": valkey.url}) as opened:
        behind = make_url(postgres_url).set(port=network.port).render_as_string(hide_password=False)
        yield replace(opened, env={**opened.env, "DATABASE_URL": behind})


@pytest.mark.slow
@pytest.mark.full
def test_the_network_swallows_everything(site: Site, network: Network) -> None:
    """/health says so within ten seconds, whoever else waits, and at once from then on; workers go on afterwards."""
    with ExitStack() as stack:
        app = stack.enter_context(site.process(*COMMAND, "app", "--port", "0", "--no-login"))
        workers = [stack.enter_context(site.worker()) for _ in range(2)]
        assert app.stdout is not None
        address = app.stdout.readline().split()[-1]
        ordered = site.order(COUNT, width=WIDTH)
        wait_until(lambda: site.kept(ordered) > 20)
        stack.enter_context(_visited(f"{address}/api/v1/evaluations"))
        assert _health(address) == 200

        network.become(Weather.BLACK_HOLE)
        began = time.monotonic()
        wait_until(lambda: _health(address) == 503, within=60)
        assert time.monotonic() - began < TOLD_WITHIN
        while time.monotonic() - began < 25:
            asked = time.monotonic()
            assert _health(address) == 503
            assert time.monotonic() - asked < 1
            time.sleep(0.5)

        network.become(Weather.FINE)
        wait_until(lambda: _health(address) == 200, within=20)
        wait_until(lambda: site.status(ordered) is JobStatus.DONE, within=60)
        assert [one.poll() for one in workers] == [None, None]
    site.check_whole(ordered, count=COUNT)
    paid = sum(one["paid"] for one in site.requests())
    assert 0 <= paid - COUNT <= 2 * WIDTH


@contextmanager
def _visited(url: str) -> Iterator[None]:
    """As many ask for what the database knows as take all threads, and are patient."""
    gone = threading.Event()

    def ask() -> None:
        while not gone.wait(0.05):
            with suppress(OSError), urlopen(url, timeout=30) as reply:
                json.load(reply)

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(VISITORS)]
    for one in threads:
        one.start()
    yield
    gone.set()


def _health(address: str) -> int:
    """The status; 0: no answer in time."""
    try:
        with urlopen(f"{address}/health", timeout=PATIENCE) as reply:
            return int(reply.status)
    except HTTPError as error:
        return error.code
    except OSError:
        return 0
