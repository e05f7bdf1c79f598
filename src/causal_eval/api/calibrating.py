"""Calibration over HTTP: whether an answerer is right as often as it says."""

from __future__ import annotations

from pydantic import Field

from causal_eval.analysis.reports.calibrating import calibration_line
from causal_eval.api.comparisons import Range
from causal_eval.api.evaluations import Id
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import Out
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.service.calibrating import calibrated

router = make_router("/evaluations", tag="results")


class CalibrationBin(Out):
    """Answers of similar confidence."""

    low: float
    high: float = Field(description="Not within the bin, but for the last.")
    confidence: float = Field(description="The mean that is stated.")
    right: Range


class CalibrationFound(Out):
    """How sure an answerer is, how often it is right, and how far the two are apart; null: nothing is stated."""

    evaluation: str
    answerer: str
    level: float
    asked: int
    answers: int = Field(description="Replies with an answer that was read.")
    stated: int = Field(description="Of these, those that state a confidence: the n of every figure.")
    unstated: dict[str, int] = Field(description="The others, by why: absent, unreadable, out_of_range.")
    no_answer: int = Field(description="Replies without an answer that was read; left out.")
    confidence: Range
    right: Range
    gap: Range = Field(description="Mean confidence less share right: above 0 over-confident.")
    brier: Range
    skill: Range = Field(description="1 - Brier score / uncertainty; null: all are right, or all wrong.")
    miscalibration: float | None = Field(description="CORP: the Brier score is this - discrimination + uncertainty.")
    discrimination: float | None
    uncertainty: float | None
    ece: float | None = Field(description="Expected calibration error over ten bins; too large where answers are few.")
    ece_if_calibrated: float | None = Field(description="About what luck alone would make it.")
    bins: list[CalibrationBin]


@router.get("/{evaluation}/calibration")
def get_calibration(visit: Visiting, at: AtDoor, evaluation: Id) -> CalibrationFound:
    """Stated confidence against what is right: the gap, Brier score with parts and skill, reliability by bins."""
    with at.computing():
        found = calibration_line(calibrated(visit, evaluation))
    return CalibrationFound.model_validate({"evaluation": evaluation, **found})
