"""Reliability by bins of stated confidence, and the expected calibration error over them.

Notation as in ``brier``; bin k holds n_k answers, d_k = mean confidence - share right within it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.analysis.calibration.stated import Stated
from causal_eval.analysis.intervals import (
    LEVEL,
    Interval,
    difference_cluster,
    mean,
    score_cluster,
    score_interval,
    tally,
    variance,
)

BINS = 10
"""Of equal width; the last holds both its ends."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of similar confidence."""

    low: float
    high: float
    confidence: float
    """The mean that is stated."""
    right: Interval
    """The share that is right, clustered."""


@dataclass(frozen=True, slots=True)
class CalibrationError:
    """How far confidences are from shares of right answers, on average over the answers."""

    ece: float
    """sum of n_k/n |d_k|; with few answers too large, as every |d_k| is 0 only by luck."""
    if_calibrated: float
    """About what it would be of confidences that are all deserved, with as many answers in as many clusters."""


def binned(clusters: Sequence[Sequence[Stated]], *, level: float = LEVEL) -> tuple[Bin, ...]:
    """The bins that hold answers, lowest first."""
    found = []
    for place, parts in _places(clusters):
        right = score_interval(tally(score_cluster([one.y for one in own]) for own in parts), level=level)
        total = sum((one.c for own in parts for one in own), Fraction(0))
        found.append(Bin(place / BINS, (place + 1) / BINS, float(total / right.n), right))
    return tuple(found)


def calibration_error(clusters: Sequence[Sequence[Stated]]) -> CalibrationError | None:
    """The expected calibration error (ECE; Naeini, Cooper and Hauskrecht 2015, recalled) over :data:`BINS` bins.

    It is biased upwards, most of all for those who are calibrated (Roelofs, Cain, Shlens and Mozer 2021, Mitigating
    Bias in Calibration Error Estimation, abstract). So what calibration would show stands beside it: with d_k normal
    around 0, E|d_k| = sqrt(2 V_k / pi). V_k is the larger of two: the cluster-robust variance of d_k, and the mean of
    c(1 - c) over n_k, which calibrated and independent answers would have.
    """
    n = sum(map(len, clusters))
    if not n:
        return None
    ece = by_luck = 0.0
    for _, parts in _places(clusters):
        sums = tally(difference_cluster([one.c - one.y for one in own]) for own in parts)
        d, share = float(mean(sums) or 0), sums.n / n
        independent = sum((one.c * (1 - one.c) for own in parts for one in own), Fraction(0)) / sums.n**2
        v = max(variance(sums) or Fraction(0), independent)
        ece += share * abs(d)
        by_luck += share * math.sqrt(2.0 * float(v) / math.pi)
    return CalibrationError(ece, by_luck)


def _places(clusters: Iterable[Sequence[Stated]]) -> list[tuple[int, list[list[Stated]]]]:
    """Bin by bin its answers, cluster by cluster."""
    found: dict[int, list[list[Stated]]] = {}
    for own in clusters:
        here: dict[int, list[Stated]] = {}
        for one in own:
            here.setdefault(min(int(one.c * BINS), BINS - 1), []).append(one)
        for place, answers in here.items():
            found.setdefault(place, []).append(answers)
    return sorted(found.items())
