"""Copies of incidents in the database: written when the sentinel answers, read whether it does or not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from causal_eval.errors import UnknownName
from causal_eval.incidents.view import Told
from causal_eval.store.incident_tables import incident_copy, incidents
from causal_eval.store.locks import take_turn

SENTINEL = "sentinel"
LISTED = 200
_COPYING = "incidents"


@dataclass(frozen=True, slots=True)
class Copy:
    """How fresh the copies are; moments in seconds since 1970."""

    tried_at: float | None
    """When the sentinel was asked last; None: never."""
    answered_at: float | None
    """When it answered last; None: never."""
    fault: str
    """Why it did not the last time; empty: it did."""
    cursor: int
    """What it is asked with next."""

    def age(self, now: float) -> float | None:
        """Seconds since the copies were as the sentinel says; None: there never were any."""
        return None if self.answered_at is None else max(0.0, now - self.answered_at)


NEVER = Copy(None, None, "", 0)


class Kept(NamedTuple):
    """What became of what was told; ids."""

    changed: list[str]
    """New, or other than before."""
    refused: list[str]
    """Another incident of that id is here: the sentinel's file was replaced, and it counts from 1 again."""


def keep(connection: Connection, told: Iterable[Told], *, at: float) -> Kept:
    """Put *told* in place of what is there of them; what says the same is not written again.

    Where what was marked may no longer be all (another cause, another time), results are to be marked anew.
    """
    take_turn(connection, _COPYING)
    given = {one.id: one for one in told}
    columns = (incidents.c.id, incidents.c.payload)
    rows = connection.execute(select(*columns).where(incidents.c.id.in_(given)))
    there = {row.id: _told(row.payload) for row in rows}
    refused = [name for name, one in there.items() if one.opened_at != given[name].opened_at]
    changed = [name for name, one in given.items() if name not in refused and there.get(name) != one]
    for name in changed:
        _write(connection, given[name], before=there.get(name), at=at)
    return Kept(changed, refused)


def answered(connection: Connection, *, cursor: int, at: float) -> None:
    """Note that the sentinel has told everything up to *cursor*."""
    _note(connection, {"tried_at": at, "answered_at": at, "fault": "", "cursor": cursor})


def silent(connection: Connection, fault: str, *, at: float) -> None:
    """Note why the sentinel could not be asked; what it told before stays."""
    _note(connection, {"tried_at": at, "fault": " ".join(fault.split())[:500]})


def looked(connection: Connection, *, at: float) -> None:
    """Note that late results of evaluations that have ended by *at* were looked for."""
    _note(connection, {"looked_at": at})


def freshness(connection: Connection) -> Copy:
    """How fresh the copies are."""
    row = incident_copy.c
    query = select(row.tried_at, row.answered_at, row.fault, row.cursor).where(row.source == SENTINEL)
    found = connection.execute(query).first()
    return NEVER if found is None or not found.tried_at else Copy(*found)


def as_of(connection: Connection) -> float | None:
    """When the copies were so: when the sentinel answered last, else when a command brought the newest; None: none are.

    `causal-eval incident effect` copies from a sentinel's file what no service was ever told.
    """
    answered_at = freshness(connection).answered_at
    return connection.scalar(select(func.max(incidents.c.copied_at))) if answered_at is None else answered_at


def listed(connection: Connection, *, private: bool = True, limit: int = LISTED) -> list[Told]:
    """The newest copies, newest first; *private*: those too of which nothing is for the public."""
    query = select(incidents.c.payload).order_by(incidents.c.opened_at.desc(), incidents.c.id.desc()).limit(limit)
    if not private:
        query = query.where(~incidents.c.private)
    return [_told(payload) for payload in connection.scalars(query)]


def get(connection: Connection, incident: str) -> Told:
    """The copy of the incident with that id.

    Raises:
        UnknownName: there is none.
    """
    payload = connection.scalar(select(incidents.c.payload).where(incidents.c.id == incident))
    if payload is None:
        known = connection.scalars(select(incidents.c.id).order_by(incidents.c.opened_at.desc()).limit(40))
        raise UnknownName("incident", incident, known)
    return _told(payload)


def ended_at(one: Told) -> float | None:
    """When what went wrong was over, whoever said so later; None: something of it fires."""
    return one.resolved_at if one.mitigated_at is None else one.mitigated_at


def _write(connection: Connection, one: Told, *, before: Told | None, at: float) -> None:
    values = {
        "component": one.component, "family": one.family, "severity": one.severity.value, "state": one.state.value,
        "title": one.title, "private": one.private, "began_at": one.began_at, "opened_at": one.opened_at,
        "mitigated_at": one.mitigated_at, "resolved_at": one.resolved_at, "copied_at": at,
        "payload": msgspec.json.encode(one).decode(),
    }  # fmt: skip
    if before is None:
        connection.execute(insert(incidents), {"id": one.id, **values})
        return
    if _reach(before) != _reach(one):
        values["marked_at"] = None
    connection.execute(update(incidents).where(incidents.c.id == one.id).values(**values))


def _reach(one: Told) -> tuple[object, ...]:
    """All that decides which results it may have touched."""
    return one.component, one.family, one.began_at, ended_at(one)


def _note(connection: Connection, values: dict[str, object]) -> None:
    take_turn(connection, _COPYING)
    mine = incident_copy.c.source == SENTINEL
    if not connection.execute(update(incident_copy).where(mine).values(**values)).rowcount:
        row = {"source": SENTINEL, "tried_at": 0.0, "answered_at": None, "fault": "", "cursor": 0}
        connection.execute(insert(incident_copy), {**row, **values})


def _told(payload: str) -> Told:
    return msgspec.json.decode(payload, type=Told)
