"""Chance in a scope, sentences and table rows."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from causal_eval.analysis.chance import Against, against_chance, chance_of
from causal_eval.analysis.intervals import Interval
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.profile import AnswererProfile, Scope, profile
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Observation]
CHANCE = {
    ("effect", "ate"): Fraction(1, 40),
    ("effect", "seeing"): Fraction(1, 10),
    ("chain", "value"): Fraction(1, 20),
}


@pytest.fixture
def answerer(observation: Make) -> AnswererProfile:
    """Three questions of effect/ate, one of effect/seeing, one of chain/value and one missing one."""
    kinds = [("effect", "ate", 2)] * 3 + [("effect", "seeing", 1), ("chain", "value", 2)]
    rows = [
        observation(f"q{place}", Mark.WRONG, family=family, kind=kind, rung=rung)
        for place, (family, kind, rung) in enumerate(kinds)
    ]
    rows.append(observation("lost", Mark.MISSING, family="chain", kind="value"))
    return profile(rows).answerers[0]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(), (3 / 40 + 1 / 10 + 1 / 20) / 5),
        (Scope("effect"), (3 / 40 + 1 / 10) / 4),
        (Scope(rung=2), (3 / 40 + 1 / 20) / 4),
        (Scope("chain", "value", 2), 1 / 20),
        (Scope("confounding"), None),
    ],
)
def test_chance_is_the_mean_over_scored_units(answerer: AnswererProfile, scope: Scope, expected: float | None) -> None:
    """Chance of a scope weighs its kinds by the units that were scored."""
    assert chance_of(answerer, scope, chance=CHANCE) == (None if expected is None else pytest.approx(expected))


def test_one_unknown_kind_makes_chance_unknown(answerer: AnswererProfile) -> None:
    """A mean over a kind of unknown chance is not made up."""
    assert chance_of(answerer, Scope(), chance={("effect", "ate"): Fraction(1, 40)}) is None


@pytest.mark.parametrize(
    ("low", "high", "chance", "against"),
    [
        (0.03, 0.2, 0.029, Against.ABOVE),
        (0.029, 0.2, 0.029, Against.NEAR),
        (0.0, 0.02, 0.029, Against.BELOW),
        (0.0, 0.02, None, Against.UNKNOWN),
        (None, None, 0.029, Against.UNKNOWN),
    ],
)
def test_above_or_below_only_with_the_whole_interval(
    low: float | None, high: float | None, chance: float | None, against: Against
) -> None:
    """A score is told from chance only if its interval does not hold it."""
    assert against_chance(Interval(0.1, low, high, 9, 9), chance) is against
