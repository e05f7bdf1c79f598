"""How many rows each table has and the sum of their hashes: two databases with the same sums hold the same rows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from causal_eval.store.locks import is_postgresql


@dataclass(frozen=True, slots=True)
class TableSum:
    """A table's rows, in whatever order they lie."""

    table: str
    rows: int
    sum: str
    """Of 60 bits of each row's hash; decimal."""


def table_sums(connection: Connection) -> list[TableSum]:
    """Of every table of the database, the engine's too, by name; the two kinds of database sum differently."""
    if not is_postgresql(connection):
        return _of_file(connection)
    for setting in _FORM:
        connection.exec_driver_sql(f"SET LOCAL {setting}")
    found = []
    for name in connection.scalars(_TABLES).all():
        rows, total = connection.exec_driver_sql(_SUM.format(name)).one()
        found.append(TableSum(name, int(rows), str(total)))
    return found


def differences(before: Sequence[TableSum], after: Sequence[TableSum]) -> list[str]:
    """A line for each table that is not the same in both."""
    old, new = {one.table: one for one in before}, {one.table: one for one in after}
    return [
        f"table {name}: {_said(old.get(name))}, now {_said(new.get(name))}"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]


def _said(one: TableSum | None) -> str:
    return "not there" if one is None else f"{one.rows} rows with sum {one.sum}"


_FORM = ("TimeZone = 'UTC'", "DateStyle = 'ISO, YMD'", "bytea_output = 'hex'", "extra_float_digits = 1")
"""How values are written as text, whatever the session's settings are."""
_TABLES = text(
    """
    SELECT format('%I.%I', n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence = 'p'
      AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
    ORDER BY 1
    """
)
_SUM = "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0)::text FROM {} AS t"


def _of_file(connection: Connection) -> list[TableSum]:
    found = []
    names = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    )
    for name in list(names.scalars()):
        count, total = 0, 0
        quoted = name.replace('"', '""')
        for row in connection.exec_driver_sql(f'SELECT * FROM "{quoted}"'):  # noqa: S608 - the database's own name
            digest = hashlib.md5(repr(tuple(row)).encode(), usedforsecurity=False).digest()
            count, total = count + 1, total + (int.from_bytes(digest[:8], "big") >> 4)
        found.append(TableSum(name, count, str(total)))
    return found
