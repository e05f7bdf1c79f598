"""What a signal does: one incident for one cause, whatever is said twice, late, or in the wrong order.

Every function works within a transaction of the book, so that a ``kill -9`` leaves all of it or nothing. The caller's
clock says when; who raised a signal says when that began.
"""

from __future__ import annotations

from causal_eval.incidents import timeline, timers
from causal_eval.incidents.book import Rows, Values, change, find, incident_from, live, live_with, number_of
from causal_eval.incidents.causes import adopts, is_past
from causal_eval.incidents.incident import Incident, Key, Severity, Signal, Source, State
from causal_eval.incidents.rules import Rules
from causal_eval.incidents.timeline import Data, Happened, Kind

_FIRES, _HAS_ENDED, _HAS_VANISHED = 1, 0, -1
"""Of a signal: what was said of it last; it vanished from a list without a word, and may be there again."""


def hear(rows: Rows, signal: Signal, *, at: float, rules: Rules) -> Incident | None:
    """Act on *signal*; the incident that it belongs to, None: what it says was known, or is of no account."""
    known = rows.execute(
        "UPDATE signals SET heard_at = ? WHERE fingerprint = ? AND started_at = ? RETURNING firing",
        (at, signal.fingerprint, signal.started_at),
    ).fetchone()
    was = None if known is None else known["firing"]
    if not signal.firing:
        return None if was != _FIRES else _ended(rows, signal.fingerprint, signal.started_at, at=at, rules=rules)
    if was in {_FIRES, _HAS_ENDED}:
        return None  # said twice, or an old word that comes after the end
    incident = home(rows, signal, at=at, rules=rules)
    incident = _named(rows, signal, incident)
    _keep(rows, signal, incident, at=at)
    return _worse(rows, incident, signal=signal, at=at)


def open_by_hand(rows: Rows, signal: Signal, *, who: str, at: float, impact: str = "") -> Incident:
    """The incident that *who* opens and takes on, or the open one of the same cause, which takes in what he says."""
    there = live_with(rows, signal.key)
    incident = there or _open(rows, signal, at=at)
    timeline.add(rows, incident.id, Happened(Kind.SIGNAL, signal.summary, who=who), at=at)
    if there is not None:
        return _worse(rows, there, signal=signal, at=at)
    values: Values = {
        "impact": impact, "state": State.INVESTIGATING.value, "acknowledged_at": at, "responder": who,
    }  # fmt: skip
    incident = change(rows, incident, values)
    timers.acknowledged(rows, incident, at=at)
    return incident


def look(rows: Rows, *, at: float, rules: Rules) -> list[Incident]:
    """What time alone changes: what has been quiet for long enough is over, if no person has to say so."""
    quiet = [one for one in live(rows) if one.state is State.MONITORING and (one.quiet_until or at) <= at]
    return [
        resolve(rows, one, who="sentinel", at=at, resolution="It ended, and did not come back.")
        for one in quiet
        if one.severity not in rules.by_hand
    ]


def resolve(rows: Rows, incident: Incident, *, who: str, at: float, resolution: str) -> Incident:
    """It is over, and its deadlines with it, but for the review."""
    values: Values = {
        "state": State.RESOLVED.value, "resolved_at": at, "quiet_until": None, "resolution": resolution,
        "mitigated_at": incident.mitigated_at or at,
    }  # fmt: skip
    found = change(rows, incident, values)
    timeline.add(rows, incident.id, Happened(Kind.STATE, "resolved", who=who, data={"state": "resolved"}), at=at)
    timers.resolved(rows, found, at=at)
    return found


def end(rows: Rows, fingerprint: str, *, at: float, rules: Rules) -> list[Incident]:
    """Whatever fires by *fingerprint* has ended: of what the sentinel sees by itself, and so knows when it is over."""
    query = "SELECT started_at FROM signals WHERE fingerprint = ? AND firing = ?"
    found = rows.execute(query, (fingerprint, _FIRES)).fetchall()
    return [_ended(rows, fingerprint, row["started_at"], at=at, rules=rules) for row in found]


def fires(rows: Rows, fingerprint: str) -> bool:
    """Whether something fires by *fingerprint*."""
    query = "SELECT 1 FROM signals WHERE fingerprint = ? AND firing = ?"
    return rows.execute(query, (fingerprint, _FIRES)).fetchone() is not None


