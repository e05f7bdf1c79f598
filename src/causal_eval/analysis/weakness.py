"""Where an answerer is weak: error rates by kind, regime and level, shrunk so that a few questions prove little.

A rate over n units with e errors counts as (e + K p) / (n + K), p being the rate over all units of the run: the mean of
a beta prior that is worth K units (empirical Bayes; Casella 1985). Weights for fresh questions are in proportion to it.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from causal_eval.analysis.observation import Observation
from causal_eval.analysis.units import units_of
from causal_eval.errors import UsageError
from causal_eval.questions.generate import DIFFICULTIES, Plan
from causal_eval.questions.story import REGIMES

PRIOR = 10
"""K: so many units are as good as what is known of the whole run."""
HEAVIEST = 20
"""Weight of the weakest spot of a dimension."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One kind (``family/kind``), regime or level (a digit) of a run."""

    name: str
    errors: Fraction
    """Units that were not right; a unit with several samples counts by its share."""
    units: int
    rate: Fraction
    """Shrunk."""
    weight: int


@dataclass(frozen=True, slots=True)
class Weakness:
    """The spots of each dimension, weakest first."""

    errors: Fraction
    units: int
    kinds: tuple[Spot, ...]
    regimes: tuple[Spot, ...]
    levels: tuple[Spot, ...]

    @property
    def weights(self) -> dict[str, int]:
        """Weight of every spot, by name."""
        return {spot.name: spot.weight for spot in (*self.kinds, *self.regimes, *self.levels)}


def weakness(rows: Iterable[Observation], *, kinds: Collection[str]) -> Weakness:
    """The weak spots of one answerer, whose rows come cluster by cluster; only *kinds* count.

    Exempt units (made for the method of a baseline) and such without any scored sample are left out.
    """
    errors: Counter[tuple[str, str]] = Counter()
    units: Counter[tuple[str, str]] = Counter()
    for _, group in itertools.groupby(rows, key=lambda row: row.cluster):
        members = list(group)
        places = {key: row for row in members for key in (row.question, row.twin or "")}
        for unit in units_of(members):
            row = places[unit.id]
            name = f"{unit.family}/{unit.kind}"
            if unit.exempt or not unit.trials or name not in kinds:
                continue
            for spot in (("", ""), ("kind", name), ("regime", row.regime), ("level", str(row.difficulty))):
                units[spot] += 1
                errors[spot] += 1 - Fraction(unit.lenient)  # type: ignore[assignment]  # exact sums
    whole = Fraction(errors["", ""]), units["", ""]
    found = {what: _spots(what, errors, units=units, whole=whole) for what in ("kind", "regime", "level")}
    return Weakness(*whole, found["kind"], found["regime"], found["level"])


def aimed(plan: Plan, found: Weakness, *, run: str) -> Plan:
    """The same plan, aimed at the weak spots of *run* among its families and kinds, with a seed that no other set has.

    Raises:
        UsageError: nothing of it was scored there.
    """
    wanted = [
        spot.name
        for spot in found.kinds
        if (not plan.families or spot.name.partition("/")[0] in plan.families)
        and (not plan.kinds or spot.name in plan.kinds)
    ]
    if not wanted:
        raise UsageError(f"{run} has no scored answer to a generated question of the kinds that are asked for")
    known = {*found.weights}
    absent = [name for name in (*REGIMES, *map(str, range(DIFFICULTIES[0], DIFFICULTIES[1] + 1))) if name not in known]
    weights = {name: weight for name, weight in found.weights.items() if "/" not in name or name in wanted}
    return replace(
        plan, seed=f"against/{run}/{plan.seed}", families=(), kinds=tuple(wanted),
        weights=weights | dict.fromkeys(absent, 0),
    )  # fmt: skip


def _spots(
    what: str,
    errors: Mapping[tuple[str, str], Fraction | int],
    *,
    units: Mapping[tuple[str, str], int],
    whole: tuple[Fraction, int],
) -> tuple[Spot, ...]:
    """Those of one dimension; one error more and one unit right more keep the whole from 0 and 1."""
    prior = (whole[0] + 1) / (whole[1] + 2)
    rates = {
        name: (errors[dimension, name] + PRIOR * prior) / (count + PRIOR)
        for (dimension, name), count in units.items()
        if dimension == what
    }
    most = max(rates.values(), default=Fraction(1))
    spots = [
        Spot(
            name,
            Fraction(errors[what, name]),
            units[what, name],
            rate,
            max(1, round(HEAVIEST * rate / most)),
        )
        for name, rate in rates.items()
    ]
    return tuple(sorted(spots, key=lambda spot: (-spot.rate, spot.name)))
