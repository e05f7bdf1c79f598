"""Deadlines of an incident: kept in the book, so that each passes once, late rather than never, whoever was killed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from causal_eval.incidents.book import Rows, find, number_of
from causal_eval.incidents.incident import Incident
from causal_eval.incidents.rules import rules_of


class Deadline(StrEnum):
    """What is due."""

    ACKNOWLEDGE = "acknowledge"
    """Somebody has to have said that he saw it."""
    UPDATE = "update"
    """People have to be told how it goes; again and again."""
    ESCALATE = "escalate"
    """Somebody further up has to know."""
    PUBLISH = "publish"
    """The public is told its text."""
    REVIEW = "review"
    """The review has to have begun."""


ORDER = (Deadline.PUBLISH, Deadline.ACKNOWLEDGE, Deadline.UPDATE, Deadline.ESCALATE, Deadline.REVIEW)
"""Of what is due at one moment: who is escalated to reads what was last told."""


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline that has passed."""

    incident: Incident
    deadline: Deadline
    due_at: float


def opened(rows: Rows, incident: Incident, *, at: float) -> None:
    """Begin the deadlines of a new incident; one of security is escalated at once."""
    rules = rules_of(rows)
    _begin(rows, incident, deadline=Deadline.ACKNOWLEDGE, at=at + rules.response[incident.severity])
    if not (incident.private or incident.is_reported):
        _begin(rows, incident, deadline=Deadline.PUBLISH, at=at + rules.publish)
    _begin_update(rows, incident, at=at)
    _begin_escalation(rows, incident)


def acknowledged(rows: Rows, incident: Incident, *, at: float) -> None:
    """Somebody saw it: what only waits for that is cancelled, and the public may be told."""
    _cancel(rows, incident, deadline=Deadline.ACKNOWLEDGE)
    if incident.severity not in rules_of(rows).escalation and not incident.private:
        _cancel(rows, incident, deadline=Deadline.ESCALATE)
    if not (incident.private or incident.is_reported or incident.published_at is not None):
        _begin(rows, incident, deadline=Deadline.PUBLISH, at=at)


def released(rows: Rows, incident: Incident, *, at: float) -> None:
    """Nobody was told until *at*: what people have to do is measured from then, unless somebody is at it already."""
    if incident.acknowledged_at is None:
        opened(rows, replace(incident, opened_at=at), at=at)


def classified(rows: Rows, incident: Incident, *, at: float) -> None:
    """Its severity has changed: every deadline that is still open is measured anew, from when it was opened."""
    if incident.acknowledged_at is None:
        wait = rules_of(rows).response[incident.severity]
        _begin(rows, incident, deadline=Deadline.ACKNOWLEDGE, at=incident.opened_at + wait)
    _cancel(rows, incident, deadline=Deadline.UPDATE)
    _begin_update(rows, incident, at=at)
    if not has_passed(rows, incident, deadline=Deadline.ESCALATE):
        _begin_escalation(rows, incident)


def updated(rows: Rows, incident: Incident, *, at: float) -> None:
    """People were told: the next update is due later."""
    _begin_update(rows, incident, at=at)


def told_again(rows: Rows, due: Due, *, at: float) -> None:
    """The sentinel told people: the next update is due as long after this one was, so that no late look adds up."""
    wait = rules_of(rows).updates.get(due.incident.severity, 0.0)
    _begin_update(rows, due.incident, at=due.due_at if due.due_at + wait > at else at)


def escalated(rows: Rows, incident: Incident, *, at: float) -> None:
    """Somebody called for help: it is due at once, be it for a second time."""
    _begin(rows, incident, deadline=Deadline.ESCALATE, at=at)


def resolved(rows: Rows, incident: Incident, *, at: float) -> None:
    """It is over: nothing is due any more but its review."""
    rows.execute("DELETE FROM deadlines WHERE incident = ?", (number_of(incident.id),))
    _begin(rows, incident, deadline=Deadline.REVIEW, at=at + rules_of(rows).review)


def reviewed(rows: Rows, incident: Incident) -> None:
    """Nothing is due any more."""
    rows.execute("DELETE FROM deadlines WHERE incident = ?", (number_of(incident.id),))


def due(rows: Rows, *, at: float) -> list[Due]:
    """What is due at *at*, in the order in which it became so."""
    found = rows.execute("SELECT * FROM deadlines WHERE due_at <= ?", (at,)).fetchall()
    passed = [Due(find(rows, f"INC-{row['incident']}"), Deadline(row["kind"]), row["due_at"]) for row in found]
    return sorted(passed, key=lambda one: (one.due_at, ORDER.index(one.deadline), number_of(one.incident.id)))


def passed(rows: Rows, one: Due) -> None:
    """It was acted on: it is not due again."""
    rows.execute(
        "UPDATE deadlines SET due_at = ? WHERE incident = ? AND kind = ?",
        (_NEVER, number_of(one.incident.id), one.deadline.value),
    )


def has_passed(rows: Rows, incident: Incident, *, deadline: Deadline) -> bool:
    """Whether that was acted on already."""
    row = rows.execute(
        "SELECT due_at FROM deadlines WHERE incident = ? AND kind = ?", (number_of(incident.id), deadline.value)
    ).fetchone()
    return row is not None and row["due_at"] == _NEVER


def pending(rows: Rows, incident: str) -> Mapping[Deadline, float]:
    """What will be due of *incident*, and when."""
    query = "SELECT kind, due_at FROM deadlines WHERE incident = ? AND due_at < ? ORDER BY due_at, kind"
    found = rows.execute(query, (number_of(incident), _NEVER)).fetchall()
    return {Deadline(row["kind"]): row["due_at"] for row in found}


def _begin_update(rows: Rows, incident: Incident, *, at: float) -> None:
    if (wait := rules_of(rows).updates.get(incident.severity)) is not None:
        _begin(rows, incident, deadline=Deadline.UPDATE, at=at + wait)


def _begin_escalation(rows: Rows, incident: Incident) -> None:
    rules = rules_of(rows)
    if incident.private:
        wait = 0.0
    elif incident.severity in rules.escalation:
        wait = rules.escalation[incident.severity]
    elif incident.acknowledged_at is None:
        wait = rules.response[incident.severity]
    else:
        _cancel(rows, incident, deadline=Deadline.ESCALATE)
        return
    _begin(rows, incident, deadline=Deadline.ESCALATE, at=incident.opened_at + wait)


def _begin(rows: Rows, incident: Incident, *, deadline: Deadline, at: float) -> None:
    rows.execute(
        "INSERT INTO deadlines (incident, kind, due_at) VALUES (?, ?, ?) "
        "ON CONFLICT (incident, kind) DO UPDATE SET due_at = excluded.due_at",
        (number_of(incident.id), deadline.value, at),
    )


def _cancel(rows: Rows, incident: Incident, *, deadline: Deadline) -> None:
    rows.execute("DELETE FROM deadlines WHERE incident = ? AND kind = ?", (number_of(incident.id), deadline.value))


_NEVER = 1e18
