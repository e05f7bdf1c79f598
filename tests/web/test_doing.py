"""What is done on pages: logging in and out, ordering, steering, solving, answering, managing."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from causal_eval.service.examples import examples
from causal_eval.service.readonly import READ_ONLY
from causal_eval.service.wiring import Service
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.switches import Switch, turn

Run = Callable[..., Evaluation]
Make = Callable[..., Any]


def test_logging_in_leads_on_and_logging_out_ends_it(visitor: Make) -> None:
    """A wrong password is said; a right one leads to the wanted page of ours, and never to another site."""
    browser = visitor()
    status, text = browser.fill("/login", {"email": "viewer", "password": "wrong"})
    assert (status, "do not belong together" in text, "ceb_session" in browser.cookies) == (401, True, False)
    csrf = re.search(r'name="csrf" value="([^"]+)"', browser.get("/login").text)
    assert csrf
    fields = {"csrf": csrf[1], "email": "viewer", "password": "right", "next": "//evil.example/"}
    sent = browser.post("/login", data=fields, follow_redirects=False)
    assert (sent.status_code, sent.headers["location"]) == (303, "/")
    assert "httponly" in sent.headers["set-cookie"].lower()
    assert browser.get("/evaluations").status_code == 200
    browser.fill("/logout", {}, on="/evaluations")
    assert browser.get("/evaluations", follow_redirects=False).status_code == 303


def test_an_evaluation_is_ordered_watched_held_and_cancelled(visitor: Make, service: Service) -> None:
    """From the form to the page of it, which asks for its own progress and shows the buttons that fit."""
    browser = visitor("evaluator")
    status, page = browser.fill("/evaluations/new", {"answerer": "baseline/oracle", "questions": "suite:quick"})
    name = re.search(r"ev-[0-9a-f]{16}", page)
    assert status == 200
    assert name
    assert 'hx-get="/evaluations/' in page
    assert service.engine.waiting() == 1
    at = f"/evaluations/{name[0]}"
    assert "Go on" in browser.fill(f"{at}/pause", {}, on=at)[1]
    assert "Pause" in browser.fill(f"{at}/resume", {}, on=at)[1]
    _, page = browser.fill(f"{at}/cancel", {}, on=at)
    assert "cancelled" in page
    assert "hx-get" not in page
    live = browser.get(f"{at}/live")
    assert (live.headers["hx-retarget"], "This evaluation has ended: cancelled" in live.text) == ("#content", True)


@pytest.mark.parametrize(
    ("fields", "place", "said"),
    [
        ({"answerer": ""}, "answerer", "answerer is empty"),
        ({"answerer": "baseline/nobody"}, "answerer", "nobody"),
        ({"answerer": "openai/m"}, "answerer", "OPENAI_API_KEY"),
        ({"limit": "many"}, "limit", "limit is"),
        ({"limit": "0"}, "limit", "limit is 0"),
        ({"priority": "101"}, "priority", "priority is 101"),
        ({"budget": "-1"}, "budget", "budget is"),
        ({"questions": "nothing"}, "questions", "nothing"),
        ({"epochs": "0"}, "epochs", "epochs is 0"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_its_field(
    fields: dict[str, str], place: str, said: str, visitor: Make
) -> None:
    """The form comes back with what was typed and the message at the field that it is about."""
    usual = {"answerer": "baseline/oracle", "questions": "suite:quick"}
    status, page = visitor("evaluator").fill("/evaluations/new", {**usual, **fields})
    found = re.search(rf'id="e-{place}">([^<]+)<', page)
    assert status == 422
    assert found, page[:200]
    assert said in found[1]


def test_what_stops_something_is_never_refused(visitor: Make, service: Service) -> None:
    """While the service only reads, no evaluation is ordered or gone on with, but one can be held and cancelled."""
    browser = visitor("evaluator")
    order = {"answerer": "baseline/oracle", "questions": "suite:quick"}
    name = re.search(r"ev-[0-9a-f]{16}", browser.fill("/evaluations/new", order)[1])
    assert name
    with service.store.writing() as connection:
        turn(connection, Switch(READ_ONLY, "true", "x", 0.0, None, "the disk is moved"), seconds=None)
    at = f"/evaluations/{name[0]}"
    assert browser.fill("/evaluations/new", order, on=at)[0] == 503
    assert "Go on" in browser.fill(f"{at}/pause", {}, on=at)[1]
    assert browser.fill(f"{at}/resume", {}, on=at)[0] == 503
    assert "cancelled" in browser.fill(f"{at}/cancel", {}, on=at)[1]


def test_a_viewer_changes_nothing(visitor: Make, run: Run) -> None:
    """Who may only read is refused though the token is right."""
    evaluation = run()
    browser = visitor("viewer")
    for path in ("/evaluations/new", f"/evaluations/{evaluation.id}/retry"):
        assert browser.fill(path, {"answerer": "baseline/oracle"}, on="/evaluations")[0] == 403
    for path in ("/users", "/projects"):
        assert browser.fill(path, {"email": "x@y", "name": "x", "id": "x"}, on="/evaluations")[0] == 403


def test_a_run_of_the_command_line_has_no_buttons(visitor: Make, run: Run) -> None:
    """It is shown as what it is, and steering it is a conflict."""
    at = f"/evaluations/{run().id}"
    browser = visitor("evaluator")
    page = browser.get(at).text
    assert "command line" in page
    assert f"{at}/retry" not in page
    assert browser.fill(f"{at}/retry", {}, on=at)[0] == 409


def test_lists_are_paged_and_filtered_on_the_server(visitor: Make, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next page begins where this one ends, and a filter leaves what fits."""
    evaluation, other = run(), run("openai/other")
    monkeypatch.setattr("causal_eval.web.pages.evaluations.PAGE", 1)
    monkeypatch.setattr("causal_eval.web.pages.evaluation.PAGE", 5)
    browser = visitor("viewer")
    first = browser.get("/evaluations").text
    link = re.search(r'rel="next" href="([^"]+)"', first)
    assert link
    second = browser.get(link[1].replace("&amp;", "&")).text
    assert [re.findall(r'href="/evaluations/(ev-[^"]+)"', page) for page in (first, second)] == [
        [other.id],
        [evaluation.id],
    ]
    at, seen = f"/evaluations/{evaluation.id}", list[str]()
    while at:
        page = browser.get(at).text
        seen += re.findall(r"/questions/(q-[0-9a-f]+)", page)
        link = re.search(r'rel="next" href="([^"#]+)', page)
        at = link[1].replace("&amp;", "&") if link else ""
    assert len(seen) == len(set(seen)) == 12
    missing = browser.get(f"/evaluations/{evaluation.id}?mark=missing").text
    assert len(re.findall(r"/questions/q-", missing)) == 1
    assert browser.get(f"/evaluations/{evaluation.id}?mark=odd").status_code == 422


