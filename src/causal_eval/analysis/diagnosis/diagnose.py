"""Why an answerer is wrong: shares of its misses by kind of error, with clustered intervals, less coincidence."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from causal_eval.analysis.diagnosis.classes import UNEXPLAINED, title_of
from causal_eval.analysis.diagnosis.miss import Miss, Wrong, read_miss
from causal_eval.analysis.diagnosis.sharing import RESAMPLES, share
from causal_eval.analysis.intervals import (
    LEVEL,
    Interval,
    Tally,
    difference_interval,
    score_cluster,
    score_interval,
)
from causal_eval.analysis.twins.seen import Seen
from causal_eval.scoring.verdict import Mark

EXAMPLES = 5
"""Proof cards that a cause points to."""
_GRAIN = 10_000
"""Credits are exact to this part, so that sums of them are the same in any order."""
_WRONG = (Mark.WRONG, Mark.PARTIAL)
LEAST = 0.005
"""A share whose interval reaches below this is not shown to be there."""


class Example(NamedTuple):
    """A miss whose proof card shows the mistake."""

    question: str
    sample: int


class Named(NamedTuple):
    """A mistake of a family within a class."""

    family: str
    name: str
    misses: float
    """Misses, shared out."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One kind of error."""

    key: str
    """``collider``; ``unexplained``."""
    title: str
    share: Interval
    """Of all misses; at either end the wider of the bootstrap over clusters and of Wilson's interval of the credits."""
    matched: int
    """Misses that are just what a mistake of the kind leads to, others' too."""
    alone: int
    """Of these, those that no other kind explains."""
    possible: int
    """Misses on questions where the mistake can be made."""
    expected: float
    """How many of these a random wrong answer would match."""
    is_shown: bool
    """It is beyond coincidence: matches exceed what random answers give, all kinds looked at together, and the share's
    interval lies above a half point."""
    names: tuple[Named, ...] = ()
    examples: tuple[Example, ...] = ()
    """The plainest first."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What an answerer's misses are due to."""

    answerer: str
    misses: int
    """Wrong or partly wrong answers that could be read: what is diagnosed."""
    clusters: int
    marks: Mapping[Mark, int]
    """All outcomes: refusals and what could not be read are no misses."""
    causes: tuple[Cause, ...]
    """By share; what is unexplained last. Shares add up to 1."""
    matched: Interval
    """Share of misses that match some mistake."""
    by_chance: float | None
    """Share of random wrong answers that would."""
    level: float = LEVEL

    @property
    def shown(self) -> tuple[Cause, ...]:
        """The causes that are beyond coincidence."""
        return tuple(cause for cause in self.causes if cause.is_shown)


def diagnose_seen(rows: Iterable[Seen], *, level: float = LEVEL) -> dict[str, Diagnosis]:
    """The diagnosis of every answerer, from all that it was asked."""
    misses: defaultdict[str, list[Miss]] = defaultdict(list)
    marks: defaultdict[str, Counter[Mark]] = defaultdict(Counter)
    for seen in rows:
        name, mark = seen.row.answerer, seen.row.mark
        marks[name][mark] += 1
        if mark in _WRONG and seen.answer is not None:
            misses[name].append(read_miss(Wrong(seen.question, seen.row.sample, seen.answer)))
    return {name: diagnose(name, misses[name], marks=counts, level=level) for name, counts in marks.items()}


class _Kind(NamedTuple):
    """Clusters that are alike: how many misses, and what they add up to in grains."""

    n: int
    s: int
    up: bool
    down: bool


@dataclass(slots=True)
class _Sums:
    """What a class has, cluster by cluster."""

    credits: Counter[_Kind] = field(default_factory=Counter)
    """How many clusters of which kind; those without any credit are left out."""
    excess: Counter[_Kind] = field(default_factory=Counter)
    """Matches beyond those that are expected, of misses where the mistake can be made."""
    matched: int = 0
    alone: int = 0
    possible: int = 0
    expected: float = 0.0
    names: defaultdict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(float))
    best: list[tuple[float, str, int]] = field(default_factory=list)


def diagnose(
    answerer: str, misses: Iterable[Miss], *, marks: Mapping[Mark, int] | None = None, level: float = LEVEL,
    resamples: int = RESAMPLES,
) -> Diagnosis:  # fmt: skip
    """Share out *misses* among the mistakes that explain them; the same whatever order they come in.

    The rule is :mod:`causal_eval.analysis.diagnosis.sharing`'s; a mistake is called shown only beyond coincidence.
    """
    ordered = sorted(misses, key=lambda miss: (miss.cluster, miss.question, miss.sample))
    shared = share(ordered, resamples=resamples)
    sums: dict[str, _Sums] = {key: _Sums() for key in (*shared.classes, UNEXPLAINED)}
    hit, chances, sizes = Tally(), 0.0, Counter[int]()
    for _, group in itertools.groupby(zip(ordered, shared.credits, strict=True), key=lambda pair: pair[0].cluster):
        pairs = list(group)
        sizes[len(pairs)] += 1
        _add_cluster(sums, shared.classes, pairs=pairs)
        hit = hit.plus(score_cluster([int(bool(miss.matched)) for miss, _ in pairs]))
        chances += sum(miss.chance for miss, _ in pairs)
    strict = 1.0 - (1.0 - level) / max(1, len(shared.classes))
    spread = dict(zip((*shared.classes, UNEXPLAINED), shared.resampled, strict=False))
    causes = [
        _cause(key, one, sizes=sizes, spread=spread.get(key, ()), levels=(level, strict)) for key, one in sums.items()
    ]
    return Diagnosis(
        answerer=answerer,
        misses=len(ordered),
        clusters=hit.clusters,
        marks=dict(marks or Counter({Mark.WRONG: len(ordered)})),
        causes=tuple(sorted(filter(_counts, causes), key=_place)),
        matched=score_interval(hit, level=level),
        by_chance=chances / len(ordered) if ordered else None,
        level=level,
    )


