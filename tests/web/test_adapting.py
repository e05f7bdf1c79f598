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
from causal_eval.service import makings
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


def test_the_next_questions_are_ordered_from_the_page(visitor: Make, service: Service, runs: list[str]) -> None:
    """One button: a worker makes them; who may not evaluate has no button; what is wrong stands beside the form."""
    one, *others = runs
    at, ticked = f"/evaluations/{one}/ability", {f"from_{name}": "on" for name in others}
    browser = visitor("evaluator")
    button = "Have these questions made"
    assert button in browser.get(at, params=ticked).text
    assert button not in visitor("viewer").get(at, params=ticked).text
    made = browser.submit(at, **ticked, n="4")
    assert (made.status_code, made.url.path.startswith("/makings/")) == (200, True)
    assert f"set/adaptive/{one}" in made.text
    assert makings.settle(service, worker="w", others=frozenset(), stop=lambda: False)
    assert 'href="/sets/' in browser.get(made.url.path).text
    wrong = browser.submit(at, **ticked, n="501")
    assert (wrong.status_code, "ask for 1 to 500" in wrong.text) == (422, True)
    assert visitor("viewer").submit(at, **ticked).status_code == 403


def test_further_runs_of_the_answerer_are_ticked(visitor: Make, service: Service, runs: list[str]) -> None:
    """They are offered on the page of each other alone, and count once they are ticked."""
    one, *others = runs
    kept = keep_set(service.store, generate(Plan(12, "more", families=("effect",))), name="more")
    more = answered(service.store, RunSpec("openai/<i>sure</i>", kept.digest), answer=lambda _: "-").id
    browser, ticked = visitor("viewer"), {f"from_{name}": "on" for name in others}
    at = f"/evaluations/{one}/ability"
    assert f'name="also_{more}"' in browser.get(at).text
    assert f'name="also_{more}"' not in browser.get(f"/evaluations/{others[0]}/ability").text
    figure = re.compile(r'class="big number">([^<]*)<')
    alone, both = (
        figure.findall(browser.get(at, params=ticked | extra).text) for extra in ({}, {f"also_{more}": "on"})
    )
    assert alone != both


def test_what_cannot_be_done_is_told_beside_the_form(visitor: Make, runs: list[str]) -> None:
    """One model is too few, a number of groups may be none; a stranger finds nothing."""
    one, two, three = runs
    browser, at = visitor("viewer"), f"/evaluations/{one}/ability"
    few = browser.get(at, params={f"from_{two}": "on"})
    assert (few.status_code, "give runs of at least 2" in few.text) == (422, True)
    wrong = browser.get(at, params={f"from_{two}": "on", f"from_{three}": "on", "n": "many"})
    assert (wrong.status_code, "give a whole number" in wrong.text) == (422, True)
    assert visitor("stranger").get(at).status_code == 404
