"""The score table in full: every interval, chance taken off, by any trait of the questions, what is missing bounded.

One pass over the rows; memory depends on how many traits and kinds of clusters there are, not on rows.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from operator import attrgetter
from typing import NamedTuple

from causal_eval.analysis.chance import Chance
from causal_eval.analysis.intervals import FEWEST_CLUSTERS, LEVEL, Exact, Interval, Tally, score_interval
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.profile import Bounds
from causal_eval.analysis.quantiles import t_quantile
from causal_eval.analysis.robust import FEW_CLUSTERS, Ends, Robust, bootstrap, cr2, wild
from causal_eval.analysis.units import Unit, unit_id, units_of

TRAITS = ("family", "kind", "rung", "domain", "regime", "difficulty")
"""What a table can be broken down by."""
SEVERAL = "several"
"""The trait of a twin group that is scored as one and whose members differ in it."""
OVERALL = ""


@dataclass(frozen=True, slots=True)
class Score:
    """An answerer's mean score over the questions of one value of a trait."""

    answerer: str
    value: str
    """``medicine``, ``rung`` 2 as ``2``; empty: all questions."""
    score: Interval
    """Headline: Wilson's at the effective sample size."""
    cr2: Robust | None
    bootstrap: Ends | None
    wild: Ends | None
    """Only where there are few clusters."""
    few: bool
    """Fewer than twenty clusters: the interval is rough, which is to be said."""
    chance: float | None
    corrected: Interval | None
    """(score - chance) / (1 - chance): 0 is guessing, 1 is everything right; None where chance is not known."""
    unparsed: Bounds
    """The score if every unparsed reply had been wrong, and if every one had been right."""
    missing: Bounds
    """The score if every unit that is missing or not judged had been wrong, and if every one had been right."""
    lost: int
    """Units that are missing or not judged."""


@dataclass(frozen=True, slots=True)
class Worst:
    """The lowest score among the values of a trait, with an interval that allows for having looked for it."""

    value: str
    """Whose score is lowest."""
    score: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Weighted:
    """The mean over values of a trait, each weighted as stated."""

    estimate: float
    low: float
    high: float
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Table:
    """One answerer's scores."""

    overall: Score
    """The mean over all units: each unit weighs the same."""
    parts: tuple[Score, ...]
    """By value of the trait."""
    worst: Worst | None
    """None where no part has an interval."""
    equal: Weighted | None
    """Each value of the trait weighs the same; None where one of them has fewer than two scored clusters."""


@dataclass(slots=True)
class _Part:
    """Running sums of one value."""

    clusters: Counter[tuple[int, Exact, int, bool, bool]] = field(default_factory=Counter)
    """The fields of :class:`causal_eval.analysis.intervals.Cluster` -> how many clusters are so."""
    upper: Exact = 0
    lost: int = 0
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, units: _Units) -> None:
        """Add one cluster's units of this value."""
        self.lost += units.lost
        if units.key is None:
            return
        self.clusters[units.key] += 1
        self.upper += units.upper
        for kind in units.kinds:
            self.kinds[kind] += 1


class _Units(NamedTuple):
    """What units of one cluster add to a part."""

    key: tuple[int, Exact, int, bool, bool] | None
    """None: none was scored."""
    upper: Exact
    lost: int
    kinds: list[tuple[str, str]]

    @classmethod
    def of(cls, units: list[Unit]) -> _Units:
        """Their sums."""
        scored = [unit for unit in units if unit.trials]
        lost = len(units) - len(scored)
        if not scored:
            return cls(None, 0, lost, [])
        scores = [unit.lenient for unit in scored]
        samples = sum([len(unit.trials) for unit in scored])
        key = len(scores), sum(scores), samples, any(scores), any(score != 1 for score in scores)
        return cls(key, sum([unit.upper for unit in scored]), lost, [(unit.family, unit.kind) for unit in scored])


@dataclass(slots=True)
class _Sums:
    """One answerer's."""

    whole: _Part = field(default_factory=_Part)
    parts: defaultdict[str, _Part] = field(default_factory=lambda: defaultdict(_Part))
    blends: Counter[tuple[tuple[str, int, Exact], ...]] = field(default_factory=Counter)
    """How a cluster is made up of values, (value, n, s) each; most clusters are of one value."""

    def add(self, units: list[Unit], values: Mapping[str, str]) -> None:
        """Add one whole cluster, whose units have these *values*."""
        shares: dict[str, list[Unit]] = {}
        for unit in units:
            shares.setdefault(values[unit.id], []).append(unit)
        blend, whole = [], _Units.of(units)
        for value, own in sorted(shares.items()):
            found = whole if len(shares) == 1 else _Units.of(own)
            self.parts[value].add(found)
            blend.append((value, *(found.key[:2] if found.key else (0, 0))))
        self.whole.add(whole)
        self.blends[tuple(blend)] += 1


def score_tables(
    rows: Iterable[Observation], *, by: str = "family", chance: Chance | None = None, level: float = LEVEL
) -> dict[str, Table]:
    """The table of every answerer, parts by the trait *by*; the rows of an answerer's cluster stand together.

    The same bit for bit in any order of clusters; resampling is seeded by the data.
    """
    found: defaultdict[str, _Sums] = defaultdict(_Sums)
    for (name, _), cluster in itertools.groupby(rows, key=attrgetter("answerer", "cluster")):
        own = list(cluster)
        units = [unit for unit in units_of(own) if not unit.exempt]
        found[name].add(units, _values(own, attrgetter(by)))
    return {name: _table(name, sums, chance=chance or {}, level=level) for name, sums in found.items()}


