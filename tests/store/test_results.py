"""Pages of results: a mark's lines are the same whether an index or a walk finds them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
from sqlalchemy import update

from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.evaluation.ledger import Judged
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.provider import Failure, FailureKind, Reply
from causal_eval.questions.question import Question
from causal_eval.scoring.verdict import Mark, Verdict
from causal_eval.store import rare
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation, begin
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.results import BEGINNING, Cursor, Line, Wanted, page
from causal_eval.store.suites import keep_set
from causal_eval.store.tables import verdicts
from causal_eval.store.tallies import tally

pytestmark = pytest.mark.anyio
WHEN = "2026-11-29T00:00:00.000+00:00"
COUNT = 120
RARE = (Mark.UNPARSED, Mark.ABSTAINED, Mark.MISSING)


def _mark(number: int) -> Mark:
    """What the newest verdict on question *number* says: two marks are rare, and some questions have no outcome."""
    if number % 30 == 7:
        return Mark.MISSING
    if number in {11, 80, 81}:
        return Mark.UNPARSED
    return Mark.ABSTAINED if number == 50 else (Mark.WRONG, Mark.CORRECT)[number % 2]


@pytest.fixture(params=[1, 2], ids=["one sample", "two samples"])
async def evaluation(
    request: pytest.FixtureRequest, store: Store, make_question: Callable[..., Question]
) -> Evaluation:
    """A run that has ended, with marks as above; two verdicts that count no more say otherwise."""
    made = [make_question(number, family=("effect", "chain")[number % 2]) for number in range(COUNT)]
    stored = keep_set(store, made, name="many")
    run = begin(store, RunSpec("openai/x", stored.digest, epochs=request.param))
    async with SqlLedger(store, run) as ledger:
        for sample in range(request.param):
            replied = [n for n in range(COUNT) if _mark(n) is not Mark.MISSING]
            keys = await ledger.keep([Attempt(Ask(made[n], sample), Reply("yes"), WHEN) for n in replied])
            lost = [made[n] for n in range(COUNT) if _mark(n) is Mark.MISSING]
            failed = Failure(FailureKind.TIMEOUT, "no reply")
            await ledger.keep([Attempt(Ask(question, sample), failed, WHEN) for question in lost * 2])
            pairs = [(key, n) for key, n in zip(keys, replied, strict=True) if key is not None]
            former = [Judged(key, _verdict(Mark.UNPARSED, "0")) for key, n in pairs if n in {3, 11}]
            await ledger.judge(former)
            await ledger.judge([Judged(key, _verdict(_mark(n), "1")) for key, n in pairs])
    return run


def _verdict(mark: Mark, scorer: str) -> Verdict:
    return Verdict(mark, mark, Fraction(0), scorer=scorer)


def _all(store: Store, evaluation: Evaluation, wanted: Wanted, *, limit: int) -> list[Line]:
    """Every line, by following the pages to the end."""
    lines: list[Line] = []
    after = BEGINNING
    with store.reading() as connection:
        while found := page(connection, evaluation, after=after, limit=limit, wanted=wanted):
            lines += found
            after = Cursor(found[-1].position, -1 if found[-1].sample is None else found[-1].sample)
    return lines


@pytest.mark.parametrize("family", [None, "chain"])
@pytest.mark.parametrize("limit", [2, 50])
async def test_lines_of_a_mark(store: Store, evaluation: Evaluation, family: str | None, limit: int) -> None:
    """Followed to the end, pages of a mark hold exactly the lines with it, in order, and of one family if so asked."""
    whole = _all(store, evaluation, Wanted(family=family), limit=1000)
    assert {line.mark for line in whole} == {_mark(n) for n in (range(COUNT) if family is None else range(1, COUNT, 2))}
    for mark in Mark:
        expected = [line for line in whole if line.mark is mark]
        assert _all(store, evaluation, Wanted(family, mark), limit=limit) == expected


async def test_rare_ones_are_found_by_the_index(store: Store, evaluation: Evaluation) -> None:
    """Rare marks and missing questions have their positions, frequent ones and those of an earlier version a walk."""
    with store.reading() as connection:
        there = tally(connection, evaluation.id)
        found = {mark: rare.positions(connection, evaluation, mark=mark, there=there) for mark in Mark}
    assert {mark: len(found[mark] or ()) for mark in RARE} == {Mark.UNPARSED: 3, Mark.ABSTAINED: 1, Mark.MISSING: 4}
    assert found[Mark.WRONG] is None
    with store.writing() as connection:
        connection.execute(update(verdicts).values(evaluation_id=None))
        assert rare.positions(connection, evaluation, mark=Mark.UNPARSED, there=there) is None
    lines = _all(store, evaluation, Wanted(mark=Mark.UNPARSED), limit=50)
    assert len(lines) == 3 * evaluation.spec.epochs
