"""Whether a name still stands for the same model: who the provider says answered, and how answers agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from causal_eval.analysis.intervals import Interval, difference_cluster, difference_interval, tally
from causal_eval.analysis.trends.measurement import Measurement

LEVEL = 0.99
"""Two-sided, of the change in agreement that is flagged."""


@dataclass(frozen=True, slots=True)
class Swap:
    """A sign that another model answers under the same name."""

    evaluation: str
    """The measurement that shows it."""
    what: str
    """``served`` (the provider names another), ``mixed`` (several within one), ``fingerprint`` or ``agreement``."""
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two measurements of one set that follow each other agree, answer by answer."""

    before: str
    after: str
    share: float
    """Mean over clusters of the share of answers that are the same, read and judged alike."""
    change: Interval | None
    """The same minus that of the pair before, over clusters of both; None: there is no pair before."""


def swaps(measurements: Sequence[Measurement], agreements: Sequence[Agreement]) -> tuple[Swap, ...]:
    """The signs, oldest first: names and fingerprints that the provider reports, agreement that fell since before.

    Providers answer from several configurations at once: fingerprints are a sign where none of those before is left.
    """
    found: list[Swap] = []
    fallen = {
        one.after: one
        for one in agreements
        if one.change is not None and one.change.high is not None and one.change.high < 0
    }
    last, marks = frozenset[str](), frozenset[str]()
    for one in measurements:
        names = frozenset(name for name in one.served if name)
        if last and names and names != last:
            found.append(Swap(one.evaluation, "served", _said(last), _said(names)))
        elif len(names) > 1 and names != last:
            found.append(Swap(one.evaluation, "mixed", "", _said(names)))
        last = names or last
        if marks and one.fingerprints and marks.isdisjoint(one.fingerprints):
            found.append(Swap(one.evaluation, "fingerprint", _said(marks), _said(one.fingerprints)))
        marks = frozenset(one.fingerprints) or marks
        if (lost := fallen.get(one.evaluation)) is not None and lost.change is not None:
            earlier = lost.share - (lost.change.estimate or 0.0)
            found.append(Swap(one.evaluation, "agreement", f"{earlier:.3f}", f"{lost.share:.3f}"))
    return tuple(found)


def _said(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def agreements(measurements: Sequence[Measurement]) -> tuple[Agreement, ...]:
    """How measurements agree with the one of the same set before; those of other sets stand for themselves.

    A model that samples agrees with itself only in part: what is flagged is a fall of that agreement, by the paired
    cluster-robust interval, not disagreement.
    """
    sets: dict[str, list[Measurement]] = {}
    for one in measurements:
        sets.setdefault(one.question_set, []).append(one)
    return tuple(found for own in sets.values() for found in _of_set(own))


def _of_set(measurements: Sequence[Measurement]) -> Iterator[Agreement]:
    last: dict[str, Fraction] = {}
    for before, after in pairwise(measurements):
        now = {
            cluster: share
            for cluster in before.answers.keys() & after.answers.keys()
            if (share := _agree(before, after, cluster=cluster)) is not None
        }
        if not now:
            continue
        change = None
        if common := sorted(now.keys() & last.keys()):
            gaps = (difference_cluster([now[cluster] - last[cluster]]) for cluster in common)
            change = difference_interval(tally(gaps), level=LEVEL)
        share = Fraction(sum(now.values()), len(now))
        yield Agreement(before.evaluation, after.evaluation, float(share), change)
        last = now


def _agree(before: Measurement, after: Measurement, *, cluster: str) -> Fraction | None:
    one, other = before.answers[cluster], after.answers[cluster]
    common = one.keys() & other.keys()
    return Fraction(sum(one[key] == other[key] for key in common), len(common)) if common else None
