"""A network that swallows everything, with connections that stay open: no statement waits for it for ever."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from tests.gameday.network import Network, Place, Weather
from tests.servers import Postgres, free_port

from causal_eval.errors import StoreError
from causal_eval.store import dead_peer, postgresql
from causal_eval.store.database import Store, open_store

SOON = dead_peer.QUIET_SECONDS + dead_peer.ASKING_SECONDS + 2


@pytest.fixture
def network(postgres: Postgres) -> Iterator[Network]:
    """A network to the server."""
    with Network(Place("127.0.0.1", postgres.port)) as between:
        yield between


@pytest.fixture
def store(postgres_url: str, network: Network) -> Iterator[Store]:
    """A database behind it."""
    opened = open_store(make_url(postgres_url).set(port=network.port).render_as_string(hide_password=False))
    yield opened
    opened.close()


def test_a_statement_that_nothing_hears_ends(store: Store, network: Network) -> None:
    """It fails within seconds, and so does who asks for a new connection; once the network is back, all works."""
    store.check_writable()
    network.become(Weather.BLACK_HOLE)
    began = time.monotonic()
    with pytest.raises(StoreError, match="cannot be reached"):
        store.check_writable()
    assert time.monotonic() - began < SOON + postgresql.WAIT_SECONDS
    network.become(Weather.FINE)
    store.check_writable()


def test_what_is_under_way_ends_too(store: Store, network: Network) -> None:
    """Of a transaction whose statement went out before the network swallowed the rest, nothing is kept."""

    def write() -> None:
        with store.writing() as connection:
            connection.execute(text("UPDATE projects SET name = 'lost'"))
            network.become(Weather.BLACK_HOLE)
            connection.execute(text("SELECT 1"))

    began = time.monotonic()
    with pytest.raises(StoreError, match="said nothing for 4 s, nor to a second connection"):
        write()
    assert dead_peer.QUIET_SECONDS < time.monotonic() - began < SOON
    network.become(Weather.FINE)
    with store.reading() as connection:
        assert connection.execute(text("SELECT name FROM projects")).scalar_one() != "lost"


def test_a_statement_may_take_its_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says nothing for long, and is there, is waited for, however often it is asked."""
    monkeypatch.setattr(dead_peer, "QUIET_SECONDS", 0.3)
    with store.reading() as connection:
        assert connection.execute(text("SELECT 7 FROM pg_sleep(1.5)")).scalar_one() == 7


def test_who_refuses_is_there(own_postgres: Postgres) -> None:
    """A server that has room for nobody answers all the same; where nobody listens, nobody does."""
    connect = postgresql.connecting(make_url(own_postgres.url()))
    with contextlib.ExitStack() as crowd:

        def fill() -> None:
            while True:
                crowd.enter_context(connect())

        with pytest.raises(psycopg.OperationalError, match="too many"):
            fill()
        assert dead_peer.answers("127.0.0.1", own_postgres.port)
    assert not dead_peer.answers("127.0.0.1", free_port())


def test_the_queue_s_connections_notice_it_too(postgres_url: str, network: Network) -> None:
    """What DBOS is given to connect with is of the same kind."""
    connect = postgresql.connecting(make_url(postgres_url).set(port=network.port))
    with connect() as connection:
        network.become(Weather.BLACK_HOLE)
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError, match="said nothing"):
            connection.execute("SELECT 1")
        assert time.monotonic() - began < SOON
        assert connection.closed
