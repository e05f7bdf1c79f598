"""Ability over HTTP: what is known of an answerer by calibrated difficulties, and what its next questions should be."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import Query
from pydantic import Field

from causal_eval.api.comparisons import Range, Several
from causal_eval.api.evaluations import Id
from causal_eval.api.routing import make_router
from causal_eval.api.set_shapes import Setting
from causal_eval.api.shapes import Out
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.service.adapting import MOST_NEXT, Adapted, adapted

router = make_router("/evaluations", tag="results")

Groups = Annotated[int, Query(ge=1, le=MOST_NEXT, description="Twin groups to be asked next.")]


class FeatureWeight(Out):
    """How much harder a feature of a question makes it."""

    feature: str = Field(description="family, kind or regime with its name, or size.")
    logits: float
    se: float


class AbilityFound(Out):
    """What is known of an answerer, in logits, and what says most about it next."""

    evaluation: str
    answerer: str
    also: list[str] = Field(description="Further runs of the answerer that count too.")
    calibrated_from: list[str]
    ability: float
    se: float = Field(description="The calibration's own error is part of it.")
    clusters: float
    predicted: Range = Field(description="Score over the calibration's mix of settings, if the model fits.")
    weights: list[FeatureWeight]
    next: list[Setting] = Field(description="What `POST /question-sets` takes as its `settings`.")

    @classmethod
    def of(cls, found: Adapted) -> AbilityFound:
        """From the service."""
        known, at = found.calibration, found.ability
        errors = [math.sqrt(max(0.0, row[place])) for place, row in enumerate(known.covariance)]
        return cls(
            evaluation=found.evaluation.id, answerer=found.evaluation.spec.answerer,
            also=[one.id for one in found.also], calibrated_from=[one.id for one in found.calibrated],
            ability=at.estimate, se=at.se, clusters=at.clusters, predicted=Range.of(found.predicted),
            weights=[
                FeatureWeight(feature=name, logits=value, se=se)
                for (name, value), se in zip(known.weights.items(), errors, strict=True)
            ],
            next=[
                Setting(kind=one.kind, regime=one.regime, size=one.size, groups=one.groups)
                for one in found.following
            ],
        )  # fmt: skip


@router.get("/{evaluation}/ability")
def get_ability(
    visit: Visiting, at: AtDoor, evaluation: Id, calibration: Several = "", also: Several = "", n: Groups = 20
) -> AbilityFound:
    """Ability with standard error, by difficulties from runs of at least two models, and what to ask next.

    Further runs of the same answerer (`also`) count too.
    """
    names, further = ([name for name in told.split(",") if name] for told in (calibration, also))
    with at.computing():
        return AbilityFound.of(adapted(visit, evaluation, calibration=names, also=further, n=n))
