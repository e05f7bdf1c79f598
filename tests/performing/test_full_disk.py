"""A disk that is full while shards are under way: what is paid is held on to until there is room."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from causal_eval.errors import StoreFull
from causal_eval.mock.answers import Fixed
from causal_eval.mock.latency import Uniform
from causal_eval.mock.server import MockConfig, MockServer
from causal_eval.performing.shards import Performing
from causal_eval.providers.window import Window
from causal_eval.service import jobs, results
from causal_eval.service.answering import Call
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.jobs import JobOrder
from causal_eval.service.wiring import Visit
from causal_eval.store import sqlite

pytestmark = pytest.mark.anyio

COUNT, WIDTH = 16, 4
EVERY = 5
"""Of so many writes one is refused, whatever it is."""


@pytest.fixture
async def paid(visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Visit]:
    """Somebody at a service with a provider that has its price, and writes down every call."""
    table, record = tmp_path / "prices.toml", tmp_path / "calls.jsonl"
    table.write_text('["openai/gpt-x"]\ninput = 1\noutput = 1\n')
    async with MockServer(MockConfig(answers=Fixed("ANSWER: yes"), latency=Uniform(0.1, 0.6), record=record)) as mock:
        credentials = {"OPENAI_API_KEY": "sk-x", "OPENAI_BASE_URL": mock.url}
        for name, value in credentials.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        settings = replace(visit.service.settings, credentials=credentials, prices=table)
        yield replace(visit, service=replace(visit.service, settings=settings))


@pytest.mark.slow
@pytest.mark.parametrize("budget", [None, "100"])
async def test_nothing_is_paid_twice(
    paid: Visit, engine: MemoryEngine, wanted: JobOrder, monkeypatch: pytest.MonkeyPatch, budget: str | None
) -> None:
    """Every question is asked once, whether outcomes, verdicts or what a call may cost could not be written."""
    begin, numbers = sqlite._InTurn.take_turn, itertools.count(1)

    def refuse_some(self: sqlite._InTurn) -> None:
        if next(numbers) % EVERY == 0:
            raise StoreFull("no space left")
        begin(self)

    call = Call(max_connections=WIDTH, cache="off")
    order = replace(wanted, answerer="openai/gpt-x", call=call, budget=budget, limit=COUNT)
    placed = jobs.order(paid, order).evaluation.id
    monkeypatch.setattr(sqlite._InTurn, "take_turn", refuse_some)
    hands = Performing(paid.service, stop=lambda: False, cap=Window(100))
    async with asyncio.timeout(60):
        await asyncio.gather(*(hands(job.id) for job in engine.queued))
    await hands.close()
    assert results.counts(paid, placed).kept == COUNT
    record = paid.service.settings.data_dir / "calls.jsonl"
    assert sum(json.loads(line)["paid"] for line in record.read_text("utf-8").splitlines()) == COUNT
