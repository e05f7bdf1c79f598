"""What happened in evaluations, in order: written with what they tell of, read by whoever listens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, func, insert, select

from causal_eval.store.locks import take_turn
from causal_eval.store.work_tables import events


@dataclass(frozen=True, slots=True)
class Happening:
    """One event."""

    id: int
    project: str
    evaluation_id: str
    kind: str
    body: Mapping[str, Any]
    at: float


@dataclass(frozen=True, slots=True)
class Told:
    """An event before it has a place."""

    evaluation_id: str
    project: str
    kind: str
    body: Mapping[str, Any] = field(default_factory=dict)


def tell(connection: Connection, told: Told, *, at: float) -> None:
    """Add an event in the transaction of what it tells of.

    Events of one evaluation become visible in the order of their ids, so that a listener who knows the last one
    misses none.
    """
    hold(connection, told.evaluation_id)
    body = msgspec.json.encode(told.body).decode()
    row = {"project": told.project, "evaluation_id": told.evaluation_id, "kind": told.kind, "body": body, "at": at}
    connection.execute(insert(events), row)


def hold(connection: Connection, evaluation: str) -> None:
    """Let nobody else tell of *evaluation* until the transaction ends."""
    take_turn(connection, f"events of {evaluation}")


def events_after(connection: Connection, evaluation: str, *, after: int, limit: int = 100) -> list[Happening]:
    """The events of *evaluation* that came after the one with id *after*, oldest first."""
    rows = connection.execute(
        select(events)
        .where(events.c.evaluation_id == evaluation, events.c.id > after)
        .order_by(events.c.id)
        .limit(limit)
    )
    return [
        Happening(row.id, row.project, row.evaluation_id, row.kind, msgspec.json.decode(row.body), row.at)
        for row in rows
    ]


class Mention(NamedTuple):
    """That an event is told of an evaluation."""

    id: int
    evaluation_id: str


def told_after(connection: Connection, last: int, *, limit: int = 1000) -> list[Mention]:
    """Of which evaluations something is told after the event with id *last*, oldest first."""
    rows = connection.execute(
        select(events.c.id, events.c.evaluation_id).where(events.c.id > last).order_by(events.c.id).limit(limit)
    )
    return [Mention(*row) for row in rows]


def kinds_of(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Kinds of those of the named events that are there, by id."""
    rows = connection.execute(select(events.c.id, events.c.kind).where(events.c.id.in_(ids)))
    return {row.id: row.kind for row in rows}


def newest_event(connection: Connection) -> int:
    """The id of the newest event of all; 0: none."""
    return connection.execute(select(func.max(events.c.id))).scalar_one() or 0
