"""Incidents beside scores, on pages: counted for everybody, named where it may be, and hostile words are words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.service.published import Published, published

from causal_eval.effects.touches import Touch, of_incident
from causal_eval.service.wiring import Service
from causal_eval.web.language import LANGUAGES

Make = Callable[..., Any]
BOARD = "/leaderboard?tier=verified"


@pytest.fixture
def result(service: Service) -> Published:
    """A published result, three of whose twelve calls were open during an outage."""
    return published(service)


def test_nothing_is_said_where_nothing_was_touched(visitor: Make, result: Published) -> None:
    """Neither on the board nor on the page."""
    browser = visitor("viewer")
    assert "INC-" not in browser.get(BOARD).text
    assert 'id="fallen"' not in browser.get(f"/evaluations/{result.run.id}").text


def test_a_mark_stands_beside_the_score(visitor: Make, result: Published) -> None:
    """On both pages; the score is to the letter what it was, and an operator gets to the incident by a link."""
    pages = (BOARD, f"/evaluations/{result.run.id}")
    operator = visitor("operator")
    before = [operator.get(page).text for page in pages]
    result.mark()
    for page, was in zip(pages, before, strict=True):
        text = operator.get(page).text
        assert "3 of 12 results" in text
        assert '<a href="/incidents/INC-1">INC-1</a>' in text
        assert "<b>the database" not in text
        assert "&lt;b&gt;the database" in text
        assert was.count("83.3") == text.count("83.3")
    for page in pages:
        viewed = visitor("viewer").get(page).text
        assert "INC-1" in viewed
        assert 'href="/incidents/INC-1"' not in viewed


def test_one_that_is_not_public_is_counted_and_not_named(visitor: Make, result: Published) -> None:
    """To a viewer."""
    result.mark(private=True)
    text = visitor("viewer").get(BOARD).text
    assert "3 of 12 results" in text
    assert "that is not public" in text
    assert "INC-1" not in text
    assert "the database" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_asked_again_is_named_on_both_sides(visitor: Make, result: Published, language: str) -> None:
    """The first evaluation's page names the second, the second's the first."""
    result.mark()
    operator = visitor("operator")
    operator.headers["Accept-Language"] = language
    again = result.rerun()
    first, second = (operator.get(f"/evaluations/{name}").text for name in (result.run.id, again))
    assert f'href="/evaluations/{again}"' in first
    assert f'href="/evaluations/{result.run.id}"' in second
    assert again in operator.get(BOARD).text


def test_the_incidents_own_page_names_what_it_touched(visitor: Make, result: Published) -> None:
    """By the copy too, while the sentinel is away."""
    result.mark()
    text = visitor("operator").get("/incidents/INC-1").text
    assert f'<a href="/evaluations/{result.run.id}">{result.run.id}</a>' in text
    assert "3 of 12 results" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_operator_asks_again_by_a_button(visitor: Make, result: Published, language: str) -> None:
    """Once, however often it is pressed: then the page says why not, in its language, and has no button."""
    result.mark()
    operator = visitor("operator")
    operator.headers["Accept-Language"] = language
    button = 'action="/incidents/INC-1/rerun"'
    assert button in operator.get("/incidents/INC-1").text
    assert operator.submit("/incidents/INC-1/rerun").url.query == b"did=rerun"
    page = operator.get("/incidents/INC-1").text
    (again,) = touches(result)[0].reruns
    assert f'href="/evaluations/{again}"' in page
    assert button not in page
    refused = operator.submit("/incidents/INC-1/rerun").text
    why = {"en": "so that nobody asks until", "de": "damit niemand fragt, bis"}
    assert why[language] in refused
    assert touches(result)[0].reruns == (again,)


def test_asking_again_is_for_operators(visitor: Make, result: Published) -> None:
    """It costs calls: who may not operate orders none."""
    result.mark()
    for role in ("viewer", "evaluator"):
        assert visitor(role).submit("/incidents/INC-1/rerun").status_code == 403
    assert touches(result)[0].reruns == ()


def touches(result: Published) -> list[Touch]:
    """What the incident touched, as it is kept."""
    with result.service.store.reading() as connection:
        return of_incident(connection, "INC-1")
