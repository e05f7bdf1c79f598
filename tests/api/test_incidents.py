"""Incidents over the API: for operators, from a sentinel that answers, and from the copy where it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.api.conftest import Callers
from tests.sentinel.running import alert, answering, send

from causal_eval.api.app import make_app
from causal_eval.effects import mirror
from causal_eval.service import sentinel
from causal_eval.service.access import Caller, Role
from causal_eval.service.wiring import Service

Who = Callable[[str], TestClient]
NOW = 1_790_000_000.0
HERE = "/api/v1/incidents"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A sentinel that answers, with an incident that an alert opened."""
    with answering(tmp_path) as there:
        send(there, alert())
        yield there


@pytest.fixture
def known(service: Service, address: str) -> Service:
    """A service that knows it."""
    return replace(service, settings=replace(service.settings, sentinel_url=address))


@pytest.fixture
def who(known: Service, callers: Callers) -> Who:
    """Makes clients by role."""
    app = make_app(known, identify=callers)
    return lambda role: TestClient(app, headers={"Authorization": f"Bearer {role}"}, raise_server_exceptions=False)


def test_an_operator_sees_one_through(who: Who, address: str) -> None:
    """From the list to the review, in his name."""
    operator = who("operator")
    (one,) = operator.get(HERE).json()["items"]
    assert (one["id"], one["severity"], one["state"], one["firing"]) == ("INC-1", "P2", "detected", ["RedisDown"])
    steps: list[tuple[str, dict[str, object]]] = [
        ("ack", {}), ("assign", {"to": "bob"}), ("classify", {"severity": "P3", "reason": "one team"}),
        ("update", {"text": "restarted", "state": "mitigating", "public": True, "eta": "at noon"}),
        ("escalate", {"reason": "it did not help", "to": "dba"}), ("snapshot", {}),
    ]  # fmt: skip
    for name, body in steps:
        assert operator.post(f"{HERE}/INC-1/{name}", json=body).status_code == 200, name
    refused = operator.post(f"{HERE}/INC-1/resolve", json={"resolution": "restarted"})
    assert (refused.status_code, "still fires" in refused.json()["detail"]) == (409, True)
    send(address, alert(status="resolved"))
    afterwards: list[tuple[str, dict[str, object]]] = [
        ("resolve", {"resolution": "restarted"}), ("todo", {"text": "more", "owner": "bob", "due_at": 1.0}),
        ("cause", {"text": "too little memory"}), ("done", {"task": 1}), ("reviewed", {}),
    ]  # fmt: skip
    for name, body in afterwards:
        assert operator.post(f"{HERE}/INC-1/{name}", json=body).status_code == 200, name
    detail = operator.get(f"{HERE}/INC-1").json()
    assert {entry["who"] for entry in detail["timeline"]} == {"sentinel", "operator"}
    said = {entry["kind"]: entry for entry in detail["timeline"]}
    assert (said["expected"]["text"], said["escalated"]["data"]) == ("at noon", {"to": "dba"})
    assert operator.post(f"{HERE}/INC-1/escalate", json={"reason": "x", "to": "nobody"}).status_code == 422
    assert (detail["incident"]["state"], detail["ruling"]["rule"], detail["is_copy"]) == ("reviewed", "", False)
    assert operator.get(HERE).json()["items"] == []
    assert [one["id"] for one in operator.get(f"{HERE}?state=all").json()["items"]] == ["INC-1"]


def test_what_has_not_changed_is_not_sent_again(who: Who) -> None:
    """By its tag, until something happens."""
    operator = who("operator")
    tag = {"If-None-Match": operator.get(f"{HERE}/INC-1").headers["ETag"]}
    assert operator.get(f"{HERE}/INC-1", headers=tag).status_code == 304
    operator.post(f"{HERE}/INC-1/ack")
    assert operator.get(f"{HERE}/INC-1", headers=tag).status_code == 200


def test_one_key_opens_one(who: Who) -> None:
    """Sent again the same answer; another's key is another; and the first page tells where the next begins."""
    wanted = {"title": "odd scores", "component": "worker", "severity": "P1"}
    headers = {"Idempotency-Key": "k-1"}
    first = who("operator").post(HERE, json=wanted, headers=headers)
    assert (first.status_code, first.headers["Location"]) == (201, f"{HERE}/INC-2")
    assert who("operator").post(HERE, json=wanted, headers=headers).json()["id"] == "INC-2"
    assert who("operator").post(HERE, json={**wanted, "title": "x"}, headers=headers).status_code == 409
    other = {"title": "slow", "component": "api"}
    assert who("admin").post(HERE, json=other, headers=headers).json()["id"] == "INC-3"
    page = who("admin").get(f"{HERE}?state=all&limit=2").json()
    rest = who("admin").get(f"{HERE}?state=all&limit=2&after={page['next']}").json()
    assert [one["id"] for one in (*page["items"], *rest["items"])] == ["INC-3", "INC-2", "INC-1"]


