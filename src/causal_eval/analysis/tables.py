"""The score table as plain rows, for a terminal, a file or a page to lay out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from causal_eval.analysis.chance import Against, Chance, against_chance, chance_of
from causal_eval.analysis.profile import AnswererProfile, Profile, Scope, Standing
from causal_eval.scoring.verdict import Mark


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One answerer within one scope. Shares are between 0 and 1; None = not known or not defined."""

    answerer: str
    scope: Scope
    score: float | None
    low: float | None
    high: float | None
    chance: float | None
    against: Against
    units: int
    clusters: int
    strict: float | None
    unparsed: int
    abstained: int
    missing: int
    ungraded: int
    excluded: int
    """Units without a score."""
    exempt: int
    """Units made for this baseline's method."""
    alarm: bool
    """More than 2 % of the replies unparsed."""
    cost: Fraction | None
    """US dollars where every reply's price is known, else None."""
    time_ms: float | None
    """Sum of the replies' times."""
    cached: int = 0
    """Replies from the cache."""


def score_rows(profile: Profile, chance: Chance) -> list[ScoreRow]:
    """Per answerer: overall, then rungs, then families."""
    return [
        score_row(answerer, standing, chance=chance)
        for answerer in profile.answerers
        for standing in (answerer.overall, *answerer.rungs, *answerer.families)
    ]


def score_row(answerer: AnswererProfile, standing: Standing, *, chance: Chance) -> ScoreRow:
    """The row of one standing of *answerer*."""
    score, outcomes = standing.score, standing.outcomes
    guessing = chance_of(answerer, standing.scope, chance=chance)
    return ScoreRow(
        answerer=answerer.answerer,
        scope=standing.scope,
        score=score.estimate,
        low=score.low,
        high=score.high,
        chance=guessing,
        against=against_chance(score, guessing),
        units=score.n,
        clusters=score.clusters,
        strict=standing.strict.estimate,
        unparsed=outcomes.marks[Mark.UNPARSED],
        abstained=outcomes.marks[Mark.ABSTAINED],
        missing=outcomes.marks[Mark.MISSING],
        ungraded=outcomes.marks[Mark.UNGRADED],
        excluded=standing.excluded,
        exempt=standing.exempt,
        alarm=outcomes.alarm,
        cost=None if outcomes.cost.unknown else outcomes.cost.known,
        time_ms=outcomes.latency.total_ms if outcomes.latency else None,
        cached=outcomes.cached,
    )
