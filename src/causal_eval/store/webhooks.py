"""Webhooks as rows, and a row for each event that is to be delivered to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select, update

from causal_eval.errors import UnknownName
from causal_eval.store.credentials import Sealed
from causal_eval.store.events import Happening
from causal_eval.store.public_tables import deliveries, webhooks
from causal_eval.store.work_tables import events

LOOK_BACK = 1_000
"""Events before the last one that is queued which are looked at again: one may become visible after a later one."""
MOST_QUEUED = 500


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where events of a project are sent."""

    id: str
    project: str
    url: str
    kinds: str
    """JSON list of event kinds; empty: all but progress."""
    created_by: str
    created_at: float
    seen: int = 0
    """The newest event that is queued."""
    failing_since: float | None = None
    disabled_at: float | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """That an event is, was or could not be sent."""

    id: str
    webhook_id: str
    event_id: int
    status: str
    """``open``, ``done`` or ``failed``."""
    tries: int
    created_at: float
    next_at: float
    last_status: int | None = None
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """Everything that a delivery needs."""

    delivery: Delivery
    webhook: Webhook
    secret: Sealed
    event: Happening


def insert_webhook(connection: Connection, one: Webhook, *, secret: Sealed) -> None:
    """Add a webhook."""
    connection.execute(insert(webhooks), {**asdict(one), **asdict(secret)})


def list_webhooks(connection: Connection, project: str | None = None) -> list[Webhook]:
    """Those of *project*, newest first; without one, all that are not disabled."""
    query = select(*_WEBHOOK).order_by(webhooks.c.created_at.desc(), webhooks.c.id)
    query = query.where(webhooks.c.disabled_at.is_(None) if project is None else webhooks.c.project == project)
    return [Webhook(**row._mapping) for row in connection.execute(query)]


def find_webhook(connection: Connection, webhook: str) -> Webhook:
    """The webhook with this id.

    Raises:
        UnknownName: there is none.
    """
    row = connection.execute(select(*_WEBHOOK).where(webhooks.c.id == webhook)).first()
    if row is None:
        raise UnknownName("webhook", webhook, ())
    return Webhook(**row._mapping)


def change_webhook(connection: Connection, webhook: str, *, values: Mapping[str, object]) -> None:
    """Set columns of its row, by name."""
    connection.execute(update(webhooks).where(webhooks.c.id == webhook).values(**values))


def delete_webhook(connection: Connection, webhook: str) -> None:
    """Delete it with its deliveries."""
    connection.execute(delete(deliveries).where(deliveries.c.webhook_id == webhook))
    connection.execute(delete(webhooks).where(webhooks.c.id == webhook))


def unqueued(connection: Connection, one: Webhook) -> list[int]:
    """Events of its project since it was made that no delivery is queued for, oldest first."""
    kinds = msgspec.json.decode(one.kinds, type=list[str])
    wanted = events.c.kind.in_(kinds) if kinds else events.c.kind != "progress"
    queued = exists().where(deliveries.c.webhook_id == one.id, deliveries.c.event_id == events.c.id)
    query = select(events.c.id).where(
        events.c.project == one.project, events.c.id > one.seen - LOOK_BACK, events.c.at >= one.created_at
    )
    return list(connection.scalars(query.where(wanted, ~queued).order_by(events.c.id).limit(MOST_QUEUED)))


def insert_deliveries(connection: Connection, rows: list[Delivery]) -> None:
    """Queue them."""
    if rows:
        connection.execute(insert(deliveries), [asdict(row) for row in rows])


def due(connection: Connection, *, now: float, limit: int) -> list[Due]:
    """Deliveries whose time has come, those that wait longest first."""
    query = (
        select(deliveries.c.id, deliveries.c.webhook_id, deliveries.c.event_id)
        .join(webhooks, webhooks.c.id == deliveries.c.webhook_id)
        .where(deliveries.c.status == "open", deliveries.c.next_at <= now, webhooks.c.disabled_at.is_(None))
        .order_by(deliveries.c.next_at)
        .limit(limit)
    )
    return [
        _due(connection, row.id, webhook=row.webhook_id, event=row.event_id) for row in connection.execute(query).all()
    ]


def find_delivery(connection: Connection, delivery: str) -> Delivery:
    """The delivery with this id.

    Raises:
        UnknownName: there is none.
    """
    row = connection.execute(select(deliveries).where(deliveries.c.id == delivery)).first()
    if row is None:
        raise UnknownName("delivery", delivery, ())
    return Delivery(**row._mapping)


def change_delivery(connection: Connection, delivery: str, *, values: Mapping[str, object]) -> None:
    """Set columns of its row, by name."""
    connection.execute(update(deliveries).where(deliveries.c.id == delivery).values(**values))


def list_deliveries(connection: Connection, webhook: str, *, before: int | None, limit: int) -> list[Delivery]:
    """The newest first, of events before the one with id *before*."""
    query = select(deliveries).where(deliveries.c.webhook_id == webhook)
    if before is not None:
        query = query.where(deliveries.c.event_id < before)
    rows = connection.execute(query.order_by(deliveries.c.event_id.desc()).limit(limit))
    return [Delivery(**row._mapping) for row in rows]


def _due(connection: Connection, delivery: str, *, webhook: str, event: int) -> Due:
    secret = connection.execute(
        select(webhooks.c.sealed, webhooks.c.wrapped, webhooks.c.master).where(webhooks.c.id == webhook)
    ).one()
    told = connection.execute(select(events).where(events.c.id == event)).one()
    happening = Happening(told.id, told.project, told.evaluation_id, told.kind, msgspec.json.decode(told.body), told.at)
    return Due(find_delivery(connection, delivery), find_webhook(connection, webhook), Sealed(*secret), happening)


_WEBHOOK: tuple[ColumnElement[object], ...] = tuple(
    webhooks.c[name]
    for name in ("id", "project", "url", "kinds", "created_by", "created_at", "seen", "failing_since", "disabled_at")
)
