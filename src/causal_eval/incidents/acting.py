"""What is said and done without anybody asking: when an incident opens, when a deadline passes, when it is over.

Each function works within the transaction that its cause is kept in, so that a letter is in the outbox if, and only if,
what it tells of has happened. What was told to whom is in the timeline: telling again tells nobody twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from causal_eval.incidents import checklist, maintenance, outbox, templates, timeline, timers
from causal_eval.incidents.book import Rows, change, find, incident_from, live, number_of
from causal_eval.incidents.contacts import Address, Contacts, Role, person_called, reach
from causal_eval.incidents.incident import Incident, Severity, State
from causal_eval.incidents.outbox import Letter
from causal_eval.incidents.rules import ESCALATION, RESPONSE, REVIEWED_WITHIN
from causal_eval.incidents.templates import Message, harmless, lasted, moment
from causal_eval.incidents.timeline import Data, Happened, Kind
from causal_eval.incidents.timers import Deadline, Due

SENTINEL = "sentinel"
NOBODY = "nobody"
"""Who is told of what is held back."""
WIDE = frozenset({Severity.P0, Severity.P1})
"""Stakeholders are told of these, and affected customers have to be."""
LEGAL = (
    "find out whether data of anybody is involved; if it is, notify the legal team",
    "engage the external security team (role security-ir)",
    "contact the support of the cloud provider if anything of theirs is involved (role cloud)",
)
CUSTOMERS = "notify the customers who were affected, with an explanation and the next steps"
_DOING = {
    State.DETECTED: "nobody has acknowledged it yet",
    State.INVESTIGATING: "its cause is looked for",
    State.MITIGATING: "its effects are being ended",
    State.MONITORING: "nothing fires any more, and it is watched",
}


@dataclass(frozen=True, slots=True)
class _Case:
    """An incident, and who can be told at what moment."""

    rows: Rows
    incident: Incident
    contacts: Contacts
    at: float

    def add(self, kind: Kind, text: str, data: Data) -> None:
        """Write down what the sentinel did."""
        timeline.add(self.rows, self.incident.id, Happened(kind, text, data=data), at=self.at)


def act(rows: Rows, due: Due, *, contacts: Contacts, at: float) -> None:
    """What a passed deadline does, once: nothing where it was acted on, moved or cancelled since."""
    incident = find(rows, due.incident.id)
    if timers.pending(rows, incident.id).get(due.deadline) != due.due_at:
        return
    timers.passed(rows, due)
    _ACTS[due.deadline](_Case(rows, incident, contacts, at), f"{due.due_at:.3f}")
    if due.deadline is Deadline.UPDATE:
        timers.told_again(rows, due, at=at)


def act_on_all(rows: Rows, *, contacts: Contacts, at: float) -> int:
    """Act on everything that is due, in its order, and tell what people did; how many deadlines passed."""
    held = {one.id for one in live(rows) if _is_held(_Case(rows, one, contacts, at))}
    passed = [one for one in timers.due(rows, at=at) if one.incident.id not in held]
    tell_news(rows, contacts=contacts, at=at, held=held)
    for one in passed:
        act(rows, one, contacts=contacts, at=at)
    return len(passed)


def announce(rows: Rows, incident: Incident, *, contacts: Contacts, at: float) -> None:
    """Tell that *incident* is open: the channel, who is on call and, of P0 and P1, stakeholders; of security, its team.

    Said again it tells only who has to know by now and does not: stakeholders of one that became worse.
    """
    case = _Case(rows, incident, contacts, at)
    stamp = str(_times_over(rows, incident))
    is_new = _tell(case, "start", to=_channel(incident), stamp=stamp, message=templates.start_line(incident))
    if is_new and _was_told(case, "held", to=NOBODY, stamp=stamp):
        timers.released(rows, incident, at=at)
    message = templates.initial_report(incident, findings=_findings(rows, incident), at=at)
    for role in (_channel(incident), Role.ON_CALL, *_wide(incident)):
        _tell(case, "report", to=role, stamp=stamp, message=message)


def tell_resolved(rows: Rows, incident: Incident, *, contacts: Contacts, at: float) -> None:
    """Tell whoever was told of *incident* that it is over, and when it is reviewed; what is left to do is noted."""
    case = _Case(rows, incident, contacts, at)
    stamp = str(_times_over(rows, incident))
    over = at if incident.resolved_at is None else incident.resolved_at
    review_at = timers.pending(rows, incident.id).get(Deadline.REVIEW, over + REVIEWED_WITHIN)
    message = templates.resolution_notice(incident, at=at, review_at=review_at)
    before = str(_times_over(rows, incident) - 1)
    is_known = not _was_told(case, "held", to=NOBODY, stamp=before) or _was_told(
        case, "start", to=_channel(incident), stamp=before
    )
    first, others = (_channel(incident), _wide(incident)) if is_known else (NOBODY, ())
    is_new = _tell(case, "resolved", to=first, stamp=stamp, message=message)
    for role in others:
        _tell(case, "resolved", to=role, stamp=stamp, message=message)
    if is_new:
        case.add(Kind.REVIEW, f"the review is scheduled for {moment(review_at)}", {"due": "review"})
    if is_new and incident.severity in WIDE:
        case.add(Kind.TASK, CUSTOMERS, {"task": "customers"})


def tell_news(rows: Rows, *, contacts: Contacts, at: float, held: Collection[str] = ()) -> None:
    """Tell what happened and was not told yet, whoever did it: opened, unless it is *held*, updated, over."""
    since = at - REVIEWED_WITHIN
    query = "SELECT * FROM incidents WHERE state = 'resolved' AND resolved_at >= ? ORDER BY number"
    over = [incident_from(row) for row in rows.execute(query, (since,)).fetchall()]
    for one in live(rows):
        if one.id not in held:
            announce(rows, one, contacts=contacts, at=at)
    for one in (*live(rows), *over):
        _tell_updates(_Case(rows, one, contacts, at))
    for one in over:
        tell_resolved(rows, one, contacts=contacts, at=at)


def _publish(case: _Case, _stamp: str) -> None:
    if case.incident.private or case.incident.published_at is not None:
        return
    change(case.rows, case.incident, {"published_at": case.at})
    case.add(Kind.PUBLISHED, "the public is told", {})


def _remind(case: _Case, stamp: str) -> None:
    one = case.incident
    case.add(
        Kind.DEADLINE, f"nobody has acknowledged it within {lasted(RESPONSE[one.severity])}", {"due": "acknowledge"}
    )
    body = (
        f"{_named(one)} waits for {lasted(case.at - one.opened_at)} for somebody to acknowledge it.\n"
        f"Who takes it on: causal-eval incident ack {one.id}\n"
    )
    message = Message(f"REMINDER - {_named(one)}", body)
    _tell(case, "reminder", to=Role.ON_CALL, stamp=stamp, message=message)


def _update(case: _Case, stamp: str) -> None:
    message = _status(case, progress=_last_said(case.rows, case.incident))
    for role in (_channel(case.incident), *_wide(case.incident)):
        _tell(case, "update", to=role, stamp=stamp, message=message)


def _escalate(case: _Case, stamp: str) -> None:
    one, asked = case.incident, _asked(case)
    why = _reason(case)
    message = templates.escalation(one, tried=_last_said(case.rows, one), why=why, at=case.at)
    case.add(Kind.ESCALATED, f"escalated: {why}", {"due": "escalate"})
    for role in dict.fromkeys((Role.TEAM_LEAD, *((Role.SECURITY,) if one.private else ()), *asked)):
        _tell(case, "escalation", to=role, stamp=stamp, message=message)
    known = checklist.named(case.rows, one.id)
    for number, task in enumerate(LEGAL if one.private else (), start=1):
        if f"security-{number}" not in known:
            case.add(Kind.TASK, task, {"task": f"security-{number}"})


def _asked(case: _Case) -> tuple[Role, ...]:
    """The role that a person wanted told when he escalated it last."""
    query = (
        "SELECT who, data ->> '$.to' AS role FROM timeline WHERE incident = ? AND kind = 'escalated' "
        "ORDER BY id DESC LIMIT 1"
    )
    row = case.rows.execute(query, (number_of(case.incident.id),)).fetchone()
    return () if row is None or row["who"] == SENTINEL or not row["role"] else (Role(row["role"]),)


def _review(case: _Case, stamp: str) -> None:
    one = case.incident
    case.add(Kind.REVIEW, "the review is due", {"due": "review"})
    body = (
        f"The review of {_named(one)} is due: it ended {lasted(case.at - (one.resolved_at or case.at))} ago.\n"
        f"What happened, entry by entry: causal-eval incident show {one.id}\n"
    )
    message = Message(f"REVIEW DUE - {_named(one)}", body)
    person = person_called(case.contacts, one.responder)
    role = Role.ON_CALL if person is None else None
    _tell(case, "review", to=role or one.responder, stamp=stamp, message=message)
    _tell(case, "review", to=_channel(one), stamp=stamp, message=message)


_ACTS: dict[Deadline, Callable[[_Case, str], None]] = {
    Deadline.PUBLISH: _publish,
    Deadline.ACKNOWLEDGE: _remind,
    Deadline.UPDATE: _update,
    Deadline.ESCALATE: _escalate,
    Deadline.REVIEW: _review,
}


def _tell_updates(case: _Case) -> None:
    """What people wrote since it was opened, and which incidents became part of it, each once."""
    query = (
        "SELECT id, text FROM timeline WHERE incident = ? AND kind IN ('update', 'published') "
        "AND (who != ? OR data ->> '$.joined' IS NOT NULL) ORDER BY id"
    )
    for row in case.rows.execute(query, (number_of(case.incident.id), SENTINEL)).fetchall():
        message = _status(case, progress=row["text"])
        for role in (_channel(case.incident), *_wide(case.incident)):
            _tell(case, "said", to=role, stamp=str(row["id"]), message=message)


def _status(case: _Case, *, progress: str) -> Message:
    action = _DOING.get(case.incident.state, "")
    eta = _newest(case.rows, case.incident, which="kind = 'expected'")
    return templates.status_update(case.incident, progress=progress, action=action, eta=eta, at=case.at)


def _is_held(case: _Case) -> bool:
    """Whether nobody is told of it now: of what is worked on by announcement, until that is over or somebody is at it.

    What was told already goes on, and security is never held back. Why nobody was told is written down, once.
    """
    one, stamp = case.incident, str(_times_over(case.rows, case.incident))
    window = maintenance.covering(case.rows, one.key.component, at=case.at)
    if window is None or one.private or one.acknowledged_at is not None:
        return False
    if _was_told(case, "start", to=_channel(one), stamp=stamp):
        return False
    if not _was_told(case, "held", to=NOBODY, stamp=stamp):
        text = f"nobody is told: maintenance {window.id} lasts until {moment(window.ends_at)}"
        case.add(Kind.MESSAGE, text, {"what": "held", "to": NOBODY, "stamp": stamp, "letters": 0})
    return True


def _was_told(case: _Case, what: str, *, to: Role | str, stamp: str) -> bool:
    query = "SELECT data FROM timeline WHERE incident = ? AND kind = ?"
    number = number_of(case.incident.id)
    before = [json.loads(row["data"]) for row in case.rows.execute(query, (number, Kind.MESSAGE.value)).fetchall()]
    return any((one["what"], one["to"], one["stamp"]) == (what, str(to), stamp) for one in before)


def _tell(case: _Case, what: str, *, to: Role | str, stamp: str, message: Message) -> bool:
    """Put a letter into the outbox for each address of a role or person; False: they were told before."""
    if _was_told(case, what, to=to, stamp=stamp):
        return False
    letters = 0
    for address in _addresses(case, to):
        key = f"{case.incident.id}/{what}/{stamp}/{address.way}:{address.target}"
        letter = Letter(
            key=key, incident=case.incident.id, channel=address.way.value, target=address.target,
            subject=message.subject, body=message.body,
        )  # fmt: skip
        letters += outbox.put(case.rows, letter, at=case.at)
    text = f"{what} to {to}" + ("" if letters else ": nobody is reached by it who was not already")
    case.add(Kind.MESSAGE, text, {"what": what, "to": str(to), "stamp": stamp, "letters": letters})
    return True


def _addresses(case: _Case, who: Role | str) -> Iterable[Address]:
    if isinstance(who, Role):
        return reach(case.contacts, who, at=case.at)
    person = person_called(case.contacts, who)
    return () if person is None else tuple(one.address for one in person.channels)


def _channel(incident: Incident) -> Role:
    """Where it is talked about: not everybody in the channel may know of what concerns security."""
    return Role.SECURITY if incident.private else Role.INCIDENTS


def _wide(incident: Incident) -> tuple[Role, ...]:
    return (Role.STAKEHOLDERS,) if incident.severity in WIDE and not incident.private else ()


def _reason(case: _Case) -> str:
    """Why it is escalated: what a person said since it last was, or which rule says so."""
    query = "SELECT who, text FROM timeline WHERE incident = ? AND kind = 'escalated' ORDER BY id DESC LIMIT 1"
    last = case.rows.execute(query, (number_of(case.incident.id),)).fetchone()
    if last is not None and last["who"] != SENTINEL:
        return f"{last['text']} ({last['who']})"
    one = case.incident
    if one.private:
        return "every incident of security is escalated at once"
    if one.severity in ESCALATION:
        return f"a {one.severity} is escalated after {lasted(ESCALATION[one.severity])}"
    return f"nobody has acknowledged it within {lasted(RESPONSE[one.severity])}"


def _last_said(rows: Rows, incident: Incident) -> str:
    """What a person last wrote of how it goes; empty: nothing yet."""
    return _newest(rows, incident, which=f"kind IN ('update', 'published') AND who != '{SENTINEL}'")


def _findings(rows: Rows, incident: Incident) -> str:
    """What opened it."""
    return _newest(rows, incident, which="kind = 'signal'")


def _newest(rows: Rows, incident: Incident, *, which: str) -> str:
    """The text of the newest entry *which* (a condition of ours); empty: there is none."""
    query = f"SELECT text FROM timeline WHERE incident = ? AND {which} ORDER BY id DESC LIMIT 1"  # noqa: S608 - ours
    row = rows.execute(query, (number_of(incident.id),)).fetchone()
    return "" if row is None else str(row["text"])


def _times_over(rows: Rows, incident: Incident) -> int:
    """How often it was over: what is told of its beginning is told anew when it was not."""
    query = (
        "SELECT count(*) AS count FROM timeline WHERE incident = ? AND kind = 'state' "
        "AND json_extract(data, '$.state') = 'resolved'"
    )
    count: int = rows.execute(query, (number_of(incident.id),)).fetchone()["count"]
    return count


def _named(incident: Incident) -> str:
    return f"{incident.severity} - {incident.id} - {harmless(incident.title, most=templates.MOST_TITLE)}"
