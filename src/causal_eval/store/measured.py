"""Runs of one model, and who answered them by the provider's word."""

from __future__ import annotations

from sqlalchemy import Column, Connection, and_, func, select

from causal_eval.store.evaluations import Evaluation, Status, evaluation_from
from causal_eval.store.tables import attempts, evaluations

MOST_CONFIGURATIONS = 20
"""Of one run: a server that gives more fingerprints names replies by them."""


def runs_of(connection: Connection, answerer: str, *, projects: frozenset[str] | None, limit: int) -> list[Evaluation]:
    """The newest finished evaluations of *answerer* in *projects* (None: in any), newest first."""
    query = (
        select(evaluations)
        .where(evaluations.c.answerer == answerer, evaluations.c.status == Status.COMPLETE)
        .order_by(evaluations.c.created_at.desc(), evaluations.c.id)
        .limit(limit)
    )
    if projects is not None:
        query = query.where(evaluations.c.project.in_(projects))
    rows = connection.execute(query).all()
    return [evaluation_from(row._mapping) for row in rows]


def served(connection: Connection, evaluation: str) -> dict[str, int]:
    """The names by which the provider said who answered, with how many answers; from the cache none."""
    return _counts(connection, evaluation, attempts.c.served)


def fingerprints(connection: Connection, evaluation: str) -> dict[str, int]:
    """The fingerprints that the provider gave of what answered, with how many answers; from the cache none.

    None at all where they are more than configurations can be: then they say nothing of these.
    """
    found = _counts(connection, evaluation, attempts.c.fingerprint, most=MOST_CONFIGURATIONS + 1)
    return found if len(found) <= MOST_CONFIGURATIONS else {}


def _counts(connection: Connection, evaluation: str, column: Column[str], *, most: int | None = None) -> dict[str, int]:
    own = and_(attempts.c.evaluation_id == evaluation, attempts.c.asked_at.is_(None), column.is_not(None))
    query = select(column.label("said"), func.count().label("n")).where(own).group_by(column).order_by(column)
    return {row.said: row.n for row in connection.execute(query.limit(most))}
