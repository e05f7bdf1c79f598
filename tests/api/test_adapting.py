"""Ability over HTTP: the library's numbers, the design of what comes next, and for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from tests.answered import answered

from causal_eval.analysis.adaptive.calibration import calibrate
from causal_eval.analysis.adaptive.dials import responses
from causal_eval.analysis.adaptive.selection import ability
from causal_eval.evaluation.spec import RunSpec
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Question
from causal_eval.scoring.format import example
from causal_eval.service import adapting, makings, splits
from causal_eval.service.wiring import Service
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.observations import observations
from causal_eval.store.suites import keep_set, set_questions

Client = Callable[..., TestClient]


@pytest.fixture
def runs(service: Service) -> list[Evaluation]:
    """Three models on one set: one right in half of the causal models, one in a quarter, one in three quarters."""
    questions = list(generate(Plan(48, "able", families=("effect", "cde"))))
    kept = keep_set(service.store, questions, name="able")
    order = {cluster: number for number, cluster in enumerate(dict.fromkeys(one.cluster for one in questions))}

    def run(name: str, quarters: int) -> Evaluation:
        return answered(
            service.store, RunSpec(f"openai/{name}", kept.digest),
            answer=lambda one: f"ANSWER: {example(one.answer, one.gold)}" if order[one.cluster] % 4 < quarters else "-",
        )  # fmt: skip

    return [run("half", 2), run("weak", 1), run("strong", 3)]


def _path(run: Evaluation) -> str:
    return f"/api/v1/evaluations/{run.id}/ability"


def test_the_numbers_are_the_librarys(client: Client, service: Service, runs: list[Evaluation]) -> None:
    """Ability, error, weights with errors; the next groups are as many as asked for, of settings that were seen."""
    one, *others = runs
    names = ",".join(other.id for other in others)
    found = client("viewer").get(_path(one), params={"calibration": names, "n": 30}).json()
    known = calibrate(told for other in others for told in responses(observations(service.store, other)))
    at = ability(responses(observations(service.store, one)), known)
    assert found["ability"] == pytest.approx(at.estimate)
    assert found["se"] == pytest.approx(at.se)
    assert found["predicted"]["low"] < found["predicted"]["estimate"] < found["predicted"]["high"]
    assert {told["feature"]: pytest.approx(told["logits"]) for told in found["weights"]} == known.weights
    assert all(told["se"] > 0 for told in found["weights"])
    assert sum(told["groups"] for told in found["next"]) == 30
    seen = {(dial.kind, dial.regime, dial.size) for dial, _ in known.mix}
    assert {(told["kind"], told["regime"], told["size"]) for told in found["next"]} <= seen
    assert found["calibrated_from"] == [other.id for other in others]
    strong = client("viewer").get(_path(others[1]), params={"calibration": names}).json()
    assert strong["ability"] > found["ability"]


def test_the_next_questions_are_made_by_a_worker(client: Client, service: Service, runs: list[Evaluation]) -> None:
    """What `next` says is what an order takes as its settings: 202, and the set has just these twin groups."""
    one, *others = runs
    somebody, names = client("evaluator"), ",".join(other.id for other in others)
    following = somebody.get(_path(one), params={"calibration": names, "n": 6}).json()["next"]
    order = {"seed": "second round", "settings": following}
    first = somebody.post("/api/v1/question-sets", json=order)
    assert (first.status_code, first.json()["name"]) == (202, "set/second round")
    assert makings.settle(service, worker="w", others=frozenset(), stop=lambda: False)
    done = somebody.get(first.headers["Location"]).json()
    assert (done["status"], done["made"]) == ("done", first.json()["wanted"])
    dials = {made.seed: _dial(made) for made in set_questions(service.store, done["question_set"])}
    assert Counter(dials.values()) == {(on["kind"], on["regime"], on["size"]): on["groups"] for on in following}
    assert somebody.post("/api/v1/question-sets", json=order).status_code == 201
    wrong = somebody.post("/api/v1/question-sets", json={**order, "n": 6})
    assert (wrong.status_code, "give one of suite" in wrong.json()["detail"]) == (422, True)
    assert client("viewer").post("/api/v1/question-sets", json=order).status_code == 403


def test_further_runs_of_the_answerer_count_too(client: Client, service: Service, runs: list[Evaluation]) -> None:
    """The ability rests on more clusters, and other questions follow; another's run is refused by name."""
    one, *others = runs
    kept = keep_set(service.store, generate(Plan(24, "more", families=("effect", "cde"))), name="more")
    more = answered(service.store, RunSpec(one.spec.answerer, kept.digest), answer=lambda _: "-")
    names = ",".join(other.id for other in others)
    alone, both = (
        client("viewer").get(_path(one), params={"calibration": names, **also}).json()
        for also in ({}, {"also": f"{more.id},{one.id}"})
    )
    assert (both["also"], alone["also"]) == ([more.id], [])
    assert both["clusters"] > alone["clusters"]
    assert both["ability"] < alone["ability"]
    wrong = client("viewer").get(_path(one), params={"calibration": names, "also": others[0].id})
    assert (wrong.status_code, f"also is {others[0].id}" in wrong.json()["detail"]) == (422, True)


def _dial(made: Question) -> tuple[str, str, int]:
    return f"{made.family}/{made.kind}", made.regime, made.difficulty


def test_what_cannot_be_calibrated_is_refused(
    client: Client, runs: list[Evaluation], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One model alone, too many answers, runs of another project, sealed questions."""
    one, two, three = (run.id for run in runs)
    viewer, path = client("viewer"), _path(runs[0])
    alone = viewer.get(path, params={"calibration": two})
    assert (alone.status_code, "at least 2" in alone.json()["detail"]) == (422, True)
    assert viewer.get(path, params={"calibration": f"{two},{three}", "n": 0}).status_code == 422
    assert viewer.get(path, params={"calibration": f"{two},ev-none"}).status_code == 404
    assert client("stranger").get(path, params={"calibration": f"{two},{three}"}).status_code == 404
    with monkeypatch.context() as patched:
        patched.setattr(adapting, "LARGEST_CALIBRATED", 100)
        large = viewer.get(path, params={"calibration": f"{two},{three}"})
        assert (large.status_code, "causal-eval adapt" in large.json()["detail"]) == (422, True)
    for sealed in (one, three):
        monkeypatch.setattr(splits, "sealed_evaluation", lambda _connection, name, sealed=sealed: name == sealed)
        assert client("admin").get(path, params={"calibration": f"{two},{three}"}).status_code == 409
