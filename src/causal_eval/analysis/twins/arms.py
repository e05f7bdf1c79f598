"""A share, the gap between two arms, and a slope, each from whole clusters with an interval that allows for them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from causal_eval.analysis.intervals import (
    FEWEST_CLUSTERS,
    Exact,
    Interval,
    difference_cluster,
    difference_interval,
    score_cluster,
    score_interval,
    tally,
)
from causal_eval.analysis.quantiles import t_quantile

FIRST, SECOND = 0, 1


class Point(NamedTuple):
    """One answer of a cluster, in an arm."""

    arm: int
    score: Exact


class Dose(NamedTuple):
    """One answer of a cluster, at a dose; *group* holds what the dose does not change."""

    group: str
    dose: int
    score: Exact


def share(clusters: Iterable[Sequence[Exact]], *, level: float) -> Interval:
    """The mean of scores in [0, 1], a sequence a cluster."""
    return score_interval(tally(map(score_cluster, clusters)), level=level)


def gap(clusters: Iterable[Sequence[Point]], *, level: float) -> Interval:
    """The mean of the first arm minus that of the second.

    Where every cluster has both arms, the mean of the differences within clusters, each counting once. Else the
    difference of the arms' clustered means by the method of variance estimates recovery: with ends (l, u) of each arm,
    low = d - sqrt((a - l_a)^2 + (u_b - b)^2) and likewise high (Zou and Donner 2008, recalled), which takes arms that
    share some clusters for independent and is then too wide, as they go together.
    """
    found = [_means(points) for points in clusters if points]
    if found and all(None not in means for means in found):
        within = [difference_cluster([one - other]) for one, other in _both(found)]
        return difference_interval(tally(within), level=level)
    one, other = (
        share([[mean] for means in found if (mean := means[arm]) is not None], level=level) for arm in (FIRST, SECOND)
    )
    return _apart(one, other, clusters=len(found), level=level)


def slope(clusters: Iterable[Sequence[Dose]], *, level: float) -> Interval:
    """The change of the score per unit of the dose.

    Where groups within clusters have several doses, the mean over these clusters of the least-squares slope within
    their groups, in [-b, b] with b the steepest that scores in [0, 1] allow; that share of b has the interval of
    paired differences. Else least squares over all clusters within groups, with the cluster-robust variance
    sum_g (sum_i x_i e_i)^2 / Sxx^2 * G/(G-1), t with G - 1 degrees of freedom.
    """
    found = [list(points) for points in clusters if points]
    within = [one for one in map(_within, found) if one is not None]
    if not within:
        return _across(found, level=level)
    steepest = max(most for _, most in within)
    sums = tally([difference_cluster([Fraction(rise) / steepest]) for rise, _ in within])
    return _scaled(difference_interval(sums, level=level), by=float(steepest))


def _means(points: Sequence[Point]) -> tuple[Fraction | None, Fraction | None]:
    arms = [[point.score for point in points if point.arm == arm] for arm in (FIRST, SECOND)]
    one, other = (Fraction(sum(scores)) / len(scores) if scores else None for scores in arms)
    return one, other


def _both(found: Iterable[tuple[Fraction | None, Fraction | None]]) -> list[tuple[Fraction, Fraction]]:
    return [(one, other) for one, other in found if one is not None and other is not None]


def _apart(one: Interval, other: Interval, *, clusters: int, level: float) -> Interval:
    """The difference of two independent means."""
    n = one.n + other.n
    if one.estimate is None or other.estimate is None:
        return Interval(None, None, None, clusters, n, level)
    difference = one.estimate - other.estimate
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return Interval(difference, None, None, clusters, n, level)
    down = math.hypot(one.estimate - one.low, other.high - other.estimate)
    up = math.hypot(one.high - one.estimate, other.estimate - other.low)
    return Interval(difference, max(-1.0, difference - down), min(1.0, difference + up), clusters, n, level)


def _within(points: Sequence[Dose]) -> tuple[Fraction, Fraction] | None:
    """The slope within the groups of one cluster, and the steepest possible; None where no group has two doses."""
    moved = _centred(points)
    spread = sum((x * x for x, _ in moved), Fraction(0))
    if not spread:
        return None
    return sum((x * y for x, y in moved), Fraction(0)) / spread, sum((max(x, Fraction(0)) for x, _ in moved)) / spread


def _centred(points: Sequence[Dose]) -> list[tuple[Fraction, Fraction]]:
    """Doses and scores less their means within the group."""
    means = _group_means(points)
    return [_less(point, means) for point in points]


def _across(found: Sequence[Sequence[Dose]], *, level: float) -> Interval:
    points = [point for cluster in found for point in cluster]
    means = _group_means(points)
    moved = [[_less(point, means) for point in cluster] for cluster in found]
    spread = sum((x * x for cluster in moved for x, _ in cluster), Fraction(0))
    nothing = Interval(None, None, None, len(found), len(points), level)
    if not spread:
        return nothing
    rise = sum((x * y for cluster in moved for x, y in cluster), Fraction(0)) / spread
    count = len(found)
    if count < FEWEST_CLUSTERS:
        return replace(nothing, estimate=float(rise))
    meat = math.fsum(math.fsum(float(x * y) - float(rise) * float(x * x) for x, y in one) ** 2 for one in moved)
    se = math.sqrt(meat * count / (count - 1)) / float(spread)
    if not se:  # nothing varies: no guide to how much it would
        return replace(nothing, estimate=float(rise))
    half = t_quantile((1.0 + level) / 2.0, count - 1) * se
    return Interval(float(rise), float(rise) - half, float(rise) + half, count, len(points), level, se)


def _group_means(points: Sequence[Dose]) -> dict[str, tuple[Fraction, Fraction]]:
    groups: dict[str, list[Dose]] = {}
    for point in points:
        groups.setdefault(point.group, []).append(point)
    return {
        name: (
            Fraction(sum(one.dose for one in own), len(own)),
            sum((Fraction(one.score) for one in own), Fraction(0)) / len(own),
        )
        for name, own in groups.items()
    }


def _less(point: Dose, means: dict[str, tuple[Fraction, Fraction]]) -> tuple[Fraction, Fraction]:
    x, y = means[point.group]
    return point.dose - x, Fraction(point.score) - y


def _scaled(interval: Interval, *, by: float) -> Interval:
    low, high = (None if end is None else end * by for end in (interval.low, interval.high))
    estimate = None if interval.estimate is None else interval.estimate * by
    return replace(
        interval, estimate=estimate, low=low, high=high, se=None if interval.se is None else interval.se * by
    )
