"""A result is sent to the leaderboard from a page: to be asked by the server, or with replies that somebody has."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from causal_eval.questions.generate import generate
from causal_eval.questions.suite import suite
from causal_eval.scoring.format import example
from causal_eval.service import jobs, submissions
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.submissions import Standing

Make = Callable[..., Any]
AT = "/submissions/new"
REPORT = {"tier": "self_reported", "answerer": "our/model", "suite": "quick", "seed": "7"}


def answers(right: int) -> str:
    """Replies to the suite of seed 7, so many of them right."""
    asked = list(generate(suite("quick", "7")))
    return json.dumps({one.id: f"ANSWER: {example(one.answer, one.gold)}" for one in asked[:right]})


def test_a_model_is_entered_that_the_server_asks(visitor: Make, service: Service, people: Any) -> None:
    """It waits with the hash of its seed published, and its evaluation is ordered with what was filled in."""
    fields = {"answerer": "baseline/oracle", "suite": "quick", "size": "7.5", "licence": "MIT", "budget": "3"}
    status, page = visitor("evaluator").fill(AT, fields)
    assert (status, "Not scored yet" in page, "SHA-256 of the seed" in page) == (200, True, True)
    visit = Visit(service, people.callers["admin"])
    [one] = submissions.listed(visit)
    assert (one.answerer, one.size, one.is_public, json.loads(one.about)) == (
        "baseline/oracle", 7.5, False, {"licence": "MIT"},
    )  # fmt: skip
    assert one.evaluation_id is not None
    assert jobs.find(visit, one.evaluation_id).job.budget == "3"


def test_replies_are_scored_at_once(visitor: Make, service: Service, people: Any) -> None:
    """The page that follows says what they are worth and what that does not prove."""
    status, page = visitor("evaluator").fill(AT, {**REPORT, "answers": answers(40), "is_public": "on"})
    assert (status, "What it does not prove" in page) == (200, True)
    [one] = submissions.listed(Visit(service, people.callers["admin"]))
    assert (one.status, one.is_public) == (Standing.SCORED, True)


def test_a_large_suite_is_taken_at_once(visitor: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its page says that a worker is making the questions, and nothing of them or of the seed."""
    monkeypatch.setattr(submissions, "AT_ONCE", 10)
    status, page = visitor("evaluator").fill(AT, {"answerer": "baseline/oracle", "suite": "quick"})
    assert (status, "A worker is making its questions" in page) == (200, True)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"answerer": " "}, "answerer"),
        ({"answerer": "nobody/x"}, "answerer"),
        ({"suite": "none"}, "suite"),
        ({"size": "big"}, "size"),
        ({"budget": "much"}, "budget"),
        ({**REPORT, "seed": ""}, "seed"),
        ({**REPORT, "answers": ""}, "answers"),
        ({**REPORT, "answers": "{"}, "answers"),
        ({**REPORT, "answers": '{"a": 1}'}, "answers"),
        ({**REPORT, "answers": '{"a": "yes"}'}, "answers"),
        ({**REPORT, "answers": '{"a": "' + "y" * 100_000 + '"}'}, "answers"),
    ],
)
def test_a_fault_stands_beside_its_field(
    visitor: Make, service: Service, people: Any, fields: dict[str, str], field: str
) -> None:
    """What cannot be taken is said there, what was filled in is kept, and nothing is entered."""
    usual = {"answerer": "baseline/oracle", "suite": "quick", "licence": "<b>mine</b>"}
    status, page = visitor("evaluator").fill(AT, usual | fields)
    assert (status, f'id="e-{field}"' in page) == (422, True)
    assert 'value="&lt;b&gt;mine&lt;/b&gt;"' in page
    assert submissions.listed(Visit(service, people.callers["admin"])) == []


def test_who_may_not_evaluate_submits_nothing(visitor: Make, service: Service, people: Any) -> None:
    """A viewer finds neither the button nor the form; nobody enters into a project that is not theirs."""
    viewer = visitor("viewer")
    assert viewer.get(AT).status_code == 403
    assert AT not in viewer.get("/submissions").text
    own = visitor("evaluator")
    assert AT in own.get("/submissions").text
    status, page = own.fill(AT, {"answerer": "baseline/oracle", "suite": "quick", "project": "theirs"})
    assert (status, 'id="e-project"' in page) == (422, True)
    assert submissions.listed(Visit(service, people.callers["admin"])) == []


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("tier", ["verified", "self_reported"])
def test_the_form_speaks_the_language_of_its_reader(visitor: Make, language: str, tier: str) -> None:
    """Both tiers say what they mean, in words, not in keys of texts."""
    page = visitor("evaluator").get(f"{AT}?tier={tier}", headers={"Accept-Language": language}).text
    assert ("Submit to the leaderboard" in page) is (language == "en")
    assert "submit." not in page
