"""The maker of question sets: it goes on after a fault, and ends at once, giving back what it has in hand."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence

import pytest
from sqlalchemy import Connection

from causal_eval.errors import StoreFull
from causal_eval.questions.question import Question
from causal_eval.service import makings
from causal_eval.service.makings import Stop
from causal_eval.service.set_orders import SetOrder
from causal_eval.service.wiring import Service, Visit
from causal_eval.store import makings as kept
from causal_eval.store.makings import Hold
from causal_eval.store.workers import Worker
from causal_eval.worker import maker
from causal_eval.worker.maker import Maker
from causal_eval.worker.pulse import Pulse

pytestmark = pytest.mark.anyio


@pytest.fixture
def pulse(service: Service) -> Pulse:
    """Somebody's, who has not begun to live."""
    return Pulse(service.store, Worker("w", "h", 1, "1", 0.0), stop=lambda: False, in_hand=frozenset)


@pytest.mark.parametrize("fault", [ValueError("a bug"), StoreFull("the database is away")])
async def test_a_fault_is_logged_and_the_next_is_made(
    service: Service, pulse: Pulse, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    """It goes on looking, as the only one that works on a file, and the log says what it met."""
    enough, loop, looks = asyncio.Event(), asyncio.get_running_loop(), list[int]()

    def settle(given: Service, *, worker: str, others: frozenset[str] | None, stop: Stop) -> bool:
        assert (given, worker, others, stop()) == (service, "w", frozenset(), False)
        looks.append(1)
        if len(looks) == 1:
            raise fault
        loop.call_soon_threadsafe(enough.set)
        return False

    monkeypatch.setattr(makings, "settle", settle)
    monkeypatch.setattr(maker, "LOOK_SECONDS", 0.0)
    with caplog.at_level(logging.WARNING, logger=maker.__name__):
        running = asyncio.create_task(Maker(service, pulse, stop=lambda: False).run())
        await asyncio.wait_for(enough.wait(), timeout=30)
        running.cancel()
        await asyncio.wait({running})
    assert str(fault) in caplog.text


@pytest.mark.slow
async def test_a_worker_that_ends_gives_back_what_it_makes(
    service: Service, visit: Visit, pulse: Pulse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled in the middle, it has ended before it is waited for, and the set is open with what was made."""
    began, loop = asyncio.Event(), asyncio.get_running_loop()
    cancelled, real = threading.Event(), kept.keep_part

    def slow(connection: Connection, hold: Hold, *, questions: Sequence[Question], made: int) -> bool:
        loop.call_soon_threadsafe(began.set)
        cancelled.wait(30)
        return real(connection, hold, questions=questions, made=made)

    monkeypatch.setattr(kept, "keep_part", slow)
    one = makings.order_set(visit, SetOrder(n=200, families=("attribution",)))
    running = asyncio.create_task(Maker(service, pulse, stop=lambda: False).run())
    await asyncio.wait_for(began.wait(), timeout=30)
    running.cancel()
    await asyncio.sleep(0)
    cancelled.set()
    await asyncio.wait({running}, timeout=30)
    assert running.cancelled()
    left = makings.find(visit, one.id)
    assert left.status == "open"
    assert 0 < left.made < 200
    assert makings.settle(service, worker="next", others=frozenset({"w"}), stop=lambda: False)
    assert makings.find(visit, one.id).status == "done"
