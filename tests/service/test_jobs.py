"""Jobs: put down in one transaction, visible to their project alone, stopped, held and tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text

from causal_eval.errors import Conflict, NotAllowed, UnknownName, UsageError
from causal_eval.evaluation.spec import RunSpec
from causal_eval.service import jobs, projects
from causal_eval.service.access import Caller, Role
from causal_eval.service.answering import Call
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.jobs import JobOrder
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.audit import broken_links, entries
from causal_eval.store.evaluations import begin
from causal_eval.store.events import events_after
from causal_eval.store.jobs import JobStatus, list_shards
from causal_eval.store.owners import own_set
from causal_eval.store.work_tables import jobs as job_rows


def test_an_order_puts_everything_down(visit: Visit, engine: MemoryEngine, wanted: JobOrder) -> None:
    """Evaluation, shards that cover it, queue entries, an event and a line in the audit log are there."""
    placed = jobs.order(visit, wanted)
    with visit.service.store.reading() as connection:
        parts = list_shards(connection, placed.evaluation.id)
        told = events_after(connection, placed.evaluation.id, after=0)
        noted = entries(connection)
    assert [place for part in parts for place in range(part.start, part.stop)] == list(range(250))
    assert [job.id for job in engine.queued] == [part.id for part in parts]
    assert {job.provider for job in engine.queued} == {"baseline"}
    assert [one.kind for one in told] == ["created"]
    assert [(one.entry.action, one.entry.target) for one in noted] == [("evaluation.create", placed.evaluation.id)]


def test_an_order_that_fails_leaves_nothing(visit: Visit, engine: MemoryEngine, wanted: JobOrder) -> None:
    """Where the last step of the transaction fails, no row, event or queue entry of it is there."""
    with visit.service.store.writing() as connection:
        connection.execute(text("DROP TABLE audit"))
    with pytest.raises(Exception, match="audit"):
        jobs.order(visit, wanted)
    with visit.service.store.reading() as connection:
        assert connection.execute(select(func.count()).select_from(job_rows)).scalar_one() == 0
    assert engine.queued == []


def test_the_same_order_twice_is_two_evaluations(visit: Visit, wanted: JobOrder) -> None:
    """Unlike a command, an order is not found again: idempotency keys do that."""
    assert jobs.order(visit, wanted).evaluation.id != jobs.order(visit, wanted).evaluation.id


def test_a_viewer_orders_nothing(
    service: Service, caller: Callable[..., Caller], engine: MemoryEngine, wanted: JobOrder
) -> None:
    """The role is checked before anything is looked at."""
    with pytest.raises(NotAllowed):
        jobs.order(Visit(service, caller(Role.VIEWER)), wanted)
    assert engine.queued == []


@pytest.mark.parametrize("change", [{"priority": 0}, {"answerer": "baseline/nobody"}, {"question_set": "none"}])
def test_a_wrong_order_is_refused(visit: Visit, wanted: JobOrder, change: dict[str, object]) -> None:
    """Priority, answerer and set are checked, and the message names the value."""
    with pytest.raises(UsageError, match=str(next(iter(change.values())))):
        jobs.order(visit, replace(wanted, **change))  # type: ignore[arg-type]  # a table of wrong values


def test_another_project_sees_nothing(
    service: Service, visit: Visit, caller: Callable[..., Caller], wanted: JobOrder
) -> None:
    """Neither by its id nor in a list, and nothing can be done to it."""
    placed = jobs.order(visit, wanted)
    stranger = Visit(service, caller(Role.ADMIN, "theirs"))
    assert jobs.listed(stranger) == []
    for act in (jobs.find, jobs.cancel, jobs.retry):
        with pytest.raises(UnknownName):
            act(stranger, placed.evaluation.id)


def test_no_message_names_what_is_anothers(
    service: Service, visit: Visit, caller: Callable[..., Caller], wanted: JobOrder
) -> None:
    """The beginning of an id is no id, and the refusal of it or of a near one names nothing that is there."""
    placed = [jobs.order(visit, wanted).evaluation.id for _ in range(2)]
    for who in (visit, Visit(service, caller(Role.ADMIN, "theirs"))):
        for asked in (placed[0][:3], placed[0][:-1], placed[0] + "0", "%", ""):
            with pytest.raises(UnknownName) as refused:
                jobs.find(who, asked)
            assert not [name for name in placed if name in str(refused.value).replace(repr(asked), "")]


@pytest.mark.parametrize("call", [Call(batch=True), Call(cancel=True), Call(cache="7D")])
def test_what_no_worker_would_heed_is_refused(visit: Visit, wanted: JobOrder, call: Call) -> None:
    """Batches are the command line's, and a baseline has no replies that could be cached."""
    with pytest.raises(UsageError, match="leave it out"):
        jobs.order(visit, replace(wanted, call=call))


