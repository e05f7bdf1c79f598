"""The page of calibration: what it says, in both languages, where it is linked, and how it is ordered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.answered import answered

from causal_eval.errors import UsageError
from causal_eval.evaluation.elicit import ELICITATIONS
from causal_eval.evaluation.spec import RunSpec
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Question
from causal_eval.scoring.confidence import Unstated
from causal_eval.scoring.format import example
from causal_eval.service import makings
from causal_eval.service.jobs import JobOrder
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.suites import keep_set
from causal_eval.web.language import LANGUAGES, texts

Run = Callable[..., Evaluation]
Make = Callable[..., Any]


@pytest.fixture
def sure(service: Service) -> Evaluation:
    """A run that is right in every second question and says 95 % each time, but for one that says nothing."""
    questions = list(generate(Plan(60, "sure", families=("effect", "cde"))))
    kept = keep_set(service.store, questions, name="sure")
    places = {question.id: place for place, question in enumerate(questions)}

    def reply(question: Question) -> str:
        place = places[question.id]
        line = "CONFIDENCE: 95\n" if place else ""
        return f"{line}ANSWER: {example(question.answer, question.gold) if place % 2 == 0 else '999'}"

    spec = RunSpec("openai/<i>sure</i>", kept.digest, elicitation="confidence@1")
    return answered(service.store, spec, answer=reply)


@pytest.mark.parametrize("code", LANGUAGES)
def test_everything_that_can_be_told_has_a_text(code: str) -> None:
    """Reasons for no confidence and ways of asking, in every language."""
    wanted = {f"calibration.{why.value}" for why in Unstated} | {f"elicitation.{name}" for name in ELICITATIONS}
    assert wanted <= texts(code).texts.keys()


def test_the_page_says_how_far_the_two_are_apart(visitor: Make, sure: Evaluation) -> None:
    """The verdict with interval and n, a bin with what was stated and what is right, what is left out."""
    browser = visitor("viewer")
    page = browser.get(f"/evaluations/{sure.id}/calibration")
    assert page.status_code == 200
    text = page.text.replace("\u00a0", " ")
    assert "over-confident" in text
    assert "90 to 100 %" in text
    assert "without the line 1." in text
    assert "Expected calibration error: " in text
    assert '<svg class="reliability-picture"' in text
    assert "<i>sure</i>" not in text
    assert f'href="/evaluations/{sure.id}/calibration"' in browser.get(f"/evaluations/{sure.id}").text


def test_the_page_in_german(visitor: Make, sure: Evaluation) -> None:
    """Words and decimal marks."""
    browser = visitor("viewer")
    browser.cookies.set("ceb_language", "de")
    text = browser.get(f"/evaluations/{sure.id}/calibration").text.replace("\u00a0", " ")
    assert "zu sicher" in text
    assert "95,0 %" in text
    assert "90 bis 100 %" in text


def test_a_run_that_was_not_asked_says_what_to_order(visitor: Make, run: Run) -> None:
    """No figure and no link from the evaluation, but the way to one; strangers find nothing."""
    one = run("openai/m")
    browser = visitor("viewer")
    page = browser.get(f"/evaluations/{one.id}/calibration")
    assert page.status_code == 200
    assert "order an evaluation that asks for it" in page.text
    assert "reliability-picture" not in page.text
    assert f'href="/evaluations/{one.id}/calibration"' not in browser.get(f"/evaluations/{one.id}").text
    assert visitor("stranger").get(f"/evaluations/{one.id}/calibration").status_code == 404


def test_the_way_of_asking_is_ordered(visitor: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The form offers every way and orders it, the usual one where none is chosen; an unknown one is said beside it."""
    browser, ordered = visitor("evaluator"), list[JobOrder]()
    form = browser.get("/evaluations/new").text
    assert all(f'<option value="{name}"' in form for name in ELICITATIONS)
    fields = {"answerer": "openai/m", "questions": "suite:quick", "elicitation": "confidnce"}
    status, page = browser.fill("/evaluations/new", fields)
    assert status == 422
    assert "did you mean" in page[page.index('id="e-elicitation"') :]

    def begin(visit: Visit, wanted: JobOrder) -> None:
        del visit
        ordered.append(wanted)
        raise UsageError("answerer: nobody is asked here")

    monkeypatch.setattr(makings, "begin", begin)
    for way in ("confidence", ""):
        browser.fill("/evaluations/new", {**fields, "elicitation": way})
    assert [one.call.elicitation for one in ordered] == ["confidence", None]
