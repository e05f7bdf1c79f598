"""Ability over HTTP: what is known of an answerer by calibrated difficulties, and what its next questions should be."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import Query
from pydantic import Field

from causal_eval.api.comparisons import Range, Several
from causal_eval.api.evaluations import Id
from causal_eval.api.routing import make_router
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


class NextQuestions(Out):
    """A setting of the generator's dials, and how many twin groups are to be made with it."""

    kind: str
    regime: str
    size: int = Field(description="Level of difficulty, 1 to 5.")
    groups: int


class AbilityFound(Out):
    """What is known of an answerer, in logits, and what says most about it next."""

    evaluation: str
    answerer: str
    calibrated_from: list[str]
    ability: float
    se: float = Field(description="The calibration's own error is part of it.")
    clusters: float
    predicted: Range = Field(description="Score over the calibration's mix of settings, if the model fits.")
    weights: list[FeatureWeight]
    next: list[NextQuestions]

    @classmethod
    def of(cls, found: Adapted) -> AbilityFound:
        """From the service."""
        known, at = found.calibration, found.ability
        errors = [math.sqrt(max(0.0, row[place])) for place, row in enumerate(known.covariance)]
        return cls(
            evaluation=found.evaluation.id, answerer=found.evaluation.spec.answerer,
            calibrated_from=[one.id for one in found.calibrated], ability=at.estimate, se=at.se, clusters=at.clusters,
            predicted=Range.of(found.predicted),
            weights=[
                FeatureWeight(feature=name, logits=value, se=se)
                for (name, value), se in zip(known.weights.items(), errors, strict=True)
            ],
            next=[
                NextQuestions(kind=dial.kind, regime=dial.regime, size=dial.size, groups=groups)
                for dial, groups in found.following
            ],
        )  # fmt: skip


@router.get("/{evaluation}/ability")
def get_ability(visit: Visiting, at: AtDoor, evaluation: Id, calibration: Several = "", n: Groups = 20) -> AbilityFound:
    """Ability with standard error, by difficulties from runs of at least two models, and what to ask next."""
    names = [name for name in calibration.split(",") if name]
    with at.computing():
        return AbilityFound.of(adapted(visit, evaluation, calibration=names, n=n))
