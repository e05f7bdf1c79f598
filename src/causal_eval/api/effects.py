"""What incidents did to scores, over HTTP, and what they touched asked again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

from pydantic import Field

from causal_eval.api.paging import Name
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import In, Out
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.effects.effect import Effect, Part
from causal_eval.service import incident_effects

router = make_router("/incidents", tag="incidents")


class ScoreInterval(Out):
    """A score with its clustered interval; null: nothing was scored, or the data cannot give an end."""

    estimate: float | None
    low: float | None
    high: float | None
    clusters: int
    n: int = Field(description="Scoring units.")


class ScoresBeside(Out):
    """The score of the same results, in three ways."""

    given: ScoreInterval = Field(description="As it stands: every result counts.")
    without: ScoreInterval = Field(description="As if the marked results were missing.")
    again: ScoreInterval | None = Field(description="With what was answered when they were asked again; null: nothing.")


class MarkedItem(Out):
    """A marked result."""

    question: str
    sample: int = Field(description="From 0.")
    outcome: Literal["kept", "failed"]
    reason: Literal["during", "retried"] = Field(
        description="`during`: the call was open then. `retried`: it was repeated, and may have been."
    )
    calls: int = Field(description="Calls that gave no reply: made again, or lost.")


class TouchedEvaluation(Out):
    """An evaluation that an incident touched."""

    evaluation: str
    project: str
    answerer: str
    kept: int
    missing: int = Field(description="Results that are missing, of which a call failed then.")
    wanted: int
    calls: int
    reruns: list[str] = Field(description="Evaluations that asked what is marked again.")
    items: list[MarkedItem] = Field(description="The first 100.")
    scores: ScoresBeside | None = Field(description="Null: too many to be scored while somebody waits, or sealed.")

    @classmethod
    def of(cls, part: Part) -> TouchedEvaluation:
        """From the service."""
        told = asdict(part)
        return cls.model_validate({**told["touch"], **{name: told[name] for name in ("answerer", "items", "scores")}})


class IncidentEffect(Out):
    """What an incident did to evaluations that the caller may see; nothing where the list is empty."""

    incident: str
    calls: Literal["provider", "service", "none"] = Field(description="Whose calls it may have touched.")
    reason: str
    evaluations: list[TouchedEvaluation]
    total: ScoresBeside | None

    @classmethod
    def of(cls, found: Effect) -> IncidentEffect:
        """From the service."""
        total = None if found.total is None else ScoresBeside.model_validate(asdict(found.total))
        return cls(
            incident=found.incident.id, calls=found.calls.value, reason=found.reason, total=total,
            evaluations=[TouchedEvaluation.of(part) for part in found.parts],
        )  # fmt: skip


class RerunRequest(In):
    """What is asked again."""

    evaluation: Name | None = Field(None, description="Null: every one that the incident touched.")


class RerunLink(Out):
    """An evaluation that asks what is marked in another one again."""

    rerun: str
    evaluation: str
    incident: str


class NotRerun(Out):
    """An evaluation of which nothing is asked again, and why."""

    evaluation: str
    why: str


class RerunOutcome(Out):
    """What became of asking again."""

    ordered: list[RerunLink]
    left: list[NotRerun]


@router.get("/{incident}/effect")
def get_incident_effect(visit: Visiting, at: AtDoor, incident: Name) -> IncidentEffect:
    """Which evaluations and results it touched, and their scores with and without those."""
    with at.computing():
        return IncidentEffect.of(incident_effects.effect_of(visit, incident))


@router.post("/{incident}/rerun")
def rerun_incident(visit: Visiting, incident: Name, wanted: RerunRequest) -> RerunOutcome:
    """Ask what it touched again, once, as evaluations of their own: what is stored and published stays."""
    return RerunOutcome.model_validate(incident_effects.rerun(visit, incident, evaluation=wanted.evaluation))
