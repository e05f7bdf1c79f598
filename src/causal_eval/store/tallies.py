"""How many outcomes of each kind an evaluation has, kept by the database beside the rows that it counts.

Triggers do it, in the transaction that adds or removes the rows: whoever writes, in whichever version of this program,
the sums are those of the rows (``invariants`` counts them anew). Counting a million rows takes a second; these, none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Integer,
    ScalarSelect,
    String,
    Table,
    bindparam,
    func,
    select,
    text,
)

from causal_eval.scoring.verdict import Mark
from causal_eval.store.locks import is_postgresql
from causal_eval.store.tables import metadata

tallies = Table(
    "tallies",
    metadata,
    Column("evaluation_id", ForeignKey("evaluations.id", ondelete="CASCADE"), primary_key=True),
    #: Which of the database's connections adds here: two that write at once do not wait for one row.
    Column("part", Integer, primary_key=True, autoincrement=False),
    #: A mark (of kept outcomes, by the verdict that was given last; ``ungraded``: none was), ``verdicts`` or
    #: ``failures``.
    Column("what", String(16), primary_key=True),
    #: The sum over parts is the count; a part alone may be below 0.
    Column("n", Integer, nullable=False),
    sqlite_with_rowid=False,
)

_SINCE = "0011"
_VERDICTS, _FAILURES = "verdicts", "failures"


@dataclass(frozen=True, slots=True)
class Tally:
    """What there is of an evaluation."""

    marks: Mapping[Mark, int]
    """Kept outcomes by the verdict that was given last; those that are 0 are left out."""
    verdicts: int
    failures: int

    @property
    def kept(self) -> int:
        """Outcomes that count."""
        return sum(self.marks.values())


def tally(connection: Connection, evaluation: str) -> Tally:
    """What there is of *evaluation* now."""
    return tally_from({row.what: row.n for row in connection.execute(_SUMS, {"evaluation": evaluation})})


def kept_of(evaluation: ColumnElement[str]) -> ScalarSelect[int]:
    """How many outcomes of *evaluation*, a column of the query that this is part of, are kept."""
    mine = tallies.c.evaluation_id == evaluation
    total = func.coalesce(func.sum(tallies.c.n), 0)
    return select(total).where(mine, tallies.c.what.not_in([_VERDICTS, _FAILURES])).scalar_subquery()


def tally_from(sums: Mapping[str, int]) -> Tally:
    """The tally that rows say, by ``what``."""
    marks = {Mark(what): n for what, n in sums.items() if n and what not in {_VERDICTS, _FAILURES}}
    return Tally(marks, sums.get(_VERDICTS, 0), sums.get(_FAILURES, 0))


def untrue(connection: Connection) -> list[str]:
    """Evaluations whose tally is not the count of their rows."""
    told: dict[str, dict[str, int]] = {}
    for row in connection.execute(
        select(tallies.c.evaluation_id, tallies.c.what, func.sum(tallies.c.n).label("n")).group_by(
            tallies.c.evaluation_id, tallies.c.what
        )
    ):
        told.setdefault(row.evaluation_id, {})[row.what] = row.n
    found: dict[str, dict[str, int]] = {}
    for row in connection.execute(_COUNTED):
        found.setdefault(row.evaluation_id, {})[row.what] = row.n
    return sorted(name for name in told.keys() | found.keys() if _some(told, name) != _some(found, name))


def _some(counts: Mapping[str, Mapping[str, int]], name: str) -> dict[str, int]:
    return {what: n for what, n in counts.get(name, {}).items() if n}


_SUMS = (
    select(tallies.c.what, func.sum(tallies.c.n).label("n"))
    .where(tallies.c.evaluation_id == bindparam("evaluation"))
    .group_by(tallies.c.what)
)
_COUNTED = text(
    """
    SELECT a.evaluation_id, coalesce(v.mark, 'ungraded') AS what, count(*) AS n
    FROM attempts a
    LEFT JOIN (SELECT attempt_id, max(id) AS id FROM verdicts GROUP BY attempt_id) AS newest ON newest.attempt_id = a.id
    LEFT JOIN verdicts v ON v.id = newest.id
    GROUP BY 1, 2
    UNION ALL
    SELECT a.evaluation_id, 'verdicts', count(*) FROM verdicts v JOIN attempts a ON a.id = v.attempt_id GROUP BY 1
    UNION ALL
    SELECT f.evaluation_id, 'failures', count(*) FROM failures f GROUP BY 1
    """
)


def create_triggers(connection: Connection) -> None:
    """Have the database count from now on."""
    for statement in statements("postgresql" if is_postgresql(connection) else "sqlite"):
        connection.exec_driver_sql(statement)


def statements(kind: str) -> list[str]:
    """What makes the triggers on that kind of database, for a new one and for the migration that brings them."""
    found = resources.files("causal_eval.store") / "migrations" / "sql" / f"{_SINCE}_{kind}.sql"
    return [part.strip() for part in found.read_text("utf-8").split("\n--\n")[1:]]
