"""Sessions of an ordinary account, and the operator's."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from psycopg import sql

from causal_eval.operations.database.sessions import Server, connected

_numbers = itertools.count()


@pytest.fixture
def operator(postgres_url: str) -> Iterator[Server]:
    """A superuser's connection to a database of this test's own."""
    with connected(postgres_url) as server:
        yield server


@pytest.fixture
def login(operator: Server, postgres_url: str) -> Iterator[Callable[[], psycopg.Connection]]:
    """Opens sessions of an account that is no superuser; all are closed at the end."""
    name = f"app_{operator.info.backend_pid}_{next(_numbers)}"
    account = sql.Identifier(name)
    operator.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'ordinary'").format(account))
    operator.execute(sql.SQL("GRANT ALL ON ALL TABLES IN SCHEMA public TO {}").format(account))
    place = postgres_url.rpartition("@")[2]
    with ExitStack() as stack:

        def opened() -> psycopg.Connection:
            connection = psycopg.connect(f"postgresql://{name}:ordinary@{place}", autocommit=True)
            stack.callback(connection.close)
            return connection

        yield opened
    operator.execute(sql.SQL("DROP OWNED BY {}").format(account))
    operator.execute(sql.SQL("DROP ROLE {}").format(account))


@pytest.fixture
def within() -> Callable[[Callable[[], bool]], None]:
    """Returns as soon as it holds."""

    def wait(true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not true():
            assert time.monotonic() < deadline, "it does not come about"

    return wait
