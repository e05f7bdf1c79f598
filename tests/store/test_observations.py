"""Observations and re-scoring: what analysis sees of a run, and judging it again without a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import groupby

import pytest
from sqlalchemy import text

from causal_eval.analysis.observation import Observation
from causal_eval.errors import VerificationMismatch
from causal_eval.evaluation.attempt import Attempt
from causal_eval.evaluation.judging import Judge, verdict_on
from causal_eval.evaluation.ledger import Judged
from causal_eval.evaluation.order import fair_order
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.provider import Failure, FailureKind, Refusal, Reply, Usage
from causal_eval.questions.question import Question
from causal_eval.scoring.verdict import SCORER, Mark, Verdict
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Cached, Evaluation, begin, summarize
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.observations import NOT_JUDGED, answers_seen, observations, replied
from causal_eval.store.rescore import Rescored, kept_attempts, rescore
from causal_eval.store.suites import keep_set

Make = Callable[..., Question]
pytestmark = pytest.mark.anyio
OUTCOMES = (
    Reply("3/10", usage=Usage(7, 8), latency_ms=2.5),
    Reply("1/2"),
    Refusal("no"),
    Failure(FailureKind.TIMEOUT, "t"),
)


async def _run(store: Store, questions: list[Question], judge: Judge, *, epochs: int = 1) -> Evaluation:
    """A run in which the four outcomes take turns; every fifth ask is never made."""
    stored = keep_set(store, questions, name="some")
    evaluation = begin(store, RunSpec("a/b", stored.digest, epochs=epochs))
    async with SqlLedger(store, evaluation) as ledger:
        asks = [ask async for ask in ledger.missing()]
        made = [Attempt(ask, OUTCOMES[number % 5]) for number, ask in enumerate(asks) if number % 5 < 4]
        for attempt in made:
            [key] = await ledger.keep([attempt])
            if key is not None:
                verdict = verdict_on(attempt.outcome, attempt.ask.question, judge=judge)
                await ledger.judge([Judged(key, verdict)])
    return evaluation


async def test_every_planned_sample_is_observed_in_the_runs_order(
    store: Store, make_question: Make, judge: Judge
) -> None:
    """One row per question and sample, clusters contiguous, MISSING for what failed or was not asked."""
    questions = [make_question(number) for number in range(1100)]
    evaluation = await _run(store, questions[:50], judge, epochs=2)
    seen = list(observations(store, evaluation))
    ordered = fair_order(questions[:50], "0")
    assert [(o.question, o.sample) for o in seen] == [(q.id, sample) for q in ordered for sample in (0, 1)]
    turns = (Mark.CORRECT, Mark.WRONG, Mark.ABSTAINED, Mark.MISSING, Mark.MISSING)
    assert [o.mark for o in seen] == [turns[number % 5] for number in range(100)]
    clusters = [cluster for cluster, _ in groupby(o.cluster for o in seen)]
    assert len(clusters) == len(set(clusters))
    assert (
        len(list(observations(store, begin(store, RunSpec("a/b", keep_set(store, questions, name="x").digest)))))
        == 1100
    )


async def test_an_observation_holds_what_the_row_holds(store: Store, make_question: Make, judge: Judge) -> None:
    """Every column of the question and the reply arrives under its name; a missing one has no tokens."""
    evaluation = await _run(store, [make_question(number, twin="t", joint=True) for number in range(5)], judge)
    first, *_, last = observations(store, evaluation)
    assert first == Observation(
        answerer="a/b", question=first.question, sample=0, family="effect", kind="ate", rung=2, domain="medicine",
        regime="real", difficulty=1, cluster=first.cluster, twin="t", joint=True, exempt=("association",),
        mark=Mark.CORRECT, strict=Mark.CORRECT, share=Fraction(1), reason="", input_tokens=7, output_tokens=8,
        latency_ms=2.5,
    )  # fmt: skip
    assert (last.mark, last.share, last.input_tokens, last.latency_ms) == (Mark.MISSING, Fraction(0), None, None)


async def test_replies_come_with_their_observations(store: Store, make_question: Make, judge: Judge) -> None:
    """The same observations, each with the text as it came; what the provider declined or failed has none."""
    evaluation = await _run(store, [make_question(number) for number in range(10)], judge, epochs=2)
    found = list(replied(store, evaluation))
    assert [one.row for one in found] == list(observations(store, evaluation))
    assert [one.text for one in found] == ["3/10", "1/2", None, None, None] * 4
    assert {one.finish for one in found if one.text is not None} == {"stop"}


async def test_a_reply_without_a_verdict_is_ungraded(store: Store, make_question: Make) -> None:
    """What an interruption left unjudged is shown as our doing, not as wrong or missing."""
    stored = keep_set(store, [make_question(1)], name="one")
    evaluation = begin(store, RunSpec("a/b", stored.digest))
    async with SqlLedger(store, evaluation) as ledger:
        await ledger.keep([Attempt(await anext(ledger.missing()), Reply("x"))])
    [seen] = observations(store, evaluation)
    assert (seen.mark, seen.strict, seen.reason) == (Mark.UNGRADED, Mark.UNGRADED, NOT_JUDGED)


async def test_rescoring_adds_verdicts_and_rewrites_none(store: Store, make_question: Make, judge: Judge) -> None:
    """A run judged by another scorer version gets new verdicts beside the old; observations show the newest."""
    evaluation = await _run(store, [make_question(number) for number in range(20)], judge)
    with store.writing() as connection:
        connection.execute(text("UPDATE verdicts SET scorer = '0', mark = 'unparsed'"))
    done: list[int] = []
    assert rescore(store, evaluation, judge=judge, progress=done.append) == Rescored(attempts=12, added=12)
    assert done == [12]
    marks = [o.mark for o in observations(store, evaluation)]
    assert (marks.count(Mark.CORRECT), marks.count(Mark.UNPARSED)) == (4, 0)
    with store.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM verdicts")).scalar_one() == 24


async def test_rescoring_by_the_same_version_confirms(store: Store, make_question: Make, judge: Judge) -> None:
    """Nothing is added; a verdict that would now be another one is reported with its question."""
    evaluation = await _run(store, [make_question(number) for number in range(20)], judge)
    assert rescore(store, evaluation, judge=judge) == Rescored(attempts=12, added=0)

    def lenient(text: str, finish: str, question: Question) -> Verdict:
        return replace(judge(text, finish, question=question), mark=Mark.CORRECT)

    changed = rescore(store, evaluation, judge=lenient)
    assert len(changed.differing) == 4
    assert {kept.attempt.ask.question.id for kept in kept_attempts(store, evaluation)} >= set(changed.differing)


async def test_kept_attempts_carry_their_verdict(store: Store, make_question: Make, judge: Judge) -> None:
    """Each reply and refusal in order of arrival with this version's verdict; None for another version."""
    evaluation = await _run(store, [make_question(number) for number in range(10)], judge)
    kept = list(kept_attempts(store, evaluation))
    assert [entry.verdict and entry.verdict.mark for entry in kept[:3]] == [Mark.CORRECT, Mark.WRONG, Mark.ABSTAINED]
    assert kept[0].verdict is not None
    assert (kept[0].verdict.answer, kept[0].verdict.scorer) == ("3/10", SCORER)
    assert {entry.verdict for entry in kept_attempts(store, evaluation, scorer="0")} == {None}


