"""Requests that carry an ``Idempotency-Key``, and what they were answered with, as rows."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from causal_eval.store.account_tables import idempotency


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """A request that came before."""

    request: str
    """SHA-256 of method, path and body."""
    status: int | None
    """None: it is still under way."""
    body: bytes | None


def claim(connection: Connection, actor: str, *, key: str, request: str, at: float) -> bool:
    """Take *key* for this request; False: it is taken."""
    row = {"actor": actor, "key": key, "request": request, "created_at": at}
    try:
        with connection.begin_nested():
            connection.execute(insert(idempotency), row)
    except IntegrityError:
        return False
    return True


def find_request(connection: Connection, actor: str, *, key: str) -> KeptRequest | None:
    """The request that *key* was taken for."""
    columns = idempotency.c.request, idempotency.c.status, idempotency.c.body
    row = connection.execute(select(*columns).where(_of(actor, key))).first()
    return None if row is None else KeptRequest(row.request, row.status, row.body)


def answer(connection: Connection, actor: str, *, key: str, status: int, body: bytes) -> None:
    """Keep what the request was answered with."""
    connection.execute(update(idempotency).where(_of(actor, key)).values(status=status, body=body))


def release(connection: Connection, actor: str, *, key: str) -> None:
    """Let *key* be used anew, unless it has an answer."""
    connection.execute(delete(idempotency).where(_of(actor, key), idempotency.c.status.is_(None)))


def expire(connection: Connection, before: float) -> None:
    """Forget what was asked before that time (seconds since 1970)."""
    connection.execute(delete(idempotency).where(idempotency.c.created_at < before))


def _of(actor: str, key: str) -> ColumnElement[bool]:
    return and_(idempotency.c.actor == actor, idempotency.c.key == key)
