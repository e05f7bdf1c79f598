"""Incidents and published scores: a mark stands beside a score, what is asked again stands beside it, nothing else."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select
from tests.effects.calls import NOW, Call, evaluated, told
from tests.service.published import BOARD, Published, published

from causal_eval.effects import marking, mirror, touches
from causal_eval.errors import Conflict, NotAllowed, UnknownName
from causal_eval.service import exporting, incident_effects, jobs, leaderboard
from causal_eval.service.access import NOBODY, Caller, Role
from causal_eval.service.exporting import Form
from causal_eval.service.incident_effects import Again, Fallen
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.tables import attempts, failures, verdicts
from causal_eval.store.work_tables import scores


@pytest.fixture
def result(service: Service) -> Published:
    """One on the leaderboard."""
    return published(service)


@pytest.fixture
def operator(service: Service, caller: Callable[..., Caller]) -> Visit:
    """An operator of the same project."""
    return Visit(service, caller(Role.OPERATOR))


def stored(service: Service, run: str) -> list[object]:
    """Every row that the published score rests on, and the score."""
    with service.store.reading() as connection:
        tried = select(attempts).where(attempts.c.evaluation_id == run).order_by(attempts.c.id)
        judged = select(verdicts).where(verdicts.c.evaluation_id == run).order_by(verdicts.c.id)
        lost = select(failures).where(failures.c.evaluation_id == run).order_by(failures.c.id)
        scored = select(scores).where(scores.c.evaluation_id == run).order_by(scores.c.place)
        return [connection.execute(query).all() for query in (tried, judged, lost, scored)]


def test_a_published_score_is_the_same_before_and_after(operator: Visit, result: Published) -> None:
    """An outage that is marked, and asking again, change neither place nor score nor row: both are shown beside."""
    before, rows = leaderboard.board(operator, BOARD), stored(operator.service, result.run.id)
    assert before.fallen == {}
    result.mark()
    marked = leaderboard.board(operator, BOARD)
    assert (marked.ranked, marked.total) == (before.ranked, before.total)
    told = Fallen("INC-1", "<b>the database</b> | was away", "P1", 3, missing=0, wanted=12, again=())
    assert marked.fallen == {result.run.id: (told,)}
    (ordered,) = incident_effects.rerun(operator, "INC-1").ordered
    again = leaderboard.board(operator, BOARD)
    assert again.ranked == before.ranked
    assert again.fallen == {result.run.id: (replace(told, again=(Again(ordered.rerun, None, None, None),)),)}
    assert stored(operator.service, result.run.id) == rows


def test_what_is_asked_again_is_an_evaluation_of_its_own(operator: Visit, result: Published) -> None:
    """Of the marked questions alone, asked in the same way, never from the cache; linked, and once."""
    result.mark()
    (ordered,) = incident_effects.rerun(operator, "INC-1", evaluation=result.run.id).ordered
    found = jobs.find(operator, ordered.rerun)
    assert (found.evaluation.planned, found.evaluation.spec.answerer) == (3, "baseline/oracle")
    assert '"cache":"off"' in found.job.call
    assert incident_effects.origin(operator, ordered.rerun) == ordered
    assert incident_effects.origin(operator, result.run.id) is None
    with pytest.raises(Conflict, match="was asked again in"):
        incident_effects.rerun(operator, "INC-1", evaluation=result.run.id)
    assert [one.evaluation for one in incident_effects.rerun(operator, "INC-1").left] == [result.run.id]


def test_two_who_ask_at_once_order_one(operator: Visit, result: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looked before the other had ordered is refused all the same, and nothing of his order is kept."""
    result.mark()
    with operator.service.store.reading() as connection:
        before = touches.of_incident(connection, "INC-1")
    (ordered,) = incident_effects.rerun(operator, "INC-1").ordered
    orders = jobs.listed(operator)
    monkeypatch.setattr(touches, "of_incident", lambda *_, **__: before)
    found = incident_effects.rerun(operator, "INC-1")
    assert (found.ordered, ordered.rerun in found.left[0].why) == ((), True)
    assert jobs.listed(operator) == orders


def test_an_order_that_cannot_be_linked_is_not_made(
    operator: Visit, result: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The evaluation and its link are one transaction: nobody pays for what nobody finds."""
    result.mark()
    before = jobs.listed(operator)

    def broken(*_: object) -> None:
        raise Conflict("the link is broken")

    monkeypatch.setattr("causal_eval.effects.touches.link", broken)
    with pytest.raises(Conflict, match="broken"):
        incident_effects.rerun(operator, "INC-1", evaluation=result.run.id)
    assert jobs.listed(operator) == before


def test_who_may(service: Service, result: Published, caller: Callable[..., Caller]) -> None:
    """Members see what it did to their project, operators alone ask again; strangers find nothing of it."""
    result.mark()
    viewer = Visit(service, caller(Role.VIEWER))
    (part,) = incident_effects.effect_of(viewer, "INC-1").parts
    assert part.touch.evaluation == result.run.id
    with pytest.raises(NotAllowed):
        incident_effects.rerun(Visit(service, caller(Role.EVALUATOR)), "INC-1")
    stranger = Visit(service, caller(Role.OPERATOR, "theirs"))
    assert not incident_effects.effect_of(stranger, "INC-1").parts
    assert incident_effects.rerun(stranger, "INC-1").ordered == ()
    with pytest.raises(UnknownName):
        incident_effects.rerun(stranger, "INC-1", evaluation=result.run.id)


def test_one_that_is_not_public(service: Service, result: Published, caller: Callable[..., Caller]) -> None:
    """Its mark is there for everybody, as published scores must say; its name and title are for operators."""
    result.mark(private=True)
    for who, known in ((caller(Role.OPERATOR), "INC-1"), (caller(Role.EVALUATOR), None), (NOBODY, None)):
        with service.store.reading() as connection:
            (one,) = incident_effects.fallen(connection, who, evaluations=[result.run.id])[result.run.id]
        assert (one.incident, one.marked, bool(one.title)) == (known, 3, known is not None)
    assert "that is not public" in str(one)
    with pytest.raises(UnknownName):
        incident_effects.effect_of(Visit(service, caller(Role.EVALUATOR)), "INC-1")


def test_what_is_not_asked_again(operator: Visit, result: Published) -> None:
    """A run of the command line is asked again there; what is under way is waited for: each is said, others go on."""
    run = evaluated(operator.service.store, [Call(0, 5.0)], answerer="openai/x", of_service=False)
    result.mark()
    one = told("INC-2", component="model_api:openai", family="failing", mitigated_at=NOW + 60)
    with operator.service.store.writing() as connection:
        mirror.keep(connection, [one], at=NOW)
    marking.mark(operator.service.store, one, at=NOW)
    found = incident_effects.rerun(operator, "INC-2")
    assert {left.evaluation for left in found.left} == {run.id}
    assert "command line" in found.left[0].why


def test_files_carry_it(operator: Visit, result: Published) -> None:
    """A column of every result, and the notes of a leaderboard's entry."""
    result.mark()
    lines = b"".join(exporting.export(operator, result.run.id, form=Form.JSONL).lines).decode().splitlines()
    assert sum('"incidents":["INC-1"]' in line for line in lines) == 3
    assert sum('"incidents":[]' in line for line in lines) == 9
    table = b"".join(exporting.export(operator, result.run.id, form=Form.CSV).lines).decode().splitlines()
    assert [row["incidents"] for row in csv.DictReader(table)].count("INC-1") == 3
    assert "3 of 12 results fall into INC-1" in leaderboard.exported_yaml(operator, "sub-1")
