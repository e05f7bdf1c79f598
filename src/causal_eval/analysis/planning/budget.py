"""The variance budget of a run: how much of its error is causal model, wording and sampling, and what to buy next."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from causal_eval.analysis.intervals import LEVEL
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.pairing import side
from causal_eval.analysis.planning.components import (
    Components,
    Shape,
    components,
    error_parts,
    resampled_parts,
    shape,
)
from causal_eval.analysis.planning.nests import Nests, score_nests
from causal_eval.analysis.robust import Ends
from causal_eval.errors import UsageError

SOURCES = ("causal model", "wording", "sampling")
"""What draws are nested in, the outermost first."""
MORE = 0.25
"""By so much of what was spent the next purchase is imagined to be."""
UNCLEAR = 0.8
"""Above this width the interval of the share that causal models have says nothing, and no allocation is recommended."""
WIDEST = 32
"""Questions of a model, and samples of a question, up to which the best allocation is looked for."""


@dataclass(frozen=True, slots=True)
class Part:
    """One source of error."""

    source: str
    variance: float | None
    """Of single draws; None: it cannot be told from the source before it."""
    ends: Ends | None
    """Of the variance."""
    share: float
    """Of the error of the score."""
    share_ends: Ends | None


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a quarter more calls, spent on one source, does to the standard error."""

    source: str
    se: float
    gain: float
    """By what share of itself the variance falls."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Dollars; only how they relate to each other matters."""

    call: float = 1.0
    question: float = 0.0
    """Of making or checking a question, whatever its calls cost."""
    cluster: float = 0.0
    """Of making or checking a causal model."""

    def __post_init__(self) -> None:
        wrong = any(not (math.isfinite(cost) and cost >= 0.0) for cost in (self.call, self.question, self.cluster))
        if wrong or not self.call + self.question + self.cluster:
            raise UsageError("costs are dollars, none below 0 and not all of them 0")


@dataclass(frozen=True, slots=True)
class Allocation:
    """How to spread what is spent."""

    questions: int
    """Of each causal model."""
    samples: int
    """Of each question."""
    gain: float
    """By what share of itself the variance would be smaller for the same money."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Where the error of a run's score comes from, and where the next dollar buys most."""

    answerer: str
    shape: Shape
    components: Components
    se: float
    """Of the score, by the components."""
    parts: tuple[Part, ...]
    purchases: tuple[Purchase, ...]
    """The best first; none for a source that cannot be told from another."""
    best: Allocation | None
    """None: too few causal models have several questions to tell what models do from what wording does."""
    costs: Costs
    level: float


def variance_budget(rows: Iterable[Observation], *, costs: Costs | None = None, level: float = LEVEL) -> Budget:
    """The budget of one answerer's rows, those of a cluster together.

    Raises:
        ValueError: no row, or two answerers'.
        UsageError: fewer than two causal models were scored, or no answer differs from another.
    """
    one = side(rows, "of the run")
    return budget(score_nests(one), answerer=one.answerer, costs=costs or Costs(), level=level)


def budget(nests: Nests, *, answerer: str, costs: Costs, level: float = LEVEL) -> Budget:
    """The same of nested draws."""
    found, made = components(nests), shape(nests)
    errors = error_parts(found, made)
    whole = math.fsum(errors)
    if whole <= 0.0:
        raise UsageError("every answer of the run has the same score: there is no variance to budget")
    parts = tuple(_parts(nests, found, made=made, level=level))
    return Budget(
        answerer=answerer,
        shape=made,
        components=found,
        se=math.sqrt(whole),
        parts=parts,
        purchases=tuple(sorted(_purchases(errors, found), key=lambda one: one.se)),
        best=None if _is_unclear(parts[0]) else _best(found, made, costs=costs),
        costs=costs,
        level=level,
    )


def _parts(nests: Nests, found: Components, *, made: Shape, level: float) -> Iterable[Part]:
    import numpy as np  # heavy, and only what is resampled needs it

    drawn = resampled_parts(nests)
    weights = np.array([made.spread / made.clusters, 1.0 / made.items, made.thinness / made.items])
    errors = drawn * weights
    sums = errors.sum(axis=1, keepdims=True)
    shares = errors[sums[:, 0] > 0.0] / sums[sums > 0.0][:, None]
    tails = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
    own = error_parts(found, made)
    for place, (source, variance) in enumerate(
        zip(SOURCES, (found.cluster, found.wording, found.sampling), strict=True)
    ):
        if variance is None:
            yield Part(source, None, None, 0.0, None)
            continue
        ends, of_share = (np.quantile(values[:, place], tails).tolist() for values in (drawn, shares))
        yield Part(source, max(0.0, variance), Ends(*ends), own[place] / math.fsum(own), Ends(*of_share))


def _is_unclear(models: Part) -> bool:
    return models.share_ends is None or models.share_ends.high - models.share_ends.low > UNCLEAR


def _purchases(errors: tuple[float, float, float], found: Components) -> Iterable[Purchase]:
    """More models thin every part; more questions of each all but the first; more samples the last alone."""
    whole = math.fsum(errors)
    for place, variance in enumerate((found.cluster, found.wording, found.sampling)):
        if variance is not None:
            left = math.fsum(errors[:place]) + math.fsum(errors[place:]) / (1.0 + MORE)
            yield Purchase(SOURCES[place], math.sqrt(left), 1.0 - left / whole)


def _best(found: Components, made: Shape, *, costs: Costs) -> Allocation:
    """The allocation with the least variance times cost, which is the best for any sum that is spent.

    Source: three-stage sampling, Cochran 1977, 10.8 (recalled); all that come into
    question are gone through, as numbers are whole.
    """
    now = _product(found, costs, questions=made.per_cluster, samples=made.draws / made.items)
    tried = (
        Allocation(questions, samples, 1.0 - _product(found, costs, questions=questions, samples=samples) / now)
        for questions, samples in itertools.product(range(1, WIDEST + 1), repeat=2)
    )
    best = max(tried, key=lambda one: (one.gain, -one.questions, -one.samples))
    return replace(best, gain=max(0.0, best.gain))


def _product(found: Components, costs: Costs, *, questions: float, samples: float) -> float:
    a, b, e = found.parts
    variance = a + (b + e / samples) / questions
    return variance * (costs.cluster + questions * (costs.question + samples * costs.call))
