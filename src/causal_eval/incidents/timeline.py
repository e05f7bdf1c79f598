"""What happened, entry by entry; each seals those before it, so that none is changed or left out unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from causal_eval.errors import VerificationMismatch
from causal_eval.incidents.book import Rows, number_of

Data = Mapping[str, str | float | int | bool | None]


class Kind(StrEnum):
    """What an entry tells of."""

    OPENED = "opened"
    SIGNAL = "signal"
    SIGNAL_ENDED = "signal-ended"
    CLASSIFIED = "classified"
    STATE = "state"
    ASSIGNED = "assigned"
    UPDATE = "update"
    EXPECTED = "expected"
    """Somebody said when it may be over."""
    DEADLINE = "deadline"
    ESCALATED = "escalated"
    MESSAGE = "message"
    TASK = "task"
    """Something that a person has to do outside."""
    PUBLISHED = "published"
    DEPLOYMENT = "deployment"
    SWITCH = "switch"
    RUNBOOK = "runbook"
    HEALTH = "health"
    PROVIDER = "provider"
    SNAPSHOT = "snapshot"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened."""

    at: float
    """Seconds since 1970."""
    kind: Kind
    who: str
    text: str
    data: Data
    hash: str

    @property
    def happened_at(self) -> float:
        """When it was: earlier than it was written down, where it was learnt later."""
        at = self.data.get("happened_at")
        return float(at) if isinstance(at, float | int) else self.at


@dataclass(frozen=True, slots=True)
class Happened:
    """Something to write down."""

    kind: Kind
    text: str
    who: str = "sentinel"
    data: Data = field(default_factory=dict)


def add(rows: Rows, incident: str, happened: Happened, *, at: float) -> Entry:
    """Write down what happened."""
    number = number_of(incident)
    last = rows.execute(
        "SELECT hash FROM timeline WHERE incident = ? ORDER BY id DESC LIMIT 1", (number,)
    ).fetchone()  # fmt: skip
    told = json.dumps(dict(happened.data), sort_keys=True, ensure_ascii=False)
    sealed = _seal(
        "" if last is None else last["hash"], (number, at, happened.kind.value, happened.who, happened.text, told)
    )
    rows.execute(
        "INSERT INTO timeline (incident, at, kind, who, text, data, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (number, at, happened.kind.value, happened.who, happened.text, told, sealed),
    )
    return Entry(at, happened.kind, happened.who, happened.text, happened.data, sealed)


def entries(rows: Rows, incident: str) -> list[Entry]:
    """Everything that happened, in the order in which it was written down.

    Raises:
        VerificationMismatch: an entry was changed or taken out.
    """
    found: list[Entry] = []
    before = ""
    for row in rows.execute("SELECT * FROM timeline WHERE incident = ? ORDER BY id", (number_of(incident),)):
        sealed = (row["incident"], row["at"], row["kind"], row["who"], row["text"], row["data"])
        before = _seal(before, sealed)
        if before != row["hash"]:
            raise VerificationMismatch(
                f"the timeline of {incident} was changed at its entry {len(found) + 1}: compare it with a copy"
            )
        data = json.loads(row["data"])
        found.append(Entry(row["at"], Kind(row["kind"]), row["who"], row["text"], data, before))
    return found


def _seal(before: str, values: tuple[object, ...]) -> str:
    return hashlib.sha256(json.dumps([before, *values], ensure_ascii=False).encode()).hexdigest()
