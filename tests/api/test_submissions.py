"""Submissions and the leaderboard over HTTP: what goes in is checked, what comes out can be checked by anybody."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from causal_eval.api.app import make_app
from causal_eval.questions.generate import generate
from causal_eval.questions.suite import suite
from causal_eval.scoring.format import example
from causal_eval.service.signing import check
from causal_eval.service.wiring import Service

Client = Callable[..., TestClient]


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    """Right answers to the first forty questions of the suite with seed 7."""
    questions = list(generate(suite("quick", "7")))[:40]
    return {one.id: f"So.\nANSWER: {example(one.answer, one.gold)}" for one in questions}


@pytest.fixture
def entered(client: Client, answers: dict[str, str]) -> dict[str, Any]:
    """A self-report that is published."""
    body = {"answerer": "some/one", "suite": "quick", "seed": "7", "size": 8, "answers": answers}
    made = client("evaluator").post("/api/v1/submissions/self-reported", json=body)
    assert made.status_code == 201, made.text
    where = made.headers["location"]
    published = client("admin").post(f"{where}/moderation", json={"action": "publish", "reason": "checked"})
    assert published.json()["status"] == "published"
    return dict(client("viewer").get(where).json())


def test_a_signature_can_be_checked_with_the_published_key(client: Client, entered: dict[str, Any]) -> None:
    """Text, signature and key, as they are sent."""
    key = client("viewer").get("/api/v1/leaderboard/key").json()
    check(entered["signed"], base64.b64decode(entered["signature"]), key=base64.b64decode(key["key"]))
    assert entered["seed"] == "7"


def test_the_board_lists_what_is_published(client: Client, entered: dict[str, Any]) -> None:
    """In its own tier alone, with an interval, and as a page with a tag."""
    viewer, query = client("viewer"), {"suite": "quick", "tier": "self_reported"}
    page = viewer.get("/api/v1/leaderboard", params=query)
    (line,) = page.json()["items"]
    assert (line["rank"], line["submission"], line["score"], line["missing"]) == (1, entered["id"], 1.0, 20)
    again = viewer.get("/api/v1/leaderboard", params=query, headers={"If-None-Match": page.headers["etag"]})
    assert again.status_code == 304
    assert viewer.get("/api/v1/leaderboard", params={"suite": "quick"}).json()["total"] == 0
    assert viewer.get("/api/v1/leaderboard/boards").json() == [{"tier": "self_reported", "suite": "quick"}]
    assert "rung 2" in viewer.get("/api/v1/leaderboard/scopes", params=query).json()


def test_a_badge_may_be_shown_elsewhere_and_a_result_exported(client: Client, entered: dict[str, Any]) -> None:
    """A picture that other sites may embed; a file as YAML or JSON."""
    where = f"/api/v1/submissions/{entered['id']}"
    badge = client("viewer").get(f"{where}/badge")
    assert badge.headers["content-type"] == "image/svg+xml"
    assert badge.headers["cross-origin-resource-policy"] == "cross-origin"
    assert client("viewer").get(f"{where}/eval-results").text.startswith("- dataset:")
    assert client("viewer").get(f"{where}/eval-results", params={"form": "json"}).json()[0]["value"] == 1.0


def test_who_is_nobody_reads_it_where_it_is_public(service: Service, client: Client, entered: dict[str, Any]) -> None:
    """With the setting on, and then nothing else either."""
    where = f"/api/v1/submissions/{entered['id']}"
    assert client().get(f"{where}/badge").status_code == 401
    settings = replace(service.settings, public_leaderboard=True)
    nobody = TestClient(make_app(replace(service, settings=settings)))
    board = {"suite": "quick", "tier": "self_reported"}
    assert nobody.get("/api/v1/leaderboard", params=board).json()["total"] == 1
    assert nobody.get(f"{where}/badge").status_code == 200
    assert nobody.get(where).status_code == 200
    for path in (f"{where}/moderation", "/api/v1/submissions", "/api/v1/evaluations"):
        assert nobody.get(path).status_code == 401
    assert nobody.get("/api/v1/leaderboard", params={**board, "project": "local"}).status_code == 401


def test_an_evaluator_moderates_nothing_but_his_own_leaving(client: Client, entered: dict[str, Any]) -> None:
    """403 to reject, 200 to withdraw; another project's admin is told of no such submission."""
    where = f"/api/v1/submissions/{entered['id']}/moderation"
    reject = {"action": "reject", "reason": "because"}
    assert client("evaluator").post(where, json=reject).status_code == 403
    assert client("stranger").post(where, json=reject).status_code == 404
    assert client("evaluator").post(where, json={"action": "withdraw", "reason": "oops"}).status_code == 200
    assert [line["action"] for line in client("viewer").get(where).json()] == ["score", "publish", "withdraw"]


def test_a_verified_submission_hides_its_seed(client: Client) -> None:
    """The hash is there at once; without scores there is no seed, and asking for them is a conflict."""
    body = {"answerer": "baseline/oracle", "suite": "quick"}
    made = client("evaluator").post("/api/v1/submissions/verified", json=body)
    assert made.status_code == 201, made.text
    assert made.json()["seed"] is None
    assert len(made.json()["commitment"]) == 64
    assert client("evaluator").post(f"{made.headers['location']}/score").status_code == 409


@pytest.mark.parametrize("change", [{"suite": "nope"}, {"answers": {}}, {"answers": {"q": "yes"}}, {"size": -1}])
def test_what_cannot_be_taken_is_refused(client: Client, answers: dict[str, str], change: dict[str, Any]) -> None:
    """404 or 422, and nothing is kept."""
    body = {"answerer": "some/one", "suite": "quick", "seed": "7", "answers": answers, **change}
    assert client("evaluator").post("/api/v1/submissions/self-reported", json=body).status_code in {404, 422}
    assert client("viewer").get("/api/v1/submissions").json()["items"] == []
