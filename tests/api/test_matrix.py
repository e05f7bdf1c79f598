"""Every route x every role x nobody: generated from the table of permissions, so that no route is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from causal_eval.api.app import make_app
from causal_eval.api.who import PERMISSIONS
from causal_eval.service.access import Caller, Permission, Role
from causal_eval.service.wiring import Service

WHO = ["", *Role]


def operations(app: FastAPI) -> Iterator[tuple[str, str, str]]:
    """Operation id, method and path of every route that is described, with any names filled in."""
    for path, methods in app.openapi()["paths"].items():
        for method, described in methods.items():
            yield described["operationId"], method, path.replace("{", "x-").replace("}", "")


def test_every_route_names_its_permission(service: Service) -> None:
    """The table and the routes are the same set."""
    assert {name for name, _, _ in operations(make_app(service))} == PERMISSIONS.keys()


@pytest.mark.parametrize("who", WHO)
def test_a_route_is_open_to_whom_its_permission_reaches(
    service: Service, client: Callable[..., TestClient], who: str
) -> None:
    """401 for nobody, 403 for a role that is too low, anything else for the others."""
    caller = client(who)
    for name, method, path in operations(make_app(service)):
        needed = PERMISSIONS[name]
        status = caller.request(method, path, json={}).status_code
        if needed is None:
            assert status == 200, name
        elif not who:
            assert status == 401, name
        else:
            allowed = Caller("x", "x", Role(who), None).may(needed)
            assert (status == 403) is not allowed, (name, status)
            assert status < 500, name


def test_a_limited_key_reaches_no_further(client: Callable[..., TestClient], callers: Any) -> None:
    """A key with the scope of reading begins nothing, whatever its role."""
    callers.known["reader"] = Caller("key:1", "k", Role.ADMIN, None, frozenset({Permission.READ}))
    assert client("reader").get("/api/v1/evaluations").status_code == 200
    assert client("reader").post("/api/v1/question-sets", json={"n": 1}).status_code == 403


def test_a_session_needs_its_token_to_change_anything(client: Callable[..., TestClient]) -> None:
    """With the cookie alone a page of another site could act: reading goes, changing does not."""
    browser = client()
    cookie = {"Cookie": "__Host-ceb_session=evaluator"}
    path = "/api/v1/evaluations/none/cancel"
    assert browser.get("/api/v1/evaluations", headers=cookie).status_code == 200
    assert browser.post(path, headers=cookie).status_code == 403
    assert browser.post(path, headers={**cookie, "X-CSRF-Token": "token-of-the-form"}).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_without_accounts_only_this_machine_is_served(service: Service, headers: dict[str, str], status: int) -> None:
    """No page of another site uses a server without login, nor under a name that it pointed here."""
    here = TestClient(make_app(service, open_to_all=True), base_url="http://127.0.0.1")
    assert here.get("/api/v1/evaluations", headers=headers).status_code == status


def test_a_project_that_does_not_exist_is_unknown(client: Callable[..., TestClient], callers: Any) -> None:
    """Whoever enters every project is told so, before anything is generated."""
    callers.known["all"] = Caller("user:all", "all", Role.ADMIN, None)
    assert client("all").post("/api/v1/question-sets", json={"n": 1, "project": "nope"}).status_code == 404
