"""How answerers stand: per rung, family and kind a clustered score with everything that is needed to judge it.

One pass over the rows; memory depends on the number of scopes, not of rows (but for one integer a cluster, which
catches clusters that are torn apart).
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TypeVar

from causal_eval.analysis.intervals import LEVEL, Exact, Interval, Tally, mean, score_cluster, score_interval
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.outcomes import OutcomeCounter, Outcomes
from causal_eval.analysis.units import Unit, units_of

BASELINE = "baseline/"
"""Prefix of the names of shortcut baselines and of the oracle."""


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """A part of the question set: all of it, a rung, a family, or a kind within a family and rung."""

    family: str | None = None
    kind: str | None = None
    rung: int | None = None

    @property
    def label(self) -> str:
        """The scope in words: ``overall``, ``rung 2``, ``effect`` or ``effect/ate``."""
        if self.family is None:
            return "overall" if self.rung is None else f"rung {self.rung}"
        return self.family if self.kind is None else f"{self.family}/{self.kind}"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The score if every unparsed reply had been wrong, and if every one had been right."""

    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """An answerer's result within one scope."""

    scope: Scope
    score: Interval
    """Headline: lenient reading, clustered."""
    strict: Interval
    """Only the asked-for form of the answer counts."""
    bounds: Bounds
    outcomes: Outcomes
    excluded: int
    """Units without a scored sample: missing, ungraded, or a twin group that was cut."""
    exempt: int
    """Units that were made for this baseline's method, and are not part of its score."""


@dataclass(frozen=True, slots=True)
class AnswererProfile:
    """Everything about one answerer."""

    answerer: str
    overall: Standing
    rungs: tuple[Standing, ...]
    """By rung."""
    families: tuple[Standing, ...]
    """By lowest rung, then name."""
    kinds: tuple[Standing, ...]
    """By family as above, rung and kind."""

    @property
    def standings(self) -> tuple[Standing, ...]:
        """Overall, then rungs, families and kinds."""
        return (self.overall, *self.rungs, *self.families, *self.kinds)

    @property
    def is_baseline(self) -> bool:
        """Whether this is a shortcut baseline or the oracle."""
        return self.answerer.startswith(BASELINE)


@dataclass(frozen=True, slots=True)
class Profile:
    """All answerers of a run, in order of first appearance."""

    answerers: tuple[AnswererProfile, ...]
    level: float = LEVEL

    def answerer(self, name: str) -> AnswererProfile:
        """The profile of that name.

        Raises:
            KeyError: there is none.
        """
        for profile_ in self.answerers:
            if profile_.answerer == name:
                return profile_
        raise KeyError(name)


def profile(observations: Iterable[Observation], *, level: float = LEVEL) -> Profile:
    """The profile of every answerer, the same bit for bit in whatever order whole clusters arrive.

    All rows of an answerer's cluster must stand together.

    Raises:
        ValueError: a cluster's rows are torn apart, or a (question, sample) stands there twice.
    """
    found: dict[str, _Answerer] = {}
    for (name, cluster), rows in itertools.groupby(observations, key=lambda row: (row.answerer, row.cluster)):
        found.setdefault(name, _Answerer(name)).add(cluster, list(rows))
    return Profile(tuple(answerer.result(level) for answerer in found.values()), level)


@dataclass(slots=True)
class _Sums:
    """One scope's running sums."""

    lenient: Tally = field(default_factory=Tally)
    strict: Tally = field(default_factory=Tally)
    upper: Exact = 0
    excluded: int = 0
    exempt: int = 0

    def add(self, units: list[Unit]) -> None:
        """Add the units of one cluster that lie within the scope."""
        own = [unit for unit in units if not unit.exempt]
        scored = [unit for unit in own if unit.trials]
        self.exempt += len(units) - len(own)
        self.excluded += len(own) - len(scored)
        samples = sum(len(unit.trials) for unit in scored)
        self.lenient = self.lenient.plus(score_cluster([unit.lenient for unit in scored], samples))
        self.strict = self.strict.plus(score_cluster([unit.strict for unit in scored], samples))
        self.upper += sum(unit.upper for unit in scored)

    def join(self, other: _Sums) -> None:
        """Add the sums of other clusters."""
        self.lenient = self.lenient.merge(other.lenient)
        self.strict = self.strict.merge(other.strict)
        self.upper += other.upper
        self.excluded += other.excluded
        self.exempt += other.exempt


