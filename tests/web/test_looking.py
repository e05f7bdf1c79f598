"""The page for whoever looks while a run goes on: what is known, what was asked for, and what cannot be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from causal_eval.analysis.sequential.following import Step
from causal_eval.analysis.sequential.rule import StopRule
from causal_eval.service.stop_rules import rule_of
from causal_eval.service.wiring import Service
from causal_eval.store.evaluations import Evaluation, list_evaluations
from causal_eval.web.pages.looking import few

Run = Callable[..., Evaluation]
Make = Callable[..., Any]


def test_the_steps_that_tell_how_it_went() -> None:
    """The last and halves of it back to the first: eight at most."""
    steps = [Step(n, 0.5, 0.0, 1.0) for n in range(1, 1001)]
    assert [step.clusters for step in few(steps)] == [7, 15, 31, 62, 125, 250, 500, 1000]
    assert [step.clusters for step in few(steps[:3])] == [1, 3]
    assert few([]) == []


def test_what_is_known_at_any_moment(visitor: Make, run: Run) -> None:
    """The page holds score and difference with their intervals, and says when the rule that was asked for is met."""
    one, other = run(), run("openai/other")
    browser = visitor("viewer")
    page = browser.get(f"/evaluations/{one.id}/sequential")
    assert page.status_code == 200
    assert "valid at 95.0\u00a0% at all times" in page.text
    assert f'href="/evaluations/{one.id}/sequential"' in browser.get(f"/evaluations/{one.id}").text
    pair = browser.get(f"/evaluations/{one.id}/sequential?until_ci=60pts&baseline={other.id}").text
    assert "<strong>Narrow enough</strong>" in pair
    assert "Difference to openai/other" in pair


def test_what_cannot_be_asked_is_said_beside_its_field(visitor: Make, run: Run) -> None:
    """In the reader's language, with what was given; an evaluation that is not there is no page."""
    browser = visitor("viewer")
    page = browser.get(f"/evaluations/{run().id}/sequential?until_ci=3", headers={"Accept-Language": "de"})
    assert page.status_code == 422
    assert 'id="e-until_ci"' in page.text
    assert "nach beiden Seiten reichen darf" in page.text
    assert browser.get(f"/evaluations/{run().id}/sequential?baseline=ev-none").status_code == 404


def test_an_order_with_a_rule(visitor: Make, run: Run, service: Service) -> None:
    """The form takes what the run may stop by, and keeps it with the run."""
    other = run()
    fields = {"answerer": "baseline/oracle", "questions": other.spec.question_set, "until_ci": "5pts"}
    status, _ = visitor("evaluator").fill("/evaluations/new", {**fields, "decide_against": other.id, "margin": "2pts"})
    assert status == 200
    (found,) = [one.evaluation for one in list_evaluations(service.store) if one.evaluation.id != other.id]
    assert rule_of(found) == StopRule(0.05, other.id, 0.02)
