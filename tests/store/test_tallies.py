"""Tallies: whatever is added or removed, by whichever statement, they are the counts of the rows."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from fractions import Fraction

import pytest
from sqlalchemy import delete, func, insert, select

from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.evaluation.ledger import Judged
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.provider import Failure, FailureKind, Reply
from causal_eval.questions.question import Question
from causal_eval.scoring.verdict import Mark, Verdict
from causal_eval.seeds import Stream
from causal_eval.store import bulk
from causal_eval.store.database import Store, open_store
from causal_eval.store.evaluations import Evaluation, begin
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.rows import verdict_values
from causal_eval.store.suites import keep_set
from causal_eval.store.tables import attempts, failures, verdicts
from causal_eval.store.tallies import _COUNTED, Tally, tallies, tally, untrue

pytestmark = pytest.mark.anyio
Make = Callable[..., Question]
WHEN = "2026-11-28T00:00:00.000+00:00"
MARKS = (Mark.CORRECT, Mark.WRONG, Mark.UNPARSED)


@pytest.fixture
def evaluation(store: Store, make_question: Make) -> Evaluation:
    """A run over 40 stored questions."""
    stored = keep_set(store, [make_question(number) for number in range(40)], name="forty")
    return begin(store, RunSpec("openai/x", stored.digest))


def _told(store: Store, evaluation: Evaluation) -> Tally:
    with store.reading() as connection:
        assert untrue(connection) == []
        return tally(connection, evaluation.id)


async def test_what_a_ledger_writes_is_counted(store: Store, evaluation: Evaluation, make_question: Make) -> None:
    """Replies count as ungraded until they are judged, failed calls by themselves, and what was there stays one."""
    asked = [Ask(make_question(number)) for number in range(40)]
    async with SqlLedger(store, evaluation) as ledger:
        keys = await ledger.keep([Attempt(ask, Reply("yes"), WHEN) for ask in asked[:30]])
        await ledger.keep([Attempt(ask, Failure(FailureKind.SERVER_ERROR, "down"), WHEN) for ask in asked[30:]])
        assert _told(store, evaluation) == Tally({Mark.UNGRADED: 30}, 0, 10)
        judged = [Judged(key, Verdict(Mark.CORRECT, Mark.CORRECT, Fraction(1))) for key in keys if key is not None]
        await ledger.judge(judged[:20])
        await ledger.judge(judged)
        await ledger.keep([Attempt(ask, Reply("no"), WHEN) for ask in asked[:30]])
    assert _told(store, evaluation) == Tally({Mark.CORRECT: 30}, 30, 10)


@pytest.mark.parametrize("seed", range(5))
async def test_any_order_of_writes_is_counted(
    store: Store, evaluation: Evaluation, make_question: Make, seed: int
) -> None:
    """Verdicts of several scorers, in statements of one or many rows, and deletions: sums are those of the rows."""
    dice = Stream("tallies", seed)
    async with SqlLedger(store, evaluation) as ledger:
        await ledger.keep([Attempt(Ask(make_question(number)), Reply("yes"), WHEN) for number in range(40)])
    for step in range(12):
        with store.writing() as connection:
            ids = list(connection.scalars(select(attempts.c.id)))
            some = [key for key in ids if dice.between(0, 2) == 0]
            if step % 4 < 3:
                given = [
                    Verdict(mark, mark, Fraction(0), scorer=f"s{n}")
                    for n in range(2)
                    for mark in [MARKS[dice.between(0, 2)]]
                ]
                rows = [verdict_values(key, one, evaluation=evaluation.id) for key in some for one in given]
                bulk.add(connection, verdicts, rows=rows)
            elif step == 11:
                connection.execute(delete(verdicts).where(verdicts.c.attempt_id.in_(some)))
                connection.execute(delete(attempts).where(attempts.c.id.in_(some)))
            else:
                connection.execute(delete(verdicts).where(verdicts.c.attempt_id.in_(some), verdicts.c.scorer == "s1"))
        assert _told(store, evaluation).kept == len(ids) - (len(some) if step == 11 else 0)


def _verdict(dice: Stream, number: int) -> Verdict:
    mark = MARKS[dice.between(0, 2)]
    return Verdict(mark, mark, Fraction(0), scorer=f"s{number}")


async def test_writers_at_once_are_all_counted(store: Store, evaluation: Evaluation, make_question: Make) -> None:
    """Four connections that add at the same time lose nothing of each other's."""
    values = {
        "question": (await _one(store, evaluation, make_question)), "evaluation_id": evaluation.id,
        "answerer": "openai/x", "kind": "server", "message": "down", "latency_ms": 1.0, "calls": 1,
        "started_at": WHEN,
    }  # fmt: skip

    def fail(number: int) -> None:
        for sample in range(25):
            with store.writing() as connection:
                connection.execute(insert(failures), {**values, "sample": 100 * number + sample})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(fail, range(4)))
    assert _told(store, evaluation).failures == 100


async def _one(store: Store, evaluation: Evaluation, make_question: Make) -> str:
    async with SqlLedger(store, evaluation) as ledger:
        await ledger.keep([Attempt(Ask(make_question(0)), Reply("yes"), WHEN)])
    with store.reading() as connection:
        return str(connection.scalar(select(attempts.c.question)))


async def test_a_tally_that_is_untrue_is_found(store: Store, evaluation: Evaluation, make_question: Make) -> None:
    """One whose sum was changed is named."""
    await _one(store, evaluation, make_question)
    with store.writing() as connection:
        connection.execute(tallies.update().values(n=tallies.c.n + 1))
        assert untrue(connection) == [evaluation.id]
        assert connection.scalar(select(func.sum(tallies.c.n))) == 2


def test_counting_anew_needs_no_statistics(postgres_url: str) -> None:
    """A server that was just restored has none: a look for each row would take hours for a million."""
    with closing(open_store(postgres_url)) as store, store.reading() as connection:
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {_COUNTED.text}").scalars())
    assert "SubPlan" not in plan
