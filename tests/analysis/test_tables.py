"""The score table as plain rows."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from causal_eval.analysis.chance import Against
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.profile import profile
from causal_eval.analysis.tables import score_rows
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Observation]


def test_rows_are_overall_rungs_and_families_of_every_answerer(observation: Make) -> None:
    """Each answerer has its rows in order, with counts, chance, money and time."""
    rows = [
        observation("q1", Mark.CORRECT, cost=Fraction(1, 8), latency_ms=10.0),
        observation("q2", Mark.UNPARSED, cost=Fraction(1, 8), latency_ms=30.0, family="chain", kind="value", rung=1),
        observation("q3", Mark.MISSING),
        observation("q1", Mark.ABSTAINED, answerer="other"),
    ]
    chance = {("effect", "ate"): Fraction(1, 40), ("chain", "value"): Fraction(1, 20)}
    found = score_rows(profile(rows), chance)
    assert [(row.answerer, row.scope.label) for row in found] == [
        *(("lab/model", label) for label in ("overall", "rung 1", "rung 2", "chain", "effect")),
        *(("other", label) for label in ("overall", "rung 2", "effect")),
    ]
    overall = found[0]
    assert (overall.score, overall.chance, overall.units, overall.clusters) == (0.5, 3 / 80, 2, 2)
    assert (overall.unparsed, overall.missing, overall.excluded, overall.alarm) == (1, 1, 1, True)
    assert (overall.cost, overall.time_ms, overall.against) == (Fraction(1, 4), 40.0, Against.NEAR)
    assert (found[5].abstained, found[5].cost, found[5].time_ms, found[5].low) == (1, None, None, None)
