"""Ability over HTTP: the library's numbers, the design of what comes next, and for whom."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from tests.answered import answered

from causal_eval.analysis.adaptive.calibration import calibrate
from causal_eval.analysis.adaptive.dials import responses
from causal_eval.analysis.adaptive.selection import ability
from causal_eval.evaluation.spec import RunSpec
from causal_eval.questions.generate import Plan, generate
from causal_eval.scoring.format import example
from causal_eval.service import adapting, splits
from causal_eval.service.wiring import Service
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.observations import observations
from causal_eval.store.suites import keep_set

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
