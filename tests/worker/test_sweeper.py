"""The sweeper: it starts again what is nobody's, and leaves alone what ends while it looks."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from causal_eval.service import jobs
from causal_eval.service.engine import Scene
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.jobs import JobOrder
from causal_eval.service.readonly import note_disk
from causal_eval.service.wiring import Service, Visit
from causal_eval.store import shards, workers
from causal_eval.store.workers import Worker
from causal_eval.worker.pulse import Pulse
from causal_eval.worker.sweeper import Sweeper

SHARDS = 3


@pytest.fixture
def in_hand() -> list[str]:
    """What the worker has in hand."""
    return []


@pytest.fixture
def pulse(service: Service, in_hand: list[str]) -> Pulse:
    """The heart of a worker."""
    return Pulse(service.store, Worker("w-1", "host", 1, "1", 0.0), stop=lambda: False, in_hand=lambda: in_hand)


@pytest.fixture
def sweeper(service: Service, pulse: Pulse) -> Sweeper:
    """A sweeper of that worker."""
    return Sweeper(service, pulse)


def test_what_the_engine_lost_is_queued_again(
    visit: Visit, engine: MemoryEngine, wanted: JobOrder, sweeper: Sweeper, caplog: pytest.LogCaptureFixture
) -> None:
    """Every open shard is in the queue after a sweep, and that is said once."""
    jobs.order(visit, wanted)
    engine.queued.clear()
    with caplog.at_level(logging.WARNING):
        assert sweeper.sweep() == SHARDS
        assert sweeper.sweep() == 0
    assert caplog.text.count("were nobody's") == 1


def test_nothing_is_started_while_the_service_only_reads(
    visit: Visit, engine: MemoryEngine, wanted: JobOrder, sweeper: Sweeper
) -> None:
    """Not even the lease is written; once that is over, what is nobody's is queued again."""
    jobs.order(visit, wanted)
    engine.queued.clear()
    note_disk(visit.service, "/data has 1% free")
    assert sweeper.sweep() == 0
    with visit.service.store.writing() as connection:
        assert workers.take_lease(connection, "sweep", owner="another", seconds=0.0)
    note_disk(visit.service, "")
    assert sweeper.sweep() == SHARDS


def test_a_shard_that_ends_while_it_looks_is_left_alone(
    visit: Visit,
    engine: MemoryEngine,
    wanted: JobOrder,
    sweeper: Sweeper,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Done between the look at our rows and the look at the engine's, it is not started again."""
    jobs.order(visit, wanted)
    done = engine.queued.pop(0).id
    compare = engine.sweep

    def end_then_compare(scene: Scene, look: Callable[[], Scene]) -> int:
        with visit.service.store.writing() as connection:
            claim = shards.claim(connection, done, owner="w", at=0.0)
            assert claim is not None
            shards.finish(connection, claim, at=0.0)
        return compare(scene, look)

    monkeypatch.setattr(engine, "sweep", end_then_compare)
    assert sweeper.sweep() == 0
    assert len(engine.queued) == SHARDS - 1


def test_a_beat_says_what_is_in_hand(service: Service, pulse: Pulse, in_hand: list[str]) -> None:
    """Signed in, a worker has not said what it has; after a beat it has."""
    in_hand += ["ev-1-00000", "ev-1-00001"]
    with pulse:
        with service.store.reading() as connection:
            assert workers.hands(connection, within=60) == {"w-1": None}
        pulse._beat()
        with service.store.reading() as connection:
            assert workers.hands(connection, within=60) == {"w-1": frozenset(in_hand)}
