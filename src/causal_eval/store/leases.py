"""Call slots leased by workers: together never more than the cap, each as many as it can use, anew every second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, text, update

from causal_eval.store.moment import read_moment
from causal_eval.store.work_tables import call_leases

_EVERYTHING = ""
"""Provider and key of the slots under the hard cap, which all providers share."""
_PACE = "pace"
"""Key of the rows that say who shares an evaluation's requests and tokens per minute."""
_NEW_TURN = text("INSERT INTO leases (name, owner, until) VALUES ('calls', '', 0) ON CONFLICT DO NOTHING")
_TURN = text("UPDATE leases SET until = 0 WHERE name = 'calls'")
"""One worker at a time shares out: its lock lasts until the transaction ends."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What a worker has and wants."""

    open: int
    """Calls that are open."""
    wanted: int
    """Calls that would be open if nothing held them back."""


def share(connection: Connection, worker: str, *, demand: Demand, cap: int, seconds: float) -> int:
    """How many calls *worker* may have open for the next *seconds*, of *cap* over all workers.

    A share grows only by what others have given up: all leases together never pass the cap, but for calls that were
    open when it was lowered.
    """
    connection.execute(_NEW_TURN)
    connection.execute(_TURN)
    now = read_moment(connection)
    connection.execute(delete(call_leases).where(_of_all(), call_leases.c.until <= now))
    rows = connection.execute(select(call_leases).where(_of_all(), call_leases.c.worker != worker)).all()
    fair = fair_shares(cap, {worker: demand.wanted, **{row.worker: row.wanted for row in rows}})[worker]
    calls: int = max(0, min(fair, cap - sum(row.calls for row in rows)))
    _write(connection, worker, demand=demand, calls=calls, until=now + seconds)
    return calls


def sharers(connection: Connection, evaluation: str, worker: str, *, seconds: float) -> int:
    """How many workers ask for *evaluation* now, *worker* for the next *seconds* among them."""
    now = read_moment(connection)
    mine = and_(call_leases.c.provider == evaluation, call_leases.c.key == _PACE, call_leases.c.worker == worker)
    if not connection.execute(update(call_leases).where(mine).values(until=now + seconds)).rowcount:
        row = {"provider": evaluation, "key": _PACE, "worker": worker, "requests": None, "tokens": None}
        connection.execute(insert(call_leases), {**row, "calls": 0, "wanted": 0, "until": now + seconds})
    of_all = and_(call_leases.c.provider == evaluation, call_leases.c.key == _PACE)
    connection.execute(delete(call_leases).where(of_all, call_leases.c.until <= now))
    return connection.execute(select(func.count()).select_from(call_leases).where(of_all)).scalar_one()


def fair_shares(cap: int, wanted: Mapping[str, int]) -> dict[str, int]:
    """*cap* shared out: to each what it wants, or an equal part of what the modest leave; the rest equally."""
    shares: dict[str, int] = {}
    left = cap
    by_modesty = sorted(wanted, key=lambda worker: (wanted[worker], worker))
    for place, worker in enumerate(by_modesty):
        shares[worker] = min(wanted[worker], -(-left // (len(by_modesty) - place)))
        left -= shares[worker]
    each, more = divmod(left, max(1, len(shares)))
    return {worker: calls + each + (place < more) for place, (worker, calls) in enumerate(shares.items())}


def _write(connection: Connection, worker: str, *, demand: Demand, calls: int, until: float) -> None:
    values = {"calls": max(calls, demand.open), "wanted": demand.wanted, "until": until}
    found = connection.execute(update(call_leases).where(_of_all(), call_leases.c.worker == worker).values(values))
    if not found.rowcount:
        row = {"provider": _EVERYTHING, "key": _EVERYTHING, "worker": worker, "requests": None, "tokens": None}
        connection.execute(insert(call_leases), {**row, **values})


def _of_all() -> ColumnElement[bool]:
    return and_(call_leases.c.provider == _EVERYTHING, call_leases.c.key == _EVERYTHING)
