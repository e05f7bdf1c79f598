"""Routes of one row answer and refuse exactly as FastAPI has every route do."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest
from fastapi.routing import request_response
from starlette.testclient import TestClient

from causal_eval.api.app import ROUTERS
from causal_eval.api.direct import ONE_ROW, Direct
from causal_eval.store.suites import StoredSet

Client = Callable[..., TestClient]


def _routes() -> list[Direct]:
    return [
        one for module in ROUTERS for one in module.router.routes if isinstance(one, Direct) and one.name in ONE_ROW
    ]


def test_each_takes_what_is_given_to_it() -> None:
    """Every such route only reads, and its function takes the visit, the request and names of the path alone."""
    assert {route.name for route in _routes()} == ONE_ROW
    for route in _routes():
        named = {field.name for field in route.dependant.path_params}
        assert route.methods == {"GET"}
        assert set(inspect.signature(route.endpoint).parameters) == {"visit", "request"} | named
        assert inspect.signature(route.endpoint).return_annotation == "Response"


@pytest.mark.parametrize("route", _routes(), ids=lambda route: route.name)
def test_answers_are_those_of_any_route(
    client: Client, question_set: StoredSet, monkeypatch: pytest.MonkeyPatch, route: Direct
) -> None:
    """What is there, is not there, cannot be named so, or is not the caller's: status, headers and body agree."""
    order = {"answerer": "baseline/oracle", "question_set": question_set.hash}
    begun = client("evaluator").post("/api/v1/evaluations", json=order).json()["id"]
    names = [begun, question_set.hash, "nothing", "n" * 201, "a%20b", "%F0%9F%92%A5"]
    asked = [(key, name) for key in ("viewer", "stranger", "unknown", "") for name in names]

    def answers() -> list[tuple[int, object, bytes]]:
        found: list[tuple[int, object, bytes]] = []
        for key, name in asked:
            answer = client(key).get(route.path.partition("{")[0] + name, headers={"X-Request-Id": "r"})
            found.append((answer.status_code, sorted(answer.headers.items()), answer.content))
        return found

    direct = answers()
    monkeypatch.setattr(route, "app", request_response(super(Direct, route).get_route_handler()))
    assert direct == answers()
    assert {status for status, _, _ in direct} >= {401, 404, 422}
