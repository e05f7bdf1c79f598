"""Many rows at once, by the fastest way that each kind of database has."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table

from causal_eval.store.locks import is_postgresql

_PLACES = 60_000
"""Values in one statement; PostgreSQL's protocol counts them in 16 bits."""

Rows = Sequence[tuple[Any, ...]]


def fill(connection: Connection, table: str, *, names: tuple[str, ...], rows: Rows) -> None:
    """Add *rows*, the values of columns *names*, to a table in which nothing stands in their way."""
    if is_postgresql(connection):
        raw: Any = connection.connection.driver_connection
        with raw.cursor() as cursor, cursor.copy(_copy_sql(table, names)) as copy:
            for row in rows:
                copy.write_row(row)
    else:
        connection.exec_driver_sql(_one_sql(table, names), list(rows))


def add(connection: Connection, table: Table, *, rows: Sequence[dict[str, Any]]) -> None:
    """Add *rows*, leaving out what a unique key has already; half the time of a Core insert, which matters here."""
    if not rows:
        return
    names = tuple(rows[0])
    if is_postgresql(connection):
        for part in _parts(rows, len(names)):
            connection.exec_driver_sql(_many_sql(table.name, names, count=len(part)), _flat(part))
    else:
        statement = f"{_one_sql(table.name, names)} ON CONFLICT DO NOTHING"
        connection.exec_driver_sql(statement, [tuple(row.values()) for row in rows])


def add_returning(
    connection: Connection, table: Table, *, rows: Sequence[dict[str, Any]], columns: tuple[str, ...]
) -> list[Row[Any]]:
    """The same on PostgreSQL; returns *columns* of the rows that were not there before."""
    added: list[Row[Any]] = []
    names = tuple(rows[0]) if rows else ()
    for part in _parts(rows, len(names)):
        statement = f"{_many_sql(table.name, names, count=len(part))} RETURNING {_listed(columns)}"
        added += connection.exec_driver_sql(statement, _flat(part)).all()
    return added


def _parts(rows: Sequence[dict[str, Any]], width: int) -> list[Sequence[dict[str, Any]]]:
    step = _PLACES // max(width, 1)
    return [rows[start : start + step] for start in range(0, len(rows), step)]


def _flat(rows: Sequence[dict[str, Any]]) -> tuple[Any, ...]:
    return tuple(value for row in rows for value in row.values())


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


@functools.lru_cache
def _one_sql(table: str, names: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({_listed(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - ours


@functools.lru_cache
def _many_sql(table: str, names: tuple[str, ...], *, count: int) -> str:
    row = f"({', '.join(['%s'] * len(names))})"
    given = ", ".join([row] * count)
    return f"INSERT INTO {table} ({_listed(names)}) VALUES {given} ON CONFLICT DO NOTHING"  # noqa: S608 - ours


@functools.lru_cache
def _copy_sql(table: str, names: tuple[str, ...]) -> str:
    return f"COPY {table} ({_listed(names)}) FROM STDIN"
