"""Every route x everybody: generated from the table of permissions, so that no route is forgotten.

Users, keys, sessions and projects are real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from causal_eval.api.app import make_app
from causal_eval.api.who import COOKIE, CSRF, PERMISSIONS, PLAIN_COOKIE
from causal_eval.service import jobs, keys, projects, users
from causal_eval.service.access import Caller, Permission, Role
from causal_eval.service.accounts import local_caller, user_caller
from causal_eval.service.keys import KeyOrder
from causal_eval.service.users import NewUser
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.accounts import User
from causal_eval.store.suites import StoredSet

PASSWORD = "correct horse battery"
LAST = "log_out"
OWN = "get_user"
"""Of a session oneself, of a key nobody: only an admin's sees users."""


@dataclass(frozen=True)
class Somebody:
    """Who asks, and with what."""

    user: User
    headers: Mapping[str, str]
    may: Callable[[Permission], bool]


def operations(app: FastAPI) -> Iterator[tuple[str, str, str]]:
    """Operation id, method and path of every route that is described; whatever ends a session comes last."""
    found = [
        (described["operationId"], method, path)
        for path, methods in app.openapi()["paths"].items()
        for method, described in methods.items()
    ]
    yield from sorted(found, key=lambda one: one[0] == LAST)


def filled(path: str, names: Mapping[str, str]) -> str:
    """*path* with *names* for what it takes, and made up ones where there are none."""
    for name, value in names.items():
        path = path.replace(f"{{{name}}}", value)
    return path.replace("{", "no-").replace("}", "")


@pytest.fixture
def app(watched: Service) -> FastAPI:
    """The application, with accounts."""
    projects.add(Visit(watched, local_caller("")), "theirs", name="Theirs")
    return make_app(watched)


@pytest.fixture
def http(app: FastAPI) -> TestClient:
    """A client that sends what it is told to."""
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def person(service: Service) -> Callable[..., User]:
    """Makes users."""

    def make(role: Role, project: str = "local") -> User:
        wanted = NewUser(f"{role}@{project}.example", str(role), role, PASSWORD, frozenset({project}))
        return users.add(Visit(service, local_caller("")), wanted)

    return make


@pytest.fixture
def holder(service: Service, person: Callable[..., User]) -> Callable[..., Somebody]:
    """Makes users with a key."""

    def make(role: Role, project: str = "local", *scopes: Permission) -> Somebody:
        user = person(role, project)
        visit = Visit(service, user_caller(user, address=""))
        made = keys.make(visit, KeyOrder("k", role, scopes=frozenset(scopes)))
        caller = Caller("x", "x", role, None, frozenset(scopes))
        return Somebody(user, {"Authorization": f"Bearer {made.key}"}, caller.may)

    return make


@pytest.fixture
def browser(http: TestClient, person: Callable[..., User]) -> Callable[[Role], Somebody]:
    """Makes users who have logged in."""

    def make(role: Role) -> Somebody:
        user = person(role)
        begun = http.post("/api/v1/session", json={"email": user.email, "password": PASSWORD})
        assert begun.status_code == 201, begun.text
        cookie = f"{PLAIN_COOKIE}={begun.cookies[PLAIN_COOKIE]}"
        http.cookies.clear()
        return Somebody(user, {"Cookie": cookie, CSRF: begun.json()["csrf"]}, Caller("x", "x", role, None).may)

    return make


def check(http: TestClient, app: FastAPI, who: Somebody) -> None:
    """Each route is open where *who* may, else forbidden."""
    for name, method, path in operations(app):
        needed = Permission.ADMINISTER if name == OWN and "Authorization" in who.headers else PERMISSIONS[name]
        where = filled(path, {"user": who.user.id, "project": "local"})
        answer = http.request(method, where, json={}, headers=who.headers)
        assert answer.status_code < 500, (name, answer.text)
        allowed = needed is None or who.may(needed)
        assert (answer.status_code in {401, 403}) is not allowed, (name, answer.status_code, answer.text)


def test_every_route_names_its_permission(app: FastAPI) -> None:
    """The table and the routes are the same set."""
    assert {name for name, _, _ in operations(app)} == PERMISSIONS.keys()


def test_nobody_reaches_what_needs_a_name(http: TestClient, app: FastAPI) -> None:
    """401, also with a key or cookie that is no good; what needs no name is open."""
    for headers in ({}, {"Authorization": "Bearer ceb_x_y"}, {"Cookie": f"{PLAIN_COOKIE}=forged"}):
        for name, method, path in operations(app):
            status = http.request(method, filled(path, {}), json={}, headers=headers).status_code
            if PERMISSIONS[name] is not None:
                assert status == 401, (name, status)
            elif not headers:
                assert status in {200, 422}, (name, status)


