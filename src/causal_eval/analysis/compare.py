"""Two answerers on the same questions: the paired difference, clustered, and what it allows to say.

Pairs are (unit, sample): both answerers' scores of the same sample number of the same question (or joint twin group).
Only pairs scored on both sides count; the others are shown. A pair of one and the same cached reply is no comparison:
its difference is zero by construction, so it is left out and shown too.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from causal_eval.analysis.intervals import (
    LEVEL,
    Exact,
    Interval,
    Tally,
    difference_cluster,
    difference_interval,
    score_cluster,
    score_interval,
)
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.profile import Scope
from causal_eval.analysis.quantiles import normal_quantile
from causal_eval.analysis.units import Unit, units_of

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
class ScopedDifference:
    """The paired difference a - b within a rung or family; not corrected for looking several times."""

    scope: Scope
    difference: Interval


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


def compare(a: Iterable[Observation], b: Iterable[Observation], *, level: float = LEVEL) -> Comparison:
    """The paired, clustered comparison of a's rows with b's, the same bit for bit in any order of clusters.

    Each side holds one answerer, the rows of a cluster together. Memory grows with the units of both.

    Raises:
        ValueError: a side is empty, holds two answerers, or tears a cluster apart.
    """
    left, right = _side(a, "a"), _side(b, "b")
    pairs = _Pairs()
    for cluster in left.clusters.keys() | right.clusters.keys():
        pairs.add(left.clusters.get(cluster, {}), right.clusters.get(cluster, {}))
    return pairs.result(left.answerer, right.answerer, level=level)


def finding(difference: Interval) -> Finding:
    """Better or worse only if the whole interval lies on one side of zero."""
    if difference.low is not None and difference.low > 0.0:
        return Finding.BETTER
    if difference.high is not None and difference.high < 0.0:
        return Finding.WORSE
    return Finding.CANNOT_TELL


def needed(difference: Interval, *, power: float = POWER) -> Needed | None:
    """Units and clusters that would show the observed gap d: G (z_(1-alpha/2) + z_power)^2 se^2 / d^2 clusters.

    Source: the usual sample size of a mean, with the cluster-robust variance scaled from G clusters.
    """
    d, se = difference.estimate, difference.se
    if not d or not se:
        return None
    z = normal_quantile((1.0 + difference.level) / 2.0) + normal_quantile(power)
    clusters = math.ceil(difference.clusters * (z * se / d) ** 2)
    return Needed(math.ceil(clusters * difference.n / difference.clusters), clusters, power)


@dataclass(frozen=True, slots=True)
class _Side:
    answerer: str
    clusters: dict[str, dict[str, Unit]]


def _side(rows: Iterable[Observation], which: str) -> _Side:
    clusters: dict[str, dict[str, Unit]] = {}
    names: set[str] = set()
    for (name, cluster), group in itertools.groupby(rows, key=lambda row: (row.answerer, row.cluster)):
        names.add(name)
        if len(names) > 1:
            raise ValueError(f"side {which} holds two answerers, {' and '.join(sorted(names))}: give one")
        if cluster in clusters:
            raise ValueError(f"side {which}: cluster {cluster!r} comes in pieces: order the rows by cluster")
        clusters[cluster] = {unit.id: unit for unit in units_of(group)}
    if not names:
        raise ValueError(f"side {which} holds no observation: give a run with at least one question")
    return _Side(names.pop(), clusters)


@dataclass(frozen=True, slots=True)
class _Pair:
    """One unit's mean scores over the samples that both sides scored."""

    scopes: tuple[Scope, Scope, Scope]
    a: Exact
    b: Exact


class _Pairs:
    """Running sums over clusters."""

    def __init__(self) -> None:
        self.differences: dict[Scope, Tally] = {}
        self.a = Tally()
        self.b = Tally()
        self.table: Counter[tuple[int, int]] = Counter()
        self.left_out: Counter[str] = Counter()
        self.first_rung: dict[str, int] = {}

    def add(self, left: dict[str, Unit], right: dict[str, Unit]) -> None:
        """Add one cluster: both sides' units by id."""
        found = [self._pair(left.get(name), right.get(name)) for name in left.keys() | right.keys()]
        pairs = [pair for pair in found if pair is not None]
        self.a = self.a.plus(score_cluster([pair.a for pair in pairs]))
        self.b = self.b.plus(score_cluster([pair.b for pair in pairs]))
        parts: dict[Scope, list[Exact]] = {}
        for pair in pairs:
            for scope in pair.scopes:
                parts.setdefault(scope, []).append(pair.a - pair.b)
        for scope, differences in parts.items():
            self.differences[scope] = self.differences.get(scope, Tally()).plus(difference_cluster(differences))

    def result(self, a: str, b: str, *, level: float) -> Comparison:
        """The frozen comparison."""
        overall = difference_interval(self.differences.get(Scope(), Tally()), level=level)
        scopes = sorted(self.differences.keys() - {Scope()}, key=self._place)
        return Comparison(
            a=a,
            b=b,
            difference=overall,
            score_a=score_interval(self.a, level=level),
            score_b=score_interval(self.b, level=level),
            finding=finding(overall),
            agreement=Agreement(self.table[1, 1], self.table[1, 0], self.table[0, 1], self.table[0, 0]),
            unpaired=Unpaired(*(self.left_out[why] for why in _LEFT_OUT)),
            needed=needed(overall),
            scopes=tuple(
                ScopedDifference(scope, difference_interval(self.differences[scope], level=level)) for scope in scopes
            ),
        )

    def _place(self, scope: Scope) -> tuple[bool, int, str]:
        return scope.family is not None, scope.rung or self.first_rung.get(scope.family or "", 0), scope.family or ""

    def _pair(self, left: Unit | None, right: Unit | None) -> _Pair | None:
        """The pair of one unit, or None (and a count of why) where it cannot be paired."""
        if any(unit is not None and unit.exempt for unit in (left, right)):
            self.left_out["exempt"] += 1
            return None
        mine, theirs = (unit.trials if unit else {} for unit in (left, right))
        both = mine.keys() & theirs.keys()
        common = {sample for sample in both if not _is_shared(left, right, sample=sample)}
        unit = left or right
        if not common or unit is None:
            self.left_out["shared" if both else _why(bool(mine), bool(theirs))] += 1
            return None
        self.first_rung[unit.family] = min(unit.rung, self.first_rung.get(unit.family, unit.rung))
        for sample in common:
            self.table[mine[sample].lenient, theirs[sample].lenient] += 1
        return _Pair(
            scopes=(Scope(), Scope(rung=unit.rung), Scope(unit.family)),
            a=Fraction(sum(mine[sample].lenient for sample in common), len(common)),
            b=Fraction(sum(theirs[sample].lenient for sample in common), len(common)),
        )


_LEFT_OUT = ("missing_a", "missing_b", "missing_both", "exempt", "shared")


def _is_shared(left: Unit | None, right: Unit | None, *, sample: int) -> bool:
    """Whether both sides have a reply of this sample from the same observation."""
    if left is None or right is None or not (left.sources and right.sources):
        return False
    return bool(left.sources.get(sample, frozenset()) & right.sources.get(sample, frozenset()))


def _why(is_scored_a: bool, is_scored_b: bool) -> str:  # noqa: FBT001 - two facts of one private question
    if is_scored_a == is_scored_b:
        return "missing_both"
    return "missing_b" if is_scored_a else "missing_a"