def test_two_runs_are_compared(visitor: Make, run: Run) -> None:
    """Equal answers cannot be told apart, and a run is not compared with itself."""
    one, other = run("openai/one"), run("openai/two")
    browser = visitor("viewer")
    page = browser.get(f"/compare?a={one.id}&b={other.id}").text
    assert "Cannot tell openai/one from openai/two" in page
    assert browser.get(f"/compare?a={one.id}&b={one.id}").status_code == 422


def test_a_typed_graph_is_solved(visitor: Make) -> None:
    """The answer, its derivation and the case to check it with; a line that says no edge is named."""
    browser = visitor("viewer")
    fields = {"graph": "Z -> X, Y\nX -> Y", "kind": "minimal_adjustment_sets", "X": "X", "Y": "Y", "Z": ""}
    status, page = browser.fill("/playground", fields)
    assert (status, "{Z}" in page, "causal-eval solve -" in page) == (200, True, True)
    alone = {**fields, "graph": "node A, B\nlatent U", "kind": "markov_blanket", "X": "A", "Y": ""}
    assert browser.fill("/playground", alone)[0] == 200
    assert browser.fill("/playground", {**fields, "more": "[]"})[0] == 422
    for graph, said in (("Z => X", "says no edge"), ("X -> X", "self-loop"), ("X -> Y; Y -> X", "cycle")):
        status, page = browser.fill("/playground", {**fields, "graph": graph})
        assert (status, said in page) == (422, True)
    case = '{"graph": {"nodes": ["A"]}, "query": {"kind": "ate"}}'
    assert browser.fill("/playground", {**fields, "kind": "json", "case": case})[0] == 422
    assert browser.fill("/playground", {**fields, "kind": "json", "case": "[" * 5000})[0] == 422


