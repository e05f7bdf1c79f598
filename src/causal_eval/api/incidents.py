"""Incidents over HTTP, for operators and admins; and problems, which whoever has logged in may report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import Depends, Header
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from causal_eval.api.paging import UNCHANGED, After, Label, Limit, Name, cursor, place, tagged
from causal_eval.api.routing import PREFIX, make_router
from causal_eval.api.shapes import In, Out
from causal_eval.api.who import Visiting
from causal_eval.incidents.contacts import Role
from causal_eval.incidents.deeds import LONGEST
from causal_eval.incidents.incident import Severity, State
from causal_eval.incidents.reported import LONGEST as LONGEST_REPORT
from causal_eval.incidents.reported import Trouble
from causal_eval.incidents.timeline import Kind
from causal_eval.service import incidents
from causal_eval.service.incidents import Case

router = make_router(tag="incidents")

Said = Annotated[str, Field(max_length=LONGEST)]
Once = Annotated[
    str, Header(alias="idempotency-key", max_length=200, pattern=r"^[!-~]*$", description="The same key: done once.")
]


class Incident(Out):
    """Something that went wrong, as it is now; moments in seconds since 1970, null: not yet."""

    id: str = Field(examples=["INC-7"])
    component: str
    family: str
    severity: Severity
    state: State
    title: str
    impact: str
    private: bool = Field(description="It concerns security: nothing of it is public.")
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
    firing: tuple[str, ...] = Field(description="Names of what fires of it.")
    due: dict[str, float] = Field(description="What is due, and when: the next first.")


class Ruling(Out):
    """Which line of the runbook says how bad it is, and why."""

    severity: Severity
    rule: str = Field(description="Empty: a person decided.")
    why: str


class TimelineEntry(Out):
    """Something that happened; its hash seals those before it."""

    at: float
    kind: Kind
    who: str
    text: str
    data: dict[str, str | float | int | bool | None]
    hash: str


class IncidentTask(Out):
    """Something to do afterwards."""

    id: int
    text: str
    owner: str
    due_at: float
    closed_at: float | None
    waived: str


class IncidentDetail(Out):
    """All about one."""

    incident: Incident
    ruling: Ruling
    timeline: tuple[TimelineEntry, ...] = Field(description="Of a copy: none.")
    tasks: tuple[IncidentTask, ...]
    is_copy: bool
    as_of: float | None = Field(description="When this was so, where it is a copy.")

    @classmethod
    def of(cls, case: Case) -> IncidentDetail:
        """From the service."""
        told, as_of = case.whole, case.as_of if case.is_copy else None
        return cls.model_validate(
            {name: getattr(told, name) for name in ("incident", "ruling", "timeline", "tasks")}
            | {"is_copy": case.is_copy, "as_of": as_of}
        )


class IncidentPage(Out):
    """Incidents: open ones worst first, all newest first."""

    items: tuple[Incident, ...]
    next: str | None
    is_copy: bool
    as_of: float


class NewIncident(In):
    """Something is wrong."""

    title: Label
    severity: Severity = Severity.P2
    component: str = Field("other", pattern=r"^[a-z][a-z0-9_:.-]{0,59}$", examples=["worker"])
    impact: Said = ""
    private: bool = Field(default=False, description="Nothing of it is for the public: security.")


class Classification(In):
    """How bad it is."""

    severity: Severity
    reason: Said = Field("", description="Needed where it is called less bad than it was.")


class StatusUpdate(In):
    """How it goes."""

    text: Said
    state: Literal[State.INVESTIGATING, State.MITIGATING, State.MONITORING] | None = None
    eta: Said = Field("", description="When it may be over: later updates say so too.")
    public: bool = Field(default=False, description="For the status page too.")


class Assignment(In):
    """Who works on it."""

    to: Label


class Escalation(In):
    """What was tried, and why help is needed."""

    reason: Said
    to: Role | None = Field(None, description="Who is told beside the team lead.")


class Resolution(In):
    """What ended it."""

    resolution: Said
    root_cause: Said = ""


class RootCause(In):
    """Why it happened."""

    text: Said


class NewTask(In):
    """What has to be done."""

    text: Said
    owner: Label
    due_at: float = Field(ge=0, le=1e11, allow_inf_nan=False)


class TaskEnd(In):
    """A task is done, or waived."""

    task: int = Field(ge=0, le=2**53)
    waived: Said = Field("", description="Why nobody does it; empty: it was done.")


class ProblemReport(In):
    """What a user noticed."""

    text: str = Field(max_length=LONGEST_REPORT, examples=["the comparison of yesterday shows no interval"])
    trouble: Trouble = Trouble.OTHER
    page: str = Field("", max_length=300, description="Where it was.", examples=["/compare"])


class Reported(Out):
    """What became of it."""

    incident: str


@router.get("/incidents")
def list_incidents(
    visit: Visiting, state: Literal["open", "all"] = "open", after: After = None, limit: Limit = 50
) -> IncidentPage:
    """What is open, worst first, or everything, newest first; a copy where the sentinel does not answer."""
    before = place(after, int) or 0
    found = incidents.listed(visit, over=state == "all", before=before, limit=limit)
    following = cursor(found.following) if found.following else None
    items = tuple(Incident.model_validate(one) for one in found.incidents)
    return IncidentPage(items=items, next=following, is_copy=found.is_copy, as_of=found.as_of)


@router.post("/incidents", status_code=201)
def open_incident(visit: Visiting, wanted: NewIncident, response: Response, key: Once = "") -> Incident:
    """Open one, or find the open one that a person opened for that component."""
    found = Incident.model_validate(incidents.start(visit, wanted.model_dump(mode="json"), key=key))
    response.headers["Location"] = f"{PREFIX}/incidents/{found.id}"
    return found


@router.get("/incidents/{incident}", response_model=IncidentDetail, responses=UNCHANGED)
def get_incident(visit: Visiting, incident: Name, request: Request) -> Response:
    """All about one: what fires, what is due, what happened."""
    return tagged(request, IncidentDetail.of(incidents.find(visit, incident)))


class Stepping:
    """Takes a step in the caller's name, once for each key."""

    def __init__(self, visit: Visiting, incident: Name, key: Once = "") -> None:
        self.visit, self.incident, self.key = visit, incident, key

    def done(self, deed: str, wanted: In | None = None) -> Incident:
        """The incident afterwards."""
        values: Mapping[str, object] = {} if wanted is None else wanted.model_dump(mode="json")
        told = incidents.act(self.visit, self.incident, deed=deed, values=values, key=self.key)
        return Incident.model_validate(told)


