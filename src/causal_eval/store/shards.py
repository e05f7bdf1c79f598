"""Shards at work: claimed under a fence that rises, written to under it alone, ended, and what is left to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, and_, exists, false, func, or_, select, update

from causal_eval.errors import Fenced
from causal_eval.store.account_tables import project_rules
from causal_eval.store.evaluations import Status
from causal_eval.store.events import Told, tell
from causal_eval.store.events import hold as hold_events
from causal_eval.store.jobs import JobStatus
from causal_eval.store.tables import evaluations
from causal_eval.store.work_tables import events, jobs, shards


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody's right to write for a shard, good until the next claim or until the shard is stopped."""

    shard: str
    evaluation: str
    owner: str
    """A token that no other claim has."""
    fence: int
    start: int
    stop: int
    """Places of the run's order, the first and one past the last."""


class Unfinished(NamedTuple):
    """An open shard of an open job that is not paused."""

    id: str
    answerer: str
    priority: int


_OPEN_JOB = exists().where(
    jobs.c.evaluation_id == shards.c.evaluation_id, jobs.c.status == JobStatus.OPEN, jobs.c.paused.is_(False)
)


def claim(connection: Connection, shard: str, *, owner: str, at: float, off: Sequence[str] = ()) -> Claim | None:
    """The shard for *owner*, whoever had it before; None: it is not open, or its job is over or held.

    Held are also jobs whose answerer begins with one of *off*.
    """
    taken = connection.execute(
        update(shards)
        .where(shards.c.id == shard, shards.c.status == "open", _OPEN_JOB, ~_of_answerers(shards.c.evaluation_id, off))
        .values(owner=owner, fence=shards.c.fence + 1, claimed_at=at)
    )
    if not taken.rowcount:
        return None
    row = connection.execute(select(shards).where(shards.c.id == shard)).one()
    return Claim(row.id, row.evaluation_id, owner, row.fence, start=row.start, stop=row.stop)


def hold(connection: Connection, claim: Claim) -> None:
    """Make sure that *claim* is good, and stays so until the transaction ends.

    Raises:
        Fenced: it is not.
    """
    held = connection.execute(update(shards).where(_is(claim)).values(fence=shards.c.fence))
    if not held.rowcount:
        raise Fenced(f"shard {claim.shard} is no longer ours (claim {claim.fence}): nothing was written")


def note_fenced(connection: Connection, claim: Claim) -> None:
    """Count a write of *claim* that was refused."""
    connection.execute(update(shards).where(shards.c.id == claim.shard).values(fenced=shards.c.fenced + 1))


def finish(connection: Connection, claim: Claim, *, at: float) -> None:
    """Every question of the shard was asked.

    Raises:
        Fenced: it is somebody else's by now.
    """
    hold(connection, claim)
    connection.execute(update(shards).where(_is(claim)).values(status="done", ended_at=at, owner=None))


def let_go(connection: Connection, claim: Claim) -> None:
    """Nobody works on the shard any more; where it is somebody else's by now, nothing changes."""
    connection.execute(update(shards).where(_is(claim)).values(owner=None))


def halt(
    connection: Connection, evaluation: str, *, note: str, at: float, status: JobStatus = JobStatus.HALTED
) -> bool:
    """End an open job and its open shards for the reason *note*; False: it was not open any more.

    With the status DONE it ended well: its rule let it.
    """
    ended = connection.execute(
        update(jobs)
        .where(jobs.c.evaluation_id == evaluation, jobs.c.status == JobStatus.OPEN)
        .values(status=status, note=note, ended_at=at)
    )
    if not ended.rowcount:
        return False
    connection.execute(
        update(shards)
        .where(shards.c.evaluation_id == evaluation, shards.c.status == "open")
        .values(status="halted", ended_at=at, owner=None, fence=shards.c.fence + 1)
    )
    is_done = status is JobStatus.DONE
    _set_status(connection, evaluation, status=Status.COMPLETE if is_done else Status.HALTED)
    _tell(connection, evaluation, kind="done" if is_done else "halted", at=at, body={"note": note, "status": status})
    return True


def end_job(connection: Connection, evaluation: str, *, at: float) -> bool:
    """Note that an open job is done, if none of its shards is open; False: it was not for us to say."""
    ended = connection.execute(
        update(jobs)
        .where(jobs.c.evaluation_id == evaluation, jobs.c.status == JobStatus.OPEN, ~_has_open_shards())
        .values(status=JobStatus.DONE, ended_at=at)
    )
    if not ended.rowcount:
        return False
    _set_status(connection, evaluation, status=Status.COMPLETE)
    _tell(connection, evaluation, kind="done", at=at, body={})
    return True


def is_ready(connection: Connection, evaluation: str) -> bool:
    """True: the job is open, and none of its shards is."""
    query = select(jobs.c.evaluation_id).where(
        jobs.c.evaluation_id == evaluation, jobs.c.status == JobStatus.OPEN, ~_has_open_shards()
    )
    return connection.execute(query).first() is not None


