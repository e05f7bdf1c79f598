"""From two answerers' rows to pairs: the same sample of the same unit, scored on both sides, by cluster.

Only pairs scored on both sides count; the others are counted by why. A pair of one and the same cached reply is no
comparison: its difference is zero by construction, so it is left out and counted too.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.analysis.intervals import Exact, Tally, difference_cluster, score_cluster
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.profile import Scope
from causal_eval.analysis.units import Unit, units_of

LEFT_OUT = ("missing_a", "missing_b", "missing_both", "exempt", "shared")
"""Why a unit is no pair; the fields of :class:`causal_eval.analysis.compare.Unpaired`."""


@dataclass(frozen=True, slots=True)
class Side:
    """One answerer's units by cluster and id."""

    answerer: str
    clusters: dict[str, dict[str, Unit]]


def side(rows: Iterable[Observation], which: str) -> Side:
    """The side called *which* (``a`` or ``b``) of a comparison.

    Raises:
        ValueError: it is empty, holds two answerers, or tears a cluster apart.
    """
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
    return Side(names.pop(), clusters)


@dataclass(frozen=True, slots=True)
class _Pair:
    """One unit's mean scores over the samples that both sides scored."""

    scopes: tuple[Scope, Scope, Scope]
    a: Exact
    b: Exact


class Gap:
    """Running sums of the differences within one scope.

    ``clusters``: (pairs of a cluster, their summed difference) -> how many clusters are so.
    """

    def __init__(self) -> None:
        self.sums = Tally()
        self.clusters: Counter[tuple[int, Exact]] = Counter()

    def add(self, differences: list[Exact]) -> None:
        """Add one whole cluster."""
        cluster = difference_cluster(differences)
        self.sums = self.sums.plus(cluster)
        self.clusters[cluster.n, cluster.s] += 1


class Pairs:
    """Running sums over clusters of pairs."""

    def __init__(self) -> None:
        self.gaps: dict[Scope, Gap] = {}
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
            self.gaps.setdefault(scope, Gap()).add(differences)

    def scopes(self) -> list[Scope]:
        """Rungs, then families by lowest rung and name."""
        return sorted(self.gaps.keys() - {Scope()}, key=self._place)

    def _place(self, scope: Scope) -> tuple[bool, int, str]:
        return scope.family is not None, scope.rung or self.first_rung.get(scope.family or "", 0), scope.family or ""

    def _pair(self, left: Unit | None, right: Unit | None) -> _Pair | None:
        """The pair of one unit, or None (and a count of why) where it cannot be paired."""
        if any(unit is not None and unit.exempt for unit in (left, right)):
            self.left_out["exempt"] += 1
            return None
        mine, theirs = (unit.trials if unit else {} for unit in (left, right))
        both = mine.keys() & theirs.keys()
        common = {sample for sample in both if not is_shared(left, right, sample=sample)}
        unit = left or right
        if not common or unit is None:
            self.left_out["shared" if both else _why(bool(mine), bool(theirs))] += 1
            return None
        self.first_rung[unit.family] = min(unit.rung, self.first_rung.get(unit.family, unit.rung))
        for sample in common:
            self.table[mine[sample].lenient, theirs[sample].lenient] += 1
        return _Pair(
            scopes=(Scope(), Scope(rung=unit.rung), Scope(unit.family)),
            a=_mean([mine[sample].lenient for sample in common]),
            b=_mean([theirs[sample].lenient for sample in common]),
        )


def _mean(scores: list[int]) -> Exact:
    return scores[0] if len(scores) == 1 else Fraction(sum(scores), len(scores))


def is_shared(left: Unit | None, right: Unit | None, *, sample: int) -> bool:
    """Whether both sides have a reply of this sample from the same observation: it says nothing about either."""
    if left is None or right is None or not (left.sources and right.sources):
        return False
    return bool(left.sources.get(sample, frozenset()) & right.sources.get(sample, frozenset()))


def _why(is_scored_a: bool, is_scored_b: bool) -> str:  # noqa: FBT001 - two facts of one private question
    if is_scored_a == is_scored_b:
        return "missing_both"
    return "missing_b" if is_scored_a else "missing_a"
