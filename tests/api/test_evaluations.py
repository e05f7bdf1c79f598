"""Evaluations over HTTP: begun, seen, held, stopped and tried again, each by whoever may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from causal_eval.store.suites import StoredSet

Client = Callable[..., TestClient]
PATH = "/api/v1/evaluations"


@pytest.fixture
def begun(client: Client, question_set: StoredSet) -> dict[str, Any]:
    """An evaluation of the oracle that has just begun."""
    order = {"answerer": "baseline/oracle", "question_set": question_set.hash}
    made = client("evaluator").post(PATH, json=order)
    assert made.status_code == 201, made.text
    assert made.headers["Location"] == f"{PATH}/{made.json()['id']}"
    body: dict[str, Any] = made.json()
    return body


def test_what_was_begun_is_found(client: Client, begun: dict[str, Any]) -> None:
    """By its address and in the list, with nothing done yet."""
    found = client("viewer").get(f"{PATH}/{begun['id']}")
    assert found.json() == begun
    assert begun["progress"] == {"wanted": 30, "kept": 0, "failed_calls": 0, "marks": {"missing": 30}}
    assert [line["id"] for line in client("viewer").get(PATH).json()["items"]] == [begun["id"]]


def test_what_has_not_changed_is_not_sent_again(client: Client, begun: dict[str, Any]) -> None:
    """The tag of what a client has gives 304, until the evaluation changes."""
    viewer = client("viewer")
    tag = viewer.get(f"{PATH}/{begun['id']}").headers["ETag"]
    assert viewer.get(f"{PATH}/{begun['id']}", headers={"If-None-Match": tag}).status_code == 304
    client("evaluator").post(f"{PATH}/{begun['id']}/pause")
    assert viewer.get(f"{PATH}/{begun['id']}", headers={"If-None-Match": tag}).status_code == 200


def test_it_is_held_stopped_and_tried_again(client: Client, begun: dict[str, Any]) -> None:
    """Each step changes its state; a step that its state forbids is a conflict."""
    evaluator, path = client("evaluator"), f"{PATH}/{begun['id']}"
    assert evaluator.post(f"{path}/pause").json()["paused"] is True
    assert evaluator.post(f"{path}/resume").json()["paused"] is False
    assert evaluator.post(f"{path}/retry").status_code == 409
    assert evaluator.post(f"{path}/cancel").json()["status"] == "cancelled"
    assert evaluator.post(f"{path}/cancel").status_code == 409
    assert evaluator.post(f"{path}/retry").json()["status"] == "open"


def test_a_retry_may_raise_its_cap(client: Client, begun: dict[str, Any]) -> None:
    """The new cap is shown, and the log says by whom and from what; without one the cap stays as it is."""
    evaluator, path = client("evaluator"), f"{PATH}/{begun['id']}"
    for given, shown in (({"json": {"budget": "12.50"}}, "12.50"), ({"json": {}}, "12.50"), ({}, "12.50")):
        evaluator.post(f"{path}/cancel")
        assert evaluator.post(f"{path}/retry", **given).json()["budget"] == shown
    told = [one for one in client("admin").get("/api/v1/audit").json()["items"] if one["action"] == "evaluation.retry"]
    assert [one["detail"] for one in reversed(told)] == [{"budget": {"old": None, "new": "12.50"}}, {}, {}]
    assert {(one["actor"], one["target"]) for one in told} == {("user:evaluator", begun["id"])}


@pytest.mark.parametrize("budget", ["0", "0.000", "-1", "inf", "nan", "1e3", "1000000000", "1.2345678", "٣", "", " 1"])
def test_a_cap_that_is_none_is_refused(client: Client, begun: dict[str, Any], budget: str) -> None:
    """The problem names the field, what was given and what can be; the evaluation stays as it was."""
    evaluator, path = client("evaluator"), f"{PATH}/{begun['id']}"
    evaluator.post(f"{path}/cancel")
    refused = evaluator.post(f"{path}/retry", json={"budget": budget})
    assert refused.status_code == 422
    assert refused.json()["detail"].startswith(f"budget is {budget!r}: give dollars above 0")
    assert evaluator.get(path).json()["status"] == "cancelled"


def test_pages_give_every_evaluation_once(client: Client, question_set: StoredSet) -> None:
    """The cursor goes on where a page ended; one that was made up is refused."""
    evaluator = client("evaluator")
    order = {"answerer": "baseline/oracle", "question_set": question_set.digest}
    made = {evaluator.post(PATH, json=order).json()["id"] for _ in range(5)}
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = evaluator.get(PATH, params={"limit": 2, **after}).json()
        found += [line["id"] for line in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert sorted(found) == sorted(made)
    assert evaluator.get(PATH, params={"after": "bm9uc2Vuc2U"}).status_code == 422


def test_results_come_with_reply_reading_and_scores(
    client: Client, begun: dict[str, Any], answered: Callable[[str], None]
) -> None:
    """Scores, pages of questions by outcome, and one question with everything that was answered."""
    answered(begun["id"])
    viewer, path = client("viewer"), f"{PATH}/{begun['id']}"
    scores = viewer.get(f"{path}/scores").json()
    assert (scores["items"][0]["scope"], scores["items"][0]["score"], scores["kept"]) == ("overall", 1.0, 30)
    page = viewer.get(f"{path}/results", params={"mark": "correct", "limit": 20}).json()
    rest = viewer.get(f"{path}/results", params={"mark": "correct", "limit": 20, "after": page["next"]}).json()
    assert len({line["question"] for line in page["items"] + rest["items"]}) == 30
    assert viewer.get(f"{path}/results", params={"mark": "wrong"}).json()["items"] == []
    one = viewer.get(f"{path}/results/{page['items'][0]['question']}").json()
    assert one["answers"][0]["text"].startswith("<script>")
    assert one["answers"][0]["verdicts"][0]["mark"] == "correct"


@pytest.mark.parametrize("step", ["", "/scores", "/results", "/results/q-1", "/events"])
def test_another_project_finds_nothing(client: Client, begun: dict[str, Any], step: str) -> None:
    """Its evaluations are unknown to strangers, not forbidden."""
    assert client("stranger").get(f"{PATH}/{begun['id']}{step}").status_code == 404
    assert client("stranger").get(PATH).json()["items"] == []


def test_another_projects_questions_are_not_asked(client: Client, question_set: StoredSet) -> None:
    """A set of another project is unknown as the set of an evaluation too."""
    order = {"answerer": "baseline/oracle", "question_set": question_set.digest, "project": "theirs"}
    assert client("stranger").post(PATH, json=order).status_code == 404


def test_one_question_is_explained_and_verified(client: Client) -> None:
    """By its id, with its card and with nothing that differs; one that is not of the set is unknown."""
    evaluator = client("evaluator")
    made = evaluator.post("/api/v1/question-sets", json={"n": 2, "seed": "v"}).json()
    path = f"/api/v1/question-sets/{made['digest']}/questions"
    question = evaluator.get(path).json()["items"][0]["id"]
    assert "answer" in evaluator.get(f"{path}/{question}").json()["card"].lower()
    assert evaluator.post(f"{path}/{question}/verify").json() == {"checked": 1, "mismatches": {}, "next": None}
    assert evaluator.post(f"{path}/nope/verify").status_code == 404
    assert client("viewer").post(f"{path}/{question}/verify").status_code == 403


def test_no_path_of_the_server_is_an_answerer(client: Client, question_set: StoredSet) -> None:
    """Weights that are a file of the server cannot be named."""
    order = {"answerer": "local/../../etc/passwd", "question_set": question_set.digest}
    assert client("evaluator").post(PATH, json=order).status_code == 422


@pytest.mark.parametrize(
    ("change", "field"),
    [({"epochs": 0}, "body.epochs"), ({"call": {"rpm": -1}}, "body.call.rpm"), ({"x": 1}, "body.x")],
)
def test_a_wrong_field_is_named(client: Client, question_set: StoredSet, change: dict[str, Any], field: str) -> None:
    """The problem document says which field and why."""
    order = {"answerer": "baseline/oracle", "question_set": question_set.digest, **change}
    refused = client("evaluator").post(PATH, json=order)
    assert refused.status_code == 422
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert [one["field"] for one in refused.json()["errors"]] == [field]


def test_sets_aim_at_kinds_and_traps(client: Client) -> None:
    """A set of named kinds, or of a trap's, holds nothing else; a wrong name is refused with the nearest one."""
    evaluator = client("evaluator")
    for wanted, kinds in (
        ({"kinds": ["blanket/blanket"]}, {"blanket/blanket"}),
        ({"adversarial": ["post-hoc"], "families": ["attribution"]}, {"attribution/sequence"}),
    ):
        made = evaluator.post("/api/v1/question-sets", json={"n": 2, "seed": "aim", **wanted}).json()
        found = evaluator.get(f"/api/v1/question-sets/{made['digest']}/questions").json()["items"]
        assert {f"{one['family']}/{one['kind']}" for one in found} == kinds
    wrong = evaluator.post("/api/v1/question-sets", json={"n": 2, "seed": "aim", "adversarial": ["colider"]})
    assert wrong.status_code >= 400
    assert "did you mean collider" in wrong.text
