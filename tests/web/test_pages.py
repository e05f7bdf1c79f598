"""Every page: for whom it is, what it shows, and that nothing on it can be made to run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from tests.web.conftest import HOSTILE

from causal_eval.service import incidents, makings
from causal_eval.service.access import Caller, Role
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.suites import StoredSet
from causal_eval.web.app import GET, POST, make_pages

Run = Callable[..., Evaluation]
Make = Callable[..., Any]
FILE = re.compile(r"\.[a-z]+$")
PAGES = [path for path, _ in GET if path != "/" and not path.startswith("/login/") and not FILE.search(path)]
ADMINS = {path for path in PAGES if path.startswith(("/users", "/projects", "/audit"))}
NEEDS = dict.fromkeys(ADMINS, "admin")
NEEDS |= {
    "/settings": "operator",
    "/incidents": "operator",
    "/incidents/{incident}": "operator",
    "/evaluations/new": "evaluator",
    "/submissions/new": "evaluator",
    "/sets/new": "evaluator",
}
"""The least role; the others may be read by everybody who is logged in."""
ROLES = ["viewer", "evaluator", "operator", "admin"]


class _Harm(HTMLParser):
    """Collects what a strict page must not hold."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag begins."""
        names = {name for name, _ in attrs}
        self._script = tag == "script"
        is_badge = tag == "img" and (dict(attrs).get("src") or "").startswith("/submissions/")
        is_foreign = tag in {"img", "i", "b", "u", "s"} and not is_badge
        if tag == "style" or (tag == "script" and "src" not in names) or is_foreign:
            self.found.append(tag)
        self.found += [name for name in names if name == "style" or name.startswith(("on", "hx-on"))]
        for _, value in attrs:
            if value and value.strip().lower().startswith(("javascript:", "http:", "https:", "//")):
                self.found.append(value)

    def handle_data(self, data: str) -> None:
        """Text."""
        if self._script and data.strip():
            self.found.append(data)


@pytest.fixture
def service(service: Service, request: pytest.FixtureRequest) -> Service:
    """For pages of incidents one that knows a sentinel, with an incident whose words mean harm."""
    if "/incidents" not in request.node.name:
        return service
    known = replace(service, settings=replace(service.settings, sentinel_url=request.getfixturevalue("sentinel")))
    visit = Visit(known, Caller("local", HOSTILE[:60], Role.ADMIN, None))
    one = incidents.start(visit, {"title": HOSTILE[:200], "impact": HOSTILE})
    for deed, values in (("update", {"text": HOSTILE}), ("assign", {"to": HOSTILE[:90]})):
        incidents.act(visit, one.id, deed=deed, values=values)
    return known


def _address(path: str, evaluation: Evaluation, **names: str) -> str:
    digest = evaluation.spec.question_set
    filled = path.format(evaluation=evaluation.id, project="team", incident="INC-1", set=digest, **names)
    return filled + {"/compare": f"?a={evaluation.id}", "/playground/question": "?seed=7"}.get(path, "")


def _question(text: str) -> str:
    found = re.search(r"/questions/([\w-]+)", text)
    assert found
    return found[1]


@pytest.fixture
def there(service: Service, question_set: StoredSet, hook: str) -> dict[str, str]:
    """A webhook, and a set with a hostile name that is to be checked."""
    making = makings.order_check(Visit(service, Caller("local", "l", Role.ADMIN, None)), question_set.digest)
    return {"webhook": hook, "making": making.id}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_for_whom_it_is(path: str, visitor: Make, run: Run, entered: Make, there: dict[str, str]) -> None:
    """Nobody is sent to log in, less than the least role is refused, and from there on all see it."""
    evaluation = run()
    question = _question(visitor("viewer").get(f"/evaluations/{evaluation.id}").text)
    submission = entered() if "{submission}" in path else ""
    address = _address(path, evaluation, question=question, submission=submission, **there)
    if path != "/login":
        sent = visitor().get(address, follow_redirects=False)
        assert (sent.status_code, sent.headers["location"][:6]) == (303, "/login")
    least = ROLES.index(NEEDS.get(path, "viewer"))
    for place, role in enumerate(ROLES):
        status = visitor(role).get(address).status_code
        assert status == (200 if place >= least else 403), role


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_on_a_page_can_run(
    path: str, language: str, visitor: Make, run: Run, entered: Make, there: dict[str, str]
) -> None:
    """No inline script, style or handler, and no tag of a model's name, a set's name or a reply, in any language."""
    evaluation = run()
    browser = visitor("admin")
    browser.cookies.set("ceb_language", language)
    question = _question(browser.get(f"/evaluations/{evaluation.id}").text)
    submission = entered() if path in {"/leaderboard", "/submissions", "/submissions/{submission}"} else ""
    answer = browser.get(_address(path, evaluation, question=question, submission=submission, **there))
    harm = _Harm()
    harm.feed(answer.text)
    assert harm.found == []
    assert answer.headers["content-security-policy"].startswith("default-src 'self';")
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert not {"\u202e", "\x1b", "\x00"} & set(answer.text)