def ready_jobs(connection: Connection) -> list[str]:
    """Open jobs none of whose shards is: whoever finished the last was killed before it could say so."""
    query = select(jobs.c.evaluation_id).where(jobs.c.status == JobStatus.OPEN, ~_has_open_shards())
    return list(connection.scalars(query))


def unfinished(connection: Connection, *, off: Sequence[str] = ()) -> list[Unfinished]:
    """What the engine has to carry out still, most urgent first; not of answerers that begin with one of *off*."""
    query = (
        select(shards.c.id, evaluations.c.answerer, jobs.c.priority)
        .join(jobs, jobs.c.evaluation_id == shards.c.evaluation_id)
        .join(evaluations, evaluations.c.id == jobs.c.evaluation_id)
        .where(shards.c.status == "open", jobs.c.status == JobStatus.OPEN, jobs.c.paused.is_(False))
        .where(~_of_answerers(jobs.c.evaluation_id, off))
        .order_by(jobs.c.priority, jobs.c.created_at, shards.c.number)
    )
    return [Unfinished(*row) for row in connection.execute(query)]


class Backlog(NamedTuple):
    """What is left to do."""

    depth: int
    """Open shards of open jobs that nothing holds."""
    oldest_at: float | None
    """When the first of these jobs was ordered."""
    states: Mapping[str, int]
    """All shards, by status."""


def backlog(connection: Connection, *, off: Sequence[str] = ()) -> Backlog:
    """What waits or is under way; not of answerers that begin with one of *off*."""
    waiting = (
        select(func.count(), func.min(jobs.c.created_at))
        .select_from(shards)
        .join(jobs, jobs.c.evaluation_id == shards.c.evaluation_id)
        .where(shards.c.status == "open", jobs.c.status == JobStatus.OPEN, jobs.c.paused.is_(False))
        .where(~_of_answerers(jobs.c.evaluation_id, off))
    )
    depth, oldest_at = connection.execute(waiting).one()
    counted = connection.execute(select(shards.c.status, func.count()).group_by(shards.c.status))
    return Backlog(depth, oldest_at, dict(row._tuple() for row in counted))


class JobState(NamedTuple):
    """What a worker has to heed of a job."""

    status: JobStatus
    paused: bool
    capped: bool
    """There is a cap on money, its own or its project's."""
    off: bool
    """Its provider is switched off."""


def job_states(connection: Connection, names: Sequence[str], *, off: Sequence[str] = ()) -> dict[str, JobState]:
    """How the named jobs stand; switched off are those whose answerer begins with one of *off*."""
    capped = or_(jobs.c.budget.is_not(None), project_rules.c.monthly_cap.is_not(None)).label("capped")
    switched_off = _of_answerers(jobs.c.evaluation_id, off).label("switched_off")
    query = (
        select(jobs.c.evaluation_id, jobs.c.status, jobs.c.paused, capped, switched_off)
        .outerjoin(project_rules, project_rules.c.project == jobs.c.project)
        .where(jobs.c.evaluation_id.in_(names))
    )
    return {
        row.evaluation_id: JobState(JobStatus(row.status), row.paused, bool(row.capped), bool(row.switched_off))
        for row in connection.execute(query)
    }


def tell_progress(connection: Connection, evaluation: str, *, body: Mapping[str, object], at: float) -> None:
    """Say how far an open job is, unless that was said, by whomever, less than a second ago."""
    hold_events(connection, evaluation)
    state = job_states(connection, [evaluation]).get(evaluation)
    if state is None or state.status is not JobStatus.OPEN:
        return  # its end is told already, and nothing comes after that
    said = select(events.c.id).where(
        events.c.evaluation_id == evaluation, events.c.kind == "progress", events.c.at > at - 1
    )
    if connection.execute(said.limit(1)).first() is None:
        _tell(connection, evaluation, kind="progress", at=at, body=body)


def _set_status(connection: Connection, evaluation: str, *, status: Status) -> None:
    connection.execute(update(evaluations).where(evaluations.c.id == evaluation).values(status=status))


def _tell(connection: Connection, evaluation: str, *, kind: str, at: float, body: Mapping[str, object]) -> None:
    project = connection.execute(select(jobs.c.project).where(jobs.c.evaluation_id == evaluation)).scalar_one()
    tell(connection, Told(evaluation, project, kind, body), at=at)


def _of_answerers(evaluation: Column[str], beginnings: Sequence[str]) -> ColumnElement[bool]:
    named = [evaluations.c.answerer.startswith(one, autoescape=True) for one in beginnings]
    return evaluation.in_(select(evaluations.c.id).where(or_(false(), *named)).correlate(None))


def _is(claim: Claim) -> ColumnElement[bool]:
    mine = and_(shards.c.owner == claim.owner, shards.c.fence == claim.fence, shards.c.status == "open")
    return and_(shards.c.id == claim.shard, mine)


def _has_open_shards() -> ColumnElement[bool]:
    return exists().where(shards.c.evaluation_id == jobs.c.evaluation_id, shards.c.status == "open")
