"""Bins hold what they say, and the error over them stands beside what luck makes."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from statistics import fmean

import pytest

from causal_eval.analysis.calibration.bins import binned, calibration_error
from causal_eval.analysis.calibration.stated import Stated
from causal_eval.analysis.intervals import score_cluster, score_interval, tally

Draw = Callable[..., list[list[Stated]]]


def _alone(*pairs: tuple[int, int]) -> list[list[Stated]]:
    return [[Stated(f"c{place}", Fraction(c, 100), y)] for place, (c, y) in enumerate(pairs)]


def test_the_ends_of_bins() -> None:
    """A bin holds its lower end, the last both; bins without answers are left out."""
    found = binned(_alone((0, 0), (9, 0), (10, 1), (89, 1), (90, 1), (100, 0)))
    assert [(one.low, one.high, one.right.n) for one in found] == [
        (0.0, 0.1, 2), (0.1, 0.2, 1), (0.8, 0.9, 1), (0.9, 1.0, 2),
    ]  # fmt: skip
    assert [one.confidence for one in found] == pytest.approx([0.045, 0.1, 0.89, 0.95])
    assert [one.right.estimate for one in found] == [0, 1, 1, 0.5]


def test_shares_have_clustered_intervals() -> None:
    """Two answers of one cluster are no two clusters: the interval is that of all scores."""
    clusters = [[Stated(f"c{g}", Fraction(85, 100), int(g % 3 > 0)) for _ in range(2)] for g in range(30)]
    (found,) = binned(clusters)
    assert found.right == score_interval(tally(score_cluster([one.y for one in own]) for own in clusters))
    assert (found.right.n, found.right.clusters) == (60, 30)


def test_the_error_by_hand() -> None:
    """Half at 75 with one of two right, half at 95 with all right: 1/2 0.25 + 1/2 0.05; a bin's own gaps cancel."""
    found = calibration_error(_alone((75, 1), (75, 0), (95, 1), (95, 1)))
    assert found is not None
    assert found.ece == pytest.approx(0.15)
    cancelled = calibration_error(_alone((90, 1), (100, 1), (95, 1), (95, 1)))
    assert cancelled is not None
    assert cancelled.ece == pytest.approx(0.05)
    assert calibration_error([]) is None


@pytest.mark.slow
def test_luck_is_what_the_calibrated_show(draw: Draw) -> None:
    """300 runs of a calibrated answerer, in clusters: the error is far from 0, and on average what is foretold."""
    rng = random.Random("luck")
    found = [calibration_error(draw(rng, clusters=30, shift=0.0)) for _ in range(300)]
    ece = fmean(one.ece for one in found if one)
    assert 0.05 < ece < 0.09
    assert fmean(one.if_calibrated for one in found if one) == pytest.approx(ece, rel=0.1)


def test_with_many_answers_the_error_is_the_truth(draw: Draw) -> None:
    """An answerer right 20 points less often than it says, 1,000 clusters: 20 points, of which luck makes two."""
    found = calibration_error(draw(random.Random("many"), clusters=1000, shift=0.2))
    assert found is not None
    assert found.ece == pytest.approx(0.2, abs=0.02)
    assert found.if_calibrated < 0.02
