"""One measurement: a finished run of a model, by cluster, with who answered and what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from causal_eval.analysis.intervals import Interval, score_cluster, score_interval, tally
from causal_eval.analysis.twins.seen import Seen, clusters
from causal_eval.analysis.units import units_of

Answer = tuple[str, str]
"""What was read from a reply as canonical text, and how the reply was judged."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A run among others of the same model."""

    evaluation: str
    answerer: str
    at: float
    """When it began; seconds since 1970."""
    question_set: str
    suite: str
    """What its questions were made by: measurements of one suite can stand beside each other."""
    score: Interval
    clusters: Mapping[str, Fraction]
    """Cluster -> mean score over its units, in the run's order; clusters without a scored unit are left out."""
    answers: Mapping[str, Mapping[tuple[str, int], Answer]]
    """Cluster -> (question, sample) -> what was answered; what is missing is left out."""
    served: Mapping[str, int]
    """The name by which the provider says who answered -> answers; empty name: it does not say."""
    fingerprints: Mapping[str, int] = field(default_factory=dict)
    """Of the configuration that answered -> answers; none: the provider says none."""


def scored(rows: Iterable[Seen]) -> tuple[Interval, dict[str, Fraction], dict[str, dict[tuple[str, int], Answer]]]:
    """Score, cluster means and answers of one run's rows, which are ordered by cluster.

    Replies from the cache are left out: they are observations of an earlier run.
    """
    means: dict[str, Fraction] = {}
    answers: dict[str, dict[tuple[str, int], Answer]] = {}
    sums = []
    for group in clusters(seen for seen in rows if not seen.row.is_cached):
        units = [unit for unit in units_of(seen.row for seen in group) if unit.trials and not unit.exempt]
        name = group[0].row.cluster
        answers[name] = {
            (seen.row.question, seen.row.sample): (repr(seen.answer), seen.row.mark.value) for seen in group
        }
        if units:
            scores = [unit.lenient for unit in units]
            sums.append(score_cluster(scores, sum(len(unit.trials) for unit in units)))
            means[name] = Fraction(sum(scores), len(scores))
    return score_interval(tally(sums)), means, answers
