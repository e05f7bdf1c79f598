"""A stored evaluation's numbers computed again over HTTP: MATCH, or DRIFT with what drifted."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from causal_eval.analysis.reports.reproduced import Reproduction
from causal_eval.api.evaluations import Id
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import Out
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.service.reproducing import reproduced

router = make_router("/evaluations", tag="results")

Claim = Annotated[
    str, Query(max_length=40, pattern=r"^(res-[0-9a-f]+)?$", description="The hash that a report prints, res-...")
]


class Recomputed(Out):
    """One thing that was computed again."""

    what: str = Field(description="generator, questions, scorer, verdicts or scores.")
    same: bool
    said: str


class ReproducedEvaluation(Out):
    """The numbers of an evaluation as they are computed now."""

    evaluation: str
    answerer: str
    verdict: Literal["MATCH", "DRIFT"] = Field(description="Another version of generator or scorer alone is no drift.")
    result: str = Field(description="The hash of what is computed now.")
    command: str = Field(description="What does the same at a terminal.")
    checks: list[Recomputed]

    @classmethod
    def of(cls, found: Reproduction) -> ReproducedEvaluation:
        """From the analysis."""
        ticket = found.ticket
        return cls(
            evaluation=ticket.evaluation, answerer=ticket.answerer, verdict="MATCH" if found.match else "DRIFT",
            result=ticket.hash, command=ticket.command,
            checks=[Recomputed(what=one.what, same=one.same, said=one.said) for one in found.checks],
        )  # fmt: skip


@router.get("/{evaluation}/reproduction")
def reproduce_evaluation(visit: Visiting, at: AtDoor, evaluation: Id, result: Claim = "") -> ReproducedEvaluation:
    """Questions, verdicts and scores computed again, no model asked: MATCH, or DRIFT with what drifted."""
    with at.computing():
        return ReproducedEvaluation.of(reproduced(visit, evaluation, result=result))
