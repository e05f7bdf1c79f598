"""Caps on money and time: what is set aside, what is booked, and that a cap is passed by open calls at most."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import pytest

from causal_eval.errors import ProviderRefused
from causal_eval.evaluation.answerer import Answerer
from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.evaluation.budget import Budget, BudgetGate, Caps, Reached, Tariff
from causal_eval.evaluation.flow import Barrier, Flow, Gates
from causal_eval.evaluation.judging import Judge
from causal_eval.evaluation.memory import MemoryLedger
from causal_eval.evaluation.run import Watch, evaluate
from causal_eval.providers.clock import SimulatedClock
from causal_eval.providers.halt import HaltWatch
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Refusal, Reply, Usage
from causal_eval.questions.question import Question
from causal_eval.seeds import Stream

pytestmark = pytest.mark.anyio
WIDTH = 8
MOST = Fraction(1)
"""Dollars for a reply of full length."""


def dollars(usage: Usage, served: str, at: str, /, *, batch: bool = False) -> Fraction | None:
    """A cent for every token of the reply; half of it in a batch."""
    del served, at
    return None if usage.output is None else Fraction(usage.output, 200 if batch else 100)


def tariff() -> Tariff:
    return Tariff(dollars, lambda _: MOST)


class Paid:
    """Answers after some turns of the loop; the reply's length is drawn from its question."""

    name = "paid/one"

    def __init__(self, longest: int = 60) -> None:
        self.bill = Fraction(0)
        self.open: dict[str, Fraction] = {}
        self.longest = longest

    async def answer(self, ask: Ask) -> Outcome:
        stream = Stream("length", ask.question.id)
        tokens, turns = stream.between(1, self.longest), stream.between(1, 9)
        self.open[ask.question.id] = cost = Fraction(tokens, 100)
        self.bill += cost
        for _ in range(turns):
            await asyncio.sleep(0)
        del self.open[ask.question.id]
        return Reply("ANSWER: yes", usage=Usage(10, tokens))

    async def close(self) -> None:
        """Hold nothing."""


@pytest.fixture
def many(make_question: Callable[..., Question]) -> Sequence[Question]:
    return [make_question(number) for number in range(300)]


@pytest.mark.parametrize("cap", ["0.5", "1", "1.01", "7.77", "20", "1000"])
async def test_the_cap_is_passed_by_no_more_than_open_calls(
    cap: str, *, many: Sequence[Question], judge: Judge, calm: Watch
) -> None:
    """However replies vary, what was billed is within the cap and what calls in flight cost more than those before."""
    budget = Budget(Caps(Fraction(cap)))
    gate, answerer, ledger = BudgetGate(budget, tariff()), Paid(), MemoryLedger(many)
    await evaluate(answerer, ledger=ledger, width=Flow(WIDTH, gate), judge=judge, watch=calm)
    dearest = Fraction(60, 100)
    assert answerer.bill == budget.spent <= Fraction(cap) + WIDTH * dearest
    assert not budget.reserved
    assert not budget.open_calls
    assert gate.reached is (None if len(ledger.attempts) == 300 else Reached.MONEY)
    if gate.reached:
        assert budget.spent + gate.refused > Fraction(cap)


async def test_replies_of_one_length_never_pass_the_cap(
    many: Sequence[Question], judge: Judge, calm: Watch, scripted: Any
) -> None:
    """Where every call costs the same the cap holds to the cent, and is used to the last call that fits."""
    budget = Budget(Caps(Fraction("1.05")), spent=Fraction("0.05"))
    answerer: Answerer = scripted(lambda _: Reply("ANSWER: yes", usage=Usage(1, 7)))
    ledger = MemoryLedger(many)
    await evaluate(answerer, ledger=ledger, width=Flow(WIDTH, BudgetGate(budget, tariff())), judge=judge, watch=calm)
    assert (len(ledger.attempts), budget.spent) == (14, Fraction("1.03"))


async def test_what_costs_nothing_is_always_asked(
    many: Sequence[Question], judge: Judge, calm: Watch, scripted: Any
) -> None:
    """A baseline runs although others have used the budget up."""
    budget = Budget(Caps(Fraction(1)), spent=Fraction(2))
    free = Tariff(lambda *_, batch=False: Fraction(batch) * 0, lambda _: Fraction(0))
    ledger = MemoryLedger(many)
    await evaluate(scripted(), ledger=ledger, width=Flow(WIDTH, BudgetGate(budget, free)), judge=judge, watch=calm)
    assert (len(ledger.attempts), budget.spent) == (300, Fraction(2))


