"""What an incident did to scores: with the marked results, without them, and with what was answered when asked again.

Without them means that they are missing: a unit of several questions is scored only where all of them are there, as in
every other score. Clusters are causal models; in the total, one that several evaluations asked about is one cluster.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from causal_eval.analysis.intervals import Cluster, Interval, score_cluster, score_interval, tally
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.profile import profile
from causal_eval.analysis.units import units_of
from causal_eval.effects import touches
from causal_eval.effects.overlap import KEPT
from causal_eval.effects.relations import Calls, relation_of
from causal_eval.effects.touches import Item, Touch
from causal_eval.incidents.view import Told
from causal_eval.scoring.verdict import Mark
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation, read_evaluation
from causal_eval.store.observations import observations
from causal_eval.store.submissions import sealed_evaluation

Key = tuple[str, int]
"""Question and sample."""


@dataclass(frozen=True, slots=True)
class Scores:
    """The score of the same results, in three ways."""

    given: Interval
    """As it stands: every result counts."""
    without: Interval
    """As if the marked results were missing."""
    again: Interval | None = None
    """With what was answered when they were asked again in their place; None: they were not."""


@dataclass(frozen=True, slots=True)
class Part:
    """One evaluation."""

    touch: Touch
    answerer: str
    items: tuple[Item, ...]
    """The first of its marked results."""
    scores: Scores | None
    """None: it is too large to be scored while somebody waits, or sealed."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What an incident did."""

    incident: Told
    calls: Calls
    reason: str
    """Why it may, or cannot, have touched such calls."""
    parts: tuple[Part, ...]
    total: Scores | None
    """Over all evaluations; None: one could not be scored, or there is none."""

    @property
    def touched(self) -> list[Touch]:
        """The evaluations, with counts."""
        return [part.touch for part in self.parts]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is worked out."""

    items: int | None = 100
    """Marked results listed for each evaluation; None: all."""
    scored: int | None = 20_000
    """Results of all evaluations together of which scores are worked out; None: whatever it takes."""


def effect(
    store: Store, one: Told, *, projects: frozenset[str] | None = None, limits: Limits | None = None
) -> Effect:  # fmt: skip
    """What *one* did to evaluations of *projects* (None: to all), by the marks that are there."""
    limits = limits or Limits()
    with store.reading() as connection:
        found = touches.of_incident(connection, one.id, projects=projects)
        sealed = {touch.evaluation for touch in found if sealed_evaluation(connection, touch.evaluation)}
        listed = {
            touch.evaluation: touches.items(connection, one.id, evaluation=touch.evaluation, limit=limits.items)
            for touch in found
            if touch.evaluation not in sealed
        }
        whole = [read_evaluation(connection, touch.evaluation, projects=None) for touch in found]
    fits = limits.scored is None or sum(touch.wanted for touch in found) <= limits.scored
    pool = _Pool()
    parts = tuple(
        Part(
            touch, run.spec.answerer, tuple(listed.get(touch.evaluation, ())),
            _scores(store, touch, run=run, pool=pool) if fits and touch.evaluation not in sealed else None,
        )
        for touch, run in zip(found, whole, strict=True)
    )  # fmt: skip
    relation = relation_of(one.component, one.family)
    known = bool(parts) and all(part.scores is not None for part in parts)
    return Effect(one, relation.calls, relation.reason, parts, pool.scores() if known else None)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Clusters, joined over evaluations."""

    clusters: dict[str, Cluster] = field(default_factory=dict)

    def watch(self, rows: Iterable[Observation]) -> Iterator[Observation]:
        """The same *rows*, whose whole clusters stand together, added up on their way."""
        for cluster, group in itertools.groupby(rows, key=lambda row: row.cluster):
            own = list(group)
            units = [unit for unit in units_of(own) if not unit.exempt and unit.trials]
            more = score_cluster([unit.lenient for unit in units], sum(len(unit.trials) for unit in units))
            there = self.clusters.get(cluster)
            self.clusters[cluster] = more if there is None else _joined(there, more)
            yield from own

    def interval(self) -> Interval:
        """The score over all of them."""
        return score_interval(tally(self.clusters.values()))


@dataclass(frozen=True, slots=True)
class _Pool:
    """The sums of all evaluations."""

    given: _Sums = field(default_factory=_Sums)
    without: _Sums = field(default_factory=_Sums)

    def scores(self) -> Scores:
        """Over all of them."""
        return Scores(self.given.interval(), self.without.interval())


def _scores(store: Store, touch: Touch, *, run: Evaluation, pool: _Pool) -> Scores:
    with store.reading() as connection:
        found = touches.items(connection, touch.incident, evaluation=run.id)
    kept = {(item.question, item.sample) for item in found if item.outcome == KEPT}
    failed = {(item.question, item.sample) for item in found} - kept
    again = _answers(store, touch.reruns, marked=kept | failed)

    def one(change: Callable[[Observation], Observation], sums: _Sums | None = None) -> Interval:
        rows = (change(row) if _is_marked(row, kept, failed=failed) else row for row in observations(store, run))
        return profile(rows if sums is None else sums.watch(rows)).answerers[0].overall.score

    return Scores(
        one(lambda row: row, pool.given),
        one(_missing, pool.without),
        one(lambda row: _judged_as(row, again)) if again else None,
    )


def _answers(store: Store, reruns: Iterable[str], *, marked: set[Key]) -> dict[Key, Observation]:
    """What was answered when *marked* was asked again, of several times the last."""
    found: dict[Key, Observation] = {}
    for name in reruns:
        with store.reading() as connection:
            run = read_evaluation(connection, name, projects=None)
        for row in observations(store, run):
            if (row.question, row.sample) in marked and row.mark is not Mark.MISSING:
                found[row.question, row.sample] = row
    return found


def _is_marked(row: Observation, kept: set[Key], *, failed: set[Key]) -> bool:
    """What failed then and was answered later was not touched."""
    key = row.question, row.sample
    return key in kept or (row.mark is Mark.MISSING and key in failed)


def _missing(row: Observation) -> Observation:
    return replace(row, mark=Mark.MISSING, strict=Mark.MISSING, share=Fraction(0))


def _judged_as(row: Observation, again: Mapping[Key, Observation]) -> Observation:
    other = again.get((row.question, row.sample))
    return _missing(row) if other is None else replace(row, mark=other.mark, strict=other.strict, share=other.share)


def _joined(one: Cluster, other: Cluster) -> Cluster:
    return Cluster(
        one.n + other.n, one.s + other.s, one.samples + other.samples, one.up or other.up, one.down or other.down
    )