def test_what_concerns_security_is_for_operators_alone(who: Who) -> None:
    """Evaluators and viewers are told of no incident at all, nor does any other route name it."""
    who("operator").post(HERE, json={"title": "leaked key of Olga", "private": True, "component": "security"})
    for role in ("viewer", "evaluator"):
        for path in (HERE, f"{HERE}/INC-2", "/health", "/api/v1/leaderboard", "/api/v1/providers"):
            assert "Olga" not in who(role).get(path).text
        assert who(role).get(f"{HERE}/INC-2").status_code == 403


def test_whoever_has_logged_in_reports_a_problem(who: Who) -> None:
    """It is told which incident it became, and nothing else of it; too many within minutes are refused."""
    for number in range(5):
        body = {"text": f"no. {number}", "trouble": "page", "page": "/compare"}
        assert who("viewer").post("/api/v1/problem-reports", json=body).json() == {"incident": "INC-2"}
    refused = who("viewer").post("/api/v1/problem-reports", json={"text": "more", "trouble": "slow"})
    assert (refused.status_code, int(refused.headers["Retry-After"]) > 500) == (429, True)
    detail = who("operator").get(f"{HERE}/INC-2").json()
    assert detail["incident"]["severity"] == "P3"
    assert "viewer (user:viewer)" in {entry["who"] for entry in detail["timeline"]}
    assert who("viewer").post("/api/v1/problem-reports", json={"text": " "}).status_code == 422


@pytest.mark.parametrize(
    ("actor", "name", "named"),
    [
        ("user:1", "Ada", "Ada"), ("key:7", "nightly", "nightly (key:7)"), ("user:2", "Sentinel", "Sentinel (user:2)"),
        ("local", "local", "local"),
    ],
)  # fmt: skip
def test_who_acts_is_named(who: Who, callers: Callers, actor: str, name: str, named: str) -> None:
    """A person by his name, a key by its id too, and nobody as the machine."""
    callers.known["operator"] = Caller(actor, name, Role.OPERATOR, None)
    assert who("operator").post(f"{HERE}/INC-1/ack").json()["responder"] == named


def test_without_the_sentinel_the_copy_is_read(known: Service, callers: Callers) -> None:
    """It says how old it is; who wants to act is told where that goes on, and nothing else is slowed down."""
    at = known.clock() - 60
    with known.store.writing() as connection:
        mirror.keep(connection, sentinel.changed(known.settings, since=0).incidents, at=at)
        mirror.answered(connection, cursor=1, at=at)
    away = replace(known, settings=replace(known.settings, sentinel_url="http://127.0.0.1:9"))
    headers = {"Authorization": "Bearer operator"}
    client = TestClient(make_app(away, identify=callers), headers=headers, raise_server_exceptions=False)
    page = client.get(HERE).json()
    assert ([one["id"] for one in page["items"]], page["is_copy"], page["as_of"]) == (["INC-1"], True, at)
    detail = client.get(f"{HERE}/inc-1").json()
    assert (detail["is_copy"], detail["timeline"], detail["incident"]["id"]) == (True, [], "INC-1")
    assert client.get(f"{HERE}/INC-9").status_code == 404
    refused = client.post(f"{HERE}/INC-1/ack")
    assert (refused.status_code, refused.headers["Content-Type"]) == (503, "application/problem+json")
    assert "causal-eval incident" in refused.json()["detail"]
    refused = client.post("/api/v1/problem-reports", json={"text": "odd"})
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:causal-eval:problem:sentinel-away")


def test_without_sentinel_and_copy_it_is_said(client: Callable[..., TestClient]) -> None:
    """No empty list, which would say that all is well; and what to do about it."""
    for path in (HERE, f"{HERE}/INC-1"):
        refused = client("operator").get(path)
        said = refused.json()["detail"]
        assert (refused.status_code, "CEB_SENTINEL_URL" in said, "causal-eval incident" in said) == (503, True, True)


def test_what_a_command_copied_is_read_where_no_sentinel_is_known(known: Service, callers: Callers) -> None:
    """It is as old as the newest copy."""
    told = sentinel.changed(known.settings, since=0).incidents
    with known.store.writing() as connection:
        mirror.keep(connection, told, at=NOW)
    alone = replace(known, settings=replace(known.settings, sentinel_url=""))
    client = TestClient(make_app(alone, identify=callers), headers={"Authorization": "Bearer operator"})
    page = client.get(HERE).json()
    assert ([one["id"] for one in page["items"]], page["is_copy"], page["as_of"]) == (["INC-1"], True, NOW)
    detail = client.get(f"{HERE}/INC-1").json()
    assert (detail["is_copy"], detail["as_of"]) == (True, NOW)