@pytest.mark.parametrize(
    ("outcome", "cost"),
    [
        (Reply("", usage=Usage(1, 30)), Fraction("0.3")),
        (Refusal("", usage=Usage(1, 30)), Fraction("0.3")),
        (Reply("", usage=Usage(1, 30), asked_at="2026-11-01T10:00:00.000+00:00", calls=0), Fraction(0)),
        (Reply("", usage=Usage()), MOST),
        (Reply("", usage=Usage(1, 30), calls=3, lost=(Usage(1, 20),)), Fraction("0.5")),
        (Refusal("", usage=Usage(1, 30), calls=3, lost=(Usage(1), Usage(1, 5))), Fraction("0.35")),
        (Failure(FailureKind.TIMEOUT, "", calls=3), 3 * MOST),
        (Failure(FailureKind.CONNECTION, ""), MOST),
        (Failure(FailureKind.OTHER_MODEL, ""), MOST),
        (Failure(FailureKind.RATE_LIMIT, "", calls=9), Fraction(0)),
        (Failure(FailureKind.BAD_REQUEST, ""), Fraction(0)),
        (Failure(FailureKind.CONNECTION, "", calls=0), Fraction(0)),
    ],
)
async def test_what_an_outcome_costs(outcome: Outcome, cost: Fraction, ten: Sequence[Question]) -> None:
    """Cached or refused: nothing; not counted by the provider, or lost on the way: as much as a call may cost."""
    assert tariff().cost(Attempt(Ask(ten[0]), outcome)) == cost


async def test_the_dearest_reply_is_set_aside(ten: Sequence[Question]) -> None:
    """Before the first reply a call of full length, then the most that a reply has cost."""
    one, ask = tariff(), Ask(ten[0])
    assert one.estimate(ask) == MOST
    for tokens in (20, 30, 10):
        one.cost(Attempt(ask, Reply("", usage=Usage(1, tokens))))
    assert one.estimate(ask) == Fraction("0.3")


async def test_time_ends_the_stream(many: Sequence[Question], judge: Judge, calm: Watch, scripted: Any) -> None:
    """When the time is over nothing more is asked, and all that was asked is kept."""
    clock = SimulatedClock()

    def answer(_: Ask) -> Outcome:
        clock.advance(1)
        return Reply("ANSWER: yes", usage=Usage(1, 1))

    budget = Budget(Caps(seconds=20), clock=clock)
    gate, ledger = BudgetGate(budget, tariff()), MemoryLedger(many)
    await evaluate(scripted(answer), ledger=ledger, width=Flow(1, gate), judge=judge, watch=calm)
    assert (len(ledger.attempts), gate.reached, budget.seconds_left) == (20, Reached.TIME, 0)


async def test_who_was_refused_ends_the_run(ten: Sequence[Question]) -> None:
    """After an ask that does not fit a cheaper one is refused too: else the run would end as if none were missing."""
    prices = {ten[0].id: Fraction(3), ten[1].id: Fraction(1)}
    gate = BudgetGate(Budget(Caps(Fraction(2))), Tariff(dollars, lambda ask: prices[ask.question.id]))
    assert not await gate.admit(Ask(ten[0]))
    assert not await gate.admit(Ask(ten[1]))
    assert (gate.reached, gate.refused) == (Reached.MONEY, Fraction(3))


async def test_abandoned_calls_are_booked(ten: Sequence[Question]) -> None:
    """What was set aside for calls that nobody waited for counts as spent: the next run of the command goes on."""
    budget = Budget(Caps(Fraction(3)))
    gate = BudgetGate(budget, tariff())
    assert await gate.admit(Ask(ten[0]))
    assert await gate.admit(Ask(ten[1]))
    gate.close()
    gate.close()
    assert (budget.spent, budget.reserved, budget.open_calls) == (Fraction(2), Fraction(0), 0)


async def test_a_halt_takes_back_what_is_not_asked(many: Sequence[Question], judge: Judge, scripted: Any) -> None:
    """When a run halts while others wait for room, nobody begins a call, and nothing stays set aside."""
    budget = Budget(Caps(Fraction("2.5")))
    refused = Failure(FailureKind.AUTH, "HTTP 401: no such key")
    answerer, gate = scripted(lambda _: refused), BudgetGate(budget, tariff())
    with pytest.raises(ProviderRefused):
        await evaluate(answerer, ledger=MemoryLedger(many), width=Flow(WIDTH, gate), judge=judge, watch=HaltWatch())
    gate.close()
    assert len(answerer.asked) == 1
    assert (budget.spent, budget.reserved) == (Fraction(0), Fraction(0))


async def test_one_budget_serves_runs_in_several_loops(many: Sequence[Question], judge: Judge, calm: Watch) -> None:
    """The runs of a command share it one after the other, each in an event loop of its own."""
    budget = Budget(Caps(Fraction(5)))

    async def run() -> int:
        ledger = MemoryLedger(many)
        gate = BudgetGate(budget, tariff())
        await evaluate(Paid(), ledger=ledger, width=Flow(WIDTH, gate), judge=judge, watch=calm)
        return len(ledger.attempts)

    first, second = [await asyncio.to_thread(asyncio.run, run()) for _ in range(2)]
    assert first > 0
    assert second == 0
    assert budget.spent + Fraction(60, 100) > 5


async def test_a_barrier_holds_the_stream(ten: Sequence[Question], judge: Judge, calm: Watch, scripted: Any) -> None:
    """Closed, nothing is asked; opened again, everything is."""
    barrier, ledger, answerer = Barrier(), MemoryLedger(ten), scripted()
    barrier.close()
    run = asyncio.create_task(evaluate(answerer, ledger=ledger, width=Flow(2, Gates(barrier)), judge=judge, watch=calm))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not answerer.asked
    barrier.open()
    await run
    assert len(answerer.asked) == 10
