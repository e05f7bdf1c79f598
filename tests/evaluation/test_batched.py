"""A run by batches ends as one by single calls, whatever becomes of its batches, and orders nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import pytest
from tests.evaluation.batch_run import Run, Single, rows_of, said

from causal_eval.errors import Interrupted, ProviderDown, ProviderRefused
from causal_eval.evaluation.attempt import Ask
from causal_eval.evaluation.budget import Budget, BudgetGate, Caps, Reached, Tariff
from causal_eval.evaluation.desk import BatchRule, name_in
from causal_eval.evaluation.elicit import Direct, Example, FewShot, Phrasing, Prompted, Sampling
from causal_eval.evaluation.memory import MemoryLedger
from causal_eval.evaluation.run import evaluate
from causal_eval.providers.batch import Request, Row
from causal_eval.providers.batch_memory import MemoryBatches
from causal_eval.providers.events import Waiting
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Reply
from causal_eval.questions.question import Question

DOWN = Failure(FailureKind.SERVER_ERROR, "HTTP 500 from x", status=500)
LOST = Failure(FailureKind.TIMEOUT, "no data for 9 s")


pytestmark = pytest.mark.anyio


@pytest.fixture
def run(ten: Sequence[Question], judge: Any) -> Run:
    return Run(ten, judge)


@pytest.mark.parametrize("epochs", [1, 3])
@pytest.mark.parametrize("few_shot", [False, True])
async def test_it_ends_as_single_calls_do(
    ten: Sequence[Question], judge: Any, calm: Any, *, epochs: int, few_shot: bool
) -> None:
    """Same replies, refusals and verdicts, for every sample and way of asking; each question is ordered once."""
    examples = {("effect", "ate"): [Example("Question number 99?", "yes")]}
    way = FewShot(examples) if few_shot else Direct()
    run = Run(ten, judge, epochs=epochs)
    run.phrasing = Phrasing(way, Sampling(seed=1))
    await run.go()
    other = MemoryLedger(ten, epochs=epochs)
    await evaluate(Prompted(Single(), way, Sampling(seed=1)), ledger=other, width=3, judge=judge, watch=calm)
    assert run.rows() == rows_of(other)
    assert len(run.rows()) == 10 * epochs
    assert len(set(run.names())) == len(run.names()) == 10 * epochs
    assert run.ordered == [4] * (10 * epochs // 4) + ([10 * epochs % 4] if 10 * epochs % 4 else [])
    assert await run.book.open() == []
    assert {attempt.outcome.batch for attempt in run.ledger.attempts if isinstance(attempt.outcome, Reply)} <= set(
        run.provider.orders
    )


async def test_a_limit_of_bytes_cuts_pages(run: Run) -> None:
    """As one of requests does."""
    run.provider.limits = type(run.provider.limits)(requests=1000, bytes=700)
    await run.go()
    assert sum(run.ordered) == 10
    assert max(run.ordered) <= 2


async def test_what_expired_or_got_lost_is_ordered_again(run: Run) -> None:
    """In the next round, never called wrong; what fails for good is not ordered again."""
    failing = {"number 0?": FailureKind.TIMEOUT, "number 1?": FailureKind.BAD_REQUEST}

    def answer(text: str) -> Outcome:
        kind = next((kind for part, kind in failing.items() if part in text), None)
        return (
            Failure(kind, "failed")
            if kind and (kind is not FailureKind.TIMEOUT or len(run.ordered) < 4)
            else said(text)
        )

    def spoil(number: int, row: Row) -> Row | None:
        return None if number == 1 and row.name == run.names()[5] else row

    run.provider.answer, run.provider.spoil = answer, spoil
    await run.go()
    assert run.ordered == [4, 4, 2, 2]
    assert [row[0] for row in run.rows()] == [f"q{n:05d}" for n in range(10) if n != 1]
    kinds = sorted(attempt.outcome.kind for attempt in run.ledger.failures if isinstance(attempt.outcome, Failure))
    assert kinds == [FailureKind.BAD_REPLY, FailureKind.BAD_REQUEST, FailureKind.TIMEOUT]


async def test_orders_of_a_question_are_bounded(run: Run) -> None:
    """One that expires each time is missing in the end."""
    run.provider.answer = lambda text: Failure(FailureKind.TIMEOUT, "late") if "number 0?" in text else said(text)
    await run.go()
    assert run.ordered == [4, 4, 2, 1, 1]
    assert len(run.rows()) == 9


@pytest.mark.parametrize("place", range(8))
async def test_any_call_may_fail_for_a_while(run: Run, place: int) -> None:
    """Whichever request gets 500, the run waits, says why, and orders everything once."""
    run.provider.polls = 2
    run.provider.faults = [None] * place + [DOWN, DOWN]
    await run.go()
    assert len(run.rows()) == 10
    assert len(set(run.names())) == len(run.names()) == 10
    assert any("HTTP 500" in event.reason for event in run.heard.events if isinstance(event, Waiting))


async def test_an_order_whose_answer_got_lost_is_found(run: Run) -> None:
    """It arrived, so it is not made again."""
    run.provider.faults = [LOST]
    await run.go()
    assert run.ordered == [4, 4, 2]
    assert len(run.rows()) == 10


@pytest.mark.parametrize("cut", range(1, 14))
async def test_a_crash_at_any_step_orders_nothing_twice(run: Run, cut: int) -> None:
    """Stopped at every step at the provider in turn; the next process finds what was ordered and asks the rest."""
    run.provider.polls = 3
    steps = [0]

    class Crash(BaseException):
        """The process is gone."""

    provider = run.provider

    def step(after: bool) -> None:
        steps[0] += not after
        if steps[0] == cut and after == bool(cut % 2):
            steps[0] += 1
            raise Crash

    for name in ("submit", "find", "poll", "fetch"):
        original = getattr(MemoryBatches, name)

        async def wrapped(*given: Any, _original: Any = original) -> Any:
            step(after=False)
            result = await _original(provider, *given)
            step(after=True)
            return result

        run.provider = _With(run.provider, name, wrapped)  # type: ignore[assignment]  # the same but for one method
    with pytest.raises(Crash):
        await run.go()
    run.provider = provider
    await run.go()
    assert len(run.rows()) == 10
    assert len(set(provider.orders)) == len(provider.orders)
    tags = [held.tag for held in provider.orders.values()]
    assert len(set(tags)) == len(tags)
    assert sum(run.ordered) == 10


class _With:
    """*inner* with another method of that name."""

    def __init__(self, inner: Any, name: str, method: Any) -> None:
        self._inner = inner
        setattr(self, name, method)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


async def test_ctrl_c_leaves_batches_where_they_are(run: Run) -> None:
    """The book has them, and the next process waits for them instead of ordering again."""
    run.provider.polls = 10**9
    task = asyncio.create_task(run.go())
    await run.heard.something.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(await run.book.open()) == 3
    run.provider.polls = 1
    await run.go()
    assert run.ordered == [4, 4, 2]
    assert len(run.rows()) == 10


async def test_stopping_keeps_what_was_done(run: Run) -> None:
    """Half of each batch is kept, nothing is ordered, nothing counts as failed, and the next run asks the rest."""
    run.provider.polls = 10**9
    for page in range(0, 10, 4):
        asks = [ask async for ask in run.ledger.missing()][page : page + 4]
        order = await run.book.intend(asks)
        await run.book.placed(order, str(await run.provider.submit(order.tag, _requests(run, order, asks))))
    await run.go(cancel=True)
    assert (len(run.rows()), run.ledger.failures, await run.book.open()) == (5, [], [])
    assert run.ordered == [4, 4, 2]
    run.provider.polls = 1
    await run.go()
    assert len(run.rows()) == 10


async def test_a_batch_that_somebody_stopped_ends_the_run(run: Run) -> None:
    """It is not ordered again unasked; what it had done is kept."""
    run.provider.polls = 5
    run.rule = BatchRule(page=10)
    task = asyncio.create_task(run.go())
    await run.heard.something.wait()
    await run.provider.cancel("batch_1")
    with pytest.raises(Interrupted, match="batch_1 was cancelled at the provider"):
        await task
    assert (len(run.rows()), run.ordered) == (5, [10])


def _requests(run: Run, order: Any, asks: Sequence[Ask]) -> Any:
    return [Request(name_in(order, ask), run.provider.encode(run.phrasing.prompt(ask))) for ask in asks]


@pytest.mark.parametrize("kind", [FailureKind.AUTH, FailureKind.QUOTA, FailureKind.BAD_REQUEST])
async def test_a_refusal_ends_the_run_at_once(run: Run, kind: FailureKind) -> None:
    """At an order or at a look; what was not taken is in no book."""
    run.provider.faults = [Failure(kind, "no")]
    with pytest.raises(ProviderRefused, match="no"):
        await run.go()
    assert (run.ordered, await run.book.open()) == ([], [])
    run.provider.polls = 2
    run.provider.faults = [None, None, None, Failure(kind, "no")]
    with pytest.raises(ProviderRefused, match="no"):
        await run.go()
    assert len(await run.book.open()) == 3


@pytest.mark.parametrize("kind", [FailureKind.AUTH, FailureKind.BAD_REQUEST])
async def test_a_batch_of_which_no_row_is_taken_ends_the_run(run: Run, kind: FailureKind) -> None:
    """What all rows say is said of the run; a single such row is only missing unless it speaks for all."""
    run.provider.answer = lambda _: Failure(kind, "every row says so")
    with pytest.raises(ProviderRefused, match="4 rows of a batch failed: every row says so"):
        await run.go()


async def test_a_provider_that_stays_down_ends_the_run(run: Run) -> None:
    """After the rule's patience; the batches are in the book."""
    run.provider.polls = 10**9
    run.provider.faults = [None, None, None] + [DOWN] * 1000
    with pytest.raises(ProviderDown, match=r"for 1\d min nothing but failures, the last: HTTP 500"):
        await run.go()
    assert 600 < sum(run.clock.slept) < 700
    assert len(await run.book.open()) == 3