@pytest.mark.parametrize("role", Role)
def test_a_key_reaches_as_far_as_its_role(
    http: TestClient, app: FastAPI, holder: Callable[..., Somebody], role: Role
) -> None:
    """403 for what is above it."""
    check(http, app, holder(role))


@pytest.mark.parametrize("role", Role)
def test_a_session_reaches_as_far_as_its_role(
    http: TestClient, app: FastAPI, browser: Callable[[Role], Somebody], role: Role
) -> None:
    """The same with cookie and token."""
    check(http, app, browser(role))


@pytest.mark.parametrize("scope", Permission)
def test_a_limited_key_reaches_no_further_than_its_scopes(
    http: TestClient, app: FastAPI, holder: Callable[..., Somebody], scope: Permission
) -> None:
    """Whatever the role of who made it."""
    check(http, app, holder(Role.ADMIN, "local", scope))


@pytest.mark.parametrize("csrf", [None, "", "wrong"])
def test_without_its_token_a_session_changes_nothing(
    http: TestClient, app: FastAPI, browser: Callable[[Role], Somebody], csrf: str | None
) -> None:
    """With the cookie alone a page of another site could act: every route but those that only read is shut."""
    admin = browser(Role.ADMIN)
    headers = {"Cookie": admin.headers["Cookie"], **({} if csrf is None else {CSRF: csrf})}
    for name, method, path in operations(app):
        if method != "get" and PERMISSIONS[name] is not None:
            answer = http.request(method, filled(path, {"user": admin.user.id}), json={}, headers=headers)
            assert answer.status_code == 403, (name, answer.status_code)
            assert CSRF in answer.json()["detail"]
    assert http.get("/api/v1/session", headers=headers).status_code == 200


def test_a_member_of_another_project_finds_nothing(
    service: Service, http: TestClient, app: FastAPI, holder: Callable[..., Somebody], question_set: StoredSet
) -> None:
    """What names something of a project is unknown to him, and no answer holds anything of it."""
    begun = jobs.order(Visit(service, local_caller("")), jobs.JobOrder("baseline/oracle", question_set.digest))
    stranger = holder(Role.EVALUATOR, "theirs")
    secret = {begun.evaluation.id, question_set.digest, question_set.hash, "First admin"}
    names = {"evaluation": begun.evaluation.id, "question_set": question_set.digest, "project": "local"}
    for name, method, path in operations(app):
        where = filled(path, names)
        answer = http.request(method, where, json={}, headers=stranger.headers)
        told = answer.text.replace(repr(begun.evaluation.id), "").replace(repr(question_set.digest), "")
        assert not [one for one in secret if one in told], (name, told)
        needed = PERMISSIONS[name]
        if where != path and any(f"{{{one}}}" in path for one in names) and needed and stranger.may(needed):
            assert answer.status_code == 404, (name, answer.status_code)


def test_over_https_the_cookie_is_the_hosts_own(app: FastAPI, person: Callable[..., User]) -> None:
    """``__Host-``, Secure, HttpOnly; one without that name, which another host could set, is not read."""
    user = person(Role.VIEWER)
    there = TestClient(app, base_url="https://testserver")
    begun = there.post("/api/v1/session", json={"email": user.email, "password": PASSWORD})
    said = begun.headers["Set-Cookie"]
    assert said.startswith(f"{COOKIE}=")
    assert all(word in said for word in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"))
    cookie = begun.cookies[COOKIE]
    assert there.get("/api/v1/session").json()["csrf"] == begun.json()["csrf"]
    there.cookies.clear()
    assert there.get("/api/v1/session", headers={"Cookie": f"{PLAIN_COOKIE}={cookie}"}).status_code == 401


def test_a_session_that_ended_is_over(http: TestClient, browser: Callable[[Role], Somebody]) -> None:
    """The cookie opens nothing any more; whoever has an old one can log in again."""
    viewer = browser(Role.VIEWER)
    assert http.delete("/api/v1/session", headers=viewer.headers).status_code == 204
    assert http.get("/api/v1/session", headers=viewer.headers).status_code == 401
    again = {"email": viewer.user.email, "password": PASSWORD}
    assert http.post("/api/v1/session", json=again, headers={"Cookie": viewer.headers["Cookie"]}).status_code == 201


def test_another_sites_page_logs_nobody_in(http: TestClient, person: Callable[..., User]) -> None:
    """Else somebody would work in a stranger's account."""
    given = {"email": person(Role.VIEWER).email, "password": PASSWORD}
    assert http.post("/api/v1/session", json=given, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


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


def test_a_project_that_does_not_exist_is_unknown(http: TestClient, holder: Callable[..., Somebody]) -> None:
    """Whoever enters every project is told so, before anything is generated."""
    admin = holder(Role.ADMIN)
    wanted = {"n": 1, "project": "nope"}
    assert http.post("/api/v1/question-sets", json=wanted, headers=admin.headers).status_code == 404
