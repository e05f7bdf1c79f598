"""The pages of diagnosis and profile: what they say, in both languages, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.answered import answered

from causal_eval.analysis.diagnosis.classes import keys
from causal_eval.analysis.profiling.advice import rules
from causal_eval.analysis.profiling.shortcuts import UNTAUGHT
from causal_eval.analysis.twins.metrics import METRICS
from causal_eval.evaluation.baselines.fit import Fitted
from causal_eval.evaluation.baselines.shortcuts import association
from causal_eval.evaluation.spec import RunSpec
from causal_eval.questions.generate import Plan, generate
from causal_eval.scoring.format import example
from causal_eval.service import diagnosing, splits
from causal_eval.service.wiring import Service
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.suites import keep_set
from causal_eval.web.language import LANGUAGES, texts

Run = Callable[..., Evaluation]
Make = Callable[..., Any]


@pytest.fixture
def naive(service: Service) -> Evaluation:
    """A run of somebody who takes association for effect."""
    kept = keep_set(service.store, generate(Plan(60, "naive", families=("effect", "cde", "paths"))), name="naive")
    nothing = Fitted({}, {}, {})
    return answered(
        service.store, RunSpec("openai/<i>naive</i>", kept.digest),
        answer=lambda question: f"ANSWER: {example(question.answer, association(question, nothing))}",
    )  # fmt: skip


@pytest.mark.parametrize("code", LANGUAGES)
def test_everything_that_can_be_told_has_a_text(code: str) -> None:
    """Causes, metrics, shortcuts and advice, in every language."""
    wanted = {f"cause.{key}" for key in keys()} | {f"advice.{rule}" for rule in rules()}
    wanted |= {f"metric.{name}" for name in (*METRICS, *rules())} | {f"metric_about.{name}" for name in METRICS}
    wanted |= {f"shortcut.{name}" for name in UNTAUGHT}
    assert wanted <= texts(code).texts.keys()


def test_the_diagnosis_says_the_cause_and_leads_to_proofs(visitor: Make, naive: Evaluation) -> None:
    """The cause with share, interval and n first; a link to a question whose page shows the mistake."""
    browser = visitor("viewer")
    page = browser.get(f"/evaluations/{naive.id}/diagnosis")
    assert page.status_code == 200
    assert "of the misses: association taken for effect [" in page.text
    assert "beyond coincidence" in page.text
    assert "<i>naive</i>" not in page.text
    at = page.text.index(f"/evaluations/{naive.id}/questions/")
    question = browser.get(page.text[at : page.text.index('"', at)])
    assert "correlation is causation" in question.text
    assert f'href="/evaluations/{naive.id}/diagnosis"' in browser.get(f"/evaluations/{naive.id}").text


def test_the_profile_says_what_follows_with_its_figure(visitor: Make, naive: Evaluation) -> None:
    """Every recommendation has interval, n and threshold beside it; in the reader's language."""
    browser = visitor("viewer")
    page = browser.get(f"/evaluations/{naive.id}/profile", headers={"Accept-Language": "de"})
    assert page.status_code == 200
    assert "Zusammenhang für Wirkung gehalten" in page.text
    assert "Gruppen; über 5,0" in page.text
    assert "Stufen und Familien" in page.text


def test_a_memorisation_gap_needs_another_set(visitor: Make, run: Run) -> None:
    """A run of the same questions is refused with the reason, and the profile stands all the same."""
    one = run()
    page = visitor("viewer").get(f"/evaluations/{one.id}/profile?published={one.id}")
    assert page.status_code == 422
    assert "asked the same set" in page.text
    assert 'id="matrix"' in page.text


def test_strangers_see_neither(visitor: Make, run: Run) -> None:
    """To another project's people there is no such evaluation; without a session there is the form."""
    one = run()
    for what in ("diagnosis", "profile"):
        assert visitor("stranger").get(f"/evaluations/{one.id}/{what}").status_code == 404
        assert "/login" in str(visitor().get(f"/evaluations/{one.id}/{what}").url)


def test_what_is_sealed_or_too_large_is_refused(visitor: Make, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody learns of sealed questions what mistakes they invite; what takes too long goes to the command line."""
    one = run()
    monkeypatch.setattr(diagnosing, "LARGEST_DIAGNOSED", 3)
    assert "causal-eval diagnose" in visitor("viewer").get(f"/evaluations/{one.id}/diagnosis").text
    monkeypatch.setattr(splits, "sealed_evaluation", lambda _connection, name: name == one.id)
    for what in ("diagnosis", "profile"):
        assert visitor("admin").get(f"/evaluations/{one.id}/{what}").status_code == 409


@pytest.mark.parametrize("code", LANGUAGES)
def test_profiles_stand_side_by_side(visitor: Make, service: Service, naive: Evaluation, code: str) -> None:
    """A column for each, causes that are shown marked; the profile leads there, and one that is none is told."""
    other = answered(
        service.store, RunSpec("openai/right", naive.spec.question_set),
        answer=lambda question: f"ANSWER: {example(question.answer, question.gold)}",
    )  # fmt: skip
    browser = visitor("viewer")
    browser.cookies.set("ceb_language", code)
    assert f'href="/profiles?a={naive.id}"' in browser.get(f"/evaluations/{naive.id}/profile").text
    assert browser.get("/profiles").status_code == 200
    page = browser.get(f"/profiles?a={naive.id}&b={other.id}").text
    assert page.count(f'href="/evaluations/{other.id}/profile"') == 4
    assert page.count("status-done") == 1
    assert "<i>naive</i>" not in page
    twice = browser.get(f"/profiles?a={naive.id}&b={naive.id}")
    assert (twice.status_code, 'role="alert"' in twice.text) == (422, True)
    assert visitor("stranger").get(f"/profiles?a={naive.id}&b={other.id}").status_code == 404
