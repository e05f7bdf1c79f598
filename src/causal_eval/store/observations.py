"""What analysis reads: one flat observation per question and sample, in the run's cluster order, streamed."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, TextClause, select, text

from causal_eval.analysis.calibration.stated import Replied
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.twins.seen import Seen
from causal_eval.evaluation.budget import Price
from causal_eval.providers.provider import Usage
from causal_eval.questions.question import Question
from causal_eval.scoring.verdict import Mark
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.rows import question_from
from causal_eval.store.tables import failures, questions

_PAGE = 1000
_NOTHING = Fraction(0)
_MARKS = {mark.value: mark for mark in Mark}
NOT_JUDGED = "not judged yet"
"""Reason of an UNGRADED observation whose reply is kept, but whose verdict an interruption prevented."""


def observations(
    store: Store, evaluation: Evaluation, *, price: Price | None = None, start: int = 0
) -> Iterator[Observation]:
    """Every planned (question, sample) with its newest verdict and cost; MISSING where no reply is kept.

    Clusters are contiguous; a page of questions is in memory at a time. *start*: the first place of the order.
    """
    for first in range(start, evaluation.planned, _PAGE):
        with store.reading() as connection:
            rows = _page(connection, evaluation, places=range(first, min(first + _PAGE, evaluation.planned)))
        for _, group in groupby(rows, key=lambda row: row.position):
            yield from _samples(evaluation, list(group), price=price)


def answers_seen(
    store: Store, evaluation: Evaluation, *, known: Mapping[str, Question] | None = None
) -> Iterator[Seen]:
    """The :func:`observations` without costs, each with its question and the parsed answer; None where none was.

    *known*: all questions by id, where somebody has read them already: they are not read again.
    """
    wanted = _ANSWERED if known else _SEEN
    for start in range(0, evaluation.planned, _PAGE):
        with store.reading() as connection:
            places = range(start, min(start + _PAGE, evaluation.planned))
            rows = _page(connection, evaluation, places=places, wanted=wanted)
        for _, group in groupby(rows, key=lambda row: row.position):
            own = list(group)
            question = known[own[0].id] if known else question_from(own[0].body)
            answers = {row.sample: row.answer for row in own}
            for observation in _samples(evaluation, own, price=None):
                said = answers.get(observation.sample)
                yield Seen(observation, question, None if said is None else msgspec.json.decode(said))


def replied(store: Store, evaluation: Evaluation) -> Iterator[Replied]:
    """The :func:`observations` without costs, each with the text of its reply; None where there is none."""
    for start in range(0, evaluation.planned, _PAGE):
        with store.reading() as connection:
            places = range(start, min(start + _PAGE, evaluation.planned))
            rows = _page(connection, evaluation, places=places, wanted=_REPLIED)
        for _, group in groupby(rows, key=lambda row: row.position):
            own = list(group)
            given = {row.sample: row for row in own if row.outcome == "reply"}
            for observation in _samples(evaluation, own, price=None):
                there = given.get(observation.sample)
                yield (
                    Replied(observation, None, "") if there is None else Replied(observation, there.text, there.finish)
                )


def failed(store: Store, evaluation: Evaluation) -> frozenset[tuple[str, int]]:
    """The (question, sample) for which a call has failed for good, whether or not a later one was answered."""
    query = (
        select(questions.c.id, failures.c.sample)
        .join(questions, questions.c.digest == failures.c.question)
        .where(failures.c.evaluation_id == evaluation.id)
    )
    with store.reading() as connection:
        return frozenset((row.id, row.sample) for row in connection.execute(query))


def _page(
    connection: Connection, evaluation: Evaluation, *, places: range, wanted: TextClause | None = None
) -> Sequence[Row[Any]]:
    return connection.execute(
        _ROWS if wanted is None else wanted,
        {
            "set_digest": evaluation.spec.question_set,
            "seed": evaluation.spec.seed,
            "start": places.start,
            "stop": places.stop,
            "evaluation": evaluation.id,
            "answerer": evaluation.spec.answerer,
        },
    ).all()


_QUERY = """
    SELECT o.position, q.id, q.family, q.kind, q.rung, q.domain, q.regime, q.difficulty, q.cluster, q.twin, q.joint,
           q.exempt, a.sample, a.input_tokens, a.output_tokens, a.cached_tokens, a.written_tokens, a.served, a.batch,
           a.started_at, a.latency_ms, a.source, a.asked_at, v.mark, v.strict, v.share, v.reason
    FROM set_orders o
    JOIN questions q ON q.digest = o.question
    LEFT JOIN attempts a ON a.evaluation_id = :evaluation AND a.question = o.question AND a.answerer = :answerer
    LEFT JOIN verdicts v ON v.id = (SELECT max(w.id) FROM verdicts w WHERE w.attempt_id = a.id)
    WHERE o.set_digest = :set_digest AND o.seed = :seed AND o.position >= :start AND o.position < :stop
    ORDER BY o.position, a.sample
    """
_ROWS = text(_QUERY)
"""Questions in the run's order with their kept attempts and the verdict given last; the rest is NULL."""
_SEEN = text(_QUERY.replace("SELECT o.position,", "SELECT o.position, q.body, v.answer,"))
"""The same with whole questions and parsed answers."""
_ANSWERED = text(_QUERY.replace("SELECT o.position,", "SELECT o.position, v.answer,"))
"""The same with parsed answers alone."""
_REPLIED = text(_QUERY.replace("SELECT o.position,", "SELECT o.position, a.kind AS outcome, a.text, a.finish,"))
"""The same with what was replied."""


