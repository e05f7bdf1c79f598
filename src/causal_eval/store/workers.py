"""Workers that live, by the database's clock, and leases for what only one of them does at a time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select, text, update

from causal_eval.store.moment import moment
from causal_eval.store.work_tables import call_leases, leases, workers

_NEW_LEASE = text("INSERT INTO leases (name, owner, until) VALUES (:name, :owner, 0) ON CONFLICT DO NOTHING")


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that carries out shards."""

    id: str
    host: str
    pid: int
    version: str
    started_at: float


def sign_in(connection: Connection, worker: Worker) -> None:
    """Put the worker down as one that lives."""
    sign_out(connection, worker.id)
    row = {**asdict(worker), "beat_at": moment(connection), "draining": False}
    connection.execute(insert(workers).values(row))


def sign_out(connection: Connection, worker: str) -> None:
    """Forget the worker."""
    connection.execute(delete(call_leases).where(call_leases.c.worker == worker))
    connection.execute(delete(workers).where(workers.c.id == worker))


def beat(connection: Connection, worker: str, *, draining: bool, in_hand: Collection[str]) -> bool:
    """Note that it lives, and with which shards; False: it was taken for dead, and has to sign in again."""
    values = {"beat_at": moment(connection), "draining": draining, "in_hand": " ".join(in_hand)}
    said = connection.execute(update(workers).where(workers.c.id == worker).values(values))
    return said.rowcount == 1


def hands(connection: Connection, *, within: float) -> dict[str, frozenset[str] | None]:
    """Workers that said within so many seconds that they live, and the shards that each had in hand then.

    None: it has not said what it has.
    """
    rows = connection.execute(
        select(workers.c.id, workers.c.in_hand).where(workers.c.beat_at > moment(connection) - within)
    )
    return {row.id: None if row.in_hand is None else frozenset(row.in_hand.split()) for row in rows}


def forget_dead(connection: Connection, *, after: float) -> None:
    """Forget workers that have not said for so many seconds that they live."""
    dead = select(workers.c.id).where(workers.c.beat_at <= moment(connection) - after)
    connection.execute(delete(call_leases).where(call_leases.c.worker.in_(dead)))
    connection.execute(delete(workers).where(workers.c.id.in_(dead)))


def take_lease(connection: Connection, name: str, *, owner: str, seconds: float) -> bool:
    """Whether *owner* has the lease *name* now, for so many seconds from now; somebody else's runs out first."""
    connection.execute(_NEW_LEASE, {"name": name, "owner": owner})
    now = moment(connection)
    taken = connection.execute(
        update(leases)
        .where(leases.c.name == name, (leases.c.until < now) | (leases.c.owner == owner))
        .values(owner=owner, until=now + seconds)
    )
    return taken.rowcount == 1
