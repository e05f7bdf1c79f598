"""Looking at an evaluation at any time, over HTTP: intervals that stay valid however often one looks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from causal_eval.analysis.sequential.following import Followed, Step
from causal_eval.analysis.sequential.rule import StopRule
from causal_eval.api.evaluations import Id
from causal_eval.api.paging import Name
from causal_eval.api.routing import make_router
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.service.following import looked
from causal_eval.service.stop_rules import rule_from

router = make_router("/evaluations", tag="results")

Points = Annotated[Name | None, Query(examples=["3pts"])]


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class SequentialStep(_Out):
    """What was known after so many clusters of the run's order; shares between 0 and 1, differences from -1 to 1."""

    clusters: int
    estimate: float
    low: float
    high: float


class Sequence(_Out):
    """A confidence sequence: at all times at once its interval holds the mean over clusters, at the level."""

    now: SequentialStep | None = Field(description="Null: no cluster of the order is over.")
    bounded: int = Field(description="Clusters in which something is missing, counted within bounds.")
    level: float
    reached: str | None = Field(description="narrow enough, better, worse, pass or fail; null: nothing yet.")
    after: SequentialStep | None = Field(description="Where that was first so.")

    @classmethod
    def of(cls, found: Followed) -> Sequence:
        """From the one of the analysis."""
        now = _step(found.steps[-1]) if found.steps else None
        after = None if found.after is None else _step(found.after)
        reached = None if found.reached is None else found.reached.value
        return cls(now=now, bounded=found.bounded, level=found.level, reached=reached, after=after)


class LookedAt(_Out):
    """An evaluation as it may be looked at whenever somebody likes, under way or ended."""

    evaluation: str
    answerer: str
    until: float | None = Field(description="Half of the width that is waited for, as a share.")
    baseline: str | None = Field(description="The evaluation that it is decided against.")
    margin: float | None
    reached: str | None = Field(description="Why it may stop; null: it may not.")
    score: Sequence
    difference: Sequence | None = Field(description="Evaluation minus baseline.")


@router.get("/{evaluation}/sequential")
def look_at_evaluation(
    visit: Visiting, at: AtDoor, evaluation: Id, until_ci: Points = None, baseline: Name | None = None,
    margin: Points = None,
) -> LookedAt:  # fmt: skip
    """Intervals of its score and difference, valid however often looked at; by its own rule if none is named."""
    rule = rule_from(until_ci, baseline, margin=margin)
    with at.computing():
        seen = looked(visit, evaluation, wanted=None if rule == StopRule() else rule)
    found = seen.found
    return LookedAt(
        evaluation=seen.evaluation.id, answerer=found.answerer, until=seen.rule.until, baseline=seen.rule.baseline,
        margin=seen.rule.margin, reached=None if found.reached is None else found.reached.value,
        score=Sequence.of(found.score),
        difference=None if found.difference is None else Sequence.of(found.difference),
    )  # fmt: skip


def _step(step: Step) -> SequentialStep:
    return SequentialStep.model_validate(step)
