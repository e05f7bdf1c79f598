"""Many answerers: a set of ranks for each, as a single rank pretends to know more than the data do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from causal_eval.analysis.compare import Comparison, Finding, finding_among
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
