"""A model measured again and again, over HTTP."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from causal_eval.analysis.trends.trend import Trend
from causal_eval.api.paging import Name
from causal_eval.api.routing import make_router
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.service.trending import trended

router = make_router("", tag="results")


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class TrendMeasurement(_Out):
    """A finished run of the model."""

    evaluation: str
    at: float = Field(description="Seconds since 1970.")
    score: float | None
    low: float | None
    high: float | None
    clusters: int
    capital: float = Field(description="Of who bets on a drift; it begins at 1/2, and 20 shows one.")
    served: dict[str, int] = Field(description="Who answered, as the provider says: name -> answers.")
    fingerprints: dict[str, int] = Field(description="Of the configurations that answered; empty: it says none.")


class TrendChange(_Out):
    """From one measurement to the next the mean changed."""

    before: str
    after: str
    at: float
    jump: float
    p: float


class TrendSwap(_Out):
    """A sign that another model answers under the same name."""

    evaluation: str
    what: str = Field(description="served, mixed, fingerprint or agreement.")
    before: str
    after: str


class OverTime(_Out):
    """Measurements of one model over one suite, oldest first, and what they show."""

    answerer: str
    suite: str
    anchored: bool = Field(description="The same questions each time; false: fresh ones of one suite.")
    measurements: list[TrendMeasurement]
    changes: list[TrendChange]
    drift: str | None = Field(description="The first evaluation that showed a drift; null: none did.")
    is_fall: bool
    swaps: list[TrendSwap]


@router.get("/trend")
def get_trend(visit: Visiting, at: AtDoor, answerer: Annotated[Name, Query()], suite: Name | None = None) -> OverTime:
    """A model's scores over time: when they changed, whether it drifts, and signs of another model."""
    with at.computing():
        found = trended(visit, answerer, suite=suite or "")
    return _shown(found)


def _shown(found: Trend) -> OverTime:
    first = found.measurements[0]
    return OverTime(
        answerer=first.answerer, suite=first.suite, anchored=found.anchored,
        measurements=[
            TrendMeasurement(
                evaluation=one.evaluation, at=one.at, score=one.score.estimate, low=one.score.low, high=one.score.high,
                clusters=one.score.clusters, capital=math.exp(max(known.down, known.up)), served=dict(one.served),
                fingerprints=dict(one.fingerprints),
            )
            for one, known in zip(found.measurements, found.drift.path, strict=True)
        ],
        changes=[TrendChange.model_validate(one) for one in found.changes],
        drift=found.drift.alarm, is_fall=found.drift.is_fall,
        swaps=[TrendSwap.model_validate(one) for one in found.swaps],
    )  # fmt: skip
