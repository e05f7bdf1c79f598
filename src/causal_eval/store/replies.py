"""Cached replies in the database: found and kept in groups, each by a thread of its own, so that no call waits long.

They have a commit of their own, not the attempt's: a cache serves whoever asks (a grader has no ledger), the run goes
on while it is written, and a reply that is cached but whose attempt a kill prevented is not paid for again. The price
is a second copy of the text, until ``cache prune``.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection, delete, func, select, text

from causal_eval.errors import StoreError
from causal_eval.providers.cache import Remembered
from causal_eval.providers.provider import Refusal, Reply
from causal_eval.store.database import Store
from causal_eval.store.rows import outcome_from, outcome_values
from causal_eval.store.tables import replies

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class SqlReplies:
    """A :class:`~causal_eval.providers.cache.ReplyCache` in a :class:`~causal_eval.store.database.Store`.

    Where the database has trouble, *trouble* hears of it, nothing is found, and what was to be kept is not.
    """

    def __init__(self, store: Store, *, trouble: Callable[[str], None]) -> None:
        self._trouble = trouble
        self._finder = _Group(store, store.engine.connect, _found)
        self._keeper = _Group(store, store.writer, _keep)
        self._writing: asyncio.Task[None] | None = None
        """None as soon as nothing waits: whoever comes then begins anew."""
        self._waiting: list[Remembered] = []

    async def find(self, key: str, *, since: str) -> Reply | Refusal | None:
        """The outcome under *key*, if it is not too old."""
        try:
            row = await self._finder.do(key)
        except StoreError as error:
            self._trouble(str(error))
            return None
        return None if row is None or row.asked_at < since else row.outcome

    def keep(self, remembered: Remembered) -> None:
        """Keep it with the next group."""
        self._waiting.append(remembered)
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def settle(self) -> None:
        """Return when all that was given is written."""
        while self._writing is not None:
            await asyncio.wait({self._writing})

    async def close(self) -> None:
        """Write what is left and disconnect; idempotent."""
        await self.settle()
        await self._finder.close()
        await self._keeper.close()

    async def _write(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                await self._write_group(group)
        finally:
            self._writing = None

    async def _write_group(self, group: Sequence[Remembered]) -> None:
        try:
            await self._keeper.all(group)
        except StoreError as error:
            self._trouble(str(error))


@dataclass(frozen=True, slots=True)
class Kept:
    """What is cached of one answerer."""

    answerer: str
    replies: int
    size: int
    """Bytes."""
    oldest: str
    newest: str


def kept_replies(store: Store, *, project: str) -> list[Kept]:
    """What is cached, by answerer."""
    row = replies.c
    query = (
        select(row.answerer, func.count(), func.sum(func.length(row.body)), func.min(row.asked_at),
               func.max(row.asked_at))
        .where(row.project == project)
        .group_by(row.answerer)
        .order_by(row.answerer)
    )  # fmt: skip
    with store.reading() as connection:
        return [Kept(*found) for found in connection.execute(query)]


def forget_replies(store: Store, *, project: str, before: str | None = None, answerer: str | None = None) -> int:
    """Delete cached replies first asked for before *before* (UTC, ISO 8601), or all; returns how many."""
    query = delete(replies).where(replies.c.project == project)
    if before is not None:
        query = query.where(replies.c.asked_at < before)
    if answerer is not None:
        query = query.where(replies.c.answerer == answerer)
    with store.writing() as connection:
        return connection.execute(query).rowcount


class _Row(NamedTuple):
    asked_at: str
    outcome: Reply | Refusal


def _found(connection: Connection, keys: Sequence[str]) -> list[_Row | None]:
    rows = connection.execute(select(replies.c.key, replies.c.body).where(replies.c.key.in_(set(keys))))
    found = {key: outcome_from(msgspec.json.decode(body)) for key, body in rows}
    return [_Row(found[key].asked_at, found[key]) if key in found else None for key in keys]


def _keep(connection: Connection, group: Sequence[Remembered]) -> list[None]:
    """Insert or replace; of two under one key the one that was asked for later stays."""
    newest = {one.key: one for one in sorted(group, key=lambda one: one.outcome.asked_at)}
    rows = [
        {
            "key": one.key,
            "project": one.project,
            "answerer": one.answerer,
            "asked_at": one.outcome.asked_at,
            "body": msgspec.json.encode(outcome_values(one.outcome)),
        }
        for one in newest.values()
    ]
    connection.execute(_KEEP, rows)
    return [None] * len(group)


_KEEP = text(
    """
    INSERT INTO replies (key, project, answerer, asked_at, body) VALUES (:key, :project, :answerer, :asked_at, :body)
    ON CONFLICT (key) DO UPDATE
    SET project = excluded.project, answerer = excluded.answerer, asked_at = excluded.asked_at, body = excluded.body
    WHERE excluded.asked_at > replies.asked_at
    """
)


class _Group(Generic[_In, _Out]):
    """A thread with one connection: what is asked for while it works is done together next, in one transaction."""

    def __init__(
        self,
        store: Store,
        connect: Callable[[], Connection],
        work: Callable[[Connection, Sequence[_In]], list[_Out]],
    ) -> None:
        self._store = store
        self._connect = connect
        self._work = work
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="replies")
        self._waiting: list[tuple[_In, asyncio.Future[_Out]]] = []
        self._busy: asyncio.Task[None] | None = None

    async def do(self, item: _In) -> _Out:
        """What the work makes of *item*, together with whatever else waits."""
        future: asyncio.Future[_Out] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._busy is None:
            self._busy = asyncio.get_running_loop().create_task(self._serve())
        return await future

    async def all(self, items: Sequence[_In]) -> list[_Out]:
        """What the work makes of *items*."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, functools.partial(self._do, items))

    async def close(self) -> None:
        """Disconnect after what is under way; idempotent."""
        if self._busy is not None:
            await asyncio.wait({self._busy})
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await asyncio.get_running_loop().run_in_executor(self._thread, connection.close)
        self._thread.shutdown()

    async def _serve(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                await self._serve_group(group)
        finally:
            self._busy = None

    async def _serve_group(self, group: Sequence[tuple[_In, asyncio.Future[_Out]]]) -> None:
        try:
            made = await self.all([item for item, _ in group])
        except StoreError as error:
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), one in zip(group, made, strict=True):
            if not future.done():  # whoever asked may have been cancelled
                future.set_result(one)

    def _do(self, items: Sequence[_In]) -> list[_Out]:
        with self._store.explained():
            if self._connection is None:
                self._connection = self._connect()
            with self._connection.begin():
                return self._work(self._connection, items)
