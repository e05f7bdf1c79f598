"""Many answerers: a set of ranks for each, as a single rank pretends to know more than the data do."""

from __future__ import annotations

import bisect
import itertools
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


@dataclass(frozen=True, slots=True)
class Paired:
    """The paired test of two scores on the same questions."""

    above: int
    """Place in the list of scores of the one that did better."""
    below: int
    p: float
    """Of the sign-flip test, two-sided, by itself."""


def ranges(scores: Sequence[Scored], pairs: Sequence[Paired] = ()) -> list[tuple[int, int]]:
    """The best and the worst rank that each can have; all hold at once with 95 %.

    Answerers that were asked different questions are told apart by intervals, all remade at the level
    1 - (1 - 0.95)/M, so that they hold at once (Bonferroni). Source: Klein, Wright and Wieczorek 2020, J. R. Stat. Soc.
    A 183 (recalled). Where *pairs* were asked the same questions, Holm's values of their tests tell more: then
    intervals and tests have half of the 5 % each. A test against the order of the scores counts for nothing.
    """
    shares = 2 if pairs else 1
    ends = [_widened(one, among=shares * len(scores)) for one in scores]
    lows, highs = sorted(low for low, _ in ends), sorted(high for _, high in ends)
    above = [len(ends) - bisect.bisect_right(lows, high) for _, high in ends]
    below = [bisect.bisect_left(highs, low) for low, _ in ends]
    for pair, p in zip(pairs, holm([one.p for one in pairs]), strict=True):
        is_new = ends[pair.below][1] >= ends[pair.above][0]
        if p <= (1.0 - LEVEL) / shares and is_new and scores[pair.above].estimate > scores[pair.below].estimate:
            above[pair.below] += 1
            below[pair.above] += 1
    return [(1 + better, len(ends) - worse) for better, worse in zip(above, below, strict=True)]


def shared_ranks(sets: Sequence[tuple[int, int]]) -> list[int]:
    """One rank for each, where *sets* come by falling scores: the best that it, and all with higher scores, can have.

    It never falls along the list, and lies within each one's own set: who is shown to be better than something with a
    higher score is not shown to be worse than what is below.
    """
    return list(itertools.accumulate((best for best, _ in sets), max))


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
