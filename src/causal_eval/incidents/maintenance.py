"""Maintenance that is announced: it is shown, wakes nobody, and excuses no probe that fails meanwhile."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from causal_eval.errors import Conflict, UnknownName, UsageError
from causal_eval.incidents.book import Rows

LONGEST_TEXT = 500
LONGEST_SECONDS = 14 * 86_400.0


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which a component is worked on; moments in seconds since 1970."""

    id: int
    component: str
    starts_at: float
    ends_at: float
    text: str
    """For the public."""


@dataclass(frozen=True, slots=True)
class NewWindow:
    """What is to be announced."""

    component: str
    starts_at: float
    ends_at: float
    text: str


def announce(rows: Rows, window: NewWindow, *, at: float) -> Window:
    """Announce it.

    Raises:
        UsageError: it says nothing, ends before it begins, lasts too long, or has begun already: nothing is announced
            afterwards.
    """
    if not window.component.strip() or not window.text.strip() or len(window.text) > LONGEST_TEXT:
        raise UsageError(f"say what is worked on, and why, in at most {LONGEST_TEXT} characters")
    if window.starts_at < at:
        raise UsageError("maintenance begins before now: announce it from now on, or open an incident for what was")
    if not 0 < window.ends_at - window.starts_at <= LONGEST_SECONDS:
        raise UsageError("maintenance ends after it begins, and within 14 days: announce several where it lasts longer")
    number = rows.execute(
        "INSERT INTO maintenance (component, starts_at, ends_at, text) VALUES (?, ?, ?, ?)",
        (window.component, window.starts_at, window.ends_at, window.text),
    ).lastrowid
    return find(rows, number or 0)


def cancel(rows: Rows, window: int, *, at: float) -> Window:
    """It does not take place; one that has begun ends now, and stays in the history.

    Raises:
        UnknownName: there is none. Conflict: it is over.
    """
    found = find(rows, window)
    if found.ends_at <= at:
        raise Conflict(f"maintenance {window} is over: there is nothing to cancel")
    if found.starts_at < at:
        rows.execute("UPDATE maintenance SET ends_at = ? WHERE id = ?", (at, window))
    else:
        rows.execute("UPDATE maintenance SET cancelled = 1 WHERE id = ?", (window,))
    return found


def current(rows: Rows, *, at: float) -> tuple[Window, ...]:
    """What is worked on now, what began first first."""
    query = "SELECT * FROM maintenance WHERE cancelled = 0 AND starts_at <= ? AND ends_at > ? ORDER BY starts_at, id"
    return tuple(_window(row) for row in rows.execute(query, (at, at)))


def covering(rows: Rows, component: str, *, at: float) -> Window | None:
    """The one that *component* is worked on in now; who works on all model APIs works on each."""
    names = {component, component.partition(":")[0]}
    return max((one for one in current(rows, at=at) if one.component in names), key=lambda w: w.ends_at, default=None)


def every(rows: Rows, *, since: float = 0.0) -> tuple[Window, ...]:
    """All that were not cancelled and end after *since*, by when they begin."""
    query = "SELECT * FROM maintenance WHERE cancelled = 0 AND ends_at > ? ORDER BY starts_at, id"
    return tuple(_window(row) for row in rows.execute(query, (since,)))


def upcoming(rows: Rows, *, at: float) -> tuple[Window, ...]:
    """What is announced for later, the next first."""
    query = "SELECT * FROM maintenance WHERE cancelled = 0 AND starts_at > ? ORDER BY starts_at, id"
    return tuple(_window(row) for row in rows.execute(query, (at,)))


def find(rows: Rows, window: int) -> Window:
    """The one with that number.

    Raises:
        UnknownName: there is none, or it was cancelled.
    """
    row = rows.execute("SELECT * FROM maintenance WHERE id = ? AND cancelled = 0", (window,)).fetchone()
    if row is None:
        known = rows.execute("SELECT id FROM maintenance WHERE cancelled = 0 ORDER BY id DESC LIMIT 40").fetchall()
        raise UnknownName("maintenance", str(window), (str(one["id"]) for one in known))
    return _window(row)


def _window(row: sqlite3.Row) -> Window:
    return Window(row["id"], row["component"], row["starts_at"], row["ends_at"], row["text"])
