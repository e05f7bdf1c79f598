"""What people do with an incident: each step is written down with who took it."""

from __future__ import annotations

from causal_eval.errors import Conflict, UsageError
from causal_eval.incidents import keeping, timeline, timers
from causal_eval.incidents.book import Rows, Values, change, find
from causal_eval.incidents.incident import Incident, Severity, State
from causal_eval.incidents.timeline import Happened, Kind

_BY_HAND = frozenset({State.INVESTIGATING, State.MITIGATING, State.MONITORING})


def acknowledge(rows: Rows, incident: str, *, who: str, at: float) -> Incident:
    """*who* has seen it and takes it on; a second time changes nothing.

    Raises:
        UnknownName: there is none. Conflict: it is over.
    """
    found = _live(rows, incident)
    if found.acknowledged_at is not None:
        return found
    values: Values = {"acknowledged_at": at, "responder": who}
    if found.state is State.DETECTED:
        values = {**values, "state": State.INVESTIGATING.value}
    timeline.add(rows, found.id, Happened(Kind.STATE, "acknowledged", who=who, data={"state": "acknowledged"}), at=at)
    found = change(rows, found, values)
    timers.acknowledged(rows, found, at=at)
    return found


def assign(rows: Rows, incident: str, *, to: str, who: str, at: float) -> Incident:
    """*to* is who works on it."""
    found = _live(rows, incident)
    timeline.add(rows, found.id, Happened(Kind.ASSIGNED, f"assigned to {to}", who=who, data={"to": to}), at=at)
    return change(rows, found, {"responder": to})


def classify(rows: Rows, incident: str, *, severity: Severity, reason: str, who: str, at: float) -> Incident:
    """It is as bad as *who* says.

    Raises:
        UsageError: it is called less bad than it was, and no reason is given. Conflict: it is over.
    """
    found = _live(rows, incident)
    if found.severity is severity:
        return found
    if not severity.is_worse_than(found.severity) and not reason.strip():
        raise UsageError(f"{found.id} is {found.severity}: say why it is only {severity} (reason)")
    text = f"{severity}, no longer {found.severity}" + (f": {reason}" if reason else "")
    data = {"severity": severity.value, "was": found.severity.value}
    timeline.add(rows, found.id, Happened(Kind.CLASSIFIED, text, who=who, data=data), at=at)
    found = change(rows, found, {"severity": severity.value})
    timers.classified(rows, found, at=at)
    return found


def move(rows: Rows, incident: str, *, state: State, who: str, at: float) -> Incident:
    """It is investigated, mitigated or watched.

    Raises:
        UsageError: nobody moves it there by hand. Conflict: it is over.
    """
    if state not in _BY_HAND:
        wanted = ", ".join(sorted(_BY_HAND))
        raise UsageError(f"state {state.value!r}: one of {wanted}, or resolve it")
    found = acknowledge(rows, incident, who=who, at=at)
    if found.state is state:
        return found
    timeline.add(rows, found.id, Happened(Kind.STATE, state.value, who=who, data={"state": state.value}), at=at)
    values: Values = {"state": state.value}
    if state is State.MONITORING:
        values = {**values, "mitigated_at": at, "quiet_until": at}
    return change(rows, found, values)


def resolve(rows: Rows, incident: str, *, resolution: str, root_cause: str, who: str, at: float) -> Incident:
    """It is over, as *who* says.

    Raises:
        UsageError: nothing is said of what was done. Conflict: it is over already, or something still fires.
    """
    found = _live(rows, incident)
    if not resolution.strip():
        raise UsageError(f"say what ended {found.id} (resolution)")
    if still := keeping.holding(rows, found):
        raise Conflict(f"{found.id} is not over: {', '.join(still)} still fires")
    if root_cause:
        found = change(rows, found, {"root_cause": root_cause})
    return keeping.resolve(rows, found, who=who, at=at, resolution=resolution)


def update(rows: Rows, incident: str, *, text: str, public: bool, who: str, at: float) -> Incident:
    """Say how it goes; the next update is due later.

    Raises:
        UsageError: nothing is said. Conflict: it is over.
    """
    found = _live(rows, incident)
    if not text.strip():
        raise UsageError(f"say how it goes with {found.id}: what was done, what is done now, when it may be over")
    kind = Kind.PUBLISHED if public and not found.private else Kind.UPDATE
    timeline.add(rows, found.id, Happened(kind, text, who=who), at=at)
    if kind is Kind.PUBLISHED and found.published_at is None:
        found = change(rows, found, {"published_at": at})
    timers.updated(rows, found, at=at)
    return found


def expect(rows: Rows, incident: str, *, until: str, who: str, at: float) -> Incident:
    """Say when it may be over: every update says so from now on, also those that nobody writes.

    Raises:
        UsageError: nothing is said. Conflict: it is over.
    """
    found = _live(rows, incident)
    if not until.strip():
        raise UsageError(f"say when {found.id} may be over, or that it is not known")
    timeline.add(rows, found.id, Happened(Kind.EXPECTED, until, who=who), at=at)
    return found


def escalate(rows: Rows, incident: str, *, reason: str, who: str, at: float, to: str = "") -> Incident:
    """Call for help now: what is due then is due at once; *to* is a role that is told beside the team lead.

    Raises:
        UsageError: no reason is given. Conflict: it is over.
    """
    found = _live(rows, incident)
    if not reason.strip():
        raise UsageError(f"say why {found.id} is escalated (reason)")
    timeline.add(rows, found.id, Happened(Kind.ESCALATED, reason, who=who, data={"to": to} if to else {}), at=at)
    timers.escalated(rows, found, at=at)
    return found


def _live(rows: Rows, incident: str) -> Incident:
    found = find(rows, incident)
    if not found.state.is_live:
        raise Conflict(f"{found.id} is {found.state}: open another one, or let what fires again open it")
    return found
