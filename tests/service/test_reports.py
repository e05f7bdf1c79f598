"""Reports: ordered at a door, written by a worker once, and gone with what they are about."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import pytest

from causal_eval.errors import CausalEvalError, Conflict, NotAllowed, StoreFull, UnknownName, UsageError
from causal_eval.evaluation.attempt import Attempt
from causal_eval.evaluation.ledger import Judged
from causal_eval.providers.provider import Reply
from causal_eval.scoring.grade import judge
from causal_eval.service import jobs, reports, splits
from causal_eval.service.access import Caller, Role
from causal_eval.service.jobs import JobOrder
from causal_eval.service.readonly import note_disk
from causal_eval.service.wiring import Service, Visit
from causal_eval.store import retention
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.reports import read_texts

SCRIPT = "<script>alert(1)</script>"


class Movable(Protocol):
    """The clock of the tests."""

    now: float


@pytest.fixture
def answered(visit: Visit, wanted: JobOrder) -> Callable[..., str]:
    """Makes evaluations whose every question was answered with a script and yes."""

    async def answer(evaluation: str) -> None:
        ordered = jobs.find(visit, evaluation)
        async with SqlLedger(visit.service.store, ordered.evaluation) as ledger:
            asks = [ask async for ask in ledger.missing()]
            reply = Reply(f"{SCRIPT}\nANSWER: yes")
            keys = await ledger.keep([Attempt(ask, reply, "2026-11-25T00:00:00.000+00:00") for ask in asks])
            pairs = zip(keys, asks, strict=True)
            await ledger.judge(
                [Judged(k, judge(reply.text, reply.finish, question=a.question)) for k, a in pairs if k is not None]
            )

    def make(answerer: str = "baseline/oracle", project: str = "local") -> str:
        evaluation = jobs.order(visit, replace(wanted, answerer=answerer, project=project)).evaluation.id
        asyncio.run(answer(evaluation))
        return evaluation

    return make


def test_no_report_is_written_while_the_service_only_reads(visit: Visit, answered: Callable[..., str]) -> None:
    """It waits, and is written once that is over."""
    made = reports.order(visit, [answered()])
    note_disk(visit.service, "/data has 1% free")
    assert not reports.settle(visit.service)
    assert reports.find(visit, made.id).status == "open"
    note_disk(visit.service, "")
    assert reports.settle(visit.service)
    assert reports.find(visit, made.id).status == "done"


def test_a_report_is_written_once(visit: Visit, answered: Callable[..., str]) -> None:
    """It waits, a worker writes it, and page and JSON tell of all its evaluations; a reply's script is text."""
    names = [answered(), answered("baseline/association")]
    made = reports.order(visit, [*names, names[0]])
    assert (made.status, made.evaluations) == ("open", tuple(names))
    with pytest.raises(Conflict, match="is not written yet"):
        reports.texts(visit, made.id)
    assert reports.settle(visit.service)
    assert not reports.settle(visit.service)
    assert reports.find(visit, made.id).status == "done"
    written = reports.texts(visit, made.id)
    assert all(name in written.page for name in names)
    assert SCRIPT not in written.page
    document = json.loads(written.document)
    assert [one["id"] for one in document["evaluations"]] == names
    overall = [one for one in document["scores"] if one["scope"] == "overall"]
    assert [one["answerer"] for one in overall] == ["baseline/oracle", "baseline/association"]
    assert [one.id for one in reports.listed(visit)] == [made.id]


