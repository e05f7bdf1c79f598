"""API keys as rows: put in, found by their public part, listed, revoked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, or_, select, update

from causal_eval.store.account_tables import api_keys
from causal_eval.store.accounts import moment, seconds


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key; the key itself is not."""

    id: str
    user_id: str
    project: str | None
    name: str
    role: str
    scopes: tuple[str, ...]
    created_at: float
    expires_at: float | None
    last_used_at: float | None
    revoked_at: float | None


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A key, and the SHA-256 that it is known by."""

    key: ApiKey
    digest: str


def insert_key(connection: Connection, key: ApiKey, *, digest: str) -> None:
    """Add a key that was never used."""
    connection.execute(
        insert(api_keys),
        {
            "id": key.id,
            "hash": digest,
            "user_id": key.user_id,
            "project": key.project,
            "name": key.name,
            "role": key.role,
            "scopes": msgspec.json.encode(key.scopes).decode(),
            "created_at": moment(key.created_at),
            "expires_at": None if key.expires_at is None else moment(key.expires_at),
        },
    )


def find_key(connection: Connection, key: str) -> KeptKey | None:
    """The key with this public part, revoked or not."""
    row = connection.execute(select(api_keys).where(api_keys.c.id == key)).first()
    return None if row is None else KeptKey(_key(row), row.hash)


def list_keys(connection: Connection, user: str | None) -> list[ApiKey]:
    """The keys of *user*, or of all, newest first."""
    query = select(api_keys).order_by(api_keys.c.created_at.desc(), api_keys.c.id)
    if user is not None:
        query = query.where(api_keys.c.user_id == user)
    return [_key(row) for row in connection.execute(query)]


def revoke_key(connection: Connection, key: str, *, at: float) -> None:
    """From now on it opens nothing."""
    connection.execute(
        update(api_keys).where(api_keys.c.id == key, api_keys.c.revoked_at.is_(None)).values(revoked_at=moment(at))
    )


def use_key(connection: Connection, key: str, *, at: float, since: float) -> None:
    """Write down that it was used, unless another process did so after *since*."""
    stale = or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at <= moment(since))
    connection.execute(update(api_keys).where(api_keys.c.id == key, stale).values(last_used_at=moment(at)))


def _key(row: Row[Any]) -> ApiKey:
    at = seconds(row.created_at)
    assert at is not None
    return ApiKey(
        row.id,
        row.user_id,
        row.project,
        row.name,
        row.role,
        tuple(msgspec.json.decode(row.scopes, type=list[str])),
        at,
        seconds(row.expires_at),
        seconds(row.last_used_at),
        seconds(row.revoked_at),
    )
