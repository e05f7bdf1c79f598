"""Runs of one model, and who answered them by the provider's word."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from causal_eval.store.evaluations import Evaluation, Status, evaluation_from
from causal_eval.store.tables import attempts, evaluations


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
    return [evaluation_from(row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public API


def served(connection: Connection, evaluation: str) -> dict[str, int]:
    """The names by which the provider said who answered, with how many answers; from the cache none."""
    own = attempts.c.evaluation_id == evaluation
    query = select(attempts.c.served, func.count().label("n")).where(own, attempts.c.asked_at.is_(None))
    rows = connection.execute(query.group_by(attempts.c.served).order_by(attempts.c.served))
    return {row.served: row.n for row in rows}
