"""An incident as others are told of it, over HTTP: one form for routes, pages, the client and the copy elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from causal_eval.incidents import actions, keeping, timeline, timers
from causal_eval.incidents.book import Rows, find, incident_from, live, number_of
from causal_eval.incidents.classify import Observation, What, classify, known
from causal_eval.incidents.incident import Incident, Severity, State
from causal_eval.incidents.timeline import Data, Kind

LARGEST_PAGE = 200


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as it is now; moments in seconds since 1970, None: not yet."""

    id: str
    """``INC-7``."""
    component: str
    family: str
    severity: Severity
    state: State
    title: str
    impact: str
    private: bool
    """It concerns security: for operators alone."""
    began_at: float
    """When the first signal of it began, as who raised that says; at the latest when it was opened."""
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
    seq: int
    """Grows whenever anything happens to it: greater than that of all that changed before."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened."""

    at: float
    kind: Kind
    who: str
    text: str
    data: dict[str, str | float | int | bool | None]
    hash: str


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do afterwards."""

    id: int
    text: str
    owner: str
    due_at: float
    closed_at: float | None
    waived: str


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """Which line of the runbook says how bad it is, and why; of a person, what he said."""

    severity: Severity
    rule: str
    """Empty: a person decided."""
    why: str


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """All about one."""

    incident: Told
    ruling: Ruling
    timeline: tuple[Entry, ...]
    tasks: tuple[Task, ...]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some incidents."""

    at: float
    """When this was so."""
    incidents: tuple[Told, ...]
    cursor: int
    """What to ask with as ``since`` next; of a list that is no list of changes, as ``before``. 0: nothing is left."""


def told(rows: Rows, incident: Incident) -> Told:
    """*incident* as others are told of it."""
    number = number_of(incident.id)
    row = rows.execute(
        "SELECT max(id) AS seq, min(json_extract(data, '$.began_at')) AS began_at FROM timeline WHERE incident = ?",
        (number,),
    ).fetchone()
    return Told(
        id=incident.id, component=incident.key.component, family=incident.key.family, severity=incident.severity,
        state=incident.state, title=incident.title, impact=incident.impact, private=incident.private,
        began_at=min(incident.opened_at, row["began_at"] or incident.opened_at), opened_at=incident.opened_at,
        published_at=incident.published_at, acknowledged_at=incident.acknowledged_at, responder=incident.responder,
        mitigated_at=incident.mitigated_at, quiet_until=incident.quiet_until, resolved_at=incident.resolved_at,
        reviewed_at=incident.reviewed_at, root_cause=incident.root_cause, resolution=incident.resolution,
        firing=tuple(keeping.firing(rows, incident.id)),
        due={deadline.value: at for deadline, at in timers.pending(rows, incident.id).items()}, seq=row["seq"] or 0,
    )  # fmt: skip


def opened(rows: Rows, *, at: float) -> Page:
    """Every incident that is not over, worst and oldest first."""
    return Page(at=at, incidents=_all(rows, live(rows)), cursor=0)


def newest(rows: Rows, *, before: int = 0, limit: int = 50, at: float) -> Page:
    """All incidents, newest first, from the one before number *before* on."""
    query = "SELECT * FROM incidents WHERE ? = 0 OR number < ? ORDER BY number DESC LIMIT ?"
    found = [incident_from(row) for row in rows.execute(query, (before, before, limit + 1)).fetchall()]
    rest = number_of(found[limit - 1].id) if len(found) > limit else 0
    return Page(at=at, incidents=_all(rows, found[:limit]), cursor=rest)


def changed(rows: Rows, *, since: int, limit: int = LARGEST_PAGE, at: float) -> Page:
    """What happened to incidents after *since*, each as it is now, in the order of their last change.

    Ask with the page's cursor next; a cursor less than *since* is that of another book: begin with 0.
    """
    query = "SELECT incident, max(id) AS seq FROM timeline WHERE id > ? GROUP BY incident ORDER BY seq LIMIT ?"
    found = rows.execute(query, (since, limit)).fetchall()
    last = rows.execute("SELECT coalesce(max(id), 0) AS last FROM timeline").fetchone()["last"]
    cursor = found[-1]["seq"] if found else min(since, last)
    return Page(at=at, incidents=_all(rows, (find(rows, f"INC-{row['incident']}") for row in found)), cursor=cursor)


def whole(rows: Rows, incident: str) -> Whole:
    """All about *incident*.

    Raises:
        UnknownName: there is none. VerificationMismatch: its timeline was changed.
    """
    found = find(rows, incident)
    happened = timeline.entries(rows, found.id)
    tasks = [
        Task(id=one.id, text=one.text, owner=one.owner, due_at=one.due_at, closed_at=one.closed_at, waived=one.waived)
        for one in actions.of(rows, found.id)
    ]
    return Whole(
        incident=told(rows, found), ruling=_ruling(rows, found, happened=happened), tasks=tuple(tasks),
        timeline=tuple(
            Entry(at=one.at, kind=one.kind, who=one.who, text=one.text, data=dict(one.data), hash=one.hash)
            for one in happened
        ),
    )  # fmt: skip


def _all(rows: Rows, found: Iterable[Incident]) -> tuple[Told, ...]:
    return tuple(told(rows, one) for one in found)


def _ruling(rows: Rows, incident: Incident, *, happened: Iterable[timeline.Entry]) -> Ruling:
    """The rule of an alert that makes it as bad as it is; where there is none, what was said when it became so."""
    query = "SELECT DISTINCT name FROM signals WHERE incident = ?"
    names = {row["name"] for row in rows.execute(query, (number_of(incident.id),))} & known(What.ALERT)
    decisions = [classify([Observation(What.ALERT, name)]) for name in sorted(names)]
    for one in decisions:
        if one.severity is incident.severity:
            return Ruling(severity=one.severity, rule=one.rule, why=one.why)
    said = [one for one in happened if _severity_in(one.data) == incident.severity.value]
    why = "" if not said else f"{said[-1].text} ({said[-1].who})"
    return Ruling(severity=incident.severity, rule="", why=why)


def _severity_in(data: Data) -> object:
    return data.get("severity")
