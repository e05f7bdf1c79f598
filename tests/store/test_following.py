"""What following a run reads: rows from a place of the order on, calls that failed for good, the rule it is under."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.store.test_observations import _run as answered

from causal_eval.analysis.sequential.rule import StopRule
from causal_eval.evaluation.judging import Judge
from causal_eval.questions.question import Question
from causal_eval.service.following import Lookout
from causal_eval.service.stop_rules import rule_of, rule_text
from causal_eval.store.database import Store
from causal_eval.store.evaluations import begin, find_evaluation, keep_rule
from causal_eval.store.measured import runs_of, served
from causal_eval.store.observations import failed, observations

Make = Callable[..., Question]
pytestmark = pytest.mark.anyio


async def test_rows_from_a_place_on(store: Store, make_question: Make, judge: Judge) -> None:
    """The same as all rows without those before it; every fourth of five asks has failed, and is known to have."""
    evaluation = await answered(store, [make_question(number) for number in range(50)], judge)
    rows = list(observations(store, evaluation))
    assert list(observations(store, evaluation, start=20)) == rows[20:]
    assert failed(store, evaluation) == {(row.question, 0) for row in rows[3::5]}


async def test_a_lookout_waits_where_nothing_was_asked(store: Store, make_question: Make, judge: Judge) -> None:
    """Every fifth is never asked, so bets stop before the first such cluster, whatever came behind it."""
    evaluation = await answered(store, [make_question(number) for number in range(50)], judge)
    lookout = Lookout(store, evaluation, rule=StopRule(until=0.5))
    lookout.look()
    rows, found = list(observations(store, evaluation)), lookout.followed()
    first = rows[4].cluster
    before = list(dict.fromkeys(row.cluster for row in rows[:4] if row.cluster != first))
    assert found.score.now.clusters == len(before)
    assert found.answerer == "a/b"


async def test_the_rule_stays_with_the_run(store: Store, make_question: Make, judge: Judge) -> None:
    """Begun again it is under the same rule; an empty one takes it away; it changes nothing of what the run is."""
    evaluation = await answered(store, [make_question(number) for number in range(5)], judge)
    rule = StopRule(0.03, "ev-other", 0.02, 0.99)
    with store.writing() as connection:
        kept = keep_rule(connection, evaluation, rule=rule_text(rule))
    assert rule_of(kept) == rule_of(begin(store, evaluation.spec)) == rule
    with store.writing() as connection:
        keep_rule(connection, evaluation, rule=rule_text(StopRule()))
    assert find_evaluation(store, evaluation.id).stop_rule == ""


async def test_finished_runs_of_a_model(store: Store, make_question: Make, judge: Judge) -> None:
    """One that is open is no measurement; who answered is counted by the provider's word."""
    evaluation = await answered(store, [make_question(number) for number in range(10)], judge)
    with store.reading() as connection:
        assert runs_of(connection, "a/b", projects=None, limit=9) == []
        assert served(connection, evaluation.id) == {"": 6}
