"""A PostgreSQL server: what it refuses is one clear line without the password, and it is shared without harm."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from tests.servers import Postgres, free_port

from causal_eval.errors import StoreError, StoreFull, StoreLocked, StoreReadOnly
from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.provider import Reply
from causal_eval.questions.question import Question
from causal_eval.store import audit
from causal_eval.store.database import Store, open_store
from causal_eval.store.evaluations import begin
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.suites import keep_set, set_questions

Make = Callable[..., Question]


@pytest.fixture
def server_store(postgres_url: str) -> Iterator[Store]:
    """An empty, up-to-date database of the server."""
    store = open_store(postgres_url)
    yield store
    store.close()


def _refused(url: str) -> str:
    """What opening *url* says; never the password."""
    with pytest.raises(StoreError) as refused:
        open_store(url)
    said = str(refused.value)
    assert str(make_url(url).password) not in said
    assert "\n" not in said
    assert refused.value.exit_code == 2
    return said


def test_a_server_that_is_away_is_explained(postgres: Postgres) -> None:
    """Nobody listens: the line names the server and what to check."""
    said = _refused(postgres.url().replace(str(postgres.port), str(free_port())))
    assert "cannot be reached" in said
    assert "DATABASE_URL" in said


def test_a_wrong_login_or_name_is_explained(postgres: Postgres) -> None:
    """A wrong password, an unknown account and an unknown database each say which it is."""
    assert "refuses the password" in _refused(postgres.url().replace(postgres.password, "planted-secret"))
    assert "refuses the password" in _refused(postgres.url().replace("postgres:", "nobody:"))
    assert "does not exist: create it" in _refused(postgres.url("nothing_there"))


@pytest.mark.parametrize(
    ("prepare", "statement", "kind", "said"),
    [
        ("SET LOCAL transaction_read_only = on", "DELETE FROM projects", StoreReadOnly, "takes no writes now"),
        ("SET LOCAL statement_timeout = 20", "SELECT pg_sleep(5)", StoreLocked, "statement_timeout"),
        ("SET LOCAL ROLE pg_monitor", "DELETE FROM projects", StoreReadOnly, "refuses this account"),
        ("SELECT 1", "DO $$ BEGIN RAISE disk_full; END $$", StoreFull, "no space left"),
        ("SELECT 1", "DO $$ BEGIN RAISE too_many_connections; END $$", StoreLocked, "no more connections"),
        ("SELECT 1", "DO $$ BEGIN RAISE deadlock_detected; END $$", StoreLocked, "held by other writers"),
        ("SELECT 1", "SELECT pg_terminate_backend(pg_backend_pid())", StoreLocked, "is being restarted"),
        ("SELECT 1", "INSERT INTO projects VALUES ('local', 'again', now())", StoreError, "duplicate key"),
    ],
)
def test_what_the_server_refuses_is_explained(
    server_store: Store, prepare: str, statement: str, kind: type[StoreError], said: str
) -> None:
    """Each refusal is the error of its kind, and the store works again after it."""

    def work() -> None:
        with server_store.writing() as connection:
            connection.exec_driver_sql(prepare)
            connection.exec_driver_sql(statement)

    with pytest.raises(kind, match=said):
        work()
    server_store.check_writable()


def test_a_restarted_server_is_used_again(own_postgres: Postgres) -> None:
    """While it is away that is said; connections that the restart broke are replaced before anybody notices."""
    store = open_store(own_postgres.url())
    store.check_writable()
    own_postgres.stop("immediate")
    with pytest.raises(StoreError, match=r"being restarted|cannot be reached"):
        store.check_writable()
    own_postgres.start()
    store.check_writable()
    own_postgres.stop("immediate")
    own_postgres.start()
    store.check_writable()
    store.close()


def test_a_reader_sees_one_state(server_store: Store) -> None:
    """What another transaction commits meanwhile is not seen, and nothing can be written."""
    names = text("SELECT name FROM projects")
    with server_store.reading() as reader:
        before = reader.execute(names).all()
        with server_store.writing() as writer:
            writer.execute(text("UPDATE projects SET name = 'other'"))
        assert reader.execute(names).all() == before
    with pytest.raises(StoreReadOnly), server_store.reading() as reader:
        reader.execute(text("UPDATE projects SET name = 'third'"))


def test_moments_are_utc_wherever_the_server_is(postgres_url: str, make_question: Make) -> None:
    """A session in another time zone gives the same moments."""
    store = open_store(f"{postgres_url}?options=-c%20timezone%3DAsia/Kolkata")
    stored = keep_set(store, [make_question(1)], name="one")
    assert keep_set(store, [make_question(1)], name="one").created_at == stored.created_at
    store.close()


def test_writers_at_once_make_one_of_everything(server_store: Store, make_question: Make) -> None:
    """Eight threads that keep the same set, begin the same run and note it: one set, one run, an unbroken chain."""
    gate = threading.Barrier(8)

    def work(number: int) -> str:
        given = [make_question(n) for n in range(300)]
        gate.wait()
        stored = keep_set(server_store, given if number % 2 else reversed(given), name="same")
        keep_set(server_store, given, name="same")
        evaluation = begin(server_store, RunSpec("a/b", stored.digest))
        with server_store.writing() as connection:
            audit.note(connection, audit.Entry("local", "evaluation.create", evaluation.id), at=1.0)
        return stored.digest

    with ThreadPoolExecutor(8) as threads:
        digests = set(threads.map(work, range(8)))
    assert len(digests) == 2
    with server_store.reading() as connection:
        counts = [
            connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in ("questions", "question_sets", "set_members", "evaluations", "set_orders", "audit")
        ]
        assert list(audit.broken_links(connection)) == []
    assert counts == [300, 2, 600, 2, 600, 8]
    for digest in digests:
        assert len(list(set_questions(server_store, digest))) == 300


@pytest.mark.anyio
async def test_outcomes_kept_twice_at_once_are_there_once(server_store: Store, make_question: Make) -> None:
    """Two ledgers of one run that keep the same outcomes: each is kept by exactly one of them."""
    stored = keep_set(server_store, [make_question(number) for number in range(400)], name="some")
    evaluation = begin(server_store, RunSpec("a/b", stored.digest))

    async with SqlLedger(server_store, evaluation) as one, SqlLedger(server_store, evaluation) as other:
        asks: list[Ask] = [ask async for ask in one.missing()]
        kept = await asyncio.gather(
            *(ledger.keep([Attempt(ask, Reply("x")) for ask in asks]) for ledger in (one, other))
        )
        assert all((mine is None) != (theirs is None) for mine, theirs in zip(*kept, strict=True))
        assert (await one.progress()).kept == 400
