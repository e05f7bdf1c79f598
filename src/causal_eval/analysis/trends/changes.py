"""When a score changed: circular binary segmentation of measurements, each cut shown by a permutation test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise, permutations

from causal_eval.analysis.trends.measurement import Measurement
from causal_eval.seeds import Stream

LEVEL = 0.05
"""A cut is kept if its p value is at most this."""
DRAWS = 999
EXACT = 6
"""Up to so many measurements all orders are gone through; six have 720."""
_LEAST = 4
_NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class Change:
    """From one measurement to the next the mean score changed."""

    before: str
    """The last evaluation before."""
    after: str
    """The first after."""
    at: float
    """When that began; seconds since 1970."""
    jump: float
    """The weighted mean of the stretch after, minus that of the stretch before."""
    p: float
    """How often a random order has a stretch as far from its rest; at least 1/(draws + 1)."""


@dataclass(frozen=True, slots=True)
class _Point:
    score: float
    weight: float


def changes(measurements: Sequence[Measurement]) -> tuple[Change, ...]:
    """The changes in *measurements* (oldest first), earliest first; those without an interval are left out.

    The stretch whose weighted mean differs most from that of the rest, by |difference| / sqrt(1/W + 1/W'), is cut out
    if few random orders of the same measurements have one as far away (circular binary segmentation: Olshen and others
    2004, Biostatistics 5, 557-572; weights: inverse variances), then all parts are looked at in turn. With fewer than
    eight measurements hardly any change can be shown: there are too few orders. The test by clusters is
    :func:`causal_eval.analysis.trends.drift.drift`.
    """
    usable = [one for one in measurements if one.score.estimate is not None and one.score.se is not None]
    least = min((one.score.se for one in usable if one.score.se), default=1.0)
    points = [_Point(one.score.estimate or 0.0, 1.0 / max(one.score.se or 0.0, least) ** 2) for one in usable]
    found: list[Change] = []
    parts = [range(len(points))]
    while parts:
        part = parts.pop()
        if len(part) < _LEAST:
            continue
        own = points[part.start : part.stop]
        size, stretch = _stretch(own)
        p = _p(own, size, name=usable[part.start].evaluation)
        if p > LEVEL:
            continue
        edges = [0, *(edge for edge in (stretch.start, stretch.stop) if 0 < edge < len(own)), len(own)]
        pieces = [range(part.start + low, part.start + high) for low, high in pairwise(edges)]
        found += [
            _change(usable[one.stop - 1], usable[other.start], p=p, jump=_mean(points, other) - _mean(points, one))
            for one, other in pairwise(pieces)
        ]
        parts += pieces
    return tuple(sorted(found, key=lambda one: one.at))


def _change(before: Measurement, after: Measurement, *, jump: float, p: float) -> Change:
    return Change(before.evaluation, after.evaluation, after.at, jump, p)


def _stretch(points: Sequence[_Point]) -> tuple[float, range]:
    """How far the stretch lies from the rest that lies farthest, and its places."""
    weights = [0.0, *accumulate(point.weight for point in points)]
    values = [0.0, *accumulate(point.weight * point.score for point in points)]
    total, whole = weights[-1], values[-1]
    best, place = 0.0, range(1)
    for start in range(len(points)):
        for stop in range(start + 1, len(points) + (start > 0)):
            weight, value = weights[stop] - weights[start], values[stop] - values[start]
            rest = total - weight
            size = abs(value / weight - (whole - value) / rest) / math.sqrt(1.0 / weight + 1.0 / rest)
            if size > best + _NOTHING:
                best, place = size, range(start, stop)
    return best, place


def _p(points: Sequence[_Point], size: float, *, name: str) -> float:
    """The share of orders, the one that was seen among them, that have a stretch at least as far away."""
    if size <= _NOTHING:
        return 1.0
    if len(points) <= EXACT:
        orders = list(permutations(points))
        return sum(_stretch(order)[0] >= size - _NOTHING for order in orders) / len(orders)
    stream = Stream("change", name, str(len(points)))
    as_large = sum(_stretch(stream.shuffled(points))[0] >= size - _NOTHING for _ in range(DRAWS))
    return (as_large + 1) / (DRAWS + 1)


def _mean(points: Sequence[_Point], part: range) -> float:
    own = points[part.start : part.stop]
    return math.fsum(point.weight * point.score for point in own) / math.fsum(point.weight for point in own)
