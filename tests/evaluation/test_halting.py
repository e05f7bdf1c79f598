"""A run that ends by itself: no new call begins, open ones are kept, and nobody waits for what only waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from causal_eval.errors import ProviderDown, ProviderRefused
from causal_eval.evaluation import run
from causal_eval.evaluation.attempt import Ask
from causal_eval.evaluation.events import Event, RunHalting
from causal_eval.evaluation.flow import Barrier, Flow
from causal_eval.evaluation.judging import Judge
from causal_eval.evaluation.memory import MemoryLedger
from causal_eval.evaluation.run import Watch, evaluate
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Reply
from causal_eval.questions.question import Question

pytestmark = pytest.mark.anyio

DOWN = Failure(FailureKind.SERVER_ERROR, "HTTP 500", status=500)
AtOnce = Callable[[FailureKind], Watch]


@pytest.mark.parametrize(
    ("kind", "error"), [(FailureKind.AUTH, ProviderRefused), (FailureKind.SERVER_ERROR, ProviderDown)]
)
async def test_a_halt_ends_the_run_and_keeps_open_calls(
    ten: Sequence[Question], *, judge: Judge, at_once: AtOnce, kind: FailureKind, error: type[Exception]
) -> None:
    """When the watch says so no new call begins, open ones are waited for and kept, and one error says why."""

    class Late:
        name = "late/one"
        asked = 0

        async def answer(self, ask: Ask) -> Outcome:
            self.asked += 1
            fails = ask.question.id == first
            for _ in range(5 if fails else 30):
                await asyncio.sleep(0)
            return DOWN if fails else Reply("ANSWER: yes")

        async def close(self) -> None: ...

    ledger, answerer = MemoryLedger(ten), Late()
    first = (await anext(ledger.missing())).question.id
    with pytest.raises(error, match="gone"):
        await evaluate(answerer, ledger=ledger, width=4, judge=judge, watch=at_once(kind))
    assert answerer.asked == 4
    assert len(ledger.attempts) == 3
    assert len(ledger.verdicts) == 3
    assert len(ledger.failures) == 1


async def test_a_halting_run_does_not_wait_for_ever(
    ten: Sequence[Question], judge: Judge, at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open call that hangs is abandoned after the grace time of a halt, and stays missing."""
    monkeypatch.setattr(run, "DRAIN_SECONDS", 0.01)

    class Hanging:
        name = "hang/one"

        async def answer(self, ask: Ask) -> Outcome:
            if ask.question.id == failing:
                return DOWN
            await asyncio.Event().wait()
            raise AssertionError

        async def close(self) -> None: ...

    ledger = MemoryLedger(ten)
    failing = (await anext(ledger.missing())).question.id
    with pytest.raises(ProviderDown):
        await asyncio.wait_for(
            evaluate(Hanging(), ledger=ledger, width=3, judge=judge, watch=at_once(FailureKind.TIMEOUT)), 20
        )
    assert ledger.attempts == []
    assert len(ledger.failures) == 1


async def test_a_halting_run_waits_for_open_calls_only(
    ten: Sequence[Question], judge: Judge, at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits for its turn, or begins to, stays missing at once; an open call is waited for and kept."""
    monkeypatch.setattr(run, "DRAIN_SECONDS", 3600)
    flow, halted = Flow(4), asyncio.Event()

    class Waiting:
        name = "wait/one"

        async def answer(self, ask: Ask) -> Outcome:
            role = roles.index(ask.question.id)
            if role == 0:
                await asyncio.sleep(0)  # the others have begun
                return DOWN
            if role != 1:  # an open call
                await halted.wait()
            if role != 2:  # between two calls of a question
                await flow.room.sleep(3600)
            return Reply("ANSWER: yes")

        async def close(self) -> None: ...

    def listener(event: Event) -> None:
        if isinstance(event, RunHalting):
            halted.set()

    ledger = MemoryLedger(ten)
    roles = [ask.question.id async for ask in ledger.missing()]
    with pytest.raises(ProviderDown):
        await asyncio.wait_for(
            evaluate(
                Waiting(), ledger=ledger, width=flow, judge=judge,
                watch=at_once(FailureKind.SERVER_ERROR), listener=listener,
            ),
            20,
        )  # fmt: skip
    assert [attempt.ask.question.id for attempt in ledger.attempts] == [roles[2]]
    assert len(ledger.failures) == 1


async def test_a_halting_run_does_not_wait_at_its_gate(
    ten: Sequence[Question], scripted: Any, judge: Judge, at_once: AtOnce
) -> None:
    """Who is not let through yet will not be asked, and nobody waits for that."""

    class Shut(Barrier):
        async def admit(self, ask: Ask) -> bool:
            return ask.question.id == failing or await super().admit(ask)

    ledger, shut = MemoryLedger(ten), Shut()
    shut.close()
    failing = (await anext(ledger.missing())).question.id
    with pytest.raises(ProviderDown):
        await asyncio.wait_for(
            evaluate(
                scripted(lambda _: DOWN), ledger=ledger, width=Flow(3, shut), judge=judge,
                watch=at_once(FailureKind.SERVER_ERROR),
            ),
            run.DRAIN_SECONDS / 2,
        )  # fmt: skip
    assert (ledger.attempts, len(ledger.failures)) == ([], 1)