def absent(rows: Rows, listed: frozenset[str], *, at: float, rules: Rules) -> list[Incident]:
    """Incidents of alerts that Alertmanager has not listed for long; *listed*: fingerprints of what it lists now."""
    query = "SELECT fingerprint, started_at, heard_at FROM signals WHERE source = ? AND firing = ?"
    firing_now = rows.execute(query, (Source.ALERTMANAGER.value, _FIRES)).fetchall()
    rows.executemany(
        "UPDATE signals SET heard_at = ? WHERE fingerprint = ? AND started_at = ?",
        [(at, row["fingerprint"], row["started_at"]) for row in firing_now if row["fingerprint"] in listed],
    )
    gone = [row for row in firing_now if row["fingerprint"] not in listed and at - row["heard_at"] >= rules.absent]
    return [_ended(rows, row["fingerprint"], row["started_at"], at=at, rules=rules, word=_HAS_VANISHED) for row in gone]


def firing(rows: Rows, incident: str) -> list[str]:
    """Names of what fires of *incident* now."""
    query = "SELECT DISTINCT name FROM signals WHERE incident = ? AND firing = ? ORDER BY name"
    return [row["name"] for row in rows.execute(query, (number_of(incident), _FIRES))]


def holding(rows: Rows, incident: Incident) -> list[str]:
    """Names of what fires of *incident* and keeps it open; its own alert does, whatever that tells of."""
    query = "SELECT DISTINCT name, component, family FROM signals WHERE incident = ? AND firing = ? ORDER BY name"
    found = rows.execute(query, (number_of(incident.id), _FIRES)).fetchall()
    keys = {row["name"]: Key(row["component"], row["family"]) for row in found}
    return [name for name, key in keys.items() if key == incident.key or not is_past(key)]


def names_of(rows: Rows, incident: Incident) -> list[str]:
    """Names of everything that ever told of the cause of *incident*, and not of what follows from it."""
    query = "SELECT DISTINCT name FROM signals WHERE incident = ? AND component = ? AND family = ? ORDER BY name"
    key = incident.key
    return [row["name"] for row in rows.execute(query, (number_of(incident.id), key.component, key.family))]


def worst_that_follows(rows: Rows, incident: Incident) -> Severity | None:
    """How bad the worst is that ever told of what follows from the cause of *incident*; None: nothing did."""
    query = "SELECT min(severity) AS worst FROM signals WHERE incident = ? AND NOT (component = ? AND family = ?)"
    found = rows.execute(query, (number_of(incident.id), incident.key.component, incident.key.family)).fetchone()
    return None if found["worst"] is None else Severity(found["worst"])


def firing_now(rows: Rows) -> list[str]:
    """Names of all that fires."""
    return [
        row["name"]
        for row in rows.execute("SELECT DISTINCT name FROM signals WHERE firing = ? ORDER BY name", (_FIRES,))
    ]


def home(rows: Rows, signal: Signal, *, at: float, rules: Rules) -> Incident:
    """The incident that *signal* belongs to: its own, one that it follows from, one whose cause it is, or a new one."""
    if (there := live_with(rows, signal.key)) is not None:
        return _fires_again(rows, there, at=at)
    others = [one for one in live(rows) if one.private is signal.is_private]
    parent = next((one for one in others if adopts(one.key, signal.key)), None)
    if parent is not None:
        return parent if is_past(signal.key) else _fires_again(rows, parent, at=at)
    children = [one for one in others if adopts(signal.key, one.key)]
    if children:
        first = min(children, key=lambda one: number_of(one.id))
        found = _cause_found(rows, first, signal=signal, at=at)
        for other in children:
            found = found if other.id == first.id else _joined(rows, other, into=found, at=at)
        return found
    recent = _not_long_over(rows, signal, at=at, rules=rules)
    return _open(rows, signal, at=at) if recent is None else _reopen(rows, recent, at=at)


