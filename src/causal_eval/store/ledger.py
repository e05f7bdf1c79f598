"""The ledger in the database: durable before it returns, unique on (evaluation, question, answerer, sample)."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Concatenate, NamedTuple, ParamSpec, Self, TypeVar

from sqlalchemy import Connection, Row, Select, func, select, text

from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.evaluation.ledger import BACKLOG_PAGE, Judged, Progress
from causal_eval.evaluation.memory import utc_now
from causal_eval.providers.provider import Failure
from causal_eval.questions.question import Question, canonical
from causal_eval.scoring.verdict import SCORER
from causal_eval.store import bulk
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.locks import is_postgresql
from causal_eval.store.rows import (
    Values,
    attempt_from,
    attempt_values,
    failure_values,
    question_digest,
    question_from,
    verdict_values,
)
from causal_eval.store.tables import attempts, failures, questions, set_orders, verdicts

PAGE = 200
"""Questions read ahead at once."""

_REMEMBERED = 4096
"""Digests of questions given out and not kept yet; forgotten ones are computed again."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a run that somebody has claimed."""

    start: int
    stop: int
    """Places of the run's order, the first and one past the last."""
    hold: Callable[[Connection], None]
    """Called first in every transaction that writes; raises, so that nothing is written, once the claim is stale."""


class SqlLedger:
    """A :class:`~causal_eval.evaluation.ledger.Ledger` in a :class:`~causal_eval.store.database.Store`.

    Two threads, each with one connection: one writes, one reads ahead. Use as ``async with``.
    With a *part* it knows the questions of that part alone.
    """

    def __init__(
        self,
        store: Store,
        evaluation: Evaluation,
        *,
        scorer: str = SCORER,
        now: Callable[[], str] = utc_now,
        part: Part | None = None,
    ) -> None:
        self.now = now
        self._store = store
        self._evaluation = evaluation
        self._scorer = scorer
        self._part = part
        self._start, self._stop = (0, evaluation.planned) if part is None else (part.start, part.stop)
        self._writer = _Clerk(store, store.writer)
        self._reader = _Clerk(store, store.engine.connect)
        self._digests: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Release both connections after what they are doing; idempotent."""
        await self._writer.close()
        await self._reader.close()

    async def progress(self) -> Progress:
        """How many outcomes are planned and how many are kept."""
        kept = await self._reader.do(self._count_kept)
        return Progress((self._stop - self._start) * self._evaluation.spec.epochs, kept)

    async def missing(self) -> AsyncIterator[Ask]:
        """Asks without a reply or refusal in the run's order; the next page is read while one is asked."""
        page = await self._reader.do(self._missing_page, self._start - 1)
        while page:
            ahead = asyncio.ensure_future(self._reader.do(self._missing_page, page[-1].position))
            try:
                for ask in self._asks(page):
                    yield ask
                page = await ahead
            finally:
                ahead.cancel()

    def _asks(self, page: Sequence[_Open]) -> Iterator[Ask]:
        for row in page:
            question = question_from(row.body)
            self._remember(question.id, row.question)
            yield from (Ask(question, sample) for sample in row.samples)

    async def keep(self, attempts: Sequence[Attempt], judged: Sequence[Judged] = ()) -> list[int | None]:
        """Store outcomes, and verdicts on earlier ones, in one transaction and return the keys; see the protocol."""
        kept: list[Values] = []
        failed: list[Values] = []
        places: list[tuple[str, int] | None] = []
        for attempt in attempts:
            asked = self._asked(attempt.ask)
            if isinstance(attempt.outcome, Failure):
                failed.append(failure_values(asked, attempt.outcome, started_at=attempt.started_at))
                places.append(None)
            else:
                kept.append(attempt_values(asked, attempt.outcome, started_at=attempt.started_at))
                places.append((asked["question"], attempt.ask.sample))
        given = [self._verdict(one) for one in judged]
        ids = await self._writer.do(self._insert_outcomes, _Rows(kept, failed, given))
        return [None if place is None else ids.get(place) for place in places]

    async def judge(self, verdicts: Sequence[Judged]) -> None:
        """Store verdicts in one transaction; those that are there stay as they are."""
        rows = [self._verdict(one) for one in verdicts]
        if rows:
            await self._writer.do(self._insert_verdicts, rows)

    async def unjudged(self) -> Sequence[tuple[int, Attempt]]:
        """Kept attempts without a verdict of this scorer version, oldest first."""
        rows = await self._reader.do(self._unjudged_rows)
        return [(row.id, attempt_from(row, question_from(row.body))) for row in rows]

    def _asked(self, ask: Ask) -> Values:
        return {
            "evaluation_id": self._evaluation.id,
            "question": self._digest(ask.question),
            "answerer": self._evaluation.spec.answerer,
            "sample": ask.sample,
        }

    def _verdict(self, judged: Judged) -> Values:
        return verdict_values(judged.key, judged.verdict, evaluation=self._evaluation.id)

    def _remember(self, question: str, digest: str) -> None:
        if len(self._digests) >= _REMEMBERED:
            self._digests.clear()
        self._digests[question] = digest

    def _digest(self, question: Question) -> str:
        return self._digests.get(question.id) or question_digest(canonical(question))

    def _insert_outcomes(self, connection: Connection, rows: _Rows) -> dict[tuple[str, int], int]:
        if self._part is not None:
            self._part.hold(connection)
        return _insert_outcomes(connection, rows)

    def _insert_verdicts(self, connection: Connection, rows: list[Values]) -> None:
        if self._part is not None:
            self._part.hold(connection)
        insert_verdicts(connection, rows)

    def _count_kept(self, connection: Connection) -> int:
        query = select(func.count()).select_from(attempts).where(attempts.c.evaluation_id == self._evaluation.id)
        return int(connection.execute(query if self._part is None else self._of_part(query)).scalar_one())

    def _of_part(self, query: Select[Any]) -> Select[Any]:
        """The same *query* over attempts, limited to the part's questions."""
        orders, spec = set_orders.c, self._evaluation.spec
        return query.join(set_orders, orders.question == attempts.c.question).where(
            orders.set_digest == spec.question_set,
            orders.seed == spec.seed,
            orders.position >= self._start,
            orders.position < self._stop,
        )

    def _missing_page(self, connection: Connection, after: int) -> list[_Open]:
        spec = self._evaluation.spec
        rows = connection.execute(
            _MISSING,
            {
                "set_digest": spec.question_set,
                "seed": spec.seed,
                "after": after,
                "stop": self._stop,
                "evaluation": self._evaluation.id,
                "answerer": spec.answerer,
                "epochs": spec.epochs,
            },
        ).all()
        done = self._samples_done(connection, [row.question for row in rows]) if spec.epochs > 1 else {}
        return [
            _Open(
                row.position,
                row.question,
                row.body,
                [sample for sample in range(spec.epochs) if sample not in done.get(row.question, ())],
            )
            for row in rows
        ]

    def _samples_done(self, connection: Connection, asked: list[str]) -> dict[str, set[int]]:
        kept = attempts.c
        rows = connection.execute(
            select(kept.question, kept.sample).where(
                kept.evaluation_id == self._evaluation.id,
                kept.question.in_(asked),
                kept.answerer == self._evaluation.spec.answerer,
            )
        )
        done: dict[str, set[int]] = {}
        for row in rows:
            done.setdefault(row.question, set()).add(row.sample)
        return done

    def _unjudged_rows(self, connection: Connection) -> Sequence[Row[Any]]:
        judged = select(verdicts.c.id).where(verdicts.c.attempt_id == attempts.c.id, verdicts.c.scorer == self._scorer)
        query = (
            select(attempts, questions.c.body)
            .join(questions, questions.c.digest == attempts.c.question)
            .where(attempts.c.evaluation_id == self._evaluation.id, ~judged.exists())
            .order_by(attempts.c.id)
            .limit(BACKLOG_PAGE)
        )
        return connection.execute(query if self._part is None else self._of_part(query)).all()


