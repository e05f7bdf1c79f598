"""What of the book is public: colours at once, words when somebody published them, of security what was reviewed."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from causal_eval.incidents import feeds, maintenance, timeline, uptime
from causal_eval.incidents.book import Rows, find, incident_from, number_of
from causal_eval.incidents.incident import Incident
from causal_eval.incidents.maintenance import Window
from causal_eval.incidents.status.page import BY_SEVERITY, Component, Level, Shown, StatusPage, Update
from causal_eval.incidents.status.words import OTHER, harmless, named, told, words
from causal_eval.incidents.timeline import Happened, Kind
from causal_eval.incidents.uptime import DAY, Day

PAST_DAYS, OLDER_DAYS = 90, 365
_SECURITY = "security"
_MACHINE = "sentinel"
"""Who publishes without words of its own."""
_STATES = {
    "detected": "investigating",
    "acknowledged": "investigating",
    "investigating": "investigating",
    "mitigating": "identified",
    "monitoring": "monitoring",
    "resolved": "resolved",
    "reviewed": "resolved",
}
"""State -> the name under which readers of such pages know it."""


def gather(rows: Rows, *, at: float, address: str = "") -> StatusPage:
    """Everything that is public at *at*."""
    since = at - OLDER_DAYS * DAY
    query = "SELECT * FROM incidents WHERE resolved_at IS NULL OR resolved_at >= ? ORDER BY number DESC"
    incidents = [incident_from(row) for row in rows.execute(query, (since,))]
    told = _told(rows, since=since)
    shown = [one for incident in incidents if (one := _shown(incident, told[number_of(incident.id)])) is not None]
    over = sorted((one for one in shown if one.ended_at is not None), key=lambda one: -(one.ended_at or 0))
    windows = tuple(_plain(one) for one in maintenance.current(rows, at=at))
    return StatusPage(
        at=at, address=address, components=_components(rows, incidents, windows=windows, at=at),
        current=tuple(sorted((one for one in shown if one.ended_at is None), key=lambda one: -one.level.rank)),
        past=tuple(one for one in over if (one.ended_at or 0) >= at - PAST_DAYS * DAY),
        older=tuple(one for one in over if (one.ended_at or 0) < at - PAST_DAYS * DAY),
        maintenance=windows, upcoming=tuple(_plain(one) for one in maintenance.upcoming(rows, at=at)),
    )  # fmt: skip


def publish_review(rows: Rows, incident: str, *, text: str, who: str, at: float) -> None:
    """Show *text* as what was found afterwards; of a private incident it is all that is ever shown."""
    found = find(rows, incident)
    timeline.add(rows, found.id, Happened(Kind.REVIEW, text, who=who, data={"public": True}), at=at)


def _told(rows: Rows, *, since: float) -> Mapping[int, list[sqlite3.Row]]:
    """By incident, the entries that the public may read or that say how far it was.

    The seals are not looked at: a page that tells less than it could helps nobody, and a review looks at them.
    """
    found: dict[int, list[sqlite3.Row]] = defaultdict(list)
    query = (
        "SELECT t.id, t.incident, t.at, t.kind, t.who, t.text, "
        "t.data ->> '$.state' AS state, t.data ->> '$.public' AS public "
        "FROM incidents i JOIN timeline t ON t.incident = i.number "
        "WHERE i.published_at IS NOT NULL AND (i.resolved_at IS NULL OR i.resolved_at >= ?) "
        "AND t.kind IN ('published', 'state', 'review') ORDER BY t.incident, t.id"
    )
    for row in rows.execute(query, (since,)):
        found[row["incident"]].append(row)
    return found


def _shown(incident: Incident, told: Sequence[sqlite3.Row]) -> Shown | None:
    """What is public of *incident*; None: nothing is."""
    if incident.published_at is None:
        return None
    review = _review(told)
    is_hidden = _is_hidden(incident)
    if is_hidden and (incident.state.is_live or not review):
        return None
    level, component = BY_SEVERITY[incident.severity], named(incident.key.component)
    text = words()
    updates = () if is_hidden else _updates(incident, told)
    return Shown(
        id=incident.id, component=component.id, level=level, state=_STATES[incident.state.value],
        name=text("incident.private") if is_hidden else text(f"incident.{level.value}", {"name": component.name}),
        began_at=incident.opened_at, ended_at=incident.resolved_at, updates=updates, review=review,
    )  # fmt: skip


def _updates(incident: Incident, told: Sequence[sqlite3.Row]) -> tuple[Update, ...]:
    """What was published, that it ended, and that it came back."""
    text, state = words(), "investigating"
    found: list[Update] = []
    for row in told:
        if row["kind"] == Kind.PUBLISHED:
            said = text("incident.noticed") if row["who"] == _MACHINE else harmless(row["text"])
            found.append(Update(row["id"], row["at"], state, said))
        if row["kind"] != Kind.STATE:
            continue
        before, state = state, _STATES.get(row["state"], state)
        if state == "resolved" and before != "resolved":
            found.append(Update(row["id"], row["at"], state, text("incident.over")))
        elif state != "resolved" and before == "resolved":
            found.append(Update(row["id"], row["at"], state, text("incident.back")))
    if not any(row["kind"] == Kind.PUBLISHED for row in told):
        at = incident.published_at or incident.opened_at
        found.insert(0, Update(0, at, "investigating", text("incident.noticed")))
    if incident.resolution and found[-1].state == "resolved":
        end = found[-1]
        found[-1] = Update(end.number, end.at, end.state, harmless(incident.resolution))
    return tuple(found)


def _review(told: Iterable[sqlite3.Row]) -> str:
    """The last one that was published."""
    texts = [row["text"] for row in told if row["kind"] == Kind.REVIEW and row["public"] == 1]
    return harmless(texts[-1]) if texts else ""


def _is_hidden(incident: Incident) -> bool:
    return incident.private or incident.key.component.partition(":")[0] == _SECURITY


def _components(
    rows: Rows, incidents: Sequence[Incident], *, windows: Sequence[Window], at: float
) -> tuple[Component, ...]:
    """All of them, what has no line of its own only where there is something to say."""
    levels: dict[str, list[Level]] = defaultdict(list)
    for incident in incidents:
        is_told = not _is_hidden(incident) and (incident.published_at is not None or not incident.is_reported)
        if incident.state.is_live and is_told:
            levels[named(incident.key.component).id].append(BY_SEVERITY[incident.severity])
    for window in windows:
        levels[named(window.component).id].append(Level.MAINTENANCE)
    parts: dict[str, list[tuple[Day, ...]]] = defaultdict(list)
    for name, days in uptime.histories(rows, at=at, days=PAST_DAYS).items():
        parts[named(name).id].append(days)
    notes = {feeds.COMPONENT: _notes(rows, at=at)}
    found = []
    for one in words().components:
        level = max(levels[one.id], key=lambda level: level.rank, default=Level.OPERATIONAL)
        days = uptime.together(parts[one.id]) if parts[one.id] else ()
        if one.id != OTHER or days or level is not Level.OPERATIONAL:
            found.append(Component(one.id, one.name, one.about, level, days, notes.get(one.id, ())))
    return tuple(found)


def _notes(rows: Rows, *, at: float) -> tuple[str, ...]:
    text = words()
    return tuple(
        text("page.says", {"provider": one.provider, "status": harmless(one.status), "at": told(one.at)})
        for one in feeds.troubles(rows, at=at)
    )


def _plain(window: Window) -> Window:
    return Window(window.id, named(window.component).id, window.starts_at, window.ends_at, harmless(window.text))
