"""Many answerers: a set of ranks for each, as a single rank pretends to know more than the data do."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from causal_eval.analysis.compare import Comparison, Finding, finding_among
from causal_eval.analysis.intervals import LEVEL
from causal_eval.analysis.quantiles import normal_quantile
from causal_eval.analysis.signs import holm


@dataclass(frozen=True, slots=True)
class RankSet:
    """The ranks that an answerer can have; the true ranks of all lie within their sets with the comparisons' level."""

    answerer: str
    best: int
    """1 + how many are shown to be better."""
    worst: int
    """How many are not shown to be worse, itself among them."""


def jointly(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """The same, each finding knowing how many comparisons were made: by Holm's value of the sign-flip tests."""
    values = holm([one.evidence.sign_flip.p for one in comparisons])
    return tuple(
        replace(one, finding=finding_among(one.difference, p), evidence=replace(one.evidence, holm=p))
        for one, p in zip(comparisons, values, strict=True)
    )


def rank_sets(comparisons: Sequence[Comparison]) -> tuple[RankSet, ...]:
    """The rank set of everybody in *comparisons* (all pairs, found :func:`jointly`), the best first.

    Source: Mogstad, Romano, Shaikh and Wilhelm 2024, Rev. Econ. Stud. 91, 476-518: pairwise differences that are all
    right at once with probability 1 - alpha give rank sets that are.
    """
    names = list(dict.fromkeys(name for one in comparisons for name in (one.a, one.b)))
    above = dict.fromkeys(names, 0)
    below = dict.fromkeys(names, 0)
    for one in comparisons:
        if one.finding is Finding.CANNOT_TELL:
            continue
        better, worse = (one.a, one.b) if one.finding is Finding.BETTER else (one.b, one.a)
        above[worse] += 1
        below[better] += 1
    sets = [RankSet(name, 1 + above[name], len(names) - below[name]) for name in names]
    return tuple(sorted(sets, key=lambda one: (one.best, one.worst, one.answerer)))


@dataclass(frozen=True, slots=True)
class Scored:
    """A score with its 95 % interval; ends are None where there is none."""

    estimate: float
    low: float | None
    high: float | None


def ranges(scores: Sequence[Scored]) -> list[tuple[int, int]]:
    """The best and the worst rank that each can have, where answerers were asked different questions.

    All intervals are remade at the level 1 - (1 - 0.95)/M, so that they hold at once with 95 % (Bonferroni); then so do
    the ranks that they leave open. Source: Klein, Wright and Wieczorek 2020, J. R. Stat. Soc. A 183 (recalled).
    """
    ends = [_widened(one, among=len(scores)) for one in scores]
    lows, highs = sorted(low for low, _ in ends), sorted(high for _, high in ends)
    return [
        (1 + len(ends) - bisect.bisect_right(lows, high), len(ends) - bisect.bisect_left(highs, low))
        for low, high in ends
    ]


def _widened(one: Scored, *, among: int) -> tuple[float, float]:
    """Wilson's interval at the stricter level: its ends tell t^2/n, as (p - x)^2 = t^2/n x (1 - x) there."""
    if one.low is None or one.high is None:
        return 0.0, 1.0
    p = one.estimate
    found = [(p - end) ** 2 / (end * (1.0 - end)) for end in (one.low, one.high) if 0.0 < end < 1.0]
    if not found:
        return one.low, one.high
    alpha = 1.0 - LEVEL
    w = max(found) * (normal_quantile(1.0 - alpha / (2.0 * among)) / normal_quantile(1.0 - alpha / 2.0)) ** 2
    half = math.sqrt(max(0.0, p * (1.0 - p)) * w + w * w / 4.0) / (1.0 + w)
    middle = (p + w / 2.0) / (1.0 + w)
    return max(0.0, middle - half), min(1.0, middle + half)
