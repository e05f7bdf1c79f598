"""Deleting an evaluation with all that hangs on it, its answers first and in batches."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, select

from causal_eval.store.public_tables import submissions
from causal_eval.store.schema import metadata
from causal_eval.store.submissions import Standing
from causal_eval.store.tables import attempts, evaluations, failures, replies, run_states, verdicts
from causal_eval.store.work_tables import jobs


def oldest(connection: Connection, project: str, *, before: datetime) -> str | None:
    """The oldest evaluation of *project* from before *before* that nothing holds; None: there is none.

    What is under way is held, and what is published.
    """
    name = evaluations.c.id
    held = [
        exists().where(jobs.c.evaluation_id == name, jobs.c.status == "open"),
        exists().where(run_states.c.evaluation_id == name),
        exists().where(submissions.c.evaluation_id == name, submissions.c.status == Standing.PUBLISHED),
        exists().where(submissions.c.evaluation_id == name, submissions.c.status == Standing.OPEN),
    ]
    query = select(name).where(evaluations.c.project == project, evaluations.c.created_at < before)
    return connection.scalar(query.where(*(~one for one in held)).order_by(evaluations.c.created_at).limit(1))


def delete_answers(connection: Connection, evaluation: str, *, limit: int) -> int:
    """Delete up to *limit* kept answers with their verdicts, else failed calls; how many."""
    batch = list(connection.scalars(select(attempts.c.id).where(attempts.c.evaluation_id == evaluation).limit(limit)))
    if batch:
        connection.execute(delete(verdicts).where(verdicts.c.attempt_id.in_(batch)))
        return connection.execute(delete(attempts).where(attempts.c.id.in_(batch))).rowcount
    batch = list(connection.scalars(select(failures.c.id).where(failures.c.evaluation_id == evaluation).limit(limit)))
    return connection.execute(delete(failures).where(failures.c.id.in_(batch))).rowcount


def delete_rest(connection: Connection, evaluation: str) -> int:
    """Delete the evaluation and every row that hangs on it; how many."""
    gone = 0
    for table in reversed(metadata.sorted_tables):
        of_it = _of(table, evaluation)
        if of_it is not None:
            gone += connection.execute(delete(table).where(of_it)).rowcount
    return gone


def delete_replies(connection: Connection, project: str, *, before: datetime, limit: int) -> int:
    """Delete up to *limit* cached replies of *project* that were asked for before *before*; how many."""
    stamp = before.isoformat(timespec="milliseconds")
    old = select(replies.c.key).where(replies.c.project == project, replies.c.asked_at < stamp).limit(limit)
    return connection.execute(delete(replies).where(replies.c.key.in_(list(connection.scalars(old))))).rowcount


def _of(table: Table, evaluation: str) -> ColumnElement[bool] | None:
    """Which rows of *table* hang on the evaluation, along foreign keys; None: none can."""
    if table is evaluations:
        return evaluations.c.id == evaluation
    for column in table.columns:
        for key in column.foreign_keys:
            above = _of(key.column.table, evaluation)
            if above is not None:
                return column.in_(select(key.column).where(above))
    return None
