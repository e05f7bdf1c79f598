"""From scored units to nested draws: samples within a question, questions within a causal model.

A cluster is kept as the few exact sums that estimates need; a million answers are a few dozen kinds of clusters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.analysis.intervals import Exact
from causal_eval.analysis.pairing import Side, is_shared
from causal_eval.analysis.units import Unit


@dataclass(frozen=True, slots=True)
class Nest:
    """The sums of one cluster: item j was drawn n_j times, with values that sum to s_j and squares that sum to q_j."""

    items: int
    """How many items."""
    draws: int
    """Sum of n_j."""
    squares: int
    """Sum of n_j squared."""
    rest: Fraction
    """Sum of 1 / n_j."""
    s: Exact
    """Sum of s_j."""
    within: Fraction
    """Sum of s_j squared / n_j."""
    q: Exact
    """Sum of q_j."""


Nests = Mapping[Nest, int]
"""Kind of cluster -> how many clusters are so."""


def nest(items: Sequence[Sequence[Exact]]) -> Nest:
    """The sums of a cluster whose items were drawn with these values; none of them is empty."""
    sums = [(len(values), sum(values), sum(value * value for value in values)) for values in items]
    return Nest(
        items=len(sums),
        draws=sum(n for n, _, _ in sums),
        squares=sum(n * n for n, _, _ in sums),
        rest=sum((Fraction(1, n) for n, _, _ in sums), Fraction(0)),
        s=sum(s for _, s, _ in sums),
        within=sum((Fraction(s * s) / n for n, s, _ in sums), Fraction(0)),
        q=sum(q for _, _, q in sums),
    )


def score_nests(one: Side) -> Counter[Nest]:
    """The scores of one answerer."""
    return _counted([list(_scores(unit)) for unit in _kept(units)] for _, units in sorted(one.clusters.items()))


def difference_nests(a: Side, b: Side) -> Counter[Nest]:
    """The paired differences a - b, as :func:`causal_eval.analysis.compare.compare_sides` pairs them."""
    return _counted(
        [_differences(unit, b.clusters.get(name, {}).get(unit.id)) for unit in _kept(units)]
        for name, units in sorted(a.clusters.items())
    )


def _kept(units: Mapping[str, Unit]) -> list[Unit]:
    return [unit for unit in units.values() if not unit.exempt]


def _scores(unit: Unit) -> Iterable[int]:
    return (trial.lenient for trial in unit.trials.values())


def _differences(left: Unit, right: Unit | None) -> list[Exact]:
    if right is None or right.exempt:
        return []
    common = left.trials.keys() & right.trials.keys()
    return [
        left.trials[sample].lenient - right.trials[sample].lenient
        for sample in common
        if not is_shared(left, right, sample=sample)
    ]


def _counted(clusters: Iterable[Sequence[Sequence[Exact]]]) -> Counter[Nest]:
    found: Counter[Nest] = Counter()
    for items in clusters:
        if drawn := [values for values in items if values]:
            found[nest(drawn)] += 1
    return found
