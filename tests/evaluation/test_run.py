"""The loop: everything missing is asked once, all that arrives is kept, and hopeless runs end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from causal_eval.errors import ProviderDown, StoreFull
from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.evaluation.events import AnswerJudged, Event, OutcomeKept, RunEnded, RunHalting, RunStarted
from causal_eval.evaluation.flow import Flow
from causal_eval.evaluation.judging import Judge
from causal_eval.evaluation.ledger import Judged
from causal_eval.evaluation.memory import MemoryLedger
from causal_eval.evaluation.run import Watch, evaluate
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Refusal, Reply
from causal_eval.questions.question import Question
from causal_eval.scoring.verdict import Mark, Verdict

pytestmark = pytest.mark.anyio

DOWN = Failure(FailureKind.SERVER_ERROR, "HTTP 500", status=500)


class Broken(MemoryLedger):
    """A ledger whose disk is full after some commits."""

    commits_left = 1

    async def keep(self, attempts: Sequence[Attempt], judged: Sequence[Judged] = ()) -> list[int | None]:
        if self.commits_left == 0:
            raise StoreFull("no space left")
        self.commits_left -= 1
        return await super().keep(attempts, judged)


async def test_every_question_is_asked_once_and_judged(
    ten: Sequence[Question], scripted: Any, calm: Watch, judge: Judge
) -> None:
    """A run asks each (question, sample) exactly once and leaves a verdict for each."""
    ledger, answerer = MemoryLedger(ten, epochs=2), scripted()
    await evaluate(answerer, ledger=ledger, width=4, judge=judge, watch=calm)
    assert sorted(answerer.asked) == [(question.id, sample) for question in ten for sample in (0, 1)]
    assert len(ledger.verdicts) == 20
    assert {verdict.mark for verdict in ledger.verdicts.values()} == {Mark.CORRECT}


@pytest.mark.parametrize("width", [1, 3, 64])
async def test_no_more_than_width_calls_are_open(
    ten: Sequence[Question], calm: Watch, judge: Judge, width: int
) -> None:
    """The window is full but never over its width, and slides: it does not wait for the slowest of a batch."""
    open_calls, most, finished = 0, 0, list[str]()

    class Slow:
        name = "slow/one"

        async def answer(self, ask: Ask) -> Outcome:
            nonlocal open_calls, most
            open_calls += 1
            most = max(most, open_calls)
            for _ in range(400 if not finished and ask.question is first else 2):
                await asyncio.sleep(0)
            open_calls -= 1
            finished.append(ask.question.id)
            return Reply("ANSWER: yes")

        async def close(self) -> None: ...

    ledger = MemoryLedger(ten)
    first = (await anext(ledger.missing())).question
    await evaluate(Slow(), ledger=ledger, width=width, judge=judge, watch=calm)
    assert most == min(width, len(ten))
    if width == 3:
        assert finished[-1] == first.id


async def test_more_calls_may_be_open_while_a_run_goes_on(ten: Sequence[Question], calm: Watch, judge: Judge) -> None:
    """A width that grows brings more workers at once; one that is asked to shrink stays."""
    width, open_calls, most = Flow(2), 0, list[int]()

    class Slow:
        name = "slow/one"

        async def answer(self, ask: Ask) -> Outcome:
            nonlocal open_calls
            open_calls += 1
            most.append(open_calls)
            if len(most) == 4:
                width.widen(5)
                width.widen(1)
            for _ in range(20):
                await asyncio.sleep(0)
            open_calls -= 1
            return Reply(f"ANSWER: {ask.sample}")

        async def close(self) -> None: ...

    ledger = MemoryLedger(ten, epochs=3)
    await evaluate(Slow(), ledger=ledger, width=width, judge=judge, watch=calm)
    assert (max(most[:4]), max(most), width.size, len(ledger.attempts)) == (2, 5, 5, 30)


async def test_outcomes_are_kept_before_they_are_judged(
    ten: Sequence[Question], scripted: Any, calm: Watch, judge: Judge
) -> None:
    """At the moment of its judgement every reply is already in the ledger."""
    ledger = MemoryLedger(ten)

    def watching(text: str, finish: str, question: Question) -> Verdict:
        assert any(attempt.ask.question is question for attempt in ledger.attempts)
        return judge(text, finish, question=question)

    await evaluate(scripted(), ledger=ledger, width=3, judge=watching, watch=calm)
    assert {verdict.mark for verdict in ledger.verdicts.values()} == {Mark.CORRECT}


@pytest.mark.parametrize(("gap", "commits"), [(1, [10]), (3, [1, 9])], ids=["close", "apart"])
async def test_group_commit_takes_what_arrived_meanwhile(
    *, ten: Sequence[Question], calm: Watch, judge: Judge, gap: int, commits: list[int]
) -> None:
    """What arrives turn after turn is kept together; what arrives while one commit is under way goes into the next."""
    sizes: list[int] = []

    class Slow(MemoryLedger):
        async def keep(self, attempts: Sequence[Attempt], judged: Sequence[Judged] = ()) -> list[int | None]:
            sizes.append(len(attempts))
            for _ in range(50):
                await asyncio.sleep(0)
            return await super().keep(attempts, judged)

    class Staggered:
        name = "staggered/one"

        async def answer(self, ask: Ask) -> Outcome:
            for _ in range(gap * int(ask.question.id[1:]) + 1):
                await asyncio.sleep(0)
            return Reply("ANSWER: yes")

        async def close(self) -> None: ...

    await evaluate(Staggered(), ledger=Slow(ten), width=10, judge=judge, watch=calm)
    assert sizes == commits


async def test_failures_stay_missing_and_refusals_are_abstentions(
    ten: Sequence[Question], scripted: Any, calm: Watch, judge: Judge
) -> None:
    """A failed call is asked again by the next run; a refusal is an answer that counts."""
    ledger = MemoryLedger(ten)

    def script(ask: Ask) -> Outcome:
        number = int(ask.question.id[1:])
        return DOWN if number < 3 else Refusal("policy") if number == 3 else Reply("ANSWER: yes")

    await evaluate(scripted(script), ledger=ledger, width=2, judge=judge, watch=calm)
    assert len(ledger.failures) == 3
    again = scripted()
    await evaluate(again, ledger=ledger, width=2, judge=judge, watch=calm)
    assert sorted(again.asked) == [("q00000", 0), ("q00001", 0), ("q00002", 0)]
    marks = [verdict.mark for verdict in ledger.verdicts.values()]
    assert marks.count(Mark.ABSTAINED) == 1
    assert marks.count(Mark.CORRECT) == 9


async def test_a_fault_in_the_grader_never_loses_a_reply(ten: Sequence[Question], scripted: Any, calm: Watch) -> None:
    """Whatever the grader raises, the reply is kept and its verdict is UNGRADED with the fault's name."""
    faults = [
        ValueError("bad"),
        KeyError("x"),
        RecursionError("deep"),
        ZeroDivisionError(),
        StopIteration(),
        TypeError(),
    ]

    def failing(text: str, finish: str, question: Question) -> Verdict:
        assert text, finish
        raise faults[int(question.id[1:]) % len(faults)]

    ledger = MemoryLedger(ten)
    await evaluate(scripted(), ledger=ledger, width=2, judge=failing, watch=calm)
    assert len(ledger.attempts) == 10
    assert {verdict.mark for verdict in ledger.verdicts.values()} == {Mark.UNGRADED}
    assert any(verdict.reason.startswith("RecursionError: deep") for verdict in ledger.verdicts.values())


