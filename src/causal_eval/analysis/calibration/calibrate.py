"""All that stated confidences allow to say of one run: how sure, how right, and how far the two are apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from causal_eval.analysis.calibration.bins import Bin, CalibrationError, binned, calibration_error
from causal_eval.analysis.calibration.brier import Decomposition, decomposition, skill
from causal_eval.analysis.calibration.stated import Counts, Replied, Stated, is_one_sided, read
from causal_eval.analysis.intervals import (
    LEVEL,
    Exact,
    Interval,
    difference_cluster,
    difference_interval,
    score_cluster,
    score_interval,
    tally,
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Every figure is over the answers whose confidence is stated; estimates are None where there is none."""

    answerer: str
    counts: Counts
    level: float
    confidence: Interval
    """The mean that is stated."""
    right: Interval
    """The share that is right."""
    gap: Interval
    """Mean confidence - share right, in [-1, 1]: above 0 over-confident, below 0 under-confident."""
    bins: tuple[Bin, ...]
    brier: Interval
    parts: Decomposition | None
    skill: Interval
    error: CalibrationError | None


def calibrate(answerer: str, rows: Iterable[Replied], *, level: float = LEVEL) -> Calibration:
    """The calibration of *answerer*, whose rows come cluster by cluster."""
    found = read(rows)
    clusters = _clusters(found.stated)
    right = score_interval(tally(score_cluster([one.y for one in own]) for own in clusters), level=level)
    return Calibration(
        answerer,
        found.counts,
        level,
        confidence=_kept(_mean([[one.c for one in own] for own in clusters], level=level)),
        right=right,
        gap=_gap(clusters, right),
        bins=binned(clusters, level=level),
        brier=_brier(clusters, level=level),
        parts=decomposition(found.stated),
        skill=skill(clusters, level=level),
        error=calibration_error(clusters),
    )


def _gap(clusters: Sequence[Sequence[Stated]], right: Interval) -> Interval:
    """The t interval of c - y; where nearly all clusters agree in y, at least as wide as that of the share right."""
    found = _mean([[one.c - one.y for one in own] for own in clusters], level=right.level)
    if not is_one_sided(clusters):
        return found
    c = (found.estimate or 0.0) + (right.estimate or 0.0)
    low, high = (None if end is None else c - end for end in (right.high, right.low))
    return _wider(found, low=low, high=high)


def _brier(clusters: Sequence[Sequence[Stated]], *, level: float) -> Interval:
    """The t interval of (c - y)^2; where nearly all clusters agree in y, at least as wide as that of a proportion."""
    scores = [[(one.c - one.y) ** 2 for one in own] for own in clusters]
    found = _mean(scores, level=level)
    if is_one_sided(clusters):
        other = score_interval(tally(map(score_cluster, scores)), level=level)
        found = _wider(found, low=other.low, high=other.high)
    return _kept(found)


def _mean(clusters: Iterable[Sequence[Exact]], *, level: float) -> Interval:
    """The mean of what is no proportion: its own spread counts, of which Wilson's interval knows nothing."""
    return difference_interval(tally(map(difference_cluster, clusters)), level=level)


def _wider(one: Interval, *, low: float | None, high: float | None) -> Interval:
    if one.low is None or one.high is None or low is None or high is None:
        return one
    return replace(one, low=min(one.low, low), high=max(one.high, high))


def _kept(one: Interval) -> Interval:
    """Of a mean that cannot be negative."""
    return one if one.low is None else replace(one, low=max(0.0, one.low))


def _clusters(answers: Iterable[Stated]) -> list[list[Stated]]:
    found: dict[str, list[Stated]] = {}
    for one in answers:
        found.setdefault(one.cluster, []).append(one)
    return list(found.values())
