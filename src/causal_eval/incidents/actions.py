"""What has to be done after an incident: each with an owner and a day; it is reviewed when none is left open."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from causal_eval.errors import Conflict, UnknownName, UsageError
from causal_eval.incidents import timeline, timers
from causal_eval.incidents.book import Rows, change, find, number_of
from causal_eval.incidents.incident import Incident, State
from causal_eval.incidents.timeline import Data, Happened, Kind


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do."""

    id: int
    text: str
    owner: str
    due_at: float
    """Seconds since 1970."""
    closed_at: float | None
    waived: str
    """Why nobody does it; empty: somebody does, or did."""

    @property
    def is_open(self) -> bool:
        """Whether it is neither done nor waived."""
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class NewAction:
    """Something that somebody shall do."""

    text: str
    owner: str
    due_at: float


def plan(rows: Rows, incident: str, *, wanted: NewAction, who: str, at: float) -> Action:
    """Have somebody do what is *wanted*.

    Raises:
        UsageError: nothing, or nobody, is named. Conflict: it is reviewed already.
    """
    found = find(rows, incident)
    if found.state is State.REVIEWED:
        raise Conflict(f"{found.id} is reviewed: what is to be done belongs to an open one")
    for name, value in (("what is to be done", wanted.text), ("an owner", wanted.owner)):
        if not value.strip():
            raise UsageError(f"name {name} (of {found.id})")
    number = rows.execute(
        "INSERT INTO actions (incident, text, owner, due_at) VALUES (?, ?, ?, ?)",
        (number_of(found.id), wanted.text, wanted.owner, wanted.due_at),
    ).lastrowid
    data: Data = {"action": number, "owner": wanted.owner, "due_at": wanted.due_at}
    timeline.add(rows, found.id, Happened(Kind.REVIEW, f"to do: {wanted.text}", who=who, data=data), at=at)
    return _find(rows, number or 0)


def close(rows: Rows, action: int, *, waived: str, who: str, at: float) -> Action:
    """It is done, or nobody does it for the reason *waived*.

    Raises:
        UnknownName: there is none. Conflict: it is closed already.
    """
    found = _find(rows, action)
    if not found.is_open:
        raise Conflict(f"action {action} is {'waived' if found.waived else 'done'} already")
    rows.execute("UPDATE actions SET closed_at = ?, waived = ? WHERE id = ?", (at, waived, action))
    incident = rows.execute("SELECT incident FROM actions WHERE id = ?", (action,)).fetchone()["incident"]
    text = f"waived, {waived}: {found.text}" if waived else f"done: {found.text}"
    happened = Happened(Kind.REVIEW, text, who=who, data={"action": action})
    timeline.add(rows, f"INC-{incident}", happened, at=at)
    return _find(rows, action)


def of(rows: Rows, incident: str) -> list[Action]:
    """Everything that has to be done after *incident*."""
    query = "SELECT * FROM actions WHERE incident = ? ORDER BY id"
    return [_action(row) for row in rows.execute(query, (number_of(incident),))]


def reviewed(rows: Rows, incident: str, *, who: str, at: float) -> Incident:
    """The review is over.

    Raises:
        Conflict: the incident is not resolved, its cause is not written down, or something is left to do.
    """
    found = find(rows, incident)
    if found.state is not State.RESOLVED:
        raise Conflict(f"{found.id} is {found.state}: only what is resolved can be reviewed")
    if not found.root_cause.strip():
        raise Conflict(f"{found.id} has no root cause: write one down (`causal-eval incident cause {found.id} TEXT`)")
    left = [f"{one.id} ({one.owner}: {one.text})" for one in of(rows, incident) if one.is_open]
    if left:
        raise Conflict(f"{found.id} has open actions: {', '.join(left)}; close or waive them")
    timeline.add(rows, found.id, Happened(Kind.STATE, "reviewed", who=who, data={"state": "reviewed"}), at=at)
    found = change(rows, found, {"state": State.REVIEWED.value, "reviewed_at": at})
    timers.reviewed(rows, found)
    return found


def cause(rows: Rows, incident: str, *, text: str, who: str, at: float) -> Incident:
    """Write down why it happened.

    Raises:
        UsageError: nothing is said. Conflict: it is reviewed already.
    """
    found = find(rows, incident)
    if not text.strip():
        raise UsageError(f"say why {found.id} happened")
    if found.state is State.REVIEWED:
        raise Conflict(f"{found.id} is reviewed: its review does not change any more")
    timeline.add(rows, found.id, Happened(Kind.REVIEW, f"root cause: {text}", who=who), at=at)
    return change(rows, found, {"root_cause": text})


def _find(rows: Rows, action: int) -> Action:
    row = rows.execute("SELECT * FROM actions WHERE id = ?", (action,)).fetchone()
    if row is None:
        known = rows.execute("SELECT id FROM actions WHERE closed_at IS NULL ORDER BY id LIMIT 40").fetchall()
        raise UnknownName("action", str(action), (str(one["id"]) for one in known))
    return _action(row)


def _action(row: sqlite3.Row) -> Action:
    return Action(row["id"], row["text"], row["owner"], row["due_at"], row["closed_at"], row["waived"])
