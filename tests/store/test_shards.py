"""Claims on shards: the newest alone may write, and the last one ends its job."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection
from tests.asked import asked

from causal_eval.errors import Fenced
from causal_eval.evaluation.spec import RunSpec
from causal_eval.store import shards
from causal_eval.store.database import Store
from causal_eval.store.evaluations import begin
from causal_eval.store.events import events_after
from causal_eval.store.jobs import Job, JobStatus, Shard, change_job, find_job, insert_job, list_shards
from causal_eval.store.shards import Claim
from causal_eval.store.suites import keep_set


@pytest.fixture
def job(store: Store) -> str:
    """A job of two shards."""
    stored = keep_set(store, (asked(f"q-{number}") for number in range(4)), name="q")
    evaluation = begin(store, RunSpec(answerer="baseline/oracle", question_set=stored.digest)).id
    row = Job(
        evaluation, "local", "local", JobStatus.OPEN, priority=10, paused=False, created_at=1.0, ended_at=None,
        call="{}", width=None, budget=None, note="",
    )  # fmt: skip
    with store.writing() as connection:
        insert_job(connection, row, parts=[Shard("a", evaluation, 0, 0, 2), Shard("b", evaluation, 1, 2, 4)])
    return evaluation


@pytest.fixture
def connection(store: Store, job: str) -> Iterator[Connection]:
    """A transaction in the job's database."""
    del job
    with store.writing() as connection:
        yield connection


def claimed(connection: Connection, shard: str, owner: str = "me") -> Claim:
    """A claim that is granted."""
    claim = shards.claim(connection, shard, owner=owner, at=2.0)
    assert claim is not None
    return claim


def test_a_newer_claim_fences_the_older(connection: Connection) -> None:
    """Whoever claims last may write; everybody before is refused and counted."""
    old, new = claimed(connection, "a", "old"), claimed(connection, "a", "new")
    assert (old.fence, new.fence, new.start, new.stop) == (1, 2, 0, 2)
    shards.hold(connection, new)
    with pytest.raises(Fenced, match="no longer ours"):
        shards.hold(connection, old)
    shards.note_fenced(connection, old)
    assert [part.fenced for part in list_shards(connection, old.evaluation)] == [1, 0]
    with pytest.raises(Fenced):
        shards.finish(connection, old, at=3.0)
    shards.let_go(connection, old)  # which is not its to let go
    shards.hold(connection, new)


def test_a_job_that_is_over_or_held_is_not_claimed(connection: Connection, job: str) -> None:
    """Neither a paused job's shards nor a halted one's."""
    change_job(connection, job, seen=JobStatus.OPEN, values={"paused": True})
    assert shards.claim(connection, "a", owner="me", at=2.0) is None
    assert shards.unfinished(connection) == []
    change_job(connection, job, seen=JobStatus.OPEN, values={"paused": False})
    assert [one.id for one in shards.unfinished(connection)] == ["a", "b"]
    assert shards.halt(connection, job, note="HTTP 401", at=3.0)
    assert not shards.halt(connection, job, note="again", at=4.0)
    assert shards.claim(connection, "a", owner="me", at=5.0) is None
    found = find_job(connection, job)
    assert found is not None
    assert (found.status, found.note, found.ended_at) == (JobStatus.HALTED, "HTTP 401", 3.0)


def test_the_last_shard_ends_the_job_once(connection: Connection, job: str) -> None:
    """The job is done when no shard is open, and that is said once."""
    shards.finish(connection, claimed(connection, "a"), at=3.0)
    assert not shards.is_ready(connection, job)
    assert not shards.end_job(connection, job, at=3.0)
    shards.finish(connection, claimed(connection, "b"), at=4.0)
    assert shards.ready_jobs(connection) == [job]
    assert shards.end_job(connection, job, at=5.0)
    assert not shards.end_job(connection, job, at=6.0)
    assert [one.kind for one in events_after(connection, job, after=0)] == ["done"]
    assert {part.status for part in list_shards(connection, job)} == {"done"}


def test_progress_is_told_once_a_second(connection: Connection, job: str) -> None:
    """However many workers tell it."""
    for at in (10.0, 10.5, 10.9, 11.1):
        shards.tell_progress(connection, job, body={"kept": int(at)}, at=at)
    assert [one.at for one in events_after(connection, job, after=0)] == [10.0, 11.1]


def test_nothing_is_told_after_the_end(connection: Connection, job: str) -> None:
    """Whoever was slow to count says nothing of a job that is over."""
    for shard in ("a", "b"):
        shards.finish(connection, claimed(connection, shard), at=3.0)
    assert shards.end_job(connection, job, at=4.0)
    shards.tell_progress(connection, job, body={"kept": 3}, at=9.0)
    assert [one.kind for one in events_after(connection, job, after=0)] == ["done"]
