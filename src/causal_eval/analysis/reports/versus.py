"""A comparison as lines of plain text, for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

from causal_eval.analysis import statements
from causal_eval.analysis.columns import table
from causal_eval.analysis.compare import Comparison
from causal_eval.analysis.numbers import NONE, count, ends, hundredths, p_value, percent
from causal_eval.analysis.plain import one_line
from causal_eval.analysis.ranks import RankSet


def versus_lines(comparison: Comparison, *, joint: int = 1) -> Iterator[str]:
    """The verdict, what it rests on, and the scopes; *joint* comparisons were made together."""
    yield statements.comparison(comparison)
    yield ""
    yield from table(
        [("", "score", "interval", "units", "clusters")],
        [
            (one_line(name), percent(score.estimate), ends(score), count(score.n), count(score.clusters))
            for name, score in ((comparison.a, comparison.score_a), (comparison.b, comparison.score_b))
        ],
    )
    yield ""
    yield from _evidence(comparison, joint)
    yield ""
    yield from table(
        [("scope", "difference", "interval", "p", "Holm", "BH", "finding", "units", "clusters")],
        [
            (
                one.scope.label, hundredths(one.difference.estimate, signed=True), ends(one.difference),
                p_value(one.sign_flip.p), p_value(one.holm), p_value(one.fdr), one.finding.value,
                count(one.difference.n), count(one.difference.clusters),
            )
            for one in comparison.scopes
        ],
    )  # fmt: skip


def rank_lines(ranks: Sequence[RankSet], comparisons: Sequence[Comparison]) -> Iterator[str]:
    """Many answerers: the set of ranks of each, then every pair."""
    yield from table(
        [("ranks", "")],
        [
            (str(one.best) if one.best == one.worst else f"{one.best}-{one.worst}", one_line(one.answerer))
            for one in ranks
        ],
    )
    yield ""
    yield from table(
        [("a", "b", "difference", "interval", "p", "Holm", "a is")],
        [
            (
                one_line(one.a), one_line(one.b), hundredths(one.difference.estimate, signed=True),
                ends(one.difference), p_value(one.evidence.sign_flip.p), p_value(one.evidence.holm), one.finding.value,
            )
            for one in comparisons
        ],
    )  # fmt: skip


def _evidence(comparison: Comparison, joint: int) -> Iterator[str]:
    found, agreed, left = comparison.evidence, comparison.agreement, comparison.unpaired
    drawn = f"{count(found.sign_flip.draws)} draws" if found.sign_flip.draws else "exact"
    yield f"Cluster sign-flip test: p {p_value(found.sign_flip.p)} ({drawn})" + (
        f", by Holm among {joint} comparisons {p_value(found.holm)}" if joint > 1 else ""
    )
    yield f"Clustered McNemar tests: p {p_value(found.obuchowski)} (Obuchowski), {p_value(found.durkalski)} (Durkalski)"
    if found.mcnemar is None:
        yield "McNemar's own test is not given: clusters hold several questions, which are not independent"
    else:
        yield f"McNemar's test, mid-p: {p_value(found.mcnemar)} (every cluster holds one question)"
    yield (
        f"Both right {count(agreed.both_right)}, only a {count(agreed.only_a)}, only b {count(agreed.only_b)}, "
        f"neither {count(agreed.neither)}: odds ratio {_number(comparison.effect.odds)}, "
        f"Cohen's h {_number(comparison.effect.h)}"
    )
    reasons = {name.name: getattr(left, name.name) for name in fields(left)}
    if any(reasons.values()):
        yield "Left out: " + ", ".join(f"{n} {why.replace('_', ' ')}" for why, n in reasons.items() if n)


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"