def test_every_kind_has_a_page_that_begins_with_its_example(visitor: Make) -> None:
    """Sent as it stands, it is answered; the page of a kind that does not exist begins as always."""
    browser = visitor("viewer")
    for kind in sorted(set(examples()) - {"iv_bounds"}):
        one, typed = examples()[kind], _fields(browser.get(f"/playground?kind={kind}").text)
        assert typed["kind"] == kind
        status, page = browser.fill("/playground", typed)
        assert (status, "causal-eval solve -" in page) == (200, True), (kind, typed, one)
    assert _fields(browser.get("/playground?kind=luck").text)["kind"] == "minimal_adjustment_sets"


def _fields(page: str) -> dict[str, str]:
    """What the form of the playground holds."""
    form = page[page.index('action="/playground"') :]
    found = {name: html.unescape(text) for name, text in re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>([^<]*)<', form)}
    found |= {
        name: html.unescape(text) for name, text in re.findall(r'<input id="f-([XYZ])"[^>]* value="([^"]*)"', form)
    }
    return found | {"kind": re.findall(r'<option value="(\w+)" selected', form)[0]}


def test_an_error_is_shown_at_its_field(visitor: Make) -> None:
    """Where it is about X, X says so."""
    fields = {"graph": "Z -> X, Y\nX -> Y", "kind": "dsep", "X": "Q", "Y": "Y", "Z": ""}
    status, page = visitor("viewer").fill("/playground", fields)
    assert status == 422
    assert re.search(r'id="f-X"[^>]*aria-invalid="true"', page)
    assert not re.search(r'id="f-Y"[^>]*aria-invalid', page)
    assert 'id="e-X"' in page


def test_a_question_is_drawn_answered_and_judged(visitor: Make) -> None:
    """The same seed draws the same question; its proof comes with the verdict."""
    browser = visitor("viewer")
    at = "/playground/question?seed=3&family=attribution"
    before = browser.get(at).text
    assert before == browser.get(at).text
    assert "Proof" not in before
    fields = {"seed": "3", "family": "attribution", "reply": "I cannot say."}
    status, page = browser.fill("/playground/question", fields, on=at)
    assert (status, "Proof" in page, "Right answer" in page) == (200, True, True)


def test_accounts_projects_and_the_log_are_managed(visitor: Make) -> None:
    """An admin adds a project and an account, shuts it out, and sees all of it in the log."""
    browser = visitor("admin")
    assert "Second team" in browser.fill("/projects", {"id": "second", "name": "Second team"})[1]
    fields = {"email": "ada@example.org", "name": "Ada", "role": "viewer", "password": "long enough to be one"}
    status, page = browser.fill("/users", fields)
    assert (status, "ada@example.org" in page) == (200, True)
    user = re.search(r'action="/users/([0-9a-f]+)"', page)
    assert user
    assert "shut out" in browser.fill(f"/users/{user[1]}", {"act": "disable"}, on="/users")[1]
    assert browser.fill("/users", {**fields, "email": "nothing"})[0] == 422
    log = browser.get("/audit").text
    assert all(action in log for action in ("project.add", "user.add", "user.disable"))
    assert "The log is whole" in log


def test_the_language_is_remembered(visitor: Make) -> None:
    """The browser's own language, until another is chosen."""
    browser = visitor("viewer")
    german = browser.get("/evaluations", headers={"accept-language": "de-AT,en;q=0.5"}).text
    assert '<html lang="de">' in german
    _, page = browser.fill("/language", {"language": "de", "next": "/providers"}, on="/evaluations")
    assert '<html lang="de">' in page
    assert "Anbieter" in page
