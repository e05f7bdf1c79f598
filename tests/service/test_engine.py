"""What every engine does: it starts what a committed transaction queued, again after a hand-back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, make_url, text

from causal_eval.service import engine_dbos
from causal_eval.service.engine import Engine, HandBack, Scene, ShardJob
from causal_eval.service.engine_dbos import DbosEngine
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.store.database import HEAD, Store, current_revision, open_store
from causal_eval.store.schema import metadata

A, B = ShardJob("ev-1-00000", "openai"), ShardJob("ev-1-00001", "openai", 5)

pytestmark = pytest.mark.anyio


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A fresh database."""
    store = open_store(f"sqlite:///{tmp_path}/e.db")
    yield store
    store.close()


@pytest.fixture(params=["memory", "dbos"])
def engine(request: pytest.FixtureRequest, store: Store) -> Iterator[Engine]:
    """Each engine."""
    engine: Engine = MemoryEngine() if request.param == "memory" else DbosEngine(store.engine.url)
    engine.prepare()
    engine.prepare()  # twice is once
    yield engine
    engine.close()


class Hands:
    """Notes what is begun; a worker ends once so many shards were carried out."""

    def __init__(self, goal: int) -> None:
        self.begun: list[str] = []
        self.goal = goal

    async def perform(self, shard: str) -> None:
        """Begin and end at once."""
        self.begun.append(shard)

    def over(self) -> bool:
        """True: all is done."""
        return len(self.begun) >= self.goal


def queue(engine: Engine, store: Store, *jobs: ShardJob) -> None:
    """Queue *jobs* in a transaction."""
    with store.writing() as connection:
        engine.enqueue_in_transaction(connection, jobs)


async def run(engine: Engine, hands: Hands, worker: str = "w-1") -> None:
    """Work until all is done."""
    async with asyncio.timeout(30):
        await engine.run_worker(worker, hands.perform, width=4, stop=hands.over)


async def test_what_is_committed_is_carried_out_once(engine: Engine, store: Store) -> None:
    """Every queued shard is begun, and only once."""
    queue(engine, store, A, B)
    assert engine.waiting() == 2
    await run(engine, hands := Hands(2))
    assert sorted(hands.begun) == [A.id, B.id]
    assert engine.waiting() == 0


async def test_what_is_rolled_back_is_not(engine: Engine, store: Store) -> None:
    """A transaction that fails queues nothing."""

    def fail() -> None:
        with store.writing() as connection:
            engine.enqueue_in_transaction(connection, [A])
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert engine.waiting() == 0


async def test_what_is_cancelled_is_not_begun(engine: Engine, store: Store) -> None:
    """A cancelled shard leaves the queue."""
    queue(engine, store, A, B)
    engine.cancel([A.id])
    await run(engine, hands := Hands(1))
    assert hands.begun == [B.id]


async def test_what_is_handed_back_is_begun_again(engine: Engine, store: Store) -> None:
    """A worker that ends in the middle leaves its shard to the next one."""
    queue(engine, store, A)
    first = Hands(1)

    async def hand_back(shard: str) -> None:
        first.begun.append(shard)
        raise HandBack(shard)

    async with asyncio.timeout(30):
        await engine.run_worker("w-1", hand_back, width=4, stop=first.over)
    assert engine.waiting() == 1
    await run(engine, second := Hands(1), "w-2")
    assert second.begun == [A.id]


async def test_a_sweep_begins_again_what_is_wanted_still(engine: Engine, store: Store) -> None:
    """A shard that ended for the engine, or that it never knew, is begun again; one that waits is left alone."""
    queue(engine, store, A)
    await run(engine, Hands(1))
    scene = Scene({"w-1": frozenset()}, [A, B])
    assert await asyncio.to_thread(engine.sweep, scene, lambda: scene) == 2
    assert await asyncio.to_thread(engine.sweep, scene, lambda: scene) == 0
    await run(engine, hands := Hands(2), "w-2")
    assert sorted(hands.begun) == [A.id, B.id]


async def test_what_ends_during_a_sweep_is_not_begun_again(engine: Engine, store: Store) -> None:
    """A shard that was open at the sweep's first look at our rows, and is done at its second, is left alone."""
    queue(engine, store, A)
    await run(engine, Hands(1))
    before, after = Scene({}, [A, B]), Scene({}, [B])
    assert await asyncio.to_thread(engine.sweep, before, lambda: after) == 1
    await run(engine, hands := Hands(1), "w-2")
    assert hands.begun == [B.id]


@pytest.fixture
def durable(store: Store) -> Iterator[DbosEngine]:
    """The durable engine, which takes ``A`` for under way on the worker ``w-1``."""
    engine = DbosEngine(store.engine.url)
    engine.prepare()
    queue(engine, store, A)
    with store.writing() as connection:
        connection.execute(text("UPDATE workflow_status SET status = 'PENDING', executor_id = 'w-1'"))
    yield engine
    engine.close()


async def test_who_signs_in_during_a_sweep_keeps_what_it_has(durable: DbosEngine) -> None:
    """A worker that was not there at the first look at our rows lives at the second; a dead one's shard is queued."""
    before, after = Scene({}, [A]), Scene({"w-1": None}, [A])
    assert await asyncio.to_thread(durable.sweep, before, lambda: after) == 0
    assert await asyncio.to_thread(durable.sweep, before, lambda: before) == 1
    assert durable.waiting() == 1


async def test_what_never_reached_a_living_worker_is_begun_again(
    durable: DbosEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shard that a worker does not have in hand is queued, but only where that lasts; one that it has is not."""

    async def sweep(in_hand: frozenset[str] | None) -> int:
        scene = Scene({"w-1": in_hand}, [A])
        return await asyncio.to_thread(durable.sweep, scene, lambda: scene)

    for said in (frozenset({A.id}), None, frozenset[str](), frozenset[str]()):
        assert await sweep(said) == 0
    monkeypatch.setattr(engine_dbos, "ABSENT_SECONDS", -1.0)
    assert await sweep(frozenset({A.id})) == 0
    assert await sweep(frozenset()) == 1
    assert durable.waiting() == 1


async def test_the_tables_of_an_engine_are_in_nobodys_way(engine: Engine, store: Store) -> None:
    """A database that an engine has prepared opens as before, and none of its tables has the name of one of ours."""
    queue(engine, store, A)
    open_store(f"sqlite:///{store.place}").close()
    other = open_store(f"sqlite:///{store.place}.other")
    with other.reading() as ours, store.reading() as both:
        assert set(inspect(ours).get_table_names()) == set(metadata.tables) | {"alembic_version"}
        assert set(inspect(both).get_table_names()) >= set(metadata.tables)
    other.close()


def test_an_engines_file_is_an_empty_database_of_ours(tmp_path: Path) -> None:
    """Where the engine's tables came first, ours are made beside them."""
    engine = DbosEngine(make_url(f"sqlite:///{tmp_path}/e.db"))
    engine.prepare()
    engine.close()
    store = open_store(f"sqlite:///{tmp_path}/e.db")
    with store.reading() as connection:
        assert current_revision(connection) == HEAD
    store.close()
