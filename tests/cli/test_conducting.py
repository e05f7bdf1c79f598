"""What a run's caps and its steering take for their own: nothing that is somebody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.asked import asked

from causal_eval.cli import conducting
from causal_eval.cli.budgeting import Purse
from causal_eval.cli.conducting import Run
from causal_eval.cli.steering import steered
from causal_eval.evaluation.budget import Budget, Caps
from causal_eval.evaluation.spec import RunSpec
from causal_eval.evaluation.steering import Wanted
from causal_eval.providers.prices import Prices
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.store.database import open_store
from causal_eval.store.evaluations import begin
from causal_eval.store.suites import keep_set

pytestmark = pytest.mark.anyio


class _Still:
    """A run that does nothing."""

    def snapshot(self) -> str:
        """Nothing to say."""
        return "{}"

    def heed(self, wanted: Wanted) -> None:
        """Nothing to change."""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A run of one question that nobody looks at."""
    store = open_store(f"sqlite:///{tmp_path}/runs.db")
    kept = keep_set(store, [asked("q1", answer=AnswerSpec(AnswerKind.YES_NO), gold="yes")], name="one")
    silent: Any = SimpleNamespace(warn=lambda *_: None)
    yield Run(store, begin(store, RunSpec("baseline/majority", kept.digest)), silent)
    store.close()


@pytest.mark.parametrize("caps", [Caps(money=Fraction(1)), Caps(seconds=3600.0)], ids=["money", "time"])
async def test_a_timeout_of_somebody_else_is_no_cap(run: Run, caps: Caps, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an error, and not told as a budget that is used up."""

    async def fails(*_: object, **_options: object) -> None:
        raise TimeoutError("the disk did not answer")

    monkeypatch.setattr(conducting, "_ask", fails)
    nobody: Any = None
    purse = Purse(Budget(caps), Prices())
    with pytest.raises(TimeoutError, match="the disk did not answer"):
        await conducting._ask_within(run, nobody, nobody, ledger=nobody, watch=nobody, purse=purse)


async def test_who_cancels_a_run_that_is_over_is_heard(run: Run) -> None:
    """The end of its steering is a cancellation as well, but another one."""

    async def over() -> None:
        async with steered(run.here, _Still(), run.shown):
            asyncio.current_task().cancel()  # type: ignore[union-attr]  # there is one

    task = asyncio.create_task(over())
    await asyncio.wait([task])
    assert task.cancelled()