@dataclass(slots=True)
class _Answerer:
    """One answerer's running sums, by scope."""

    name: str
    seen: set[int] = field(default_factory=set)
    pure: dict[Scope, _Sums] = field(default_factory=dict)
    """Clusters of a single kind, by kind: they count the same in every scope of that kind, joined at the end."""
    mixed: dict[Scope, _Sums] = field(default_factory=dict)
    """Clusters of several kinds, by scope."""
    counters: dict[Scope, OutcomeCounter] = field(default_factory=dict)
    """By kind only: counts of wider scopes are joined at the end."""

    def add(self, cluster: str, rows: list[Observation]) -> None:
        """Add one whole cluster."""
        if hash(cluster) in self.seen:
            raise ValueError(f"cluster {cluster!r} of {self.name!r} comes in pieces: order the rows by cluster")
        self.seen.add(hash(cluster))
        for kind, own in _by_kind(rows).items():
            counter = self.counters.get(kind)
            if counter is None:
                counter = self.counters[kind] = OutcomeCounter()
            for row in own:
                counter.add(row)
        kinds = _by_kind(units_of(rows))
        if len(kinds) == 1:
            ((kind, units),) = kinds.items()
            self.pure.setdefault(kind, _Sums()).add(units)
        else:
            self._add_mixed(kinds)

    def _add_mixed(self, kinds: Mapping[Scope, list[Unit]]) -> None:
        parts: dict[Scope, list[Unit]] = {}
        for kind, units in kinds.items():
            for scope in _scopes(kind):
                parts.setdefault(scope, []).extend(units)
        for scope, units in parts.items():
            self.mixed.setdefault(scope, _Sums()).add(units)

    def result(self, level: float) -> AnswererProfile:
        """The frozen profile."""
        outcomes = self._outcomes()
        standings = {
            scope: _standing(scope, sums, outcomes=outcomes[scope], level=level) for scope, sums in self._sums().items()
        }
        first = _first_rungs(self.counters)
        return AnswererProfile(
            answerer=self.name,
            overall=standings[Scope()],
            rungs=tuple(standings[Scope(rung=rung)] for rung in sorted({scope.rung or 0 for scope in self.counters})),
            families=tuple(standings[Scope(name)] for name in sorted(first, key=lambda name: (first[name], name))),
            kinds=tuple(standings[scope] for scope in sorted(self.counters, key=lambda scope: _place(scope, first))),
        )

    def _sums(self) -> dict[Scope, _Sums]:
        joined = {scope: replace(sums) for scope, sums in self.mixed.items()}
        for kind, sums in self.pure.items():
            for scope in _scopes(kind):
                joined.setdefault(scope, _Sums()).join(sums)
        return joined

    def _outcomes(self) -> dict[Scope, Outcomes]:
        joined: dict[Scope, OutcomeCounter] = {}
        for kind, counter in self.counters.items():
            for scope in _scopes(kind):
                joined.setdefault(scope, OutcomeCounter()).join(counter)
        return {scope: counter.outcomes() for scope, counter in joined.items()}


_Part = TypeVar("_Part", Observation, Unit)


def _by_kind(parts: Iterable[_Part]) -> dict[Scope, list[_Part]]:
    """What belongs to each kind; most clusters hold a single one."""
    found: dict[tuple[str, str, int], list[_Part]] = {}
    for part in parts:
        found.setdefault((part.family, part.kind, part.rung), []).append(part)
    return {_kind(*key): own for key, own in found.items()}


@functools.lru_cache(maxsize=1024)
def _kind(family: str, kind: str, rung: int) -> Scope:
    return Scope(family, kind, rung)


def _scopes(kind: Scope) -> tuple[Scope, Scope, Scope, Scope]:
    """The scopes that a kind belongs to, the widest first."""
    return Scope(), Scope(rung=kind.rung), Scope(kind.family), kind


def _standing(scope: Scope, sums: _Sums, *, outcomes: Outcomes, level: float) -> Standing:
    low, n = mean(sums.lenient), sums.lenient.n
    return Standing(
        scope=scope,
        score=score_interval(sums.lenient, level=level),
        strict=score_interval(sums.strict, level=level),
        bounds=Bounds(None, None) if low is None else Bounds(float(low), float(Fraction(sums.upper) / n)),
        outcomes=outcomes,
        excluded=sums.excluded,
        exempt=sums.exempt,
    )


def _first_rungs(kinds: Iterable[Scope]) -> Mapping[str, int]:
    """Family -> the lowest rung it asks on."""
    first: dict[str, int] = {}
    for scope in kinds:
        family, rung = scope.family or "", scope.rung or 0
        first[family] = min(rung, first.get(family, rung))
    return first


def _place(scope: Scope, first: Mapping[str, int]) -> tuple[int, str, int, str]:
    family = scope.family or ""
    return first[family], family, scope.rung or 0, scope.kind or ""
