"""What incidents did to scores, and what they touched asked again."""

from __future__ import annotations

from causal_eval.client.asking import Asking, Call, quoted
from causal_eval.client.shapes import Shape


class AskedAgain(Shape, frozen=True):
    """An evaluation that asked marked results again, and its own score; None: it is not scored yet."""

    evaluation: str
    score: float | None
    low: float | None
    high: float | None


class FallenInto(Shape, frozen=True):
    """So many of the results fall into an incident; the score counts them all the same."""

    incident: str | None
    """None: it is not public."""
    title: str
    severity: str
    marked: int
    missing: int
    """Of these."""
    wanted: int
    again: tuple[AskedAgain, ...]


class ScoreInterval(Shape, frozen=True):
    """A score with its clustered interval."""

    estimate: float | None
    low: float | None
    high: float | None
    clusters: int
    n: int


class ScoresBeside(Shape, frozen=True):
    """The score of the same results, in three ways."""

    given: ScoreInterval
    """As it stands: every result counts."""
    without: ScoreInterval
    """As if the marked results were missing."""
    again: ScoreInterval | None
    """With what was answered when they were asked again; None: they were not."""


class MarkedItem(Shape, frozen=True):
    """A marked result."""

    question: str
    sample: int
    outcome: str
    reason: str
    calls: int


class TouchedEvaluation(Shape, frozen=True):
    """An evaluation that an incident touched."""

    evaluation: str
    project: str
    answerer: str
    kept: int
    missing: int
    wanted: int
    calls: int
    reruns: tuple[str, ...]
    items: tuple[MarkedItem, ...]
    scores: ScoresBeside | None
    """None: too many to be scored while somebody waits, or sealed."""


class IncidentEffect(Shape, frozen=True):
    """What an incident did; nothing where there are no evaluations."""

    incident: str
    calls: str
    reason: str
    evaluations: tuple[TouchedEvaluation, ...]
    total: ScoresBeside | None


class RerunLink(Shape, frozen=True):
    """An evaluation that asks what is marked in another one again."""

    rerun: str
    evaluation: str
    incident: str


class NotRerun(Shape, frozen=True):
    """An evaluation of which nothing is asked again, and why."""

    evaluation: str
    why: str


class RerunOutcome(Shape, frozen=True):
    """What became of asking again."""

    ordered: tuple[RerunLink, ...]
    left: tuple[NotRerun, ...]


class Effects(Asking):
    """The routes of this part of the service, each by its operation id."""

    async def get_incident_effect(self, incident: str) -> IncidentEffect:
        """Which evaluations and results it touched, and their scores with and without those."""
        return await self._ask(Call("GET", f"/incidents/{quoted(incident)}/effect"), IncidentEffect)

    async def rerun_incident(self, incident: str, *, evaluation: str | None = None) -> RerunOutcome:
        """Ask what it touched again, once, as evaluations of their own."""
        call = Call("POST", f"/incidents/{quoted(incident)}/rerun", body={"evaluation": evaluation})
        return await self._ask(call, RerunOutcome)
