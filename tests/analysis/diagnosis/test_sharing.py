"""Sharing out: what is met alone decides, what cannot be told apart stays unexplained, nothing counts twice."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from causal_eval.analysis.diagnosis.miss import Miss
from causal_eval.analysis.diagnosis.sharing import share

_BOTH = {"one": 0.01, "other": 0.01}


def _miss(place: int, *matched: str, expected: Mapping[str, float] | None = None, guess: float = 0.01) -> Miss:
    return Miss(
        f"q-{place}", 0, "effect", "ate", f"c-{place}", dict.fromkeys(matched, 1.0), (), expected or _BOTH, guess
    )


def _totals(misses: list[Miss]) -> dict[str, float]:
    found = share(misses, resamples=20)
    return {key: sum(row[place] for row in found.credits) for place, key in enumerate(found.classes)}


def test_what_is_met_alone_gets_what_two_would_explain() -> None:
    """Where a mistake is often met alone and the other never, all that both explain is the first's."""
    misses = [_miss(place, "one") for place in range(30)] + [_miss(30 + place, "one", "other") for place in range(30)]
    found = _totals(misses)
    assert found["one"] == pytest.approx(60, abs=0.5)
    assert found["other"] == pytest.approx(0, abs=0.5)


def test_what_is_met_alone_by_two_to_one_is_shared_out_so() -> None:
    """Neither all to the more frequent one, nor half to each."""
    alone = [_miss(place, "one") for place in range(40)] + [_miss(40 + place, "other") for place in range(20)]
    found = _totals(alone + [_miss(60 + place, "one", "other") for place in range(30)])
    assert found["one"] == pytest.approx(60, abs=1)
    assert found["other"] == pytest.approx(30, abs=1)


def test_two_that_always_coincide_get_half_each() -> None:
    """No data can tell them apart."""
    found = _totals([_miss(place, "one", "other") for place in range(40)])
    assert found["one"] == pytest.approx(found["other"])
    assert sum(found.values()) == pytest.approx(40, abs=0.5)


def test_a_miss_is_shared_out_whole_and_once() -> None:
    """Credits of a miss are between 0 and 1, and so is their sum."""
    found = share([_miss(0, "one", "other"), _miss(1, "one"), _miss(2)], resamples=20)
    assert all(0.0 <= part <= 1.0 for row in found.credits for part in row)
    assert all(sum(row) <= 1.0 + 1e-9 for row in found.credits)
    assert sum(found.credits[2]) == 0.0


def test_the_only_wrong_answer_proves_nothing() -> None:
    """Where every random wrong answer matches, all but nothing is explained, however many misses there are."""
    found = _totals([_miss(place, "one", expected={"one": 1.0}, guess=1.0) for place in range(500)])
    assert found["one"] < 10


def test_two_options_taken_equally_often_are_a_guesser() -> None:
    """Both wrong options of a choice, as often as each other: no mistake is needed to explain that."""
    both = {"one": 0.5, "other": 0.5}
    misses = [_miss(place, ("one", "other")[place % 2], expected=both, guess=0.5) for place in range(400)]
    assert sum(_totals(misses).values()) < 10


def test_an_option_that_is_always_taken_is_a_mistake() -> None:
    """A guesser would take the other one half of the time."""
    both = {"one": 0.5, "other": 0.5}
    found = _totals([_miss(place, "one", expected=both, guess=0.5) for place in range(60)])
    assert found["one"] > 55


def test_a_mistake_is_judged_where_it_can_be_made() -> None:
    """A mistake that few questions allow, and that is made on each of them, is not thinned out by all the others."""
    rare = {"one": 0.5, "third": 0.5}
    misses = [_miss(place, "one", expected=rare, guess=0.5) for place in range(20)]
    found = _totals(misses + [_miss(20 + place, expected={"other": 0.01}) for place in range(180)])
    assert found["one"] > 17


def test_the_same_misses_give_the_same_shares() -> None:
    """Resampling is seeded."""
    misses = [_miss(place, "one") for place in range(9)] + [_miss(9)]
    assert share(misses, resamples=20) == share(misses, resamples=20)


def test_no_miss_gives_no_share() -> None:
    """There is nothing to share out."""
    assert share([]).credits == ()
