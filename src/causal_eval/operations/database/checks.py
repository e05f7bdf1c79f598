"""Plans, indexes and the health of a PostgreSQL server's files: looked at, nothing changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import Cursor, sql
from psycopg.errors import Error

from causal_eval.errors import UsageError
from causal_eval.operations.database.sessions import Server
from causal_eval.store.schema import metadata

EXPLAIN_SECONDS = 30.0
_PARAMETER = re.compile(r"\$\d")


def explain(server: Server, query: str, *, analyze: bool = False, seconds: float = EXPLAIN_SECONDS) -> list[str]:
    """The plan of one statement, in a transaction that can only read and is rolled back.

    Raises:
        UsageError: the server refuses it; the message says why.
    """
    options = sql.SQL("ANALYZE, BUFFERS" if analyze else "COSTS")
    has_parameters = bool(_PARAMETER.search(query))
    if has_parameters and analyze:
        raise UsageError("the query has parameters ($1 ...): it can only be run with their values in it")
    with server.transaction(force_rollback=True), server.cursor(binary=True) as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute(sql.SQL("SET LOCAL statement_timeout = {}").format(sql.Literal(round(seconds * 1000))))
        cursor.execute("SET LOCAL lock_timeout = 2000")
        try:
            asked = _prepared(cursor, query) if has_parameters else sql.SQL(query)
            statement = sql.SQL("EXPLAIN ({}) {}").format(options, asked)
            rows = cursor.execute(statement, binary=True).fetchall()  # that form takes one statement alone
        except Error as error:
            raise UsageError(f"the query is refused: {' '.join(str(error).split())}") from error
    return [row[0].decode() if isinstance(row[0], bytes) else str(row[0]) for row in rows]


def _prepared(cursor: Cursor[tuple[object, ...]], query: str) -> sql.Composable:
    """How *query* is called, whose values nobody knows: its plan is the one that holds for any."""
    cursor.execute("DEALLOCATE ALL")  # one that was refused before
    cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    cursor.execute(sql.SQL("PREPARE asked AS {}").format(sql.SQL(query)), binary=True)
    found = cursor.execute("SELECT parameter_types::text[] FROM pg_prepared_statements WHERE name = 'asked'").fetchone()
    values = [sql.SQL("NULL")] * len(found[0] if found is not None and isinstance(found[0], list) else ())
    return sql.SQL("EXECUTE asked ({})").format(sql.SQL(", ").join(values)) if values else sql.SQL("EXECUTE asked")


@dataclass(frozen=True, slots=True)
class IndexState:
    """An index of one of our tables."""

    name: str
    table: str
    state: str
    """``ok``, ``missing``, ``invalid`` (its building was broken off) or ``unknown`` (none of ours)."""
    scans: int
    size: int
    """Bytes."""


_INDEXES = """
SELECT c.relname, t.relname, i.indisvalid, coalesce(s.idx_scan, 0), pg_relation_size(c.oid)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace LEFT JOIN pg_stat_user_indexes s ON s.indexrelid = c.oid
WHERE n.nspname = current_schema() AND t.relname = ANY(%s)
"""


def indexes(server: Server) -> list[IndexState]:
    """Ours, and what else is on our tables; what is missing first."""
    wanted = {str(index.name): table.name for table in metadata.tables.values() for index in table.indexes}
    keys = {str(one.name) for table in metadata.tables.values() for one in table.constraints}
    found = list[IndexState]()
    for name, table, valid, scans, size in server.execute(_INDEXES, [list(metadata.tables)]):
        state = "invalid" if not valid else "ok" if name in wanted or name in keys else "unknown"
        found.append(IndexState(str(name), str(table), state, int(str(scans)), int(str(size))))
    there = {one.name for one in found}
    missing = [IndexState(name, table, "missing", 0, 0) for name, table in wanted.items() if name not in there]
    return sorted([*missing, *found], key=lambda one: (one.state == "ok", one.table, one.name))


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that is broken, or cannot be told."""

    what: str
    where: str
    problem: str
    """One line."""
    certain: bool = True
    """False: a protection is not there, so that damage would not be seen."""


def damages(server: Server) -> Iterator[Damage]:
    """What the server's own checks find: checksums of pages, and amcheck over every table and index of ours."""
    row = server.execute(
        "SELECT current_setting('data_checksums'), coalesce(sum(checksum_failures), 0)::int FROM pg_stat_database"
    ).fetchone()
    assert row is not None
    if row[0] != "on":
        yield Damage("checksums", "the server", "pages have none: damage is seen by row hashes alone", certain=False)
    if row[1]:
        yield Damage("checksums", "the server", f"{row[1]} pages did not have theirs: restore a backup beside it")
    installed = (
        "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'amcheck'"
    )
    schema = server.execute(installed).fetchone()
    if schema is None:
        advice = "the extension is not there: CREATE EXTENSION amcheck, as a superuser"
        yield Damage("amcheck", "the database", advice, certain=False)
        return
    yield from _amcheck(server, str(schema[0]))


_RELATIONS = """
SELECT c.oid::regclass::text, c.relkind FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
LEFT JOIN pg_am a ON a.oid = c.relam JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relpersistence = 'p' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  AND (c.relkind = 'r' OR (c.relkind = 'i' AND a.amname = 'btree' AND i.indisvalid AND i.indisready)) ORDER BY 1
"""


def _amcheck(server: Server, schema: str) -> Iterator[Damage]:
    heap = sql.SQL("SELECT 'block ' || blkno || ': ' || msg FROM {}.verify_heapam(%s::regclass) LIMIT 5")
    tree = sql.SQL("SELECT NULL::text FROM (SELECT {}.bt_index_check(%s::regclass, true)) x WHERE false")
    for name, kind in server.execute(_RELATIONS).fetchall():
        check = (heap if kind in {"r", b"r"} else tree).format(sql.Identifier(schema))
        try:
            found = [str(row[0]) for row in server.execute(check, [name])]
        except Error as error:
            found = [" ".join(str(error).split())]
        yield from (Damage("amcheck", str(name), problem) for problem in found)
