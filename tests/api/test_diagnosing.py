"""Diagnosis and profile over HTTP: the figures of the library, for whoever may see the questions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from tests.answered import answered

from causal_eval.evaluation.baselines.fit import Fitted
from causal_eval.evaluation.baselines.shortcuts import association
from causal_eval.evaluation.spec import RunSpec
from causal_eval.questions.generate import Plan, generate
from causal_eval.scoring.format import example
from causal_eval.service import diagnosing, reporting, splits
from causal_eval.service.wiring import Service
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.suites import keep_set

Client = Callable[..., TestClient]
_NOTHING = Fitted({}, {}, {})


def _run(service: Service, seed: str = "naive", *, right: bool = False, name: str = "m") -> Evaluation:
    kept = keep_set(service.store, generate(Plan(60, seed, families=("effect", "cde", "paths"))), name=seed)
    return answered(
        service.store, RunSpec(f"openai/{name}", kept.digest),
        answer=lambda one: f"ANSWER: {example(one.answer, one.gold if right else association(one, _NOTHING))}",
    )  # fmt: skip


def test_the_diagnosis_is_the_librarys(client: Client, service: Service) -> None:
    """Causes with share, interval and n; what random answers would match; questions to look at."""
    one = _run(service)
    found = client("viewer").get(f"/api/v1/evaluations/{one.id}/diagnosis")
    assert found.status_code == 200
    body, own = found.json(), reporting.diagnosed(service.store, one)
    assert body["misses"] == own.misses
    assert body["causes"][0]["cause"] == "association"
    assert body["causes"][0]["is_shown"] is True
    assert body["causes"][0]["low"] == pytest.approx(own.causes[0].share.low)
    assert sum(cause["share"] for cause in body["causes"]) == pytest.approx(1.0, abs=0.01)
    at = body["causes"][0]["examples"][0]["question"]
    assert client("viewer").get(f"/api/v1/evaluations/{one.id}/results/{at}").status_code == 200


def test_the_profile_holds_every_part(client: Client, service: Service) -> None:
    """Matrix, metrics, shortcuts, diagnosis and recommendations; with a run on published questions the gap to these."""
    one, old = _run(service), _run(service, "older", right=True)
    body = client("viewer").get(f"/api/v1/evaluations/{one.id}/profile", params={"published": old.id}).json()
    assert body["matrix"][0]["family"] is None
    assert body["memorisation"]["low"] > 0
    assert {"cause", "shortcut", "memorisation"} <= {advice["rule"] for advice in body["recommendations"]}
    assert all(advice["figure"]["n"] > 0 for advice in body["recommendations"])


def test_a_large_profile_holds_no_answers_and_says_the_same(
    client: Client, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows are read again for each part, at no time all at once, and every figure is that of rows that are held."""
    one, old = _run(service), _run(service, "older", right=True)
    path, query = f"/api/v1/evaluations/{one.id}/profile", {"published": old.id}
    held = client("viewer").get(path, params=query).json()
    monkeypatch.setattr(reporting, "MOST_HELD", 0)
    monkeypatch.setattr(reporting, "_held", None)
    assert client("viewer").get(path, params=query).json() == held
    assert held["matrix"]


def test_whoever_may_not_see_the_run_is_told_nothing(client: Client, service: Service) -> None:
    """Another project's people, nobody, and a run of another answerer as the published one."""
    one = _run(service)
    for what in ("diagnosis", "profile"):
        assert client("stranger").get(f"/api/v1/evaluations/{one.id}/{what}").status_code == 404
        assert client().get(f"/api/v1/evaluations/{one.id}/{what}").status_code == 401
    same = client("viewer").get(f"/api/v1/evaluations/{one.id}/profile", params={"published": one.id})
    assert same.status_code == 422
    assert "asked the same set" in same.json()["detail"]


def test_sealed_questions_are_not_diagnosed(
    client: Client, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Until its submission is scored nobody learns which mistakes its questions invite."""
    one = _run(service)
    monkeypatch.setattr(splits, "sealed_evaluation", lambda _connection, name: name == one.id)
    assert client("admin").get(f"/api/v1/evaluations/{one.id}/diagnosis").status_code == 409


def test_profiles_stand_side_by_side(client: Client, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one set, in the order asked for; other sets, one alone, too much and another project's are refused."""
    one, other = _run(service), _run(service, right=True, name="sure")
    viewer, asked = client("viewer"), {"evaluations": f"{one.id},{other.id}"}
    body = viewer.get("/api/v1/profiles", params=asked).json()
    assert [found["evaluation"] for found in body["profiles"]] == [one.id, other.id]
    alone = viewer.get(f"/api/v1/evaluations/{one.id}/profile").json()
    assert body["profiles"][0] == alone | {"evaluation": one.id}
    assert body["concerns"] == []
    for names in (one.id, f"{one.id},{_run(service, 'older').id}", f"{one.id},{one.id}"):
        assert viewer.get("/api/v1/profiles", params={"evaluations": names}).status_code == 422
    assert client("stranger").get("/api/v1/profiles", params=asked).status_code == 404
    monkeypatch.setattr(diagnosing, "LARGEST_DIAGNOSED", 100)
    assert "beside each other" in viewer.get("/api/v1/profiles", params=asked).json()["detail"]