async def test_a_provider_that_takes_no_order_ends_the_run(run: Run) -> None:
    """Though its lists can be read."""
    run.provider.faults = [DOWN, None] * 500
    with pytest.raises(ProviderDown):
        await run.go()
    assert run.ordered == []


async def test_a_batch_that_is_not_valid_ends_the_run(run: Run) -> None:
    """Nothing of it was made."""
    run.provider.refusal = Failure(FailureKind.BAD_REQUEST, "line 1: wrong")
    with pytest.raises(ProviderRefused, match="line 1: wrong"):
        await run.go()


async def test_a_full_queue_is_waited_for_and_bounded(run: Run) -> None:
    """Batches that the provider has no room for are ordered again, but not for ever."""
    run.provider.refusal = Failure(FailureKind.RATE_LIMIT, "token limit")
    with pytest.raises(ProviderDown, match="token limit"):
        await run.go()
    run.provider.refusal = None
    await run.go()
    assert len(run.rows()) == 10


async def test_it_says_what_it_waits_for(run: Run) -> None:
    """How many batches or which, how many of how many rows, since when; the waits grow to a bound."""
    run.provider.polls, run.rule = 15, BatchRule(page=10)
    await run.go()
    told = [event for event in run.heard.events if isinstance(event, Waiting)]
    assert str(told[0]) == "waiting 1 s: batch batch_1: 0 of 10 done, 0 min, 10 items"
    assert str(told[-1]) == "waiting 60 s: batch batch_1: 0 of 10 done, 5 min, 10 items"


