"""The Brier score's parts add up, are those of other implementations, and its skill has an interval that covers."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression

from causal_eval.analysis.calibration.brier import decomposition, skill
from causal_eval.analysis.calibration.stated import Stated

Draw = Callable[..., list[list[Stated]]]


def _answers(*pairs: tuple[int, int]) -> list[Stated]:
    return [Stated(f"c{place}", Fraction(c, 100), y) for place, (c, y) in enumerate(pairs)]


def test_by_hand() -> None:
    """0.2, 0.4, 0.6, 0.8 with 0, 1, 0, 1: BS 0.2; the middle two are pooled to 1/2, which leaves 0.125."""
    found = decomposition(_answers((20, 0), (40, 1), (60, 0), (80, 1)))
    assert found is not None
    assert (found.miscalibration, found.discrimination, found.uncertainty) == pytest.approx((0.075, 0.125, 0.25))


def test_who_is_deserved_is_calibrated() -> None:
    """0.5 with one of two right and 1 with all right needs no change, and still tells apart."""
    found = decomposition(_answers((50, 0), (50, 1), (100, 1), (100, 1)))
    assert found is not None
    assert found.miscalibration == 0
    assert found.discrimination == pytest.approx(3 / 16 - 1 / 8)


def test_who_is_sure_of_the_wrong_ones_tells_nothing_apart() -> None:
    """Confidence that falls as answers get better is pooled to the base rate: no discrimination."""
    found = decomposition(_answers((90, 0), (80, 0), (20, 1), (10, 1)))
    assert found is not None
    assert (found.discrimination, found.uncertainty) == (0, 0.25)


def test_without_answers_there_are_no_parts() -> None:
    """Nothing is decomposed into nothing."""
    assert decomposition([]) is None


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 1)), min_size=1, max_size=60))
def test_parts_add_up_and_recalibration_is_scipys(pairs: list[tuple[int, int]]) -> None:
    """BS = MCB - DSC + UNC, none negative; pooled as by ``scipy.optimize.isotonic_regression``."""
    answers = _answers(*pairs)
    found = decomposition(answers)
    assert found is not None
    brier = float(np.mean([(float(one.c) - one.y) ** 2 for one in answers]))
    assert found.miscalibration - found.discrimination + found.uncertainty == pytest.approx(brier)
    assert min(found.miscalibration, found.discrimination, found.uncertainty) >= -1e-12
    levels = sorted({one.c for one in answers})
    weights = [sum(one.c == c for one in answers) for c in levels]
    shares = [sum(one.y for one in answers if one.c == c) / n for c, n in zip(levels, weights, strict=True)]
    fitted = dict(zip(levels, isotonic_regression(shares, weights=weights).x, strict=True))
    recalibrated = float(np.mean([(fitted[one.c] - one.y) ** 2 for one in answers]))
    assert brier - found.miscalibration == pytest.approx(recalibrated, abs=1e-9)


def test_skill_against_the_base_rate() -> None:
    """By hand 1 - 0.2/0.25; four clusters that differ are too few for an interval; all right has no skill."""
    answers = _answers((20, 0), (40, 1), (60, 0), (80, 1))
    found = skill([[one] for one in answers])
    assert found.estimate == pytest.approx(0.2)
    assert (found.low, found.n) == (None, 4)
    assert skill([[one] for one in _answers((90, 1), (80, 1))]).estimate is None
    assert skill([]).estimate is None


@pytest.mark.slow
def test_the_interval_of_the_skill_covers(draw: Draw) -> None:
    """200 runs of one who is right 20 points less often than it says, in clusters: 95 % of intervals hold the truth."""
    rng, held = random.Random("skill"), 0
    levels = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0]
    brier = sum((c - 0.2) * (1 - c) ** 2 + (1.2 - c) * c * c for c in levels) / 7
    base = sum(levels) / 7 - 0.2
    truth = 1 - brier / (base * (1 - base))
    for _ in range(200):
        found = skill(draw(rng, clusters=60, shift=0.2))
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    assert 182 <= held <= 199
