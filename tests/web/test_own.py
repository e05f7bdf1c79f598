"""What people have of their own: API keys with limits, and a password."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from causal_eval.service import accounts
from causal_eval.service.wiring import Service
from causal_eval.web.app import make_pages

CSRF = re.compile(r'name="csrf" value="([^"]+)"')


class Own:
    """The first admin's browser, before real accounts."""

    def __init__(self, service: Service) -> None:
        first = accounts.bootstrap(service)
        assert first is not None
        self.email, self.password = first.email, first.password
        self.browser = TestClient(make_pages(service))

    def send(self, path: str, fields: dict[str, str]) -> Any:
        """The answer to a form of the page at *path*."""
        found = CSRF.search(self.browser.get(path).text)
        assert found
        return self.browser.post(path, data={"csrf": found[1], **fields})

    def log_in(self, password: str) -> int:
        """The status of logging in."""
        status: int = self.send("/login", {"email": self.email, "password": password}).status_code
        return status


@pytest.fixture
def own(service: Service) -> Own:
    """The admin, logged in."""
    one = Own(service)
    assert one.log_in(one.password) == 200
    return one


def test_a_key_is_made_with_scopes_and_an_end_and_shown_once(own: Own) -> None:
    """The list says what it is limited to, that it never was used and when it ends; the key itself is not there."""
    fields = {"name": "<b>ci</b>", "role": "evaluator", "project": "team", "days": "7", "scope_evaluate": "on"}
    page = own.send("/keys", fields).text
    key = re.search(r"ceb_\w+", page)
    assert key
    listed = own.browser.get("/keys").text
    assert key[0] not in listed
    assert "&lt;b&gt;ci&lt;/b&gt;" in listed
    row = listed[listed.index("&lt;b&gt;ci") : listed.index("Revoke &lt;b&gt;ci")]
    assert ("evaluate<" in row, "never" in row, "2026-09-28" in row, "team" in row) == (True, True, True, True)


def test_what_a_key_cannot_have_is_said_and_the_choice_stays(own: Own) -> None:
    """A role of the whole system is not for one project: the form comes back as it was."""
    fields = {"name": "x", "role": "admin", "project": "team", "days": "", "scope_operate": "on"}
    answer = own.send("/keys", fields)
    assert answer.status_code == 422
    assert 'name="scope_operate" checked' in answer.text
    assert 'id="e-role"' in answer.text


def test_a_password_is_changed_by_who_knows_the_present_one(own: Own) -> None:
    """A wrong one, two that differ and a short one change nothing; a good one ends this session and opens the next."""
    new = "correct horse battery"
    wrongs = (
        ({"present": "wrong", "password": new, "again": new}, "present"),
        ({"present": own.password, "password": new, "again": "another"}, "again"),
        ({"present": own.password, "password": "short", "again": "short"}, "password"),
    )
    for fields, place in wrongs:
        answer = own.send("/password", fields)
        assert (answer.status_code, f'id="e-{place}"' in answer.text) == (422, True), place
        assert new not in answer.text
    answer = own.send("/password", {"present": own.password, "password": new, "again": new})
    assert (answer.url.path, "Your password is changed" in answer.text) == ("/login", True)
    assert own.browser.get("/evaluations", follow_redirects=False).status_code == 303
    assert (own.log_in(new), own.log_in(own.password)) == (200, 401)


def test_without_accounts_there_is_no_password(service: Service) -> None:
    """The page says so, and a form that is sent all the same is refused."""
    browser = TestClient(make_pages(service, identify=None, open_to_all=True))
    page = browser.get("/password")
    assert "There are no accounts here" in page.text
    csrf = CSRF.search(page.text)
    assert csrf
    assert browser.post("/password", data={"csrf": csrf[1], "password": "x", "again": "x"}).status_code == 403
