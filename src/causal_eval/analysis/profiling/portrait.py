"""The causal profile of an answerer: what it can do, why it fails, what it leans on, and what follows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby

from causal_eval.analysis.diagnosis.diagnose import Diagnosis, diagnose_seen
from causal_eval.analysis.intervals import LEVEL, Interval, Tally, score_cluster, score_interval
from causal_eval.analysis.memorisation import Gap, memorisation
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.profiling.advice import Figure, Recommendation, recommended
from causal_eval.analysis.profiling.matrix import Matrix, matrix
from causal_eval.analysis.profiling.shortcuts import ShortcutShare, shortcut_shares
from causal_eval.analysis.twins.metrics import Metric, twin_metrics
from causal_eval.analysis.twins.seen import Seen
from causal_eval.analysis.units import UNSCORED
from causal_eval.evaluation.baselines.learn import Learn
from causal_eval.scoring.verdict import Mark

Rows = Callable[[], Iterable[Seen]]
"""All that was asked of one answerer, cluster by cluster, as often as it is called."""


@dataclass(frozen=True, slots=True)
class CausalProfile:
    """What is known of one answerer from one run."""

    answerer: str
    matrix: Matrix
    metrics: tuple[Metric, ...]
    """Of linked questions: association pull, direction gap and others; those without an answer too."""
    shortcuts: tuple[ShortcutShare, ...]
    diagnosis: Diagnosis
    unparsed: Interval
    """Share of the replies that could not be read."""
    memorisation: Gap | None
    """Published questions minus these; None where no run on published ones was given."""
    recommendations: tuple[Recommendation, ...]
    level: float = LEVEL


def causal_profile(
    answerer: str, rows: Rows, *, published: Iterable[Observation] | None = None, learn: Learn | None = None,
    level: float = LEVEL, observed: Callable[[], Iterable[Observation]] | None = None,
) -> CausalProfile:  # fmt: skip
    """The profile of *answerer*.

    Args:
        answerer: whose rows they are.
        rows: read once for each part of the profile, so that none is held.
        published: its rows on questions that were published before it was made; *rows* are fresh ones.
        learn: what shortcuts know; None: only those that need to know nothing.
        level: of all intervals.
        observed: the same without questions, where these are read faster.
    """
    alone = observed or (lambda: (seen.row for seen in rows()))
    found = matrix(alone(), level=level)
    metrics = twin_metrics(rows(), level=level).get(answerer, ())
    shortcuts = shortcut_shares(rows(), learn=learn, level=level)
    diagnosis = diagnose_seen(rows(), level=level)[answerer]
    unparsed = _unparsed(alone(), level=level)
    gap = None if published is None else memorisation(published, alone(), level=level)
    figures = [
        Figure("unparsed", "", unparsed),
        *(Figure("cause", cause.title, cause.share, _asked(cause.names)) for cause in diagnosis.shown),
        *(Figure("shortcut", one.shortcut, one.beyond, one.shortcut) for one in shortcuts),
        *(Figure(metric.name, "", metric.value) for metric in metrics),
        *_behind(found),
        *([] if gap is None else [Figure("memorisation", "", _interval(gap, level=level))]),
    ]
    return CausalProfile(
        answerer, found, metrics, shortcuts, diagnosis, unparsed, gap, recommended(figures), level
    )  # fmt: skip


def _asked(names: Iterable[tuple[str, str, float]]) -> str:
    """The families where a mistake was made most."""
    return ", ".join(dict.fromkeys([family for family, _, _ in names][:3]))


def _behind(found: Matrix) -> Iterable[Figure]:
    """Each family's score as what the whole is ahead of it: above 0 only where their intervals lie apart."""
    whole = found.overall.score
    for family in found.families:
        own = found.cell(family, 0).score
        if None not in (own.low, own.high, whole.low, whole.high, own.estimate, whole.estimate):
            yield Figure("family", family, _ahead(whole, own), family)


def _ahead(whole: Interval, own: Interval) -> Interval:
    assert whole.estimate is not None
    assert own.estimate is not None
    low = None if whole.low is None or own.high is None else whole.low - own.high
    high = None if whole.high is None or own.low is None else whole.high - own.low
    return Interval(whole.estimate - own.estimate, low, high, own.clusters, own.n, own.level)


def _interval(gap: Gap, *, level: float) -> Interval:
    clusters, n = gap.published.clusters + gap.fresh.clusters, gap.published.n + gap.fresh.n
    return Interval(gap.estimate, gap.low, gap.high, clusters, n, level)


def _unparsed(rows: Iterable[Observation], *, level: float) -> Interval:
    total = Tally()
    for _, cluster in groupby(rows, key=lambda row: row.cluster):
        there = [row.mark is Mark.UNPARSED for row in cluster if row.mark not in UNSCORED]
        total = total.plus(score_cluster(list(map(int, there))))
    return score_interval(total, level=level)
