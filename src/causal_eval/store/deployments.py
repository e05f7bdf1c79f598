"""Which version of the program runs since when: a row each time that another one starts."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from causal_eval.store.locks import take_turn
from causal_eval.store.moment import read_moment
from causal_eval.store.work_tables import deployments

NAMED = 20
"""Digits of a revision in a name."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A version, from the start of its first process on."""

    version: str
    revision: str
    """Of its source; empty: not known."""
    schema: str
    """The newest migration that it knows."""
    started_at: float
    """By the database's clock; seconds since 1970."""
    host: str
    started_by: str

    @property
    def name(self) -> str:
        """Version and revision: what a rollback is told."""
        return f"{self.version}+{self.revision[:NAMED]}" if self.revision else self.version


def note_start(connection: Connection, *, version: str, revision: str, schema: str, host: str, by: str) -> bool:
    """Add a row, unless this version was the last that was started; whether it was added.

    Several replicas that start at once leave one row.
    """
    take_turn(connection, "deployment")
    last = list_deployments(connection, limit=1)
    if last and (last[0].version, last[0].revision) == (version, revision):
        return False
    now = read_moment(connection)
    new = Deployment(version, revision, schema, now, host, by)
    connection.execute(insert(deployments), {name: getattr(new, name) for name in Deployment.__slots__})
    return True


def list_deployments(connection: Connection, *, limit: int = 20) -> list[Deployment]:
    """The newest, newest first."""
    columns = [deployments.c[name] for name in Deployment.__slots__]
    rows = connection.execute(select(*columns).order_by(deployments.c.id.desc()).limit(limit))
    return [Deployment(*row) for row in rows]