@pytest.mark.slow
def test_what_cannot_be_told_together_is_refused(
    visit: Visit, answered: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing, too many, too large, too much at once: each message names what is to be given instead."""
    one = answered()
    with pytest.raises(UsageError, match="name 1 to 8"):
        reports.order(visit, [])
    with pytest.raises(UsageError, match="baseline/oracle twice"):
        reports.order(visit, [one, answered()])
    for _ in range(reports.MOST_OPEN):
        reports.order(visit, [one])
    with pytest.raises(Conflict, match="ask again when they are written"):
        reports.order(visit, [one])
    monkeypatch.setattr(reports, "LARGEST_REPORTED", 1)
    with pytest.raises(UsageError, match="at most 1; ask for fewer"):
        reports.order(visit, [one])


def test_reports_are_their_projects(
    visit: Visit, service: Service, caller: Callable[..., Caller], answered: Callable[..., str]
) -> None:
    """A stranger orders and finds none; a viewer reads and orders none."""
    made = reports.order(visit, [answered()])
    stranger, viewer = Visit(service, caller(Role.ADMIN, "theirs")), Visit(service, caller(Role.VIEWER))
    with pytest.raises(UnknownName):
        reports.order(stranger, made.evaluations)
    for look in (reports.find, reports.texts):
        with pytest.raises(UnknownName):
            look(stranger, made.id)
    assert reports.listed(stranger) == []
    assert reports.find(viewer, made.id) == made
    with pytest.raises(NotAllowed):
        reports.order(viewer, made.evaluations)


def test_sealed_questions_are_in_no_report(
    visit: Visit, answered: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its examples would show them before the submission is scored."""
    one = answered()
    monkeypatch.setattr(splits, "sealed_evaluation", lambda _connection, name: name == one)
    with pytest.raises(Conflict, match="sealed"):
        reports.order(visit, [one])


def test_a_report_goes_with_an_evaluation_that_is_deleted(visit: Visit, answered: Callable[..., str]) -> None:
    """At once for whoever asks; its rows with the next round."""
    names = [answered(), answered("baseline/association")]
    made = reports.order(visit, names)
    assert reports.settle(visit.service)
    with visit.service.store.writing() as connection:
        while retention.delete_answers(connection, names[1], limit=500):
            pass
        retention.delete_rest(connection, names[1])
    with pytest.raises(UnknownName):
        reports.texts(visit, made.id)
    reports.order(visit, names[:1])
    reports.settle(visit.service)
    with visit.service.store.reading() as connection:
        assert read_texts(connection, made.id) is None


def test_a_report_whose_writer_died_is_taken_up_again(
    visit: Visit, answered: Callable[..., str], clock: Movable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its time and not before; whatever kills three workers is given up, and says so."""
    made = reports.order(visit, [answered()])

    def die(*_: object) -> None:
        raise StoreFull("the database is away")

    with monkeypatch.context() as broken:
        broken.setattr(reports, "_written", die)
        for _ in range(reports.MOST_TRIES):
            with pytest.raises(StoreFull):
                reports.settle(visit.service)
            assert not reports.settle(visit.service)
            clock.now += reports.CLAIM_SECONDS + 1
    assert reports.settle(visit.service)
    found = reports.find(visit, made.id)
    assert (found.status, "3 tries ended in a fault" in found.note) == ("failed", True)
    with pytest.raises(Conflict, match="could not be written"):
        reports.texts(visit, made.id)


def test_a_report_that_cannot_be_written_says_why(
    visit: Visit, answered: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has failed, with the words of the error."""
    made = reports.order(visit, [answered()])

    def refuse(*_: object) -> None:
        raise CausalEvalError("the rows contradict each other")

    monkeypatch.setattr(reports, "_written", refuse)
    assert reports.settle(visit.service)
    found = reports.find(visit, made.id)
    assert (found.status, found.note) == ("failed", "the rows contradict each other")


def test_old_reports_are_deleted(visit: Visit, answered: Callable[..., str], clock: Movable) -> None:
    """After thirty days, when the next is written."""
    one = answered()
    old = reports.order(visit, [one])
    reports.settle(visit.service)
    clock.now += reports.KEPT_SECONDS + 1
    reports.order(visit, [one])
    assert reports.settle(visit.service)
    with pytest.raises(UnknownName):
        reports.find(visit, old.id)
