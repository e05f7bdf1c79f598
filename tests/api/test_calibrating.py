"""Calibration over HTTP: the figures of the library, for whoever may read results."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from tests.answered import answered

from causal_eval.evaluation.spec import RunSpec
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Question
from causal_eval.scoring.format import example
from causal_eval.service import calibrating
from causal_eval.service.wiring import Service
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.suites import keep_set

Client = Callable[..., TestClient]


@pytest.fixture
def sure(service: Service) -> Evaluation:
    """A run that says 90 % everywhere, but once a word, and is right in every other causal model."""
    questions = list(generate(Plan(60, "sure", families=("effect", "cde"))))
    kept = keep_set(service.store, questions, name="sure")
    order = {cluster: number for number, cluster in enumerate(dict.fromkeys(one.cluster for one in questions))}

    def reply(question: Question) -> str:
        said = "very" if question.id == questions[0].id else "90"
        answer = example(question.answer, question.gold) if order[question.cluster] % 2 else "no idea"
        return f"CONFIDENCE: {said}\nANSWER: {answer}"

    return answered(service.store, RunSpec("openai/sure", kept.digest, elicitation="confidence@1"), answer=reply)


def test_the_figures_are_the_librarys(client: Client, service: Service, sure: Evaluation) -> None:
    """Counts, intervals, parts and bins as the library has them."""
    found = client("viewer").get(f"/api/v1/evaluations/{sure.id}/calibration")
    assert found.status_code == 200
    body, own = found.json(), calibrating.calibration_of(service.store, sure)
    assert (body["evaluation"], body["answerer"]) == (sure.id, "openai/sure")
    assert (body["asked"], body["stated"]) == (60, own.counts.stated)
    assert body["gap"]["estimate"] == pytest.approx(own.gap.estimate)
    assert body["gap"]["low"] == pytest.approx(own.gap.low)
    assert [one["right"]["units"] for one in body["bins"]] == [one.right.n for one in own.bins]
    parts = body["miscalibration"] - body["discrimination"] + body["uncertainty"]
    assert body["brier"]["estimate"] == pytest.approx(parts)


def test_a_run_that_was_not_asked_has_no_figures(client: Client, service: Service) -> None:
    """Nulls and counts, no error: nothing is wrong with it."""
    kept = keep_set(service.store, generate(Plan(6, "plain")), name="plain")
    one = answered(service.store, RunSpec("openai/plain", kept.digest), answer=lambda _: "ANSWER: yes")
    body = client("viewer").get(f"/api/v1/evaluations/{one.id}/calibration").json()
    assert (body["stated"], body["bins"], body["ece"], body["gap"]["estimate"]) == (0, [], None, None)
    assert body["answers"] + body["no_answer"] == 6


def test_who_may_not_see_it_and_what_is_too_large(
    client: Client, sure: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another project's people find nothing; a larger run is for the command line, which is named."""
    path = f"/api/v1/evaluations/{sure.id}/calibration"
    assert client("stranger").get(path).status_code == 404
    monkeypatch.setattr(calibrating, "LARGEST_READ", 59)
    large = client("viewer").get(path)
    assert (large.status_code, f"causal-eval calibration {sure.id}" in large.json()["detail"]) == (422, True)
