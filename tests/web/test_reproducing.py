"""The page that computes an evaluation's numbers again: the verdict, every check, both languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.answered import answered

from causal_eval.evaluation.spec import RunSpec
from causal_eval.questions.generate import Plan, generate
from causal_eval.scoring.format import example
from causal_eval.service import reproducing
from causal_eval.service.reproducing import ticket_of
from causal_eval.service.wiring import Service
from causal_eval.store.suites import keep_set

Make = Callable[..., Any]


def test_match_drift_and_what_cannot_be_held_against(
    visitor: Make, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The evaluation's page leads there; hash alone or behind the run's id; another drifts; what is none is told."""
    kept = keep_set(service.store, generate(Plan(12, "again", families=("effect",))), name="again")
    evaluation = answered(
        service.store, RunSpec("openai/<i>m</i>", kept.digest),
        answer=lambda one: f"ANSWER: {example(one.answer, one.gold)}",
    )  # fmt: skip
    browser, at = visitor("viewer"), f"/evaluations/{evaluation.id}/reproduction"
    assert f'href="{at}"' in browser.get(f"/evaluations/{evaluation.id}").text
    ticket = ticket_of(service.store, evaluation)
    for claimed in ("", ticket.hash, ticket.name):
        page = browser.get(at, params={"result": claimed})
        assert page.status_code == 200
        assert ">MATCH<" in page.text
        assert ticket.command in page.text
    drifted = browser.get(at, params={"result": "res-0000000000000000"})
    assert ">DRIFT<" in drifted.text
    assert "res-0000000000000000 was claimed" in drifted.text
    wrong = browser.get(at, params={"result": "<script>"})
    assert (wrong.status_code, "give res-... as a report prints it" in wrong.text) == (422, True)
    monkeypatch.setattr(reproducing, "LARGEST_REPRODUCED", 1)
    browser.cookies.set("ceb_language", "de")
    german = browser.get(at)
    assert (german.status_code, "werden hier nachgerechnet" in german.text) == (422, True)
    assert visitor("stranger").get(at).status_code == 404