Step = Annotated[Stepping, Depends(Stepping)]


@router.post("/incidents/{incident}/ack")
def acknowledge_incident(step: Step) -> Incident:
    """Say that it was seen, and take it on."""
    return step.done("ack")


@router.post("/incidents/{incident}/classify")
def classify_incident(step: Step, wanted: Classification) -> Incident:
    """Say how bad it is."""
    return step.done("classify", wanted)


@router.post("/incidents/{incident}/update")
def update_incident(step: Step, wanted: StatusUpdate) -> Incident:
    """Say how it goes."""
    return step.done("update", wanted)


@router.post("/incidents/{incident}/assign")
def assign_incident(step: Step, wanted: Assignment) -> Incident:
    """Say who works on it."""
    return step.done("assign", wanted)


@router.post("/incidents/{incident}/escalate")
def escalate_incident(step: Step, wanted: Escalation) -> Incident:
    """Call for help."""
    return step.done("escalate", wanted)


@router.post("/incidents/{incident}/resolve")
def resolve_incident(step: Step, wanted: Resolution) -> Incident:
    """Say that it is over."""
    return step.done("resolve", wanted)


@router.post("/incidents/{incident}/snapshot")
def snapshot_incident(visit: Visiting, incident: Name, key: Once = "") -> Incident:
    """Keep how everything is now, beside the incident."""
    return Incident.model_validate(incidents.snapshot(visit, incident, key=key))


@router.post("/incidents/{incident}/cause")
def set_incident_cause(step: Step, wanted: RootCause) -> Incident:
    """Write down why it happened."""
    return step.done("cause", wanted)


@router.post("/incidents/{incident}/todo")
def plan_incident_task(step: Step, wanted: NewTask) -> Incident:
    """Have somebody do something, so that it does not happen again."""
    return step.done("todo", wanted)


@router.post("/incidents/{incident}/done")
def close_incident_task(step: Step, wanted: TaskEnd) -> Incident:
    """Say that a task is done, or that nobody does it."""
    return step.done("done", wanted)


@router.post("/incidents/{incident}/reviewed")
def finish_incident_review(step: Step) -> Incident:
    """Say that its review is over; nothing may be left to do."""
    return step.done("reviewed")


@router.post("/problem-reports", status_code=201)
def report_problem(visit: Visiting, wanted: ProblemReport, key: Once = "") -> Reported:
    """Report that something does not work: operators see it within a moment, the public does not."""
    return Reported(incident=incidents.report(visit, wanted.model_dump(mode="json"), key=key))