async def test_cancelling_keeps_what_arrived(ten: Sequence[Question], calm: Watch, judge: Judge) -> None:
    """Ctrl-C (cancellation) abandons open calls, keeps and judges every outcome that had arrived."""
    arrived: list[str] = []

    class Half:
        name = "half/one"

        async def answer(self, ask: Ask) -> Outcome:
            if len(arrived) == 5:
                task.cancel()
                await asyncio.Event().wait()
            arrived.append(ask.question.id)
            return Reply("ANSWER: yes")

        async def close(self) -> None: ...

    class Slow(MemoryLedger):
        async def keep(self, attempts: Sequence[Attempt], judged: Sequence[Judged] = ()) -> list[int | None]:
            await asyncio.sleep(0.01)
            return await super().keep(attempts, judged)

    ledger = Slow(ten)
    task = asyncio.create_task(evaluate(Half(), ledger=ledger, width=6, judge=judge, watch=calm))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(attempt.ask.question.id for attempt in ledger.attempts) == sorted(arrived)
    assert len(ledger.verdicts) == 5


async def test_a_full_disk_ends_the_run_with_its_own_error(
    ten: Sequence[Question], scripted: Any, calm: Watch, judge: Judge
) -> None:
    """When the ledger cannot keep, calls end at once and the ledger's error is the one raised."""
    ledger = Broken(ten)
    with pytest.raises(StoreFull):
        await evaluate(scripted(), ledger=ledger, width=2, judge=judge, watch=calm)
    assert len(ledger.attempts) == 2


