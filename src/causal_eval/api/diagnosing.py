"""Why an evaluation's answers are wrong, and what its answerer can do, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from causal_eval.analysis.reports.diagnosing import diagnosis_line
from causal_eval.analysis.reports.profiling import profile_line
from causal_eval.api.evaluations import Id
from causal_eval.api.paging import Name
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import Out
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.service import diagnosing

router = make_router("/evaluations", tag="results")

Published = Annotated[Name | None, Query(description="Its answerer's evaluation on questions published before it.")]


class NamedMistake(Out):
    """A mistake of a family, with the misses that were shared out to it."""

    family: str
    name: str
    misses: float


class Missed(Out):
    """A miss that shows the mistake; its proof is under ``results/{question}``."""

    question: str
    sample: int


class MatchedShare(Out):
    """Share of misses that match some mistake."""

    share: float | None
    low: float | None
    high: float | None


class CauseOfMisses(Out):
    """A kind of error, with its share of all misses; shares add up to 1."""

    cause: str = Field(examples=["collider", "unexplained"])
    title: str
    share: float | None
    low: float | None
    high: float | None
    misses: int = Field(description="All misses: the n of the share.")
    clusters: int
    matched: int = Field(description="Misses that are just what a mistake of the kind answers.")
    alone: int = Field(description="Of these, those that no other kind answers.")
    possible: int = Field(description="Misses on questions where the mistake can be made.")
    matched_by_chance: float = Field(description="Of these, how many random wrong answers would match.")
    is_shown: bool = Field(description="Beyond coincidence, all causes looked at together.")
    names: list[NamedMistake]
    examples: list[Missed]


class Diagnosis(Out):
    """What an evaluation's misses are due to."""

    answerer: str
    misses: int
    clusters: int
    level: float
    marks: dict[str, int] = Field(description="All outcomes; what was refused or not read is not diagnosed.")
    matched: MatchedShare
    matched_by_chance: float | None = Field(description="Share of random wrong answers that would match.")
    causes: list[CauseOfMisses]


class FigureOut(Out):
    """An estimate with its clustered interval; null: the data give none."""

    estimate: float | None
    low: float | None
    high: float | None
    n: int
    clusters: int


class CellOut(FigureOut):
    """The score of a family on a rung; null stands for all."""

    family: str | None
    rung: int | None


class LinkedMetric(Out):
    """What linked questions tell."""

    metric: str
    about: str
    estimate: float | None
    low: float | None
    high: float | None
    answers: int
    clusters: int
    level: float


class ShortcutOut(Out):
    """How many answers are a shortcut's."""

    shortcut: str
    equal: FigureOut = Field(description="Share of all answers that are just the shortcut's.")
    beyond_chance: FigureOut = Field(description="Same wrong answers where both are wrong, less random ones.")


class MemorisationOut(Out):
    """Score on published questions minus that on these."""

    estimate: float | None
    low: float | None
    high: float | None
    said: str
    published: FigureOut
    fresh: FigureOut


class RecommendationOut(Out):
    """What follows from a figure whose whole interval clears a threshold."""

    rule: str
    about: str
    text: str
    threshold: float
    above: bool
    figure: FigureOut


class CausalProfile(Out):
    """What an answerer can do, what it leans on, and what follows."""

    answerer: str
    level: float
    matrix: list[CellOut]
    metrics: list[LinkedMetric]
    shortcuts: list[ShortcutOut]
    unparsed: FigureOut
    memorisation: MemorisationOut | None
    diagnosis: Diagnosis
    recommendations: list[RecommendationOut]


@router.get("/{evaluation}/diagnosis")
def diagnose_evaluation(visit: Visiting, at: AtDoor, evaluation: Id) -> Diagnosis:
    """Which classic mistakes its wrong answers are, shared out, with intervals and what is coincidence; no judge."""
    with at.computing():
        return Diagnosis.model_validate(diagnosis_line(diagnosing.diagnosed(visit, evaluation)))


@router.get("/{evaluation}/profile")
def profile_evaluation(visit: Visiting, at: AtDoor, evaluation: Id, published: Published = None) -> CausalProfile:
    """Scores by rung and family, linked questions, shortcuts, diagnosis, and what follows from these figures."""
    with at.computing():
        return CausalProfile.model_validate(profile_line(diagnosing.profiled(visit, evaluation, published=published)))
