"""Where the error of a score comes from: causal model, wording, sampling; variance components of nested draws.

Notation: y_ijk = mu + a_i + b_ij + e_ijk; a: the causal model (cluster), b: the question within it (wording, twin, what
is asked), e: the sample. a models, b questions, N draws; n_ij draws of question ij, n_i of model i.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from causal_eval.analysis.intervals import FEWEST_CLUSTERS
from causal_eval.analysis.planning.nests import Nest, Nests
from causal_eval.analysis.robust import RESAMPLES, resampled
from causal_eval.errors import UsageError
from causal_eval.seeds import Stream

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Components:
    """Variances of single draws; an estimate may be negative where the truth is near 0."""

    cluster: float
    """Between causal models."""
    wording: float | None
    """Between questions of a causal model; None: no model has two questions, so it is part of *cluster*."""
    sampling: float | None
    """Between samples of a question; None: every question was asked once, so it is part of *wording* (or *cluster*)."""

    @property
    def parts(self) -> tuple[float, float, float]:
        """The same, never negative, 0 for what is part of another."""
        return max(0.0, self.cluster), max(0.0, self.wording or 0.0), max(0.0, self.sampling or 0.0)


@dataclass(frozen=True, slots=True)
class Shape:
    """How draws fall into questions and causal models."""

    clusters: int
    items: int
    draws: int
    spread: float
    """Mean square of questions in a model over the square of their mean: 1 where models have equally many."""
    thinness: float
    """Mean of 1 / samples of a question: 1 where each is asked once."""

    @property
    def per_cluster(self) -> float:
        """Questions in a causal model, on average."""
        return self.items / self.clusters


def shape(nests: Nests) -> Shape:
    """The shape of *nests*, of which there is at least one."""
    clusters = sum(nests.values())
    items = sum(one.items * count for one, count in nests.items())
    square = sum(one.items**2 * count for one, count in nests.items())
    rest = sum((one.rest * count for one, count in nests.items()), Fraction(0))
    draws = sum(one.draws * count for one, count in nests.items())
    return Shape(clusters, items, draws, float(Fraction(square * clusters, items * items)), float(rest / items))


def error_parts(found: Components, made: Shape) -> tuple[float, float, float]:
    """What each component adds to the variance of the mean over questions.

    V = s_a sum of m_i^2 / m^2 + s_b / m + s_e mean(1/n_ij) / m; m_i questions of model i, m of all.
    """
    a, b, e = found.parts
    return a * made.spread / made.clusters, b / made.items, e * made.thinness / made.items


def components(nests: Nests) -> Components:
    """The components by the method of moments: each mean square equals what it is expected to be.

    E SSE = (N - b) s_e; E SSB = (b - a) s_e + (N - k) s_b; E SSA = (a - 1) s_e + (k - sum of n_ij^2 / N) s_b +
    (N - sum of n_i^2 / N) s_a, with k = sum over i of sum over j of n_ij^2 / n_i. Unbiased whatever the distributions,
    so also for answers that are right or wrong. Source: Searle, Casella and McCulloch 1992, Variance Components,
    chapter 5 (recalled); equal to REML where all counts are equal, against which it is tested (statsmodels' MixedLM).

    Raises:
        UsageError: there are fewer than two clusters.
    """
    if sum(nests.values()) < FEWEST_CLUSTERS:
        raise UsageError("one causal model shows no spread between models: give a run that asks about at least two")
    columns = zip(*([count * term for term in _terms(one)] for one, count in nests.items()), strict=True)
    a, b, n, big, small, k, s, between, within, total = (sum(column, Fraction(0)) for column in columns)
    sampling = (total - within) / (n - b) if n > b else None
    wording = (within - between - (b - a) * (sampling or 0)) / (n - k) if b > a else None
    rest = (a - 1) * (sampling or 0) + (k - small / n) * (wording or 0)
    cluster = (between - s * s / n - rest) / (n - big / n)
    return Components(float(cluster), *(None if one is None else float(one) for one in (wording, sampling)))


def resampled_parts(nests: Nests, *, resamples: int = RESAMPLES) -> Array:
    """:attr:`Components.parts` of resampled clusters, a row a set of clusters; the seed is the data.

    SSA of a resampled set falls short by (a - 1)/a, as models come twice, and is put right for that.
    Source: Field and Welsh 2007, J. R. Stat. Soc. B 69, 369-390 (recalled): resampling of whole clusters.
    """
    import numpy as np  # heavy, and only what is resampled needs it

    kinds = sorted(nests.items(), key=repr)
    stream = Stream("variance components", *(f"{one}:{count}" for one, count in kinds))
    drawn = resampled([count for _, count in kinds], stream, resamples=resamples)
    terms = np.array([[float(term) for term in _terms(one)] for one, _ in kinds])
    a, b, n, big, small, k, s, between, within, total = (drawn @ terms).T
    with np.errstate(divide="ignore", invalid="ignore"):
        sampling = np.where(n > b, (total - within) / (n - b), 0.0)
        wording = np.where(b > a, (within - between - (b - a) * sampling) / (n - k), 0.0)
        spread = (between - s * s / n) * a / (a - 1.0)
        cluster = (spread - (a - 1.0) * sampling - (k - small / n) * wording) / (n - big / n)
    whole = np.stack([cluster, wording, sampling], axis=1)
    found: Array = np.maximum(whole[np.isfinite(whole).all(axis=1)], 0.0)
    return found


def _terms(one: Nest) -> Iterator[Fraction]:
    """What a cluster adds to a, b, N, sums of n_i^2 and n_ij^2, k, the sum, and the raw sums of squares."""
    n, s = one.draws, Fraction(one.s)
    yield from map(Fraction, (1, one.items, n, n * n, one.squares))
    yield Fraction(one.squares, n)
    yield s
    yield s * s / n
    yield one.within
    yield Fraction(one.q)