async def test_a_reply_that_comes_with_the_end_of_the_ledger_holds_nobody_up(
    ten: Sequence[Question], calm: Watch, judge: Judge
) -> None:
    """Who answers although it was cancelled waits for no commit: nothing is kept any more, and the run ends."""

    class Deaf:
        name = "deaf/one"

        async def answer(self, ask: Ask) -> Outcome:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01 if ask.question.id in first else 60)
            return Reply("ANSWER: yes")

        async def close(self) -> None: ...

    ledger = Broken(ten)
    ledger.commits_left = 0
    first = [ask.question.id async for ask in ledger.missing()][:2]
    async with asyncio.timeout(10):
        with pytest.raises(StoreFull):
            await evaluate(Deaf(), ledger=ledger, width=6, judge=judge, watch=calm)


async def test_a_bug_in_an_answerer_is_not_hidden(
    ten: Sequence[Question], scripted: Any, calm: Watch, judge: Judge
) -> None:
    """An exception out of an answerer ends the run as it is; what had arrived is kept."""

    def script(ask: Ask) -> Outcome:
        if ask.question.id == broken:
            raise RuntimeError("bug")
        return Reply("ANSWER: yes")

    ledger = MemoryLedger(ten)
    broken = [ask.question.id async for ask in ledger.missing()][6]
    with pytest.raises(RuntimeError, match="bug"):
        await evaluate(scripted(script), ledger=ledger, width=1, judge=judge, watch=calm)
    assert len(ledger.attempts) == 6


async def test_the_backlog_of_an_interrupted_run_is_judged_first(
    ten: Sequence[Question], scripted: Any, calm: Watch, judge: Judge
) -> None:
    """A reply that was kept, but not judged when the process died, gets its verdict without a call."""
    ledger = MemoryLedger(ten)
    await ledger.keep([Attempt(Ask(ten[0]), Reply("ANSWER: no"))])
    answerer = scripted()
    await evaluate(answerer, ledger=ledger, width=1, judge=judge, watch=calm)
    assert (ten[0].id, 0) not in answerer.asked
    assert ledger.verdicts[0, "1"].mark is Mark.WRONG


async def test_listeners_hear_the_whole_run(
    *, ten: Sequence[Question], scripted: Any, calm: Watch, at_once: Callable[[FailureKind], Watch], judge: Judge
) -> None:
    """A start with what was there, a kept and a judged event for each answer in this order, and an end."""
    heard: list[Event] = []
    await evaluate(scripted(), ledger=MemoryLedger(ten), width=1, judge=judge, watch=calm, listener=heard.append)
    assert isinstance(heard[0], RunStarted)
    assert heard[0].progress.planned == 10
    assert heard[-1] == RunEnded("script/one", complete=True)
    assert [type(event) for event in heard[1:-1]] == [OutcomeKept, AnswerJudged] * 10
    halted: list[Event] = []
    with pytest.raises(ProviderDown):
        await evaluate(
            scripted(lambda _: DOWN), ledger=MemoryLedger(ten), width=1, judge=judge,
            watch=at_once(FailureKind.SERVER_ERROR), listener=halted.append,
        )  # fmt: skip
    assert RunHalting("script/one", "gone") in halted
    assert halted[-1] == RunEnded("script/one", complete=False)


async def test_width_must_be_positive(ten: Sequence[Question], scripted: Any, calm: Watch, judge: Judge) -> None:
    """No call in flight would be a run that never ends."""
    with pytest.raises(ValueError, match="width is 0"):
        await evaluate(scripted(), ledger=MemoryLedger(ten), width=0, judge=judge, watch=calm)


def test_fixture_questions_differ(make_question: Callable[..., Question]) -> None:
    """Two numbers are two questions, else the tests above would prove nothing."""
    assert make_question(1) != make_question(2)
