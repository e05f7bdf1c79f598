"""From rows in a run's order to what is bet on: the mean of each cluster that is over, within bounds.

A cluster is *over* when each of its (question, sample) has a verdict, or a call for it has failed for good. Bets go
over the clusters of the order from the first on, and wait at the first that is not over, however many later ones are:
which clusters are seen never depends on how fast answers come. What is missing in a cluster that is over is bounded:
wrong for one end, right for the other. A run that is resumed may ask for it again; then the bound becomes what was
answered, the bets stay as they were (they never learn from a cluster in which a call has failed), and an interval can
only become narrower.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from fractions import Fraction

from causal_eval.analysis.observation import Observation
from causal_eval.analysis.units import UNSCORED, Unit, units_of
from causal_eval.scoring.verdict import Mark

Failed = AbstractSet[tuple[str, int]]
"""(question, sample) for which a call has failed, whether or not a later one was answered."""
Bounds = tuple[Fraction, Fraction]
_WORST, _BEST = Mark.WRONG, Mark.CORRECT


@dataclass(frozen=True, slots=True)
class Bet:
    """One cluster that is over."""

    cluster: str
    low: Fraction
    """Its mean score, or mean difference in [-1, 1], had all that is missing spoken against it."""
    high: Fraction
    """The same, had it spoken for it; equal to *low* where nothing is missing."""
    learns: bool
    """Nothing is missing, nor ever was."""


@dataclass(frozen=True, slots=True)
class Over:
    """A cluster that is over, with its rows."""

    cluster: str
    rows: tuple[Observation, ...]
    learns: bool


def over(rows: Iterable[Observation], failed: Failed, *, unjudged: str) -> Iterator[Over]:
    """The clusters of *rows* (a run's, in its order) that are over, up to the first that is not.

    *unjudged* is the reason of rows whose reply is kept and will be judged.
    """
    for cluster, group in itertools.groupby(rows, key=lambda row: row.cluster):
        found = tuple(group)
        if any(_is_open(row, failed, unjudged=unjudged) for row in found):
            return
        learns = not any(row.mark in UNSCORED or (row.question, row.sample) in failed for row in found)
        yield Over(cluster, found, learns)


def score_bet(found: Over) -> Bet | None:
    """The bet on its mean score over units; None where it holds none that is scored."""
    low = _mean([unit.lenient for unit in _scored(_filled(found.rows, _WORST))])
    high = low if found.learns else _mean([unit.lenient for unit in _scored(_filled(found.rows, _BEST))])
    return None if low is None or high is None else Bet(found.cluster, low, high, found.learns)


class Baseline:
    """The run that another is compared with, by cluster; all of it is in memory."""

    def __init__(self, rows: Iterable[Observation]) -> None:
        self.answerer = ""
        self._clusters: dict[str, list[Observation]] = {}
        for row in rows:
            self.answerer = row.answerer
            self._clusters.setdefault(row.cluster, []).append(row)

    def difference_bet(self, found: Over) -> Bet | None:
        """The bet on the mean difference (the new run's minus this) over the units that both were asked.

        None where there is none: nothing of the cluster was ever answered here, or replies are one and the same.
        """
        rows = self._clusters.get(found.cluster, [])
        if all(row.mark is Mark.MISSING for row in rows):
            return None
        whole = not any(row.mark in UNSCORED for row in rows)
        low = _gap(_units(_filled(found.rows, _WORST)), _units(_filled(rows, _BEST)))
        learns = found.learns and whole
        high = low if learns else _gap(_units(_filled(found.rows, _BEST)), _units(_filled(rows, _WORST)))
        return None if low is None or high is None else Bet(found.cluster, low, high, learns)


def _is_open(row: Observation, failed: Failed, *, unjudged: str) -> bool:
    if row.mark is Mark.MISSING:
        return (row.question, row.sample) not in failed
    return row.mark is Mark.UNGRADED and row.reason == unjudged


def _filled(rows: Sequence[Observation], mark: Mark) -> list[Observation]:
    """The rows with what is missing answered so."""
    return [replace(row, mark=mark, strict=mark) if row.mark in UNSCORED else row for row in rows]


def _scored(rows: Iterable[Observation]) -> list[Unit]:
    return [unit for unit in units_of(rows) if unit.trials and not unit.exempt]


def _units(rows: Iterable[Observation]) -> dict[str, Unit]:
    return {unit.id: unit for unit in _scored(rows)}


def _gap(new: Mapping[str, Unit], old: Mapping[str, Unit]) -> Fraction | None:
    return _mean([gap for name in new if name in old and (gap := _unit_gap(new[name], old[name])) is not None])


def _unit_gap(new: Unit, old: Unit) -> Fraction | None:
    """The mean difference over the samples of both that are not one and the same observation."""
    common = [
        sample
        for sample in new.trials.keys() & old.trials.keys()
        if not new.sources.get(sample, frozenset()) & old.sources.get(sample, frozenset())
    ]
    return _mean([new.trials[sample].lenient - old.trials[sample].lenient for sample in common])


def _mean(values: Sequence[int | Fraction]) -> Fraction | None:
    return Fraction(sum(values), len(values)) if values else None
