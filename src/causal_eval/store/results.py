"""Outcomes of an evaluation for whoever looks: counts, a page of its questions, one question with all attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, func, or_, select

from causal_eval.errors import UnknownName
from causal_eval.evaluation.attempt import Attempt
from causal_eval.questions.question import Question
from causal_eval.scoring.verdict import Mark, Verdict
from causal_eval.store import rare
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.rows import attempt_from, question_from, verdict_from
from causal_eval.store.tables import attempts, failures, questions, set_orders, verdicts
from causal_eval.store.tallies import Tally, tally


@dataclass(frozen=True, slots=True)
class Counts:
    """How far an evaluation is, and what its outcomes are."""

    wanted: int
    kept: int
    failed_calls: int
    """Failed calls, of which some may have succeeded later."""
    marks: Mapping[Mark, int]


@dataclass(frozen=True, slots=True)
class Line:
    """A question of an evaluation in the run's order, with its newest verdict."""

    position: int
    question: str
    family: str
    kind: str
    rung: int
    domain: str
    regime: str
    difficulty: int
    sample: int | None
    """None: no reply is kept."""
    mark: Mark
    strict: Mark
    reason: str


class Cursor(NamedTuple):
    """Where a page ended."""

    position: int
    sample: int


BEGINNING = Cursor(-1, -1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which questions of an evaluation; None = all."""

    family: str | None = None
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """An attempt with its verdicts, oldest first."""

    attempt: Attempt
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """One question of an evaluation: what was answered, and which calls for it failed."""

    question: Question
    judgements: tuple[Judgement, ...]
    failed: tuple[str, ...]
    """Messages of failed calls, oldest first."""


NEWEST = (
    select(func.max(verdicts.c.id)).where(verdicts.c.attempt_id == attempts.c.id).correlate(attempts).scalar_subquery()
)


def counts(connection: Connection, evaluation: Evaluation) -> Counts:
    """As the database keeps them beside the rows."""
    return counted(evaluation, tally(connection, evaluation.id))


def counted(evaluation: Evaluation, there: Tally) -> Counts:
    """What *there* says of *evaluation*; what is not there is missing."""
    wanted = evaluation.planned * evaluation.spec.epochs
    return Counts(wanted, there.kept, there.failures, {**there.marks, Mark.MISSING: wanted - there.kept})


def page(
    connection: Connection,
    evaluation: Evaluation,
    *,
    after: Cursor = BEGINNING,
    limit: int = 50,
    wanted: Wanted | None = None,
) -> list[Line]:
    """The questions of *evaluation* after *after*, in the run's order, a sample a line."""
    wanted = wanted or Wanted()
    few = None
    if wanted.mark is not None:
        few = rare.positions(connection, evaluation, mark=wanted.mark, there=tally(connection, evaluation.id))
    orders, asked = set_orders.c, questions.c
    query = (
        select(
            orders.position, asked.id, asked.family, asked.kind, asked.rung, asked.domain, asked.regime,
            asked.difficulty, attempts.c.sample, verdicts.c.mark, verdicts.c.strict, verdicts.c.reason,
        )
        .select_from(
            set_orders.join(questions, asked.digest == orders.question)
            .outerjoin(
                attempts, and_(attempts.c.evaluation_id == evaluation.id, attempts.c.question == orders.question)
            )
            .outerjoin(verdicts, verdicts.c.id == NEWEST)
        )
        .where(
            orders.set_digest == evaluation.spec.question_set, orders.seed == evaluation.spec.seed,
            orders.position >= after.position, orders.position < evaluation.planned,
            or_(orders.position > after.position, func.coalesce(attempts.c.sample, -1) > after.sample),
        )
        .order_by(orders.position, attempts.c.sample)
        .limit(limit)
    )  # fmt: skip
    if few is not None:
        ahead = [position for position in few if position >= after.position]
        # one of them may be behind the cursor by its sample; a family leaves some out
        query = query.where(orders.position.in_(ahead if wanted.family else ahead[: limit + 1]))
    if wanted.family is not None:
        query = query.where(asked.family == wanted.family)
    if wanted.mark is Mark.MISSING:
        query = query.where(attempts.c.id.is_(None))
    elif wanted.mark is Mark.UNGRADED:
        query = query.where(attempts.c.id.is_not(None), verdicts.c.id.is_(None))
    elif wanted.mark is not None:
        query = query.where(verdicts.c.mark == wanted.mark.value)
    return [_line(row) for row in connection.execute(query)]


def answers(connection: Connection, evaluation: Evaluation, *, question: str) -> Answers:
    """All about the question with id *question* in *evaluation*.

    Raises:
        UnknownName: it is not asked there.
        VerificationMismatch: a stored reply is not what was written.
    """
    orders = set_orders.c
    found = connection.execute(
        select(questions.c.digest, questions.c.body)
        .join(set_orders, orders.question == questions.c.digest)
        .where(
            orders.set_digest == evaluation.spec.question_set, orders.seed == evaluation.spec.seed,
            orders.position < evaluation.planned, questions.c.id == question,
        )
    ).first()  # fmt: skip
    if found is None:
        raise UnknownName("question", question, ())
    asked = question_from(found.body)
    rows = connection.execute(
        select(attempts)
        .where(attempts.c.evaluation_id == evaluation.id, attempts.c.question == found.digest)
        .order_by(attempts.c.sample)
    ).all()
    given = connection.execute(
        select(verdicts).where(verdicts.c.attempt_id.in_([row.id for row in rows])).order_by(verdicts.c.id)
    ).all()
    failed = connection.scalars(
        select(failures.c.message)
        .where(failures.c.evaluation_id == evaluation.id, failures.c.question == found.digest)
        .order_by(failures.c.id)
    )
    return Answers(
        asked,
        tuple(
            Judgement(attempt_from(row, asked), tuple(verdict_from(v) for v in given if v.attempt_id == row.id))
            for row in rows
        ),
        tuple(failed),
    )


class Given(NamedTuple):
    """A question and what was replied to it."""

    question: Question
    text: str


def replies_of(connection: Connection, evaluation: str) -> list[Given]:
    """Every reply of *evaluation* with its question."""
    query = select(questions.c.body, attempts.c.text).join(attempts, attempts.c.question == questions.c.digest)
    rows = connection.execute(query.where(attempts.c.evaluation_id == evaluation, attempts.c.kind == "reply"))
    return [Given(question_from(row.body), row.text) for row in rows]


def _line(row: Any) -> Line:
    there = row.sample is not None
    missing = Mark.UNGRADED if there else Mark.MISSING
    return Line(
        row.position, row.id, row.family, row.kind, rung=row.rung, domain=row.domain, regime=row.regime,
        difficulty=row.difficulty, sample=row.sample, mark=missing if row.mark is None else Mark(row.mark),
        strict=missing if row.strict is None else Mark(row.strict), reason=row.reason or "",
    )  # fmt: skip