def _values(rows: list[Observation], trait: Callable[[Observation], str | int]) -> dict[str, str]:
    """Unit -> its value of the trait."""
    values: dict[str, str] = {}
    for row in rows:
        unit, value = unit_id(row), str(trait(row))
        values[unit] = value if values.get(unit, value) == value else SEVERAL
    return values


def _table(name: str, sums: _Sums, *, chance: Chance, level: float) -> Table:
    parts = {value: _score(name, sums.parts[value], value=value, chance=chance, level=level) for value in sums.parts}
    order = sorted(parts, key=lambda value: (value == SEVERAL, int(value) if value.isdigit() else 0, value))
    return Table(
        overall=_score(name, sums.whole, value=OVERALL, chance=chance, level=level),
        parts=tuple(parts[value] for value in order),
        worst=_worst(sums.parts, level=level),
        equal=_equal(sums, level=level),
    )


def _score(name: str, part: _Part, *, value: str, chance: Chance, level: float) -> Score:
    sums = _tally(part.clusters)
    plain = _plain(part)
    score = score_interval(sums, level=level)
    guessing, few = _guessing(part.kinds, chance), sums.clusters < FEW_CLUSTERS
    known = Fraction(sums.s)
    return Score(
        answerer=name,
        value=value,
        score=score,
        cr2=cr2(plain, level=level),
        bootstrap=bootstrap(plain, level=level),
        wild=wild(plain, level=level) if few else None,
        few=few,
        chance=guessing,
        corrected=_corrected(score, guessing),
        unparsed=_bounds(known, Fraction(part.upper), n=sums.n),
        missing=_bounds(known, known + part.lost, n=sums.n + part.lost),
        lost=part.lost,
    )


def _plain(part: _Part) -> Counter[tuple[int, Exact]]:
    found: Counter[tuple[int, Exact]] = Counter()
    for (n, s, *_), count in part.clusters.items():
        found[n, s] += count
    return found


def _tally(clusters: Mapping[tuple[int, Exact, int, bool, bool], int]) -> Tally:
    """The exact sums over all clusters."""
    total = Tally()
    for (n, s, samples, up, down), k in clusters.items():
        total = total.merge(
            Tally(k, k * n, k * s, k * n * n, k * n * s, k * s * s, k * samples, k * up, k * down, k * (s != 0))
        )
    return total


def _guessing(kinds: Mapping[tuple[str, str], int], chance: Chance) -> float | None:
    if not kinds or any(kind not in chance for kind in kinds):
        return None
    return float(sum((chance[kind] * count for kind, count in kinds.items()), Fraction(0)) / sum(kinds.values()))


def _corrected(score: Interval, chance: float | None) -> Interval | None:
    """What is left of the score where guessing is taken off; its ends move alike."""
    if chance is None or chance >= 1.0:
        return None
    room = 1.0 - chance
    ends = [None if end is None else (end - chance) / room for end in (score.estimate, score.low, score.high)]
    se = None if score.se is None else score.se / room
    return replace(score, estimate=ends[0], low=ends[1], high=ends[2], se=se)


def _bounds(low: Fraction, high: Fraction, *, n: int) -> Bounds:
    return Bounds(float(low / n), float(high / n)) if n else Bounds(None, None)


def _worst(parts: Mapping[str, _Part], *, level: float) -> Worst | None:
    """The lowest part; all intervals hold at once (Bonferroni): the lowest true score is between their lowest ends."""
    strict = 1.0 - (1.0 - level) / max(1, len(parts))
    found = {value: score_interval(_tally(part.clusters), level=strict) for value, part in parts.items()}
    lows = [one.low for one in found.values() if one.low is not None]
    highs = [one.high for one in found.values() if one.high is not None]
    scores = {value: one.estimate for value, one in found.items() if one.estimate is not None}
    if not lows or len(lows) < len(scores):
        return None
    lowest = min(scores, key=lambda value: (scores[value], value))
    return Worst(lowest, scores[lowest], min(lows), min(highs))


def _equal(sums: _Sums, *, level: float) -> Weighted | None:
    """The mean of the parts' scores, with the linearised variance of what each cluster adds to it.

    z_g = sum over parts f of w_f (s_gf - r_f n_gf) / n_f; V = G/(G-1) sum of z_g^2; t with G - 1 degrees of freedom
    (Cochran 1977, 6.4, the linear combination of ratios).
    """
    scored = {value: _tally(part.clusters) for value, part in sums.parts.items()}
    groups = sum(count for blend, count in sums.blends.items() if any(n for _, n, _ in blend))
    if not scored or any(one.clusters < FEWEST_CLUSTERS for one in scored.values()):
        return None  # a part of one cluster would add nothing to the variance, as if it were known exactly
    rates = {value: float(Fraction(one.s) / one.n) for value, one in scored.items()}
    share = 1.0 / len(rates)
    v = math.fsum(
        count * sum(share * (float(s) - rates[value] * n) / scored[value].n for value, n, s in blend) ** 2
        for blend, count in sums.blends.items()
    )
    half = t_quantile((1.0 + level) / 2.0, groups - 1) * math.sqrt(v * groups / (groups - 1))
    estimate = math.fsum(rates.values()) * share
    return Weighted(estimate, max(0.0, estimate - half), min(1.0, estimate + half), dict.fromkeys(sorted(rates), share))
