"""Scores and comparisons as they leave as JSON: the same fields in every command, route and report."""

from __future__ import annotations

from causal_eval.analysis.compare import Comparison
from causal_eval.analysis.tables import ScoreRow

Json = dict[str, object]


def score_line(row: ScoreRow) -> Json:
    """A score as it leaves as JSON; its cost is a number of dollars."""
    return {
        "scope": row.scope.label, "score": row.score, "low": row.low, "high": row.high, "chance": row.chance,
        "against_chance": row.against.value, "strict": row.strict, "units": row.units, "clusters": row.clusters,
        "unparsed": row.unparsed, "abstained": row.abstained, "missing": row.missing, "ungraded": row.ungraded,
        "excluded": row.excluded, "cost": None if row.cost is None else float(row.cost), "time_ms": row.time_ms,
        "cached": row.cached,
    }  # fmt: skip


def difference_line(comparison: Comparison) -> Json:
    """A comparison as it leaves as JSON."""
    gap, wanted, tests = comparison.difference, comparison.needed, comparison.evidence
    return {
        "a": comparison.a, "b": comparison.b, "finding": comparison.finding.value, "difference": gap.estimate,
        "low": gap.low, "high": gap.high, "units": gap.n, "clusters": gap.clusters,
        "units_needed": None if wanted is None else wanted.units,
        "clusters_needed": None if wanted is None else wanted.clusters,
        "p": tests.sign_flip.p, "draws": tests.sign_flip.draws, "holm": tests.holm, "obuchowski": tests.obuchowski,
        "durkalski": tests.durkalski, "mcnemar_mid_p": tests.mcnemar, "odds_ratio": comparison.effect.odds,
        "cohens_h": comparison.effect.h,
    }  # fmt: skip