def test_hostile_replies_are_shown_as_they_are(visitor: Make, run: Run) -> None:
    """The text of a reply stands on the page, its tags as text, what cannot be seen made visible."""
    evaluation = run()
    browser = visitor("viewer")
    wrong = browser.get(f"/evaluations/{evaluation.id}?family=&mark=").text
    page = browser.get(f"/evaluations/{evaluation.id}/questions/{_question(wrong)}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; \ufffdevil\ufffd" in page
    assert "&lt;/pre&gt;&lt;img src=x onerror=alert(1)&gt;" in page
    assert "causal-eval solve -" in page


def test_what_is_anothers_is_not_there(visitor: Make, run: Run) -> None:
    """A stranger's list, pages, comparison and leaderboard hold nothing of a project that is not theirs."""
    evaluation, other = run(), run("openai/other", project="team")
    browser = visitor("stranger")
    assert evaluation.id not in browser.get("/evaluations").text
    for address in (
        f"/evaluations/{evaluation.id}", f"/evaluations/{evaluation.id}/live", "/evaluations?project=team",
        f"/compare?a={evaluation.id}&b={other.id}", "/leaderboard?project=team",
    ):  # fmt: skip
        assert browser.get(address).status_code == 404, address


def test_a_form_without_its_token_is_refused(visitor: Make, run: Run) -> None:
    """Every form, with no token and with another one, does nothing and answers 403."""
    evaluation = run()
    browser = visitor("admin")
    for path, _ in POST:
        address = path.format(
            evaluation=evaluation.id,
            act="cancel",
            key="k",
            user="u",
            project="team",
            submission="s",
            webhook="w",
            incident="INC-1",
            set="s",
            making="m",
        )
        for fields in ({}, {"csrf": "token-of-viewer"}):
            assert browser.post(address, data=fields).status_code == 403, address


def test_without_accounts_only_this_machine_is_let_in(service: Service, visitor: Make) -> None:
    """Opened to all, the pages answer under a loopback name alone, and no other site's page."""
    browser = type(visitor())(make_pages(service, identify=None, open_to_all=True))
    assert browser.get("/evaluations").status_code == 200
    assert browser.get("/evaluations", headers={"host": "evil.example"}).status_code == 403
    assert browser.get("/evaluations", headers={"sec-fetch-site": "cross-site"}).status_code == 403


def test_errors_have_pages(visitor: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not there, and what fails inside, is answered with a page that says nothing of the inside."""
    browser = visitor("admin")
    missing = browser.get("/nothing")
    assert (missing.status_code, "There is nothing here" in missing.text) == (404, True)
    monkeypatch.setattr("causal_eval.web.pages.evaluations.PAGE", "twenty")
    failed = browser.get("/evaluations")
    assert (failed.status_code, "twenty" in failed.text, "Traceback" in failed.text) == (500, False, False)
    assert failed.headers["content-security-policy"].startswith("default-src 'self'")


def test_a_share_is_shown_as_a_share(visitor: Callable[..., Any]) -> None:
    """What is kept free of the disk is per cent, times are seconds."""
    page = re.sub(r"<wbr>", "", visitor("admin").get("/settings").text)
    assert re.search(r"CEB_DISK_RESERVE</code></th><td[^>]*>5 %<", page)
    assert re.search(r"CEB_CHECK_EVERY</code></th><td[^>]*>3600 s<", page)
