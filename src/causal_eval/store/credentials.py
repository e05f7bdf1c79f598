"""Sealed secrets as rows: providers' keys, and what all sealed rows share when the master key changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from sqlalchemy import Connection, insert, select, update

from causal_eval.store.account_tables import credentials
from causal_eval.store.accounts import moment, seconds
from causal_eval.store.public_tables import webhooks

_SEALED = {table.name: table for table in (credentials, webhooks)}


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret that only the master key ``master`` opens."""

    sealed: bytes = field(repr=False)
    wrapped: bytes = field(repr=False)
    """The data key, under the master key."""
    master: str


@dataclass(frozen=True, slots=True)
class Credential:
    """A provider's key, as a list shows it."""

    id: str
    project: str
    provider: str
    origin: str
    shown: str
    created_by: str
    created_at: float
    revoked_at: float | None = None


@dataclass(frozen=True, slots=True)
class SealedRow:
    """Where a sealed secret lies."""

    table: str
    id: str
    what: Sealed


@dataclass(frozen=True, slots=True)
class KeptCredential:
    """A provider's key that can be used."""

    line: Credential
    what: Sealed


def insert_credential(connection: Connection, line: Credential, *, what: Sealed) -> None:
    """Add a provider's key."""
    row = {**asdict(line), **asdict(what), "created_at": moment(line.created_at), "revoked_at": None}
    connection.execute(insert(credentials), row)


def list_credentials(connection: Connection, project: str, *, provider: str | None = None) -> list[KeptCredential]:
    """The keys of *project*, newest first, revoked ones too."""
    query = select(credentials).where(credentials.c.project == project)
    if provider is not None:
        query = query.where(credentials.c.provider == provider)
    rows = connection.execute(query.order_by(credentials.c.created_at.desc(), credentials.c.id))
    return [
        KeptCredential(
            Credential(
                row.id, row.project, row.provider, row.origin, row.shown, row.created_by,
                seconds(row.created_at) or 0.0, seconds(row.revoked_at),
            ),
            Sealed(row.sealed, row.wrapped, row.master),
        )
        for row in rows
    ]  # fmt: skip


def wipe_credential(connection: Connection, credential: str, *, at: float) -> None:
    """Revoke it: nothing is left that could be opened."""
    gone = {"revoked_at": moment(at), "sealed": b"", "wrapped": b""}
    connection.execute(update(credentials).where(credentials.c.id == credential).values(**gone))


def sealed_rows(connection: Connection, *, but: str) -> Iterator[SealedRow]:
    """Every secret that is not under the master key *but*."""
    for name, table in _SEALED.items():
        query = select(table.c.id, table.c.sealed, table.c.wrapped, table.c.master)
        for row in connection.execute(query.where(table.c.master != but)).all():
            yield SealedRow(name, row.id, Sealed(row.sealed, row.wrapped, row.master))


def rewrap(connection: Connection, row: SealedRow) -> None:
    """Keep the data key of *row* under its new master key."""
    table, new = _SEALED[row.table], {"wrapped": row.what.wrapped, "master": row.what.master}
    connection.execute(update(table).where(table.c.id == row.id).values(**new))
