"""The system over HTTP, for operators and admins: switches, workers, the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from causal_eval.api.paging import After, Limit, Name, cursor, place
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import In, Out
from causal_eval.api.wellness import WorkerBeat
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.service import audit, switches
from causal_eval.service.health import workers
from causal_eval.store.audit import Noted

router = make_router()


class SwitchRequest(In):
    """What a setting is to be, and why."""

    value: Annotated[str, Field(min_length=1, max_length=1000)] = Field(examples=["20"])
    reason: Annotated[str, Field(min_length=1, max_length=switches.LONGEST_REASON)] = Field(examples=["quota is low"])
    lasts: Annotated[str, Field(max_length=20)] | None = Field(
        None, description="How long; null: until it is taken back.", examples=["2h"]
    )


class Switch(Out):
    """A setting that an operator changed while the service runs."""

    name: str
    value: str
    set_by: str
    set_at: float
    until: float | None
    reason: str


class AuditEntry(Out):
    """Something that was done."""

    id: int
    at: datetime
    actor: str
    action: str
    target: str
    project: str | None
    address: str
    detail: dict[str, Any]

    @classmethod
    def of(cls, one: Noted) -> AuditEntry:
        """From the log."""
        told = one.entry
        return cls(
            id=one.id, at=one.at, actor=told.actor, action=told.action, target=told.target, project=told.project,
            address=told.address, detail=dict(told.detail),
        )  # fmt: skip


class AuditPage(Out):
    """Entries, newest first."""

    items: list[AuditEntry]
    next: str | None


class AuditCheck(Out):
    """Whether the log is whole."""

    broken: list[int] = Field(description="Entries that were changed, or before which one was taken away.")


@router.get("/switches", tags=["operating"])
def list_switches(visit: Visiting) -> list[Switch]:
    """Settings that were changed while the service runs, as far as they hold."""
    return [Switch.model_validate(one) for one in switches.listed(visit)]


@router.put("/switches/{switch}", tags=["operating"])
def set_switch(visit: Visiting, switch: Name, wanted: SwitchRequest) -> Switch:
    """Change `MAX_CONCURRENT_API_CALLS` or `DISABLED_PROVIDERS` everywhere within 5 s."""
    turned = switches.change(visit, switch, value=wanted.value, reason=wanted.reason, lasts=wanted.lasts)
    return Switch.model_validate(turned)


@router.delete("/switches/{switch}", status_code=204, tags=["operating"])
def take_back_switch(visit: Visiting, switch: Name) -> None:
    """Let the setting of the environment hold again."""
    switches.take_back(visit, switch)


@router.get("/workers", tags=["operating"])
def list_workers(visit: Visiting) -> list[WorkerBeat]:
    """Workers that live."""
    return [WorkerBeat.model_validate(one) for one in workers(visit)]


@router.get("/audit", tags=["audit"])
def list_audit(visit: Visiting, project: Name | None = None, after: After = None, limit: Limit = 50) -> AuditPage:
    """What was done, by whom and from where, newest first."""
    found = audit.listed(visit, project=project, before=place(after, int), limit=limit)
    following = cursor(found[-1].id) if len(found) == limit else None
    return AuditPage(items=[AuditEntry.of(one) for one in found], next=following)


@router.get("/audit/check", tags=["audit"])
def check_audit(visit: Visiting, at: AtDoor) -> AuditCheck:
    """Follow the log's chain from its beginning."""
    with at.computing():
        return AuditCheck(broken=audit.broken(visit))