class _Open(NamedTuple):
    """A question with samples that are still to be asked."""

    position: int
    question: str
    body: bytes
    samples: list[int]


_MISSING = text(
    """
    SELECT o.position, o.question, q.body
    FROM set_orders o JOIN questions q ON q.digest = o.question
    WHERE o.set_digest = :set_digest AND o.seed = :seed AND o.position > :after AND o.position < :stop
      AND (SELECT count(*) FROM attempts a
           WHERE a.evaluation_id = :evaluation AND a.question = o.question AND a.answerer = :answerer) < :epochs
    ORDER BY o.position
    LIMIT :page
    """
).bindparams(page=PAGE)
"""Questions with fewer kept outcomes than samples wanted, from a place in the run's order on."""


def insert_verdicts(connection: Connection, rows: list[Values]) -> None:
    """Add verdicts; one that its scorer version has given before is left out."""
    bulk.add(connection, verdicts, rows=rows)


class _Rows(NamedTuple):
    """What one transaction adds."""

    kept: list[Values]
    failed: list[Values]
    verdicts: list[Values]


def _insert_outcomes(connection: Connection, rows: _Rows) -> dict[tuple[str, int], int]:
    """Add outcomes; the new keys by (question, sample), without those that were there before."""
    bulk.add(connection, failures, rows=rows.failed)
    bulk.add(connection, verdicts, rows=rows.verdicts)
    if is_postgresql(connection):
        kept = bulk.add_returning(connection, attempts, rows=rows.kept, columns=("question", "sample", "id"))
        return {(row.question, row.sample): row.id for row in kept}
    newest = connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM attempts").scalar_one()
    bulk.add(connection, attempts, rows=rows.kept)
    # the write lock is ours since the transaction began: what is newer than the newest is what we added
    added = connection.exec_driver_sql("SELECT question, sample, id FROM attempts WHERE id > ?", (newest,))
    return {(question, sample): key for question, sample, key in added}


class _Clerk:
    """A thread with one connection that does one thing after the other, each in a transaction of its own."""

    def __init__(self, store: Store, connect: Callable[[], Connection]) -> None:
        self._store = store
        self._connect = connect
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")

    async def do(self, work: Callable[Concatenate[Connection, _P], _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """What *work* returns, once its transaction is committed."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, functools.partial(self._do, work, *args, **kwargs)
        )

    async def close(self) -> None:
        """Finish what is under way and disconnect."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await asyncio.get_running_loop().run_in_executor(self._thread, connection.close)
        self._thread.shutdown()

    def _do(self, work: Callable[Concatenate[Connection, _P], _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        with self._store.explained():
            if self._connection is None:
                self._connection = self._connect()
            with self._connection.begin():
                return work(self._connection, *args, **kwargs)
