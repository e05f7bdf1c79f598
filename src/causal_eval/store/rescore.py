"""Judge a stored run again without any provider: verdicts of a new scorer version are added, equal ones confirmed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select

from causal_eval.evaluation.attempt import Attempt
from causal_eval.evaluation.judging import Judge, verdict_on
from causal_eval.scoring.verdict import SCORER, Verdict
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.ledger import insert_verdicts
from causal_eval.store.rows import attempt_from, question_from, verdict_from, verdict_values
from causal_eval.store.tables import attempts, questions, verdicts

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Rescored:
    """What judging again brought."""

    attempts: int
    """Replies and refusals judged."""
    added: int
    """Verdicts that this scorer version had not given before."""
    differing: tuple[str, ...] = ()
    """Ids of questions (at most 20) on which this scorer version says something else than it said before: never,
    unless rows or program were tampered with."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored attempt with the verdict of one scorer version, if it has one."""

    key: int
    attempt: Attempt
    verdict: Verdict | None


def rescore(
    store: Store, evaluation: Evaluation, *, judge: Judge, progress: Callable[[int], None] | None = None
) -> Rescored:
    """Judge every kept attempt of *evaluation* with *judge*; *progress* hears how many are done.

    Raises:
        VerificationMismatch: a stored reply is not what was written.
    """
    count, added, differing = 0, 0, list[str]()
    values = partial(verdict_values, evaluation=evaluation.id)
    for page in _pages(store, evaluation, scorer=SCORER):
        fresh = []
        for kept in page:
            question = kept.attempt.ask.question
            verdict = replace(verdict_on(kept.attempt.outcome, question, judge=judge), scorer=SCORER)
            if kept.verdict is None:
                fresh.append(values(kept.key, verdict))
            elif values(kept.key, kept.verdict) != values(kept.key, verdict):
                differing.append(question.id)
        if fresh:
            with store.writing() as connection:
                insert_verdicts(connection, fresh)
        count, added = count + len(page), added + len(fresh)
        if progress is not None:
            progress(count)
    return Rescored(count, added, tuple(differing[:20]))


def scorers(store: Store, evaluation: Evaluation) -> frozenset[str]:
    """The versions of the scorer that gave the verdicts that count, the newest of each attempt."""
    newest = select(func.max(verdicts.c.id)).where(verdicts.c.attempt_id == attempts.c.id).correlate(attempts)
    found = select(verdicts.c.scorer).distinct().join(attempts, verdicts.c.id == newest.scalar_subquery())
    with store.reading() as connection:
        return frozenset(connection.scalars(found.where(attempts.c.evaluation_id == evaluation.id)))


def kept_attempts(store: Store, evaluation: Evaluation, *, scorer: str = SCORER) -> Iterator[Kept]:
    """Every reply and refusal of *evaluation* in the order of arrival, a page in memory at a time.

    Raises:
        VerificationMismatch: a stored reply is not what was written.
    """
    for page in _pages(store, evaluation, scorer=scorer):
        yield from page


def _pages(store: Store, evaluation: Evaluation, *, scorer: str) -> Iterator[list[Kept]]:
    after = 0
    while True:
        with store.reading() as connection:
            page = _page(connection, evaluation.id, scorer=scorer, after=after)
        if not page:
            return
        yield page
        after = page[-1].key


def _page(connection: Connection, evaluation: str, *, scorer: str, after: int) -> list[Kept]:
    chosen = (
        select(attempts, questions.c.body)
        .join(questions, questions.c.digest == attempts.c.question)
        .where(attempts.c.evaluation_id == evaluation, attempts.c.id > after)
        .order_by(attempts.c.id)
        .limit(_PAGE)
    )
    rows = connection.execute(chosen).all()
    given = select(verdicts).where(
        and_(verdicts.c.attempt_id.in_([row.id for row in rows]), verdicts.c.scorer == scorer)
    )
    by_attempt: dict[int, Row[Any]] = {row.attempt_id: row for row in connection.execute(given)}
    return [
        Kept(
            row.id,
            attempt_from(row, question_from(row.body)),
            verdict_from(by_attempt[row.id]) if row.id in by_attempt else None,
        )
        for row in rows
    ]
