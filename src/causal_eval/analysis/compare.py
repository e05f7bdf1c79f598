"""Two answerers on the same questions: the paired difference, clustered, and what it allows to say.

Pairs are (unit, sample): both answerers' scores of the same sample number of the same question (or joint twin group).
Only pairs scored on both sides count; the others are shown. A pair of one and the same cached reply is no comparison:
its difference is zero by construction, so it is left out and shown too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from causal_eval.analysis.intervals import LEVEL, Interval, difference_interval, score_interval
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.pairing import LEFT_OUT, Gap, Pairs, Side, side
from causal_eval.analysis.profile import Scope
from causal_eval.analysis.quantiles import normal_quantile
from causal_eval.analysis.signs import Evidence, SignFlip, benjamini_hochberg, evidence, holm, sign_flip

POWER = 0.8
"""The probability with which the needed number of units would show the observed gap."""


class Finding(StrEnum):
    """What the paired difference a - b allows to say about a."""

    BETTER = "better"
    WORSE = "worse"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Agreement:
    """Pairs by who was right (McNemar's table); the two in the middle carry the difference."""

    both_right: int
    only_a: int
    only_b: int
    neither: int


@dataclass(frozen=True, slots=True)
class Unpaired:
    """Units left out of the comparison."""

    missing_a: int
    """Scored for b, but not for a (missing, ungraded or never asked)."""
    missing_b: int
    """Scored for a, but not for b."""
    missing_both: int
    """Asked, but scored for neither in any common sample."""
    exempt: int
    """Made for the method of one of the two, a baseline."""
    shared: int = 0
    """Scored on both sides, but in no sample by two different replies: both runs have them from one cached reply."""


@dataclass(frozen=True, slots=True)
class Needed:
    """What a set must hold to show the observed gap with the stated power, if the gap is real."""

    units: int
    clusters: int
    power: float = POWER


@dataclass(frozen=True, slots=True)
class Effect:
    """How large the difference is beside its points; None where it is not defined."""

    odds: float | None
    """Conditional odds ratio only_a / only_b: how many pairs a alone has right for one that b alone has (McNemar)."""
    h: float | None
    """Cohen's h = 2 asin sqrt(p_a) - 2 asin sqrt(p_b): 0.2 is small, 0.5 medium, 0.8 large (Cohen 1988)."""


@dataclass(frozen=True, slots=True)
class ScopedDifference:
    """The paired difference a - b within a rung or family."""

    scope: Scope
    difference: Interval
    """Not corrected for looking several times; *holm*, *fdr* and *finding* are."""
    sign_flip: SignFlip
    holm: float
    """Adjusted over all of its sort (rungs; families): with probability *level* no finding among them is false."""
    fdr: float
    """Benjamini and Hochberg's, over the same: the share of false ones among findings."""
    finding: Finding
    """By Holm's value."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything about a against b."""

    a: str
    b: str
    difference: Interval
    """Mean of a - b over paired units, clustered."""
    score_a: Interval
    """Of the paired units alone."""
    score_b: Interval
    """Of the paired units alone."""
    finding: Finding
    agreement: Agreement
    unpaired: Unpaired
    needed: Needed | None
    """None where no gap was observed or its spread is not known."""
    scopes: tuple[ScopedDifference, ...]
    """Rungs, then families by lowest rung and name."""
    evidence: Evidence
    effect: Effect


def compare(a: Iterable[Observation], b: Iterable[Observation], *, level: float = LEVEL) -> Comparison:
    """The paired, clustered comparison of a's rows with b's, the same bit for bit in any order of clusters.

    Each side holds one answerer, the rows of a cluster together. Memory grows with the units of both.

    Raises:
        ValueError: a side is empty, holds two answerers, or tears a cluster apart.
    """
    return compare_sides(side(a, "a"), side(b, "b"), level=level)


def compare_sides(left: Side, right: Side, *, level: float = LEVEL) -> Comparison:
    """The same of sides that were read before."""
    pairs = Pairs()
    for cluster in left.clusters.keys() | right.clusters.keys():
        pairs.add(left.clusters.get(cluster, {}), right.clusters.get(cluster, {}))
    return _result(pairs, left.answerer, b=right.answerer, level=level)


def finding(difference: Interval) -> Finding:
    """Better or worse only if the whole interval lies on one side of zero."""
    if difference.low is not None and difference.low > 0.0:
        return Finding.BETTER
    if difference.high is not None and difference.high < 0.0:
        return Finding.WORSE
    return Finding.CANNOT_TELL


def finding_among(difference: Interval, p: float) -> Finding:
    """One of several findings: only if its adjusted *p* value is small enough too."""
    return finding(difference) if p <= 1.0 - difference.level else Finding.CANNOT_TELL


def needed(difference: Interval, *, limit: float = 0.0, power: float = POWER) -> Needed | None:
    """Units and clusters that would tell d from *limit*: G (z_(1-alpha/2) + z_power)^2 se^2 / (d - limit)^2 clusters.

    Source: the usual sample size of a mean, with the cluster-robust variance scaled from G clusters.
    """
    se = difference.se
    d = 0.0 if difference.estimate is None else difference.estimate - limit
    if not d or not se:
        return None
    z = normal_quantile((1.0 + difference.level) / 2.0) + normal_quantile(power)
    clusters = math.ceil(difference.clusters * (z * se / d) ** 2)
    return Needed(math.ceil(clusters * difference.n / difference.clusters), clusters, power)


def _result(pairs: Pairs, a: str, *, b: str, level: float) -> Comparison:
    whole = pairs.gaps.get(Scope(), Gap())
    overall = difference_interval(whole.sums, level=level)
    score_a, score_b = score_interval(pairs.a, level=level), score_interval(pairs.b, level=level)
    table = Agreement(pairs.table[1, 1], pairs.table[1, 0], pairs.table[0, 1], pairs.table[0, 0])
    scoped = [_scoped(scope, pairs.gaps[scope], level=level) for scope in pairs.scopes()]
    return Comparison(
        a=a,
        b=b,
        difference=overall,
        score_a=score_a,
        score_b=score_b,
        finding=finding(overall),
        agreement=table,
        unpaired=Unpaired(*(pairs.left_out[why] for why in LEFT_OUT)),
        needed=needed(overall),
        scopes=(
            *_adjusted([one for one in scoped if one.scope.family is None]),
            *_adjusted([one for one in scoped if one.scope.family is not None]),
        ),
        evidence=evidence(whole.clusters, only_a=table.only_a, only_b=table.only_b),
        effect=Effect(_odds(table), _cohens_h(score_a.estimate, score_b.estimate)),
    )


def _scoped(scope: Scope, gap: Gap, *, level: float) -> ScopedDifference:
    """The difference within one scope, as if it were the only one looked at."""
    difference, flipped = difference_interval(gap.sums, level=level), sign_flip(gap.clusters)
    return ScopedDifference(scope, difference, flipped, flipped.p, flipped.p, finding(difference))


def _adjusted(scoped: Sequence[ScopedDifference]) -> list[ScopedDifference]:
    """The same, each knowing how many were looked at."""
    values = [one.sign_flip.p for one in scoped]
    return [
        replace(one, holm=strict, fdr=share, finding=finding_among(one.difference, strict))
        for one, strict, share in zip(scoped, holm(values), benjamini_hochberg(values), strict=True)
    ]


def _odds(table: Agreement) -> float | None:
    return table.only_a / table.only_b if table.only_b else None


def _cohens_h(a: float | None, b: float | None) -> float | None:
    if a is None or b is None:
        return None
    return 2.0 * (math.asin(math.sqrt(a)) - math.asin(math.sqrt(b)))
