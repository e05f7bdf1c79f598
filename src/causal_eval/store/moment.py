"""The database's own clock: what several machines agree on, whatever theirs say."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Float, literal_column, select

_STANDARD = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)"
_BY_DIALECT = {"sqlite": "((julianday('now') - 2440587.5) * 86400.0)"}


def moment(connection: Connection) -> ColumnElement[float]:
    """Seconds since 1970 by the clock of the database behind *connection*, as an expression."""
    return literal_column(_BY_DIALECT.get(connection.dialect.name, _STANDARD), Float())


def read_moment(connection: Connection) -> float:
    """What that clock says."""
    return float(connection.execute(select(moment(connection))).scalar_one())
