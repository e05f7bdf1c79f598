"""Workers that live, as rows."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from causal_eval.store.work_tables import workers


@dataclass(frozen=True, slots=True)
class Beat:
    """A worker and when it last said that it lives."""

    id: str
    host: str
    pid: int
    version: str
    beat_at: float
    draining: bool


def beats(connection: Connection, *, since: float) -> list[Beat]:
    """Workers that have beaten since then, by id."""
    columns = [workers.c[name] for name in Beat.__slots__]
    rows = connection.execute(select(*columns).where(workers.c.beat_at >= since).order_by(workers.c.id))
    return [Beat(*row) for row in rows]
