"""How everything was, kept beside the incidents while it can be asked: it may be gone when somebody looks for why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from causal_eval.incidents import timeline
from causal_eval.incidents.book import Rows, explained, find, incident_from
from causal_eval.incidents.incident import Incident
from causal_eval.incidents.timeline import Happened, Kind

WITHIN = 600.0
"""Seconds after an incident was opened in which it still gets one: later it shows nothing of how it was then."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was seen, and by whose wish."""

    seen: Mapping[str, object]
    health: str
    """In a word."""
    who: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Where it is, and what it is known by."""

    path: Path
    sha256: str


def lacking(rows: Rows, *, at: float) -> list[Incident]:
    """Incidents that were opened a short while ago and have none."""
    query = (
        "SELECT * FROM incidents WHERE opened_at >= ? AND NOT EXISTS "
        "(SELECT 1 FROM timeline WHERE incident = number AND kind = 'snapshot') ORDER BY number"
    )
    return [incident_from(row) for row in rows.execute(query, (at - WITHIN,)).fetchall()]


def keep(rows: Rows, incident: str, *, snapshot: Snapshot, book: Path, at: float) -> Kept:
    """Write *snapshot* beside the file *book*, and into the timeline what it is known by.

    Raises:
        UnknownName: there is no such incident. StoreError: it cannot be written.
    """
    found = find(rows, incident)
    bundle = {"incident": found.id, "at": at, "health": snapshot.health, **snapshot.seen}
    body = json.dumps(bundle, indent=1, ensure_ascii=False).encode() + b"\n"
    path = book.parent / "snapshots" / f"{found.id}-{at:.3f}.json"
    with explained(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(body)
        part.replace(path)
    digest = hashlib.sha256(body).hexdigest()
    data = {"file": path.name, "sha256": digest, "health": snapshot.health}
    happened = Happened(
        Kind.SNAPSHOT, f"health is {snapshot.health}: {path.name}", who=snapshot.who, data=data
    )  # fmt: skip
    timeline.add(rows, found.id, happened, at=at)
    return Kept(path, digest)
