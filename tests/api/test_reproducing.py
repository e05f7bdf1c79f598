"""An evaluation's numbers computed again over HTTP: MATCH, DRIFT with what drifted, and for whom."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from tests.answered import answered

from causal_eval.evaluation.spec import RunSpec
from causal_eval.questions.generate import Plan, generate
from causal_eval.scoring.format import example
from causal_eval.service import reproducing, splits
from causal_eval.service.reproducing import ticket_of
from causal_eval.service.wiring import Service
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.suites import keep_set

Client = Callable[..., TestClient]


def _run(service: Service) -> Evaluation:
    kept = keep_set(service.store, generate(Plan(12, "again", families=("effect",))), name="again")
    return answered(
        service.store, RunSpec("openai/m", kept.digest),
        answer=lambda one: f"ANSWER: {example(one.answer, one.gold)}",
    )  # fmt: skip


def _path(run: Evaluation) -> str:
    return f"/api/v1/evaluations/{run.id}/reproduction"


def test_what_was_claimed_is_found_again(client: Client, service: Service) -> None:
    """MATCH with its hash and without one; against another hash DRIFT of the scores alone; what is none is refused."""
    run = _run(service)
    claimed = ticket_of(service.store, run).hash
    viewer = client("viewer")
    found = viewer.get(_path(run), params={"result": claimed}).json()
    assert (found["verdict"], found["result"], found["evaluation"]) == ("MATCH", claimed, run.id)
    assert {one["what"] for one in found["checks"]} == {"generator", "questions", "scorer", "verdicts", "scores"}
    assert viewer.get(_path(run)).json()["verdict"] == "MATCH"
    other = viewer.get(_path(run), params={"result": "res-0000000000000000"}).json()
    assert other["verdict"] == "DRIFT"
    assert [one["what"] for one in other["checks"] if not one["same"]] == ["scores"]
    assert viewer.get(_path(run), params={"result": "ev-1"}).status_code == 422


def test_what_drifted_is_named(client: Client, service: Service) -> None:
    """A verdict that was changed is a drift, and a changed reply is told as what it is."""
    run = _run(service)
    with service.store.writing() as connection:
        connection.execute(text("UPDATE verdicts SET mark = 'wrong' WHERE evaluation_id = :run"), {"run": run.id})
    found = client("viewer").get(_path(run)).json()
    assert found["verdict"] == "DRIFT"
    assert [one["what"] for one in found["checks"] if not one["same"]] == ["verdicts"]
    with service.store.writing() as connection:
        connection.execute(text("UPDATE attempts SET text = 'no' WHERE evaluation_id = :run"), {"run": run.id})
    broken = client("viewer").get(_path(run))
    assert (broken.status_code, "was changed after" in broken.json()["detail"]) == (409, True)


def test_for_whom_and_how_much(client: Client, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strangers find nothing, sealed questions are made for nobody, and what would take long is refused."""
    run = _run(service)
    assert client("stranger").get(_path(run)).status_code == 404
    assert client().get(_path(run)).status_code == 401
    with monkeypatch.context() as patched:
        patched.setattr(reproducing, "LARGEST_REPRODUCED", 11)
        large = client("viewer").get(_path(run))
        assert (large.status_code, "causal-eval reproduce" in large.json()["detail"]) == (422, True)
    monkeypatch.setattr(splits, "sealed_evaluation", lambda _connection, name: name == run.id)
    assert client("admin").get(_path(run)).status_code == 409
