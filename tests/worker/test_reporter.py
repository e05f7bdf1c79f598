"""The writer of reports: a fault of the program in one of them ends no worker."""

from __future__ import annotations

import asyncio
import itertools
import logging

import pytest

from causal_eval.errors import StoreFull
from causal_eval.service import reports
from causal_eval.service.wiring import Service
from causal_eval.worker import reporter
from causal_eval.worker.reporter import Reporter

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("fault", [ValueError("a bug"), StoreFull("the database is away")])
async def test_a_fault_is_logged_and_the_next_report_is_written(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    """It goes on looking, and the log says what it met."""
    looks, enough, loop = itertools.count(), asyncio.Event(), asyncio.get_running_loop()

    def settle(given: Service) -> bool:
        assert given is service
        if (look := next(looks)) == 0:
            raise fault
        loop.call_soon_threadsafe(enough.set)
        return look == 1

    monkeypatch.setattr(reports, "settle", settle)
    monkeypatch.setattr(reporter, "LOOK_SECONDS", 0.0)
    with caplog.at_level(logging.WARNING, logger=reporter.__name__):
        running = asyncio.create_task(Reporter(service).run())
        await asyncio.wait_for(enough.wait(), timeout=30)
        assert not running.done()
        running.cancel()
        await asyncio.wait({running})
    assert str(fault) in caplog.text


async def test_a_worker_that_ends_waits_for_nothing(service: Service) -> None:
    """Cancelled while it looks, it ends as cancelled."""
    running = asyncio.create_task(Reporter(service).run())
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait({running}, timeout=30)
    assert running.cancelled()
