"""Looking at an evaluation while it goes on, as often as one likes."""

from __future__ import annotations

from causal_eval.client.asking import Asking, Call, quoted
from causal_eval.client.shapes import Shape


class SequentialStep(Shape, frozen=True):
    """What was known after so many clusters of the run's order."""

    clusters: int
    estimate: float
    low: float
    high: float


class Sequence(Shape, frozen=True):
    """A confidence sequence: at all times at once its interval holds the mean over clusters, at the level."""

    now: SequentialStep | None
    bounded: int
    """Clusters in which something is missing, counted within bounds."""
    level: float
    reached: str | None
    after: SequentialStep | None


class LookedAt(Shape, frozen=True):
    """An evaluation as it may be looked at whenever somebody likes."""

    evaluation: str
    answerer: str
    until: float | None
    baseline: str | None
    margin: float | None
    reached: str | None
    score: Sequence
    difference: Sequence | None


class TrendMeasurement(Shape, frozen=True):
    """A finished run of the model."""

    evaluation: str
    at: float
    score: float | None
    low: float | None
    high: float | None
    clusters: int
    capital: float
    """Of who bets on a drift; 20 shows one."""
    served: dict[str, int]
    """Who answered, as the provider says."""
    fingerprints: dict[str, int]
    """Of the configurations that answered; empty: it says none."""


class TrendChange(Shape, frozen=True):
    """From one measurement to the next the mean changed."""

    before: str
    after: str
    at: float
    jump: float
    p: float


class TrendSwap(Shape, frozen=True):
    """A sign that another model answers under the same name."""

    evaluation: str
    what: str
    before: str
    after: str


class OverTime(Shape, frozen=True):
    """Measurements of one model over one suite, oldest first, and what they show."""

    answerer: str
    suite: str
    anchored: bool
    measurements: tuple[TrendMeasurement, ...]
    changes: tuple[TrendChange, ...]
    drift: str | None
    """The first evaluation that showed one."""
    is_fall: bool
    swaps: tuple[TrendSwap, ...]


class Looking(Asking):
    """What may be looked at while it goes on."""

    async def look_at_evaluation(
        self, evaluation: str, *, until_ci: str | None = None, baseline: str | None = None, margin: str | None = None
    ) -> LookedAt:
        """Intervals of its score and difference, valid however often they are looked at."""
        query = {"until_ci": until_ci, "baseline": baseline, "margin": margin}
        return await self._ask(Call("GET", f"/evaluations/{quoted(evaluation)}/sequential", query=query), LookedAt)

    async def get_trend(self, answerer: str, *, suite: str | None = None) -> OverTime:
        """A model's scores over time: when they changed, whether it drifts, and signs of another model."""
        return await self._ask(Call("GET", "/trend", query={"answerer": answerer, "suite": suite}), OverTime)
