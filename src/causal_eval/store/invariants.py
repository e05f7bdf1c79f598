"""What must hold of the rows, looked up: each function yields what does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, func, select, text

from causal_eval.errors import VerificationMismatch
from causal_eval.store.jobs import JobStatus
from causal_eval.store.rows import check_row, question_digest
from causal_eval.store.tables import attempts, evaluations, questions
from causal_eval.store.work_tables import jobs, scores, shards

_PAGE = 1000
SETTLING_SECONDS = 60.0
"""For which a job may be open without an open shard: whoever asked the last question is about to end it."""


class Doubled(NamedTuple):
    """A question with more outcomes that count than it may have."""

    evaluation: str
    question: str
    sample: int


def doubled(connection: Connection) -> list[Doubled]:
    """Questions of which more than one outcome counts for one sample."""
    of = attempts.c.evaluation_id, attempts.c.question, attempts.c.sample
    return [Doubled(*row) for row in connection.execute(select(*of).group_by(*of).having(func.count() > 1))]


def gaps(connection: Connection) -> list[str]:
    """Shards that are done, though some question has neither an outcome nor a failed call."""
    return [str(row.id) for row in connection.execute(_GAPS)]


_GAPS = text(
    """
    SELECT s.id
    FROM shards s JOIN evaluations e ON e.id = s.evaluation_id
    WHERE s.status = 'done' AND EXISTS (
      SELECT 1 FROM set_orders o
      WHERE o.set_digest = e.set_digest AND o.seed = e.seed AND o.position >= s.start AND o.position < s.stop
        AND (SELECT count(*) FROM attempts a WHERE a.evaluation_id = e.id AND a.question = o.question)
          + (SELECT count(DISTINCT f.sample) FROM failures f
             WHERE f.evaluation_id = e.id AND f.question = o.question
               AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.evaluation_id = e.id AND a.question = f.question
                               AND a.sample = f.sample)) < e.epochs)
    ORDER BY s.id
    """
)


def forlorn(connection: Connection, *, now: float) -> list[str]:
    """Open jobs none of whose shards is, long after the last of them ended."""
    ended = func.max(shards.c.ended_at)
    query = (
        select(jobs.c.evaluation_id)
        .join(shards, shards.c.evaluation_id == jobs.c.evaluation_id)
        .where(jobs.c.status == JobStatus.OPEN)
        .group_by(jobs.c.evaluation_id)
        .having(func.sum((shards.c.status == "open").cast(shards.c.number.type)) == 0, ended < now - SETTLING_SECONDS)
    )
    return list(connection.scalars(query))


def foreign(connection: Connection) -> list[int]:
    """Outcomes of another answerer than their evaluation's."""
    query = (
        select(attempts.c.id)
        .join(evaluations, evaluations.c.id == attempts.c.evaluation_id)
        .where(attempts.c.answerer != evaluations.c.answerer)
    )
    return list(connection.scalars(query))


def changed_outcomes(connection: Connection) -> Iterator[str]:
    """Outcomes that are not what was written, each with a line that says so."""
    after = 0
    query = select(attempts)
    while page := connection.execute(query.where(attempts.c.id > after).order_by(attempts.c.id).limit(_PAGE)).all():
        for row in page:
            try:
                check_row(row)
            except VerificationMismatch as error:
                yield str(error)
        after = page[-1].id


def changed_questions(connection: Connection) -> Iterator[str]:
    """Digests of questions whose body has another."""
    after = ""
    query = select(questions.c.digest, questions.c.body)
    while page := connection.execute(
        query.where(questions.c.digest > after).order_by(questions.c.digest).limit(_PAGE)
    ).all():
        yield from (row.digest for row in page if question_digest(row.body) != row.digest)
        after = page[-1].digest


def scored(connection: Connection) -> list[str]:
    """Evaluations with stored scores."""
    return list(connection.scalars(select(scores.c.evaluation_id).distinct().order_by(scores.c.evaluation_id)))
