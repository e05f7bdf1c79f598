"""What people ask for over HTTP: each request has one form, for who sends it and for who does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from causal_eval.errors import UsageError
from causal_eval.incidents import actions, desk, keeping
from causal_eval.incidents.actions import NewAction
from causal_eval.incidents.book import Rows, find
from causal_eval.incidents.contacts import Role
from causal_eval.incidents.incident import Incident, Key, Severity, Signal, Source, State

MANUAL = "reported"
"""The family of what a person opens, if he names no other."""

LONGEST = 4000
Who = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Line = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
Said = Annotated[str, msgspec.Meta(max_length=LONGEST)]
"""That something is said at all, is seen to where it is done."""
Component = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_:.-]{0,59}$")]


class Deed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody does with an incident."""

    by: Who
    """Who acts."""

    def do(self, rows: Rows, incident: str, *, at: float) -> Incident:
        """The incident afterwards."""
        raise NotImplementedError


class Acknowledge(Deed, frozen=True):
    """It was seen, and is taken on."""

    def do(self, rows: Rows, incident: str, *, at: float) -> Incident:
        """The incident afterwards."""
        return desk.acknowledge(rows, incident, who=self.by, at=at)


class Classify(Deed, frozen=True, kw_only=True):
    """It is as bad as that."""

    severity: Severity
    reason: Said = ""

    def do(self, rows: Rows, incident: str, *, at: float) -> Incident:
        """The incident afterwards."""
        return desk.classify(rows, incident, severity=self.severity, reason=self.reason, who=self.by, at=at)


class Update(Deed, frozen=True, kw_only=True):
    """How it goes."""

    text: Said
    state: State | None = None
    eta: Said = ""
    """When it may be over; every later update says so too."""
    public: bool = False

    def do(self, rows: Rows, incident: str, *, at: float) -> Incident:
        """The incident afterwards."""
        if self.state is not None:
            desk.move(rows, incident, state=self.state, who=self.by, at=at)
        if self.eta:
            desk.expect(rows, incident, until=self.eta, who=self.by, at=at)
        return desk.update(rows, incident, text=self.text, public=self.public, who=self.by, at=at)


class Assign(Deed, frozen=True, kw_only=True):
    """Who works on it."""

    to: Who

    def do(self, rows: Rows, incident: str, *, at: float) -> Incident:
        """The incident afterwards."""
        return desk.assign(rows, incident, to=self.to, who=self.by, at=at)


class Escalate(Deed, frozen=True, kw_only=True):
    """Help is needed."""

    reason: Said
    to: Role | None = None
    """Who is told beside the team lead."""

    def do(self, rows: Rows, incident: str, *, at: float) -> Incident:
        """The incident afterwards."""
        to = "" if self.to is None else self.to.value
        return desk.escalate(rows, incident, reason=self.reason, to=to, who=self.by, at=at)


class Resolve(Deed, frozen=True, kw_only=True):
    """It is over."""

    resolution: Said
    root_cause: Said = ""

    def do(self, rows: Rows, incident: str, *, at: float) -> Incident:
        """The incident afterwards."""
        return desk.resolve(
            rows, incident, resolution=self.resolution, root_cause=self.root_cause, who=self.by, at=at
        )  # fmt: skip


class Cause(Deed, frozen=True, kw_only=True):
    """Why it happened."""

    text: Said

    def do(self, rows: Rows, incident: str, *, at: float) -> Incident:
        """The incident afterwards."""
        return actions.cause(rows, incident, text=self.text, who=self.by, at=at)


class Todo(Deed, frozen=True, kw_only=True):
    """What has to be done, so that it does not happen again."""

    text: Said
    owner: Who
    due_at: float

    def do(self, rows: Rows, incident: str, *, at: float) -> Incident:
        """The incident afterwards."""
        actions.plan(rows, incident, wanted=NewAction(self.text, self.owner, self.due_at), who=self.by, at=at)
        return find(rows, incident)


class Done(Deed, frozen=True, kw_only=True):
    """Something was done, or nobody does it for the reason `waived`."""

    task: int
    waived: Said = ""

    def do(self, rows: Rows, incident: str, *, at: float) -> Incident:
        """The incident afterwards."""
        found = find(rows, incident)
        if self.task not in {one.id for one in actions.of(rows, found.id)}:
            known = ", ".join(str(one.id) for one in actions.of(rows, found.id)) or "none"
            raise UsageError(f"task {self.task} is none of {found.id}: known: {known}")
        actions.close(rows, self.task, waived=self.waived, who=self.by, at=at)
        return find(rows, incident)


class Reviewed(Deed, frozen=True):
    """Its review is over."""

    def do(self, rows: Rows, incident: str, *, at: float) -> Incident:
        """The incident afterwards."""
        return actions.reviewed(rows, incident, who=self.by, at=at)


class Open(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something is wrong."""

    by: Who
    title: Line
    severity: Severity = Severity.P2
    component: Component = "other"
    impact: Said = ""
    private: bool = False

    def do(self, rows: Rows, *, at: float) -> Incident:
        """The incident that is opened, or the open one of that component which a person opened before."""
        signal = Signal(
            name=MANUAL, key=Key(self.component, MANUAL), severity=self.severity, firing=True, started_at=at,
            fingerprint="", source=Source.PERSON, summary=self.title, security=self.private,
        )  # fmt: skip
        return keeping.open_by_hand(rows, signal, who=self.by, at=at, impact=self.impact)


class Seen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How everything is, as far as who asks can see it."""

    by: Who
    health: Annotated[str, msgspec.Meta(pattern=r"^[a-z]{1,20}$")] = "unknown"
    """In a word."""
    seen: dict[str, object] = {}


DEEDS: Mapping[str, type[Deed]] = {
    "ack": Acknowledge,
    "classify": Classify,
    "update": Update,
    "assign": Assign,
    "escalate": Escalate,
    "resolve": Resolve,
    "cause": Cause,
    "todo": Todo,
    "done": Done,
    "reviewed": Reviewed,
}
"""By the last part of the address."""
NAMES: Mapping[type[Deed], str] = {kind: name for name, kind in DEEDS.items()}
