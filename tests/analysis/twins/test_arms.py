"""Shares, gaps and slopes of clusters, against figures worked out another way."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from causal_eval.analysis.intervals import score_cluster, score_interval, tally
from causal_eval.analysis.quantiles import t_quantile
from causal_eval.analysis.twins.arms import FIRST, SECOND, Dose, Point, gap, share, slope


def _points(first: list[int], second: list[int]) -> list[Point]:
    return [*(Point(FIRST, one) for one in first), *(Point(SECOND, one) for one in second)]


def test_a_gap_within_clusters_is_the_mean_of_their_differences() -> None:
    """Each cluster counts once, however many answers it has; the interval is t of these differences."""
    differences = [1.0, 0.5, 0.0, 1.0, 0.5, -0.5, 1.0, 0.5]
    clusters = [
        _points([1, 1], [0]), _points([1, 0], [0, 0]), _points([1], [1]), _points([1], [0, 0]),
        _points([1], [1, 0]), _points([0], [1, 0]), _points([1], [0]), _points([1, 1], [1, 0]),
    ]  # fmt: skip
    found = gap(clusters, level=0.95)
    half = t_quantile(0.975, 7) * np.std(differences, ddof=1) / math.sqrt(8)
    assert found.estimate == pytest.approx(np.mean(differences))
    assert found.low is not None
    assert found.low == pytest.approx(np.mean(differences) - half)
    assert found.clusters == 8


def test_a_gap_between_clusters_keeps_the_ends_of_both_arms() -> None:
    """Arms in different clusters: the distances of the estimate to the ends add up as squares."""
    ones, others = [[1], [1], [0], [1], [1], [0], [1]], [[0], [1], [0], [0], [0], [1]]
    found = gap([*(_points(one, []) for one in ones), *(_points([], other) for other in others)], level=0.9)
    a, b = (score_interval(tally(map(score_cluster, arm)), level=0.9) for arm in (ones, others))
    assert a.estimate is not None
    assert b.estimate is not None
    assert a.low is not None
    assert b.high is not None
    assert found.estimate == pytest.approx(5 / 7 - 2 / 6)
    assert found.low == pytest.approx(5 / 7 - 2 / 6 - math.hypot(a.estimate - a.low, b.high - b.estimate))
    assert found.n == 13


def test_a_gap_without_one_arm_is_not_known() -> None:
    """Nothing is said where one of the two was never asked."""
    assert gap([_points([1], []), _points([0], [])], level=0.95).estimate is None
    assert gap([], level=0.95).estimate is None


def test_few_clusters_that_differ_give_no_narrow_interval() -> None:
    """Two clusters that agree exactly are no proof that the gap is nought."""
    found = gap([_points([1], [1]), _points([1], [1])], level=0.95)
    assert found.estimate == 0.0
    assert found.low is not None
    assert found.low < -0.5


def test_a_slope_within_clusters_is_that_of_least_squares() -> None:
    """Two clusters of the same doses: the mean of their fitted slopes, per unit of the dose."""
    doses, scores = list(range(7)), [[1, 1, 1, 0, 1, 0, 0], [1, 1, 0, 0, 0, 0, 0]]
    clusters = [[Dose("a", x, y) for x, y in zip(doses, own, strict=True)] for own in scores]
    found = slope(clusters, level=0.95)
    wanted = np.mean([np.polyfit(doses, own, 1)[0] for own in scores])
    assert found.estimate == pytest.approx(wanted)
    assert found.low is not None
    assert found.high is not None
    assert found.low < wanted < found.high


def test_a_slope_across_clusters_holds_the_kind_fixed() -> None:
    """A kind that is easy and only asked at low doses does not make a slope; the variance is the sandwich."""
    points = [("a", 1, 1), ("a", 2, 1), ("a", 1, 1), ("a", 2, 0), ("b", 4, 0), ("b", 5, 0), ("b", 4, 1), ("b", 5, 0)]
    found = slope([[Dose(*point)] for point in points], level=0.95)
    x = np.array([point[1] - (1.5 if point[0] == "a" else 4.5) for point in points])
    y = np.array([point[2] - (0.75 if point[0] == "a" else 0.25) for point in points])
    rise = x @ y / (x @ x)
    se = math.sqrt(np.sum((x * (y - rise * x)) ** 2) / (x @ x) ** 2 * 8 / 7)
    assert found.estimate == pytest.approx(rise)
    assert found.se == pytest.approx(se)


def test_a_slope_without_doses_is_not_known() -> None:
    """One dose alone, or answers that never vary, give no interval."""
    assert slope([[Dose("a", 1, 1)], [Dose("a", 1, 0)]], level=0.95).estimate is None
    flat = slope([[Dose("a", 1, 1)], [Dose("a", 2, 1)]], level=0.95)
    assert (flat.estimate, flat.low) == (0.0, None)


def test_a_share_is_the_clustered_score() -> None:
    """A share of answers has the interval that a score has."""
    clusters: list[list[int | Fraction]] = [[1, 0], [Fraction(1, 2)], [1]]
    assert share(clusters, level=0.95) == score_interval(tally(score_cluster(one) for one in clusters), level=0.95)
