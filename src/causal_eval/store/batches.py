"""The book of batches in the database: each entry on the disk before it returns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import Connection, delete, func, insert, select, text, update

from causal_eval.evaluation.attempt import Ask
from causal_eval.evaluation.book import Order, order_tag
from causal_eval.evaluation.memory import utc_now
from causal_eval.questions.question import canonical
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.locks import take_turn
from causal_eval.store.rows import question_digest, question_from
from causal_eval.store.sqlite import lock_for_writing
from causal_eval.store.tables import batch_rows, batches


class SqlBook:
    """A :class:`~causal_eval.evaluation.book.BatchBook` in a :class:`~causal_eval.store.database.Store`."""

    def __init__(self, store: Store, evaluation: Evaluation, *, now: Callable[[], str] = utc_now) -> None:
        self._store = store
        self._evaluation = evaluation
        self._now = now

    async def open(self) -> Sequence[Order]:
        """See the protocol."""
        return await asyncio.to_thread(open_orders, self._store, self._evaluation)

    async def handles(self) -> frozenset[str]:
        """See the protocol."""
        return await asyncio.to_thread(self._known)

    async def intend(self, asks: Sequence[Ask]) -> Order:
        """See the protocol."""
        return await asyncio.to_thread(self._intend, asks)

    async def placed(self, order: Order, handle: str) -> Order:
        """See the protocol."""
        await asyncio.to_thread(self._update, order, {"handle": handle})
        return replace(order, handle=handle)

    async def asks(self, order: Order) -> Sequence[Ask]:
        """See the protocol."""
        return await asyncio.to_thread(self._asks, order)

    async def close(self, order: Order) -> None:
        """See the protocol; the row stays, with its time."""
        await asyncio.to_thread(self._update, order, {"closed_at": self._now()})

    def _known(self) -> frozenset[str]:
        query = select(batches.c.handle).where(batches.c.evaluation_id == self._evaluation.id)
        with self._store.reading() as connection:
            return frozenset(filter(None, connection.scalars(query)))

    def _intend(self, asks: Sequence[Ask]) -> Order:
        made_at, evaluation = self._now(), self._evaluation.id
        with _lasting(self._store) as connection:
            take_turn(connection, f"batches of {evaluation}")
            query = select(func.coalesce(func.max(batches.c.number), 0)).where(batches.c.evaluation_id == evaluation)
            number = connection.execute(query).scalar_one() + 1
            tag = order_tag(evaluation, number, made_at=made_at)
            values = {"evaluation_id": evaluation, "number": number, "tag": tag, "made_at": made_at, "asked": len(asks)}
            key = connection.execute(insert(batches).returning(batches.c.id), values).scalar_one()
            rows = [{"batch_id": key, "question": _digest(ask), "sample": ask.sample} for ask in asks]
            connection.execute(insert(batch_rows), rows)
        return Order(key, tag, len(asks), made_at)

    def _update(self, order: Order, values: dict[str, str]) -> None:
        with _lasting(self._store) as connection:
            connection.execute(update(batches).where(batches.c.id == order.key).values(values))
            if "closed_at" in values:
                connection.execute(delete(batch_rows).where(batch_rows.c.batch_id == order.key))

    def _asks(self, order: Order) -> Sequence[Ask]:
        with self._store.reading() as connection:
            rows = connection.execute(_ASKS, {"batch": order.key}).all()
        return [Ask(question_from(row.body), row.sample) for row in rows]


def open_orders(store: Store, evaluation: Evaluation) -> list[Order]:
    """Orders of *evaluation* that are not closed, oldest first."""
    with store.reading() as connection:
        rows = connection.execute(
            select(batches)
            .where(batches.c.evaluation_id == evaluation.id, batches.c.closed_at.is_(None))
            .order_by(batches.c.number)
        ).all()
    return [Order(row.id, row.tag, row.asked, row.made_at, row.handle or "") for row in rows]


_ASKS = text(
    """
    SELECT r.sample, q.body
    FROM batch_rows r
    JOIN batches b ON b.id = r.batch_id
    JOIN evaluations e ON e.id = b.evaluation_id
    JOIN questions q ON q.digest = r.question
    WHERE r.batch_id = :batch AND NOT EXISTS (
        SELECT 1 FROM attempts a
        WHERE a.evaluation_id = b.evaluation_id AND a.question = r.question AND a.answerer = e.answerer
          AND a.sample = r.sample)
    ORDER BY r.question, r.sample
    """
)
"""What a batch was asked and has no kept outcome."""


def _digest(ask: Ask) -> str:
    return question_digest(canonical(ask.question))


@contextmanager
def _lasting(store: Store) -> Iterator[Connection]:
    """A transaction that outlives a loss of power: what was ordered must be known, or it would be paid again."""
    if store.is_postgresql:
        with store.writing() as connection:
            connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
            yield connection
        return
    with store.explained(), store.engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        raw.cursor().execute("PRAGMA synchronous = FULL")  # not allowed in a transaction
        with lock_for_writing(connection).begin():
            yield connection
