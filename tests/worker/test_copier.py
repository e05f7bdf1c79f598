"""The copier: a database that is away ends no worker."""

from __future__ import annotations

import asyncio
import itertools
import logging

import pytest

from causal_eval.errors import StoreFull
from causal_eval.service import incident_copy
from causal_eval.service.wiring import Service
from causal_eval.worker import copier
from causal_eval.worker.copier import Copier

pytestmark = pytest.mark.anyio


async def test_the_next_look_is_the_next_try(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It goes on looking in the worker's name, and the log says what it met."""
    looks, enough, loop = itertools.count(), asyncio.Event(), asyncio.get_running_loop()

    def copy(given: Service, owner: str) -> bool:
        assert (given, owner) == (service, "w1")
        if next(looks) == 0:
            raise StoreFull("the disk is full")
        loop.call_soon_threadsafe(enough.set)
        return True

    monkeypatch.setattr(incident_copy, "copy", copy)
    monkeypatch.setattr(copier, "LOOK_SECONDS", 0.0)
    with caplog.at_level(logging.WARNING, logger=copier.__name__):
        running = asyncio.create_task(Copier(service, "w1").run())
        await asyncio.wait_for(enough.wait(), timeout=30)
        running.cancel()
        await asyncio.wait({running})
    assert "the disk is full" in caplog.text