def _not_long_over(rows: Rows, signal: Signal, *, at: float, rules: Rules) -> Incident | None:
    """The incident that was over too soon: its own cause fires again, or what was part of it or began before its end.

    Whatever comes back after an outage, its cause or what follows from it, is the same outage.
    """
    query = "SELECT * FROM incidents WHERE state = 'resolved' AND resolved_at >= ? ORDER BY number DESC"
    over = [incident_from(row) for row in rows.execute(query, (at - rules.reopen,))]
    own = next((one for one in over if one.key == signal.key), None)
    if own is not None or is_past(signal.key):
        return own
    causes_of_it = (one for one in over if one.private is signal.is_private and adopts(one.key, signal.key))
    return next((one for one in causes_of_it if _was_part(rows, signal, incident=one)), None)


def _was_part(rows: Rows, signal: Signal, *, incident: Incident) -> bool:
    if signal.started_at <= (incident.resolved_at or 0.0):
        return True
    query = "SELECT 1 FROM signals WHERE incident = ? AND component = ? AND family = ?"
    key = signal.key
    return rows.execute(query, (number_of(incident.id), key.component, key.family)).fetchone() is not None


def _open(rows: Rows, signal: Signal, *, at: float) -> Incident:
    number = rows.execute(
        "INSERT INTO incidents (component, family, severity, state, title, opened_at, private) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            signal.key.component, signal.key.family, signal.severity.value, State.DETECTED.value, signal.summary, at,
            int(signal.is_private),
        ),
    ).lastrowid  # fmt: skip
    incident = find(rows, f"INC-{number}")
    began: Data = {"severity": signal.severity.value, "began_at": signal.started_at, "source": signal.source.value}
    timeline.add(rows, incident.id, Happened(Kind.OPENED, f"{signal.name}: {signal.summary}", data=began), at=at)
    timers.opened(rows, incident, at=at)
    return incident


def _keep(rows: Rows, signal: Signal, incident: Incident, *, at: float) -> None:
    rows.execute(
        "INSERT INTO signals (fingerprint, started_at, incident, name, component, family, severity, source, summary, "
        "security, firing, heard_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (fingerprint, started_at) DO UPDATE SET incident = excluded.incident, firing = excluded.firing",
        (
            signal.fingerprint, signal.started_at, number_of(incident.id), signal.name, signal.key.component,
            signal.key.family, signal.severity.value, signal.source.value, signal.summary, int(signal.security),
            _FIRES, at,
        ),
    )  # fmt: skip
    data: Data = {
        "name": signal.name, "began_at": signal.started_at, "key": str(signal.key), "fingerprint": signal.fingerprint,
        "source": signal.source.value,
    }  # fmt: skip
    timeline.add(rows, incident.id, Happened(Kind.SIGNAL, f"{signal.name}: {signal.summary}", data=data), at=at)


def _named(rows: Rows, signal: Signal, incident: Incident) -> Incident:
    """The same, called by what *signal* says of its cause, where nothing as bad has said so before."""
    as_bad = rows.execute(
        "SELECT 1 FROM signals WHERE incident = ? AND component = ? AND family = ? AND severity <= ?",
        (number_of(incident.id), signal.key.component, signal.key.family, signal.severity.value),
    ).fetchone()
    if signal.key != incident.key or as_bad is not None:
        return incident
    return change(rows, incident, {"title": signal.summary})


def _worse(rows: Rows, incident: Incident, *, signal: Signal, at: float) -> Incident:
    """The same, as bad as the worst of its signals."""
    if signal.is_private and not incident.private:
        incident = change(rows, incident, {"private": 1})
    return _as_bad(rows, incident, severity=signal.severity, name=signal.name, at=at)


def _as_bad(rows: Rows, incident: Incident, *, severity: Severity, name: str, at: float) -> Incident:
    """The same, at least as bad as *severity*, of which *name* told."""
    if not severity.is_worse_than(incident.severity):
        return incident
    text = f"{severity}, no longer {incident.severity}: {name}"
    incident = change(rows, incident, {"severity": severity.value})
    timeline.add(rows, incident.id, Happened(Kind.CLASSIFIED, text, data={"severity": severity.value}), at=at)
    timers.classified(rows, incident, at=at)
    return incident


