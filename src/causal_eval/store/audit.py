"""The audit log: rows that are only ever added, each chained to the last, in the transaction of what they tell."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select

from causal_eval.store.account_tables import audit
from causal_eval.store.locks import take_turn

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what to what."""

    actor: str
    action: str
    target: str
    project: str | None = None
    address: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    """No secret, no text of a reply."""


@dataclass(frozen=True, slots=True)
class Noted:
    """An entry as it stands in the log."""

    id: int
    at: datetime
    entry: Entry
    chain: str


def note(connection: Connection, entry: Entry, *, at: float) -> None:
    """Add *entry*; the caller's transaction decides whether it happened at all.

    On PostgreSQL other transactions wait here for the end of this one, so it comes last in a transaction.
    """
    take_turn(connection, "audit")
    before = connection.scalars(select(audit.c.chain).order_by(audit.c.id.desc()).limit(1)).first() or ""
    moment = datetime.fromtimestamp(at, UTC)
    connection.execute(
        insert(audit),
        {
            "at": moment,
            "actor": entry.actor,
            "project": entry.project,
            "action": entry.action,
            "target": entry.target,
            "detail": msgspec.json.encode(entry.detail, order="sorted").decode(),
            "address": entry.address,
            "chain": _link(before, entry, at=moment),
        },
    )


def entries(
    connection: Connection, *, project: str | None = None, before: int | None = None, limit: int = 100
) -> list[Noted]:
    """The newest entries, newest first, of *project* or of all."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if project is not None:
        query = query.where(audit.c.project == project)
    if before is not None:
        query = query.where(audit.c.id < before)
    return [_noted(row._mapping) for row in connection.execute(query)]


def broken_links(connection: Connection) -> Iterator[int]:
    """Ids of entries that were changed, or before which one was taken away."""
    before, after = "", 0
    while True:
        query = select(audit).where(audit.c.id > after).order_by(audit.c.id).limit(_PAGE)
        page = [_noted(row._mapping) for row in connection.execute(query)]
        for one in page:
            if one.chain != _link(before, one.entry, at=one.at):
                yield one.id
            before, after = one.chain, one.id
        if len(page) < _PAGE:
            return


def _noted(row: Any) -> Noted:
    entry = Entry(
        row["actor"], row["action"], row["target"], row["project"], row["address"], msgspec.json.decode(row["detail"])
    )
    return Noted(row["id"], row["at"].replace(tzinfo=UTC), entry, row["chain"])


def _link(before: str, entry: Entry, *, at: datetime) -> str:
    told = [before, at.timestamp(), entry.actor, entry.action, entry.target, entry.project, entry.address, entry.detail]
    return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()
