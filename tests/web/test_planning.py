"""Pages of what runs allow to say: comparisons of several, gates, plans, variance budgets and score tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from causal_eval.service import scoring
from causal_eval.store.evaluations import Evaluation

Run = Callable[..., Evaluation]
Make = Callable[..., Any]


def test_a_comparison_shows_what_its_verdict_rests_on(visitor: Make, run: Run) -> None:
    """Concerns about missing answers, every test by name, adjusted values of parts, effect sizes."""
    one, other = run("openai/one"), run("openai/two")
    page = visitor("viewer").get(f"/compare?a={one.id}&b={other.id}").text
    for said in (
        "missing or not judged", "Cluster sign-flip", "Obuchowski", "Durkalski", "Benjamini-Hochberg", "Odds ratio",
        f'href="/gate?run={one.id}&amp;baseline={other.id}"',
    ):  # fmt: skip
        assert said in page, said


def test_three_have_rank_sets(visitor: Make, run: Run) -> None:
    """Three equal runs share all ranks, and every pair is listed; one that is named twice is refused."""
    names = [run(f"openai/{name}").id for name in ("one", "two", "three")]
    browser = visitor("viewer")
    page = browser.get("/compare?a={}&b={}&c={}".format(*names)).text
    assert page.count("1–3") == 3
    assert page.count("Cannot tell") == 3
    assert page.count('data-label="Score"') == 3
    assert browser.get(f"/compare?a={names[0]}&b={names[1]}&d={names[0]}").status_code == 422


def test_a_gate_rules(visitor: Make, run: Run) -> None:
    """Equal runs of twelve questions decide nothing; a margin without a unit is said beside its field."""
    one, other = run("openai/one"), run("openai/two")
    browser = visitor("viewer")
    page = browser.get(f"/gate?run={one.id}&baseline={other.id}&margin=2pts").text
    assert "Inconclusive: openai/one" in page
    assert "What they took" in page
    assert re.findall(r'<line class="(zero|chance)"', page) == ["zero", "chance"]
    wrong = browser.get(f"/gate?run={one.id}&baseline={other.id}&margin=2")
    assert (wrong.status_code, 'id="e-margin"' in wrong.text) == (422, True)


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_plan_is_made(visitor: Make, language: str) -> None:
    """Without a past run the worst is assumed and said; other gaps stand beside it; a bad aim is said by its field."""
    browser = visitor("viewer")
    browser.cookies.set("ceb_language", language)
    page = browser.get("/plan?model=openai/new&detect=5pts").text
    assert {"en": "Assumed, as the worst", "de": "Angenommen"}[language] in page
    assert page.count("<tr") == 7
    wrong = browser.get("/plan?model=openai/new&detect=5")
    assert (wrong.status_code, 'id="e-detect"' in wrong.text) == (422, True)
    assert browser.get("/plan?model=openai/new&detect=5pts&family=none").status_code == 422


def test_the_variance_of_a_run(visitor: Make, run: Run) -> None:
    """Three sources with what they mean; prices may be given, and one that is none is said beside its field."""
    browser, at = visitor("viewer"), f"/evaluations/{run().id}/variance"
    page = browser.get(at).text
    assert page.count('<tr class="total">') == 1
    assert "Not known where each was asked once." in page
    assert browser.get(f"{at}?call_price=0.01&question_price=&model_price=5").status_code == 200
    wrong = browser.get(f"{at}?call_price=much")
    assert (wrong.status_code, 'id="e-call_price"' in wrong.text) == (422, True)


@pytest.mark.parametrize("by", ["family", "kind", "rung", "domain", "regime", "difficulty"])
def test_scores_by_every_trait(visitor: Make, run: Run, by: str) -> None:
    """Every interval by the name of its method, few clusters said, what is missing bounded, linked questions."""
    page = visitor("viewer").get(f"/evaluations/{run().id}/table?by={by}").text
    for said in (
        "Wilson",
        "CR2",
        "Wild bootstrap",
        "fewer than 20 clusters",
        "What linked questions tell",
        "weighs every unit",
    ):
        assert said in page, said
    assert f'by={by}" aria-current="page"' in page


def test_a_trait_that_is_none(visitor: Make, run: Run) -> None:
    """It is no page."""
    assert visitor("viewer").get(f"/evaluations/{run().id}/table?by=luck").status_code == 404


def test_a_table_says_that_linked_questions_are_left_out(
    visitor: Make, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Of too many questions, with the command that tells."""
    evaluation = run()
    monkeypatch.setattr(scoring, "LARGEST_TWINS", 1)
    page = visitor("viewer").get(f"/evaluations/{evaluation.id}/table").text
    assert f"`causal-eval scores {evaluation.id} --by twins`" in page