def _add_cluster(
    sums: dict[str, _Sums], classes: Sequence[str], *, pairs: Sequence[tuple[Miss, tuple[float, ...]]]
) -> None:
    """Add one whole cluster's misses with their credits."""
    rows = [dict(zip(classes, parts, strict=True)) for _, parts in pairs]
    for row in rows:
        row[UNEXPLAINED] = max(0.0, 1.0 - sum(row.values()))
    for key, one in sums.items():
        own = [round(row[key] * _GRAIN) for row in rows]
        if any(own):
            part = any(grains != _GRAIN for grains in own)
            one.credits[_Kind(len(own), sum(own), up=True, down=part)] += 1
        beyond = [_beyond(miss, key) for miss, _ in pairs if key in miss.expected]
        if beyond:
            one.excess[_kind(beyond)] += 1
            one.possible += len(beyond)
            one.expected += sum(miss.expected.get(key, 0.0) for miss, _ in pairs)
    for (miss, _), row in zip(pairs, rows, strict=True):
        _add_miss(sums, miss, row=row)


def _add_miss(sums: dict[str, _Sums], miss: Miss, *, row: Mapping[str, float]) -> None:
    for key in miss.matched:
        own = [name for group, name in miss.names if group == key]
        for name in own:
            sums[key].names[miss.family, name] += row[key] / len(own)
        sums[key].matched += 1
        sums[key].alone += len(miss.matched) == 1
        sums[key].best.append((-row[key], miss.question, miss.sample))
    if not miss.matched:
        sums[UNEXPLAINED].best.append((-row[UNEXPLAINED], miss.question, miss.sample))
        sums[UNEXPLAINED].alone += 1


def _cause(
    key: str, one: _Sums, *, sizes: Mapping[int, int], spread: Sequence[float], levels: tuple[float, float]
) -> Cause:  # fmt: skip
    level, strict = levels
    interval = _wider(score_interval(_tally(one.credits).merge(_idle(one.credits, sizes)), level=level), spread)
    beyond = difference_interval(_tally(one.excess), level=strict)
    return Cause(
        key=key,
        title=title_of(key),
        share=interval,
        matched=one.matched,
        alone=one.alone,
        possible=one.possible,
        expected=one.expected,
        is_shown=key != UNEXPLAINED and (beyond.low or 0.0) > 0.0 and (interval.low or 0.0) > LEAST,
        names=tuple([Named(*name, misses=part) for name, part in sorted(one.names.items(), key=_most)]),
        examples=tuple([Example(question, sample) for _, question, sample in sorted(one.best)[:EXAMPLES]]),
    )


def _wider(wilson: Interval, spread: Sequence[float]) -> Interval:
    """The hull of both intervals.

    Wilson's takes the credits for known; the bootstrap shares out anew, and sees nothing where no resample differs.
    """
    if wilson.low is None or wilson.high is None or not spread:
        return wilson
    tail = (1.0 - wilson.level) / 2.0
    low, high = (spread[round(part * (len(spread) - 1))] for part in (tail, 1.0 - tail))
    return Interval(
        wilson.estimate,
        min(wilson.low, low),
        max(wilson.high, high),
        wilson.clusters,
        wilson.n,
        wilson.level,
        wilson.se,
    )


def _counts(cause: Cause) -> bool:
    """A kind that some miss matches; what is unexplained is always told."""
    return cause.matched > 0 or cause.key == UNEXPLAINED


def _place(cause: Cause) -> tuple[bool, float, str]:
    return cause.key == UNEXPLAINED, -(cause.share.estimate or 0.0), cause.key


def _most(pair: tuple[tuple[str, str], float]) -> tuple[float, tuple[str, str]]:
    return -pair[1], pair[0]


def _beyond(miss: Miss, key: str) -> int:
    """In grains."""
    return _GRAIN * (key in miss.matched) - round(miss.expected[key] * _GRAIN)


def _kind(grains: Sequence[int]) -> _Kind:
    return _Kind(len(grains), sum(grains), any(one > 0 for one in grains), any(one < 0 for one in grains))


def _idle(credits_: Mapping[_Kind, int], sizes: Mapping[int, int]) -> Tally:
    """The clusters, of these *sizes* in all, in which nothing was credited."""
    busy: Counter[int] = Counter()
    for kind, k in credits_.items():
        busy[kind.n] += k
    return _tally({_Kind(n, 0, up=False, down=True): k - busy[n] for n, k in sizes.items()})


def _tally(kinds: Mapping[_Kind, int]) -> Tally:
    """The exact sums over all clusters."""
    total = Tally()
    for (n, grains, up, down), k in kinds.items():
        s = Fraction(grains, _GRAIN)
        total = total.merge(
            Tally(k, k * n, k * s, k * n * n, k * n * s, k * s * s, k * n, k * up, k * down, k * (s != 0))
        )
    return total
