"""Weak spots: what a run got wrong, where, and how much a few questions count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from causal_eval.analysis.observation import Observation
from causal_eval.analysis.weakness import HEAVIEST, PRIOR, Weakness, weakness
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Observation]
KINDS = ("effect/do", "effect/ate")


def rows(
    make: Make, kind: str, *, right: int, wrong: int, regime: str = "real", level: int = 1
) -> Iterator[Observation]:
    for number in range(right + wrong):
        name = f"{kind}{regime}{level}-{number}"
        mark = Mark.CORRECT if number < right else Mark.WRONG
        yield make(name, mark, family="effect", kind=kind, cluster=name, regime=regime, difficulty=level)


def found(*parts: Iterator[Observation]) -> Weakness:
    return weakness((row for part in parts for row in part), kinds=KINDS)


def test_rates_are_shrunk_towards_the_whole_run(observation: Make) -> None:
    """One wrong of one proves less than forty wrong of fifty; the prior is worth ten units of the whole run's rate."""
    spots = found(rows(observation, "do", right=0, wrong=1), rows(observation, "ate", right=10, wrong=40))
    one, many = (next(spot for spot in spots.kinds if spot.name == f"effect/{name}") for name in ("do", "ate"))
    whole = Fraction(41 + 1, 51 + 2)
    assert (spots.errors, spots.units) == (Fraction(41), 51)
    assert one.rate == (1 + PRIOR * whole) / (1 + PRIOR)
    assert many.rate == (40 + PRIOR * whole) / (50 + PRIOR)
    assert one.rate - whole < 1 - whole


def test_the_weakest_weighs_most_and_nothing_that_was_asked_weighs_nothing(observation: Make) -> None:
    """Weights are in proportion to the shrunk rates, by kind, regime and level alike."""
    spots = found(
        rows(observation, "do", right=0, wrong=90, regime="anti", level=5),
        rows(observation, "ate", right=90, wrong=0, regime="real", level=2),
    )
    assert [spot.name for spot in spots.kinds] == ["effect/do", "effect/ate"]
    assert [spot.name for spot in spots.regimes] == ["anti", "real"]
    assert [spot.name for spot in spots.levels] == ["5", "2"]
    assert spots.weights["effect/do"] == spots.weights["anti"] == spots.weights["5"] == HEAVIEST
    assert 1 <= spots.weights["effect/ate"] <= 2


def test_twins_scored_as_one_are_one_unit_and_what_was_not_scored_is_none(observation: Make) -> None:
    """A joint group with one wrong member is one error; missing answers, other kinds and exempt units do not count."""
    twins = {"family": "effect", "kind": "do", "cluster": "c", "twin": "t", "joint": True}
    spots = found(
        iter([observation("q1", Mark.CORRECT, **twins), observation("q2", Mark.WRONG, **twins)]),
        iter([observation("q3", Mark.MISSING, family="effect", kind="do", cluster="d")]),
        iter([observation("q4", Mark.WRONG, family="own", kind="own", cluster="e")]),
    )
    assert (spots.errors, spots.units) == (Fraction(1), 1)
    assert [(spot.name, spot.units) for spot in spots.kinds] == [("effect/do", 1)]