def _samples(evaluation: Evaluation, rows: list[Row[Any]], *, price: Price | None) -> Iterator[Observation]:
    kept = {row.sample: row for row in rows if row.sample is not None}
    exempt = _names(rows[0].exempt)
    for sample in range(evaluation.spec.epochs):
        row = kept.get(sample)
        cost = None if row is None else _cost(row, price)
        yield _observation(
            evaluation.spec.answerer, rows[0] if row is None else row, sample=sample, exempt=exempt, cost=cost
        )


def _cost(row: Row[Any], price: Price | None) -> Fraction | None:
    if row.asked_at is not None:
        return _NOTHING  # from the cache: paid for by the run that asked
    if price is None:
        return None
    usage = Usage(row.input_tokens, row.output_tokens, row.cached_tokens, written=row.written_tokens)
    return price(usage, row.served, row.started_at, batch=row.batch is not None)


def _observation(
    answerer: str, row: Row[Any], *, sample: int, exempt: tuple[str, ...], cost: Fraction | None
) -> Observation:
    there = row.sample == sample
    return Observation(
        answerer=answerer,
        question=row.id,
        sample=sample,
        family=row.family,
        kind=row.kind,
        rung=row.rung,
        domain=row.domain,
        regime=row.regime,
        difficulty=row.difficulty,
        cluster=row.cluster,
        twin=row.twin,
        joint=bool(row.joint),
        exempt=exempt,
        mark=_mark(row.mark, there=there),
        strict=_mark(row.strict, there=there),
        share=_share(row.share) if there and row.share is not None else _NOTHING,
        reason=_reason(row) if there else "",
        input_tokens=row.input_tokens if there else None,
        output_tokens=row.output_tokens if there else None,
        latency_ms=row.latency_ms if there and row.batch is None else None,
        cost=cost,
        source=(row.source or "") if there else "",
        is_cached=there and row.asked_at is not None,
    )


@functools.lru_cache(maxsize=256)
def _names(exempt: str) -> tuple[str, ...]:
    return tuple(msgspec.json.decode(exempt))


@functools.lru_cache(maxsize=4096)
def _share(text: str) -> Fraction:
    """The share that *text* says; few different ones are ever given."""
    return Fraction(text)


def _mark(mark: str | None, *, there: bool) -> Mark:
    if not there:
        return Mark.MISSING
    return Mark.UNGRADED if mark is None else _MARKS[mark]


def _reason(row: Row[Any]) -> str:
    return NOT_JUDGED if row.mark is None else str(row.reason)
