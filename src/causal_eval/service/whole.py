"""Every question of evaluations with its proof and every reply, and the tickets of their numbers, for whole reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import msgspec

from causal_eval.analysis.reports.data import Given, Picture, QuestionCard, ReportData
from causal_eval.analysis.reports.examples import given_reply, question_card
from causal_eval.analysis.reports.ticket import Ticket, claims_of
from causal_eval.errors import UsageError
from causal_eval.providers.prices import Prices
from causal_eval.questions.question import Question
from causal_eval.scoring.verdict import Mark, Verdict
from causal_eval.service.reporting import Gathered, gather, report_data
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.exported import Exported, asked
from causal_eval.store.rescore import scorers

LARGEST = 50_000
"""Outcomes of a report with every question."""


def whole_report(
    store: Store, evaluations: Sequence[Evaluation], *, prices: Prices, summary: bool, charts: Sequence[str] = ()
) -> ReportData:
    """Everything about *evaluations*, with these *charts*; a *summary* leaves the questions out.

    Raises:
        UsageError: they ask different question sets, two are of one answerer, they are too large, or a chart cannot be
            drawn.
        UnknownName: there is no such chart.
    """
    first, names = evaluations[0], [one.spec.answerer for one in evaluations]
    if other := next((one for one in evaluations if one.spec.question_set != first.spec.question_set), None):
        raise UsageError(f"{first.id} and {other.id} ask different question sets: a report is about one")
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise UsageError(f"two runs are of {twice}: a report tells answerers apart by their names, so name one")
    pictures = _pictures(charts, store, evaluations=evaluations, prices=prices) if charts else ()
    found = gather(store, evaluations, prices=prices)
    if not summary:
        return replace(whole_data(store, found), pictures=pictures)
    return replace(report_data(store, found, examples=0), pictures=pictures, tickets=tickets(store, found))


def _pictures(
    charts: Sequence[str], store: Store, *, evaluations: Sequence[Evaluation], prices: Prices
) -> tuple[Picture, ...]:
    from causal_eval.service.pictures import Subject, picture_of  # start-up time: most reports have none

    return tuple(picture_of(name, Subject(store, evaluations, prices=prices)) for name in charts)


def whole_data(store: Store, found: Gathered) -> ReportData:
    """What was gathered, with every question and the tickets of its numbers.

    Raises:
        UsageError: the runs are too large for that.
    """
    asked_for = _asked_for(store, found.evaluations)
    data = report_data(store, found, examples=0, known=asked_for.questions)
    return replace(data, questions=_cards(asked_for), tickets=tickets(store, found))


def tickets(store: Store, found: Gathered) -> tuple[Ticket, ...]:
    """A ticket for each evaluation."""
    return tuple(_ticket(store, one, found=found) for one in found.evaluations)


def _ticket(store: Store, evaluation: Evaluation, *, found: Gathered) -> Ticket:
    name, question_set = evaluation.spec.answerer, found.question_set
    claims = claims_of(row for row in found.rows if row.answerer == name)
    versions = tuple(sorted(scorers(store, evaluation)))
    return Ticket(evaluation.id, name, question_set.hash, question_set.generator, versions, claims)


class _AskedFor(NamedTuple):
    """Questions by id, and what was given to each."""

    questions: Mapping[str, Question]
    given: Mapping[str, Sequence[Given]]


def _asked_for(store: Store, evaluations: Sequence[Evaluation]) -> _AskedFor:
    """Every question that was asked, in the order of the longest run, with what each evaluation was given.

    All of it is in memory: *evaluations* have at most :data:`LARGEST` outcomes.

    Raises:
        UsageError: they have more.
    """
    size = sum(one.planned * one.spec.epochs for one in evaluations)
    if size > LARGEST:
        raise UsageError(
            f"the runs have {size} outcomes: a report shows every question of at most {LARGEST}; --summary"
        )
    known: dict[str, Question] = {}
    given: dict[str, list[Given]] = {}
    for evaluation in sorted(evaluations, key=lambda one: -one.planned):
        for question, rows in asked(store, evaluation):
            known.setdefault(question.id, question)
            said = given.setdefault(question.id, [])
            said.extend(_given(question, row, evaluation=evaluation) for row in rows)
    order = {one.spec.answerer: place for place, one in enumerate(evaluations)}
    for said in given.values():
        said.sort(key=lambda one: (order[one.answerer], one.sample))
    return _AskedFor(known, given)


def _cards(of: _AskedFor) -> tuple[QuestionCard, ...]:
    return tuple(question_card(of.questions[name], tuple(said)) for name, said in of.given.items())


def _given(question: Question, row: Exported, *, evaluation: Evaluation) -> Given:
    verdict = Verdict(
        mark=Mark(row.mark),
        strict=Mark(row.strict),
        share=Fraction(row.share or 0),
        answer=None if row.answer is None else msgspec.json.decode(row.answer),
        reason=row.reason or "",
    )
    name, reply = evaluation.spec.answerer, row.reply or ""
    return given_reply(question, answerer=name, sample=row.sample, reply=reply, verdict=verdict)
