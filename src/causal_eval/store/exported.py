"""Every outcome of an evaluation as a flat row, with what was asked and replied: what somebody takes away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from causal_eval.questions.question import CANARY, Question, canonical
from causal_eval.scoring.verdict import Mark
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.incident_tables import incident_marks
from causal_eval.store.results import NEWEST
from causal_eval.store.rows import question_from
from causal_eval.store.tables import attempts, questions, set_orders, verdicts

PAGE = 500
"""Questions that are read at once."""
_OF_REPLY = (
    "share", "reason", "answer", "outcome", "finish", "served", "input_tokens", "output_tokens", "latency_ms",
    "started_at", "reply",
)  # fmt: skip


Touched = Mapping[tuple[str, int], set[str]]
"""Question and sample -> incidents that it falls into."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A planned (question, sample); what only a kept reply has is None where there is none."""

    question: str
    sample: int
    """From 1."""
    family: str
    kind: str
    rung: int
    difficulty: int
    domain: str
    regime: str
    cluster: str
    mark: str
    strict: str
    share: str | None
    """Exact fraction of the answer that is right."""
    reason: str | None
    answer: str | None
    """JSON of what was read from the reply."""
    right: str
    """JSON of the right answer."""
    outcome: str | None
    """``reply`` or ``refusal``."""
    finish: str | None
    served: str | None
    input_tokens: int | None
    output_tokens: int | None
    latency_ms: float | None
    started_at: str | None
    prompt: str
    reply: str | None
    incidents: tuple[str, ...] = ()
    """Into which it falls, by their ids."""
    canary: str = CANARY
    """In each row, for prompts and right answers stand there."""


def exported(store: Store, evaluation: Evaluation) -> Iterator[Exported]:
    """Every planned (question, sample) in the run's order; a page of questions is in memory at a time."""
    return (outcome for _, outcomes in asked(store, evaluation) for outcome in outcomes)


def asked(store: Store, evaluation: Evaluation) -> Iterator[tuple[Question, list[Exported]]]:
    """Every planned question in the run's order with its samples; a page of questions is in memory at a time."""
    for start in range(0, evaluation.planned, PAGE):
        with store.reading() as connection:
            rows = _page(connection, evaluation, start=start)
            touched = _incidents(connection, evaluation, asked={row.question for row in rows})
        for _, group in groupby(rows, key=lambda row: row.position):
            yield _samples(evaluation, list(group), touched=touched)


def _page(connection: Connection, evaluation: Evaluation, *, start: int) -> list[Row[Any]]:
    orders, tried, asked, given = set_orders.c, attempts.c, questions.c, verdicts.c
    of_it = and_(
        tried.evaluation_id == evaluation.id,
        tried.question == orders.question,
        tried.answerer == evaluation.spec.answerer,
    )
    query = (
        select(
            orders.position, orders.question, asked.body, asked.cluster, tried.sample, tried.kind.label("outcome"),
            tried.text.label("reply"), tried.finish, tried.served, tried.input_tokens, tried.output_tokens,
            tried.latency_ms, tried.started_at, given.mark, given.strict, given.share, given.answer, given.reason,
        )
        .select_from(
            set_orders.join(questions, asked.digest == orders.question)
            .outerjoin(attempts, of_it)
            .outerjoin(verdicts, given.id == NEWEST)
        )
        .where(
            orders.set_digest == evaluation.spec.question_set, orders.seed == evaluation.spec.seed,
            orders.position >= start, orders.position < min(start + PAGE, evaluation.planned),
        )
        .order_by(orders.position, tried.sample)
    )  # fmt: skip
    return list(connection.execute(query))


def _incidents(connection: Connection, evaluation: Evaluation, *, asked: set[str]) -> Touched:
    of = incident_marks.c
    if connection.scalar(select(of.result).where(of.evaluation_id == evaluation.id).limit(1)) is None:
        return {}
    query = select(of.question, of.sample, of.incident_id).where(
        of.evaluation_id == evaluation.id, of.question.in_(asked)
    )
    found: dict[tuple[str, int], set[str]] = {}
    for question, sample, incident in connection.execute(query):
        found.setdefault((question, sample), set()).add(incident)
    return found


def _samples(evaluation: Evaluation, rows: list[Row[Any]], *, touched: Touched) -> tuple[Question, list[Exported]]:
    kept, question = {row.sample: row for row in rows if row.sample is not None}, question_from(rows[0].body)
    found = [
        _exported(question, kept.get(sample), sample=sample, cluster=rows[0].cluster)
        for sample in range(evaluation.spec.epochs)
    ]
    if not touched:
        return question, found
    return question, [
        replace(one, incidents=tuple(sorted(touched.get((rows[0].question, sample), ()))))
        for sample, one in enumerate(found)
    ]


def _exported(question: Question, kept: Row[Any] | None, *, sample: int, cluster: str) -> Exported:
    there = {} if kept is None else kept._mapping
    usual = Mark.MISSING if kept is None else Mark.UNGRADED
    return Exported(
        question.id, sample + 1, question.family, question.kind, rung=question.rung, difficulty=question.difficulty,
        domain=question.domain, regime=question.regime, cluster=cluster, mark=there.get("mark") or usual.value,
        strict=there.get("strict") or usual.value, right=canonical(question.gold).decode(), prompt=question.prompt,
        incidents=(), canary=CANARY, **{name: there.get(name) for name in _OF_REPLY},
    )  # fmt: skip
