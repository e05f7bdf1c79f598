"""The page of an answerer's ability: what it asks for, what it tells, and to whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.answered import answered

from causal_eval.evaluation.spec import RunSpec
from causal_eval.questions.generate import Plan, generate
from causal_eval.scoring.format import example
from causal_eval.service.wiring import Service
from causal_eval.store.suites import keep_set

Make = Callable[..., Any]


@pytest.fixture
def runs(service: Service) -> list[str]:
    """Ids of three models' runs on one set; the first is always right, the last never."""
    kept = keep_set(service.store, generate(Plan(24, "able", families=("effect", "cde"))), name="able")

    def run(name: str, share: int) -> str:
        spec = RunSpec(f"openai/<i>{name}</i>", kept.digest)
        right = iter(range(24))
        return answered(
            service.store, spec,
            answer=lambda one: f"ANSWER: {example(one.answer, one.gold)}" if next(right) < share else "-",
        ).id  # fmt: skip

    return [run("sure", 24), run("half", 12), run("lost", 0)]


@pytest.mark.parametrize("code", ["en", "de"])
def test_runs_are_chosen_and_the_ability_told(visitor: Make, runs: list[str], code: str) -> None:
    """The evaluation's page leads there; runs are ticked; ability, error, score, design and weights are told."""
    one, *others = runs
    browser, at = visitor("viewer"), f"/evaluations/{one}/ability"
    browser.cookies.set("ceb_language", code)
    assert f'href="{at}"' in browser.get(f"/evaluations/{one}").text
    form = browser.get(at)
    assert form.status_code == 200
    assert all(f'name="from_{name}"' in form.text for name in runs)
    page = browser.get(at, params={f"from_{name}": "on" for name in others} | {"n": "8"}).text
    assert re.search(r'class="big number">\d+[.,]\d', page)
    assert page.count("checked") == 2
    groups = {"en": "Twin groups", "de": "Zwillingsgruppen"}[code]
    assert sum(int(found) for found in re.findall(rf'data-label="{groups}">(\d+)<', page)) == 8
    assert "ability." not in re.sub(r"<[^>]*>", "", page)
    assert "<i>sure</i>" not in page


def test_what_cannot_be_done_is_told_beside_the_form(visitor: Make, runs: list[str]) -> None:
    """One model is too few, a number of groups may be none; a stranger finds nothing."""
    one, two, three = runs
    browser, at = visitor("viewer"), f"/evaluations/{one}/ability"
    few = browser.get(at, params={f"from_{two}": "on"})
    assert (few.status_code, "give runs of at least 2" in few.text) == (422, True)
    wrong = browser.get(at, params={f"from_{two}": "on", f"from_{three}": "on", "n": "many"})
    assert (wrong.status_code, "give a whole number" in wrong.text) == (422, True)
    assert visitor("stranger").get(at).status_code == 404
