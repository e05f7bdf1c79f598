"""What guessing is worth in a scope, and how a score stands to it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction

from causal_eval.analysis.intervals import Interval
from causal_eval.analysis.profile import AnswererProfile, Scope

Chance = Mapping[tuple[str, str], Fraction]
"""(family, kind) -> exact expected score of the best policy that sees only format, names and family."""


class Against(StrEnum):
    """Where an interval lies against chance."""

    ABOVE = "above chance"
    BELOW = "below chance"
    NEAR = "not distinguishable from chance"
    UNKNOWN = "chance unknown"


def chance_of(answerer: AnswererProfile, scope: Scope, *, chance: Chance) -> float | None:
    """Chance within *scope* as this answerer met it: the mean over kinds, weighted by its scored units.

    None where the chance of a kind in the scope is not known, or nothing was scored.
    """
    total, units = Fraction(0), 0
    for standing in answerer.kinds:
        if not _within(standing.scope, scope) or not standing.score.n:
            continue
        own = chance.get((standing.scope.family or "", standing.scope.kind or ""))
        if own is None:
            return None
        total += own * standing.score.n
        units += standing.score.n
    return float(total / units) if units else None


def against_chance(score: Interval, chance: float | None) -> Against:
    """Above or below chance only if the whole interval is."""
    if chance is None or score.low is None or score.high is None:
        return Against.UNKNOWN
    if score.low > chance:
        return Against.ABOVE
    return Against.BELOW if score.high < chance else Against.NEAR


def _within(kind: Scope, scope: Scope) -> bool:
    """Whether the kind's scope lies within *scope*."""
    return scope.family in {None, kind.family} and scope.kind in {None, kind.kind} and scope.rung in {None, kind.rung}