async def test_rescoring_refuses_changed_replies(store: Store, make_question: Make, judge: Judge) -> None:
    """A reply that was made right after the fact is not scored."""
    evaluation = await _run(store, [make_question(number) for number in range(5)], judge)
    with store.writing() as connection:
        connection.execute(text("UPDATE attempts SET text = '3/10'"))
    with pytest.raises(VerificationMismatch):
        rescore(store, evaluation, judge=judge)


async def test_a_cached_reply_costs_nothing_and_names_its_observation(
    store: Store, make_question: Make, judge: Judge
) -> None:
    """What came from the cache has the first reply's source, its tokens and time, and no cost; the rest its price."""
    stored = keep_set(store, [make_question(number) for number in range(3)], name="some")
    evaluation = begin(store, RunSpec("a/b", stored.digest))
    fresh = Reply("3/10", usage=Usage(7, 8), latency_ms=2.5, source="s")
    given = (fresh, replace(fresh, calls=0, asked_at="2026-11-01T10:00:00.000+00:00"), Reply("3/10", usage=Usage(7, 8)))
    async with SqlLedger(store, evaluation) as ledger:
        asks = [ask async for ask in ledger.missing()]
        await ledger.keep([Attempt(ask, outcome) for ask, outcome in zip(asks, given, strict=True)])
        assert [attempt.outcome for _, attempt in await ledger.unjudged()] == list(given)
    rows = list(observations(store, evaluation, price=lambda *_, batch=False: Fraction(6 if batch else 5)))
    assert [(row.source, row.is_cached, row.cost) for row in rows] == [
        ("s", False, Fraction(5)),
        ("s", True, Fraction(0)),
        ("", False, Fraction(5)),
    ]
    assert [row.input_tokens for row in rows] == [7, 7, 7]
    assert summarize(store, evaluation).cached == Cached(
        1, "2026-11-01T10:00:00.000+00:00", "2026-11-01T10:00:00.000+00:00"
    )
    with store.writing() as connection:
        connection.execute(text("UPDATE attempts SET asked_at = NULL"))
    with pytest.raises(VerificationMismatch, match="was changed"):
        rescore(store, evaluation, judge=judge)


async def test_answers_come_with_their_questions(store: Store, make_question: Make, judge: Judge) -> None:
    """The same rows as without questions, the whole question beside each, and the answer where one was read."""
    questions = [make_question(number) for number in range(20)]
    evaluation = await _run(store, questions, judge, epochs=2)
    found = list(answers_seen(store, evaluation))
    assert [seen.row for seen in found] == list(observations(store, evaluation))
    assert all(seen.question.id == seen.row.question for seen in found)
    assert sorted({seen.question.id for seen in found}) == sorted(question.id for question in questions)
    read = {seen.answer for seen in found if seen.row.mark in (Mark.CORRECT, Mark.WRONG)}
    assert read
    assert None not in read
    assert all(seen.answer is None for seen in found if seen.row.mark is Mark.MISSING)
