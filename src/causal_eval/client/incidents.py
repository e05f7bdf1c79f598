"""Incidents, and what is done with them; each step is taken once, however often it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Literal

from causal_eval.client.asking import Asking, Call, quoted
from causal_eval.client.shapes import Order, Shape

Level = Literal["P0", "P1", "P2", "P3"]
Whom = Literal[
    "incidents",
    "on-call",
    "team-lead",
    "infrastructure",
    "security",
    "stakeholders",
    "cloud",
    "dba",
    "security-ir",
    "legal",
]
Known = Literal["page", "slow", "evaluation", "score", "account", "other"]


class Incident(Shape, frozen=True):
    """Something that went wrong, as it is now; moments in seconds since 1970, None: not yet."""

    id: str
    component: str
    family: str
    severity: str
    state: str
    title: str
    impact: str
    private: bool
    began_at: float
    opened_at: float
    published_at: float | None
    acknowledged_at: float | None
    responder: str
    mitigated_at: float | None
    quiet_until: float | None
    resolved_at: float | None
    reviewed_at: float | None
    root_cause: str
    resolution: str
    firing: tuple[str, ...]
    """Names of what fires of it."""
    due: dict[str, float]
    """What is due, and when: the next first."""


class Ruling(Shape, frozen=True):
    """Which line of the runbook says how bad it is, and why."""

    severity: str
    rule: str
    """Empty: a person decided."""
    why: str


class TimelineEntry(Shape, frozen=True):
    """Something that happened; its hash seals those before it."""

    at: float
    kind: str
    who: str
    text: str
    data: dict[str, str | float | int | bool | None]
    hash: str


class IncidentTask(Shape, frozen=True):
    """Something to do afterwards."""

    id: int
    text: str
    owner: str
    due_at: float
    closed_at: float | None
    waived: str


class IncidentDetail(Shape, frozen=True):
    """All about one."""

    incident: Incident
    ruling: Ruling
    timeline: tuple[TimelineEntry, ...]
    tasks: tuple[IncidentTask, ...]
    is_copy: bool
    """The sentinel does not answer: this is what it told before, without what happened."""
    as_of: float | None


class Reported(Shape, frozen=True):
    """What became of a report."""

    incident: str


class NewIncident(Order, frozen=True):
    """Something is wrong."""

    title: str
    severity: Level = "P2"
    component: str = "other"
    impact: str = ""
    private: bool = False


class StatusUpdate(Order, frozen=True):
    """How it goes."""

    text: str
    state: Literal["investigating", "mitigating", "monitoring"] | None = None
    eta: str = ""
    """When it may be over: later updates say so too."""
    public: bool = False


class ProblemReport(Order, frozen=True):
    """What a user noticed."""

    text: str
    trouble: Known = "other"
    page: str = ""


class Incidents(Asking):
    """The routes of this part of the service, each by its operation id."""

    def list_incidents(self, *, state: Literal["open", "all"] = "open") -> AsyncIterator[Incident]:
        """What is open, worst first, or everything, newest first."""
        return self._pages(Call("GET", "/incidents", query={"state": state}), Incident)

    async def get_incident(self, incident: str) -> IncidentDetail:
        """All about one: what fires, what is due, what happened."""
        return await self._ask(Call("GET", f"/incidents/{quoted(incident)}"), IncidentDetail)

    async def open_incident(self, order: NewIncident, *, idempotency_key: str = "") -> Incident:
        """Open one, or find the open one that a person opened for that component."""
        return await self._ask(Call("POST", "/incidents", body=order, once=idempotency_key), Incident)

    async def acknowledge_incident(self, incident: str) -> Incident:
        """Say that it was seen, and take it on."""
        return await self._step(incident, "ack")

    async def classify_incident(self, incident: str, severity: Level, *, reason: str = "") -> Incident:
        """Say how bad it is."""
        return await self._step(incident, "classify", body={"severity": severity, "reason": reason})

    async def update_incident(self, incident: str, order: StatusUpdate) -> Incident:
        """Say how it goes."""
        return await self._step(incident, "update", body=order)

    async def assign_incident(self, incident: str, to: str) -> Incident:
        """Say who works on it."""
        return await self._step(incident, "assign", body={"to": to})

    async def escalate_incident(self, incident: str, reason: str, *, to: Whom | None = None) -> Incident:
        """Call for help: the team lead, and *to*."""
        return await self._step(incident, "escalate", body={"reason": reason, "to": to})

    async def resolve_incident(self, incident: str, resolution: str, *, root_cause: str = "") -> Incident:
        """Say that it is over."""
        return await self._step(incident, "resolve", body={"resolution": resolution, "root_cause": root_cause})

    async def snapshot_incident(self, incident: str) -> Incident:
        """Keep how everything is now, beside the incident."""
        return await self._step(incident, "snapshot")

    async def set_incident_cause(self, incident: str, text: str) -> Incident:
        """Write down why it happened."""
        return await self._step(incident, "cause", body={"text": text})

    async def plan_incident_task(self, incident: str, text: str, *, owner: str, due_at: float) -> Incident:
        """Have somebody do something, so that it does not happen again."""
        return await self._step(incident, "todo", body={"text": text, "owner": owner, "due_at": due_at})

    async def close_incident_task(self, incident: str, task: int, *, waived: str = "") -> Incident:
        """Say that a task is done, or that nobody does it."""
        return await self._step(incident, "done", body={"task": task, "waived": waived})

    async def finish_incident_review(self, incident: str) -> Incident:
        """Say that its review is over; nothing may be left to do."""
        return await self._step(incident, "reviewed")

    async def report_problem(self, order: ProblemReport, *, idempotency_key: str = "") -> Reported:
        """Report that something does not work; the incident that it became part of."""
        return await self._ask(Call("POST", "/problem-reports", body=order, once=idempotency_key), Reported)

    async def _step(self, incident: str, deed: str, *, body: Order | Mapping[str, object] | None = None) -> Incident:
        return await self._ask(Call("POST", f"/incidents/{quoted(incident)}/{deed}", body=body, once=""), Incident)
