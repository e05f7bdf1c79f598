"""What people have to do outside: each point is open until somebody says what he did about it."""

from __future__ import annotations

from collections.abc import Mapping

from causal_eval.errors import UnknownName, UsageError
from causal_eval.incidents import timeline
from causal_eval.incidents.book import Rows, find, number_of
from causal_eval.incidents.incident import Incident
from causal_eval.incidents.timeline import Happened, Kind


def left(rows: Rows, incident: str) -> Mapping[str, str]:
    """Name and text of every point that is open."""
    query = (
        "SELECT data ->> '$.task' AS task, data ->> '$.done' AS done, text FROM timeline "
        "WHERE incident = ? AND kind = ? ORDER BY id"
    )
    found: dict[str, str] = {}
    for row in rows.execute(query, (number_of(incident), Kind.TASK.value)):
        if row["done"]:
            found.pop(row["task"], None)
        else:
            found[row["task"]] = row["text"]
    return found


def named(rows: Rows, incident: str) -> frozenset[str]:
    """Name of every point that there ever was: one that was seen to does not come back."""
    query = "SELECT DISTINCT data ->> '$.task' AS task FROM timeline WHERE incident = ? AND kind = ?"
    return frozenset(row["task"] for row in rows.execute(query, (number_of(incident), Kind.TASK.value)))


def tick(rows: Rows, incident: str, *, task: str, text: str, who: str, at: float) -> Incident:
    """*who* has done it, or says why nobody has to.

    Raises:
        UnknownName: no such point is open. UsageError: nothing is said of what was done.
    """
    found = find(rows, incident)
    open_ones = left(rows, found.id)
    if task not in open_ones:
        raise UnknownName("open task", task, open_ones)
    if not text.strip():
        raise UsageError(f"say what was done about {task!r}, or why nobody has to do it")
    timeline.add(rows, found.id, Happened(Kind.TASK, text, who=who, data={"task": task, "done": True}), at=at)
    return found