def test_a_deleted_project_orders_nothing(service: Service, caller: Callable[..., Caller], wanted: JobOrder) -> None:
    """Also for whoever enters every project: its name is gone."""
    admin = Visit(service, replace(caller(Role.ADMIN), projects=None))
    projects.add(admin, "gone", name="Gone")
    projects.delete(admin, "gone")
    with service.store.writing() as connection:
        own_set(connection, wanted.question_set, project="gone", by="local", at=service.clock())
    with pytest.raises(UnknownName, match="'gone'"):
        jobs.order(admin, replace(wanted, project="gone"))


def test_of_two_who_act_at_once_one_is_told(visit: Visit, wanted: JobOrder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who decided by a state that is gone by the time of writing is refused, and changes nothing."""
    placed = jobs.order(visit, wanted)
    seen = jobs.find(visit, placed.evaluation.id)
    jobs.cancel(visit, placed.evaluation.id)
    monkeypatch.setattr(jobs, "find", lambda *_: seen)
    with pytest.raises(Conflict, match="no longer open"):
        jobs.cancel(visit, placed.evaluation.id)
    with visit.service.store.reading() as connection:
        kinds = [one.kind for one in events_after(connection, placed.evaluation.id, after=0)]
    assert kinds == ["created", "cancelled"]


def test_a_list_goes_on_where_it_ended(visit: Visit, clock: Callable[[], float], wanted: JobOrder) -> None:
    """Pages by time and id give every job once, newest first, also where several are of the same moment."""
    placed = [jobs.order(visit, wanted).evaluation.id for _ in range(5)]
    found: list[str] = []
    before = None
    while page := jobs.listed(visit, before=before, limit=2):
        found += [line.job.evaluation_id for line in page]
        before = (page[-1].job.created_at, page[-1].job.evaluation_id)
    assert found == sorted(placed, reverse=True)
    assert clock() == pytest.approx(before[0] if before else 0)


def test_a_cancelled_job_is_stopped_and_fenced(visit: Visit, engine: MemoryEngine, wanted: JobOrder) -> None:
    """Its shards leave the queue, their fences rise, and it cannot be cancelled again."""
    placed = jobs.order(visit, wanted)
    assert jobs.cancel(visit, placed.evaluation.id).job.status is JobStatus.CANCELLED
    with visit.service.store.reading() as connection:
        parts = list_shards(connection, placed.evaluation.id)
    assert {(part.status, part.fence) for part in parts} == {("cancelled", 1)}
    assert engine.queued == []
    with pytest.raises(Conflict, match="is cancelled"):
        jobs.cancel(visit, placed.evaluation.id)


def test_what_was_cancelled_can_be_tried_again(visit: Visit, wanted: JobOrder) -> None:
    """Shards that miss outcomes are open again; one under way is not tried again."""
    placed = jobs.order(visit, wanted)
    with pytest.raises(Conflict, match="under way"):
        jobs.retry(visit, placed.evaluation.id)
    jobs.cancel(visit, placed.evaluation.id)
    assert jobs.retry(visit, placed.evaluation.id).job.status is JobStatus.OPEN
    with visit.service.store.reading() as connection:
        assert {part.status for part in list_shards(connection, placed.evaluation.id)} == {"open"}
        assert list(broken_links(connection)) == []


def test_a_job_is_held_and_goes_on(visit: Visit, wanted: JobOrder) -> None:
    """Pausing changes a flag, an event and the log."""
    placed = jobs.order(visit, wanted)
    assert jobs.pause(visit, placed.evaluation.id, paused=True).job.paused
    assert not jobs.pause(visit, placed.evaluation.id, paused=False).job.paused
    with visit.service.store.reading() as connection:
        kinds = [one.kind for one in events_after(connection, placed.evaluation.id, after=0)]
    assert kinds == ["created", "paused", "resumed"]


def test_runs_of_the_command_line_are_there_and_left_alone(visit: Visit, wanted: JobOrder) -> None:
    """A run without a job is listed among the others and found, but cancelled by its own process alone."""
    service = visit.service
    now = datetime.fromtimestamp(service.clock() - 60, UTC)
    spec = RunSpec("baseline/oracle", wanted.question_set)
    run = begin(service.store, spec, now=now)
    placed = jobs.order(visit, wanted)
    lines = jobs.listed(visit)
    assert [one.job.evaluation_id for one in lines] == [placed.evaluation.id, run.id]
    assert [one.job.of_command_line for one in lines] == [False, True]
    assert jobs.find(visit, run.id).job.status is JobStatus.OPEN
    first = lines[0].job
    assert jobs.listed(visit, before=(first.created_at, first.evaluation_id)) == lines[1:]
    assert jobs.listed(visit, before=(lines[1].job.created_at, run.id)) == []
    for steer in (jobs.cancel, jobs.retry):
        with pytest.raises(Conflict, match="command line"):
            steer(visit, run.id)