def _ended(
    rows: Rows, fingerprint: str, started_at: float, *, at: float, rules: Rules, word: int = _HAS_ENDED
) -> Incident:
    row = rows.execute(
        "UPDATE signals SET firing = ?, heard_at = ? WHERE fingerprint = ? AND started_at = ? "
        "RETURNING incident, name, component, family",
        (word, at, fingerprint, started_at),
    ).fetchone()
    incident = find(rows, f"INC-{row['incident']}")
    data: Data = {"name": row["name"], "fingerprint": fingerprint}
    text = f"{row['name']} has ended" if word == _HAS_ENDED else f"{row['name']} is no longer listed"
    timeline.add(rows, incident.id, Happened(Kind.SIGNAL_ENDED, text, data=data), at=at)
    is_watched = incident.state is State.MONITORING and is_past(Key(row["component"], row["family"]))
    if is_watched or holding(rows, incident) or not incident.state.is_live:
        return incident
    values: Values = {"state": State.MONITORING.value, "mitigated_at": at, "quiet_until": at + rules.quiet}
    incident = change(rows, incident, values)
    text = "nothing fires any more: it is watched"
    timeline.add(rows, incident.id, Happened(Kind.STATE, text, data={"state": State.MONITORING.value}), at=at)
    return incident


def _joined(rows: Rows, other: Incident, *, into: Incident, at: float) -> Incident:
    """*into*, which *other* turned out to follow from too: what told of it, who took it on, what the public knows.

    The other has nothing left to be done: it is looked back on with its cause.
    """
    rows.execute("UPDATE signals SET incident = ? WHERE incident = ?", (number_of(into.id), number_of(other.id)))
    text = f"it is part of {into.id}: {into.key}"
    timeline.add(rows, other.id, Happened(Kind.STATE, text, data={"state": "reviewed", "part_of": into.id}), at=at)
    ended: Values = {
        "state": State.REVIEWED.value, "mitigated_at": other.mitigated_at or at, "resolved_at": at, "reviewed_at": at,
        "quiet_until": None, "resolution": text, "root_cause": text,
    }  # fmt: skip
    change(rows, other, ended)
    timers.reviewed(rows, other)
    said = f"{other.id} ({other.key}) is part of it"
    timeline.add(rows, into.id, Happened(Kind.UPDATE, said, data={"joined": other.id}), at=at)
    if into.acknowledged_at is None and other.acknowledged_at is not None:
        into = change(rows, into, {"acknowledged_at": other.acknowledged_at, "responder": other.responder})
        timers.acknowledged(rows, into, at=at)
    if into.published_at is None and other.published_at is not None:
        timeline.add(rows, into.id, Happened(Kind.PUBLISHED, "the public is told"), at=at)
        into = change(rows, into, {"published_at": at})
    return _as_bad(rows, into, severity=other.severity, name=other.id, at=at)


def _fires_again(rows: Rows, incident: Incident, *, at: float) -> Incident:
    """The same, no longer quiet if it was."""
    if incident.state is not State.MONITORING:
        return incident
    state = State.DETECTED if incident.acknowledged_at is None else State.MITIGATING
    values: Values = {"state": state.value, "mitigated_at": None, "quiet_until": None}
    timeline.add(rows, incident.id, Happened(Kind.STATE, "it fires again", data={"state": state.value}), at=at)
    return change(rows, incident, values)


def _reopen(rows: Rows, incident: Incident, *, at: float) -> Incident:
    """One that was not over: somebody has to look again."""
    values: Values = {
        "state": State.DETECTED.value, "acknowledged_at": None, "mitigated_at": None, "quiet_until": None,
        "resolved_at": None, "resolution": "",
    }  # fmt: skip
    timeline.add(rows, incident.id, Happened(Kind.STATE, "it was not over", data={"state": "detected"}), at=at)
    incident = change(rows, incident, values)
    timers.opened(rows, incident, at=at)
    return incident


def _cause_found(rows: Rows, incident: Incident, *, signal: Signal, at: float) -> Incident:
    """An incident of what follows, of its cause from now on: one outage stays one incident."""
    values: Values = {"component": signal.key.component, "family": signal.key.family, "title": signal.summary}
    text = f"its cause is {signal.key}: {signal.summary}"
    data: Data = {"key": str(signal.key), "was": str(incident.key)}
    timeline.add(rows, incident.id, Happened(Kind.CLASSIFIED, text, data=data), at=at)
    return _fires_again(rows, change(rows, incident, values), at=at)
