"""What is asked for twice under one key is done once: the key is kept with what it did, in one transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from causal_eval.errors import Conflict, UsageError
from causal_eval.incidents.book import Rows

KEPT = 86_400.0
"""Seconds for which a key is known."""
LONGEST = 200
_PREFIX = "once:"


class _Note(msgspec.Struct):
    request: str
    at: float
    done: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and the key under which it is done once; an empty one: whenever it is sent."""

    key: str
    request: str
    """What tells it from others: method, path and body."""


def done(rows: Rows, asked: Asked, *, at: float) -> str | None:
    """The id of what the first request with this key did; None: this is the first.

    Raises:
        Conflict: the key came with another request. UsageError: it is no key.
    """
    if not asked.key:
        return None
    if len(asked.key) > LONGEST or not asked.key.isascii() or not asked.key.isprintable():
        raise UsageError(f"Idempotency-Key has to be 1 to {LONGEST} printable ASCII characters: give a fresh UUID")
    query = "DELETE FROM notes WHERE name LIKE ? AND json_extract(value, '$.at') < ?"
    rows.execute(query, (f"{_PREFIX}%", at - KEPT))
    row = rows.execute("SELECT value FROM notes WHERE name = ?", (_PREFIX + asked.key,)).fetchone()
    if row is None:
        return None
    note = msgspec.json.decode(row["value"], type=_Note)
    if note.request != _told(asked):
        raise Conflict(f"Idempotency-Key {asked.key!r} came with another request before: give a fresh key")
    return note.done


def keep(rows: Rows, asked: Asked, *, did: str, at: float) -> None:
    """Remember that the request of this key *did* that: within the transaction in which it was done."""
    if asked.key:
        value = msgspec.json.encode(_Note(_told(asked), at, did)).decode()
        rows.execute("INSERT INTO notes (name, value) VALUES (?, ?)", (_PREFIX + asked.key, value))


def _told(asked: Asked) -> str:
    return hashlib.sha256(asked.request.encode()).hexdigest()