async def test_an_order_is_given_time_to_arrive(run: Run) -> None:
    """It is looked for until it must have arrived; only then it is made again."""
    run.rule = BatchRule(settle=20.0)
    await run.book.intend([ask async for ask in run.ledger.missing()])
    await run.go()
    assert run.ordered == [10]
    assert run.clock.slept[0] == 20.0


async def test_an_order_that_was_told_to_come_later_is_made_again_at_once(run: Run) -> None:
    """429 means that it was not taken: nothing is looked for, and the provider's own wait holds."""
    run.rule = BatchRule(page=10, settle=20.0)
    run.provider.faults = [Failure(FailureKind.RATE_LIMIT, "slow down", status=429, retry_after=7.0)]
    await run.go()
    assert (run.ordered, run.clock.slept) == ([10], [7.0])


async def until(true: Callable[[], bool]) -> None:
    """Let the run go on until *true* holds."""
    for _ in range(10_000):
        if true():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")


async def test_a_pause_holds_new_orders_back(run: Run) -> None:
    """Open batches are collected meanwhile; then the rest is ordered at once, though one is open, and nothing twice."""
    run.provider.polls, gate = 10**9, gate_of(1000)
    original = run.provider.submit

    async def submit(tag: str, requests: Sequence[Request]) -> Any:
        handle = await original(tag, requests)
        if len(run.ordered) == 2:
            run.barrier.close()
        return handle

    run.provider.submit = submit  # type: ignore[method-assign]  # the same, and somebody pauses
    task = asyncio.create_task(run.go(gate=gate))
    await until(lambda: len(run.ordered) == 2)
    run.provider.orders["batch_1"].polls = 10**9
    await until(lambda: len(run.rows()) == 4)
    slept = len(run.clock.slept)
    await until(lambda: len(run.clock.slept) > slept + 500)
    assert (run.ordered, gate._budget.open_calls) == ([4, 4], 4)
    run.barrier.open()
    await until(lambda: len(run.ordered) == 3)
    run.provider.polls = 1
    await task
    assert (run.ordered, len(run.rows()), len(set(run.names()))) == ([4, 4, 2], 10, 10)


async def test_a_pause_with_nothing_open_waits(run: Run) -> None:
    """Without a request, until it is over."""
    run.barrier.close()
    task = asyncio.create_task(run.go())
    for _ in range(1000):
        await asyncio.sleep(0)
    assert (run.ordered, task.done()) == ([], False)
    run.barrier.open()
    await task
    assert len(run.rows()) == 10


def gate_of(money: int) -> BudgetGate:
    """A reply of full length would cost 4, one that comes costs 1, in a batch."""
    tariff = Tariff(lambda *_, batch=False: Fraction(1 if batch else 2), lambda _: Fraction(4))
    return BudgetGate(Budget(Caps(Fraction(money))), tariff, patient=False)


async def test_a_budget_is_filled_in_rounds(run: Run) -> None:
    """What fits at the price of a full reply is ordered, then what the cheaper replies left room for."""
    gate = gate_of(16)
    await run.go(gate=gate)
    assert (len(run.rows()), gate.reached) == (10, None)
    assert run.ordered[0] == 4
    assert sum(run.ordered) == 10


async def test_a_budget_ends_a_run_by_batches(run: Run) -> None:
    """Never passed, and said; questions that an earlier process ordered count too."""
    gate = gate_of(6)
    await run.go(gate=gate)
    assert gate.reached is Reached.MONEY
    assert len(run.rows()) == 6
    other = gate_of(6)
    order = await run.book.intend([ask async for ask in run.ledger.missing()])
    await run.go(gate=other)
    assert (len(run.rows()), order.count) == (10, 4)
    assert other._budget.spent == 4
