"""Jobs and their shards as rows: put in, found, listed, and moved from one state to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, insert, or_, select, update

from causal_eval.errors import UnknownName
from causal_eval.store.evaluations import Evaluation, Status, evaluation_from
from causal_eval.store.tables import attempts, evaluations, set_orders
from causal_eval.store.tallies import kept_of
from causal_eval.store.work_tables import jobs, shards


class JobStatus(StrEnum):
    """How far the service is with an evaluation."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"
    HALTED = "halted"
    """The provider refused us or was down; what is missing can be tried again."""
    OVER_BUDGET = "over_budget"
    """A cap was reached; it goes on when the cap is raised."""


COMMAND_LINE = "command line"
"""Who asked for a run that has no job."""
_RUNS = {
    Status.OPEN: JobStatus.OPEN,
    Status.COMPLETE: JobStatus.DONE,
    Status.HALTED: JobStatus.HALTED,
    Status.INTERRUPTED: JobStatus.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Job:
    """An evaluation that the service carries out."""

    evaluation_id: str
    project: str
    requested_by: str
    status: JobStatus
    priority: int
    paused: bool
    created_at: float
    ended_at: float | None
    call: str
    """JSON of how answers are asked for."""
    width: int | None
    budget: str | None
    note: str

    @property
    def of_command_line(self) -> bool:
        """True: a process of the command line carries it out, and alone can stop it."""
        return self.requested_by == COMMAND_LINE


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job as a list shows it."""

    job: Job
    answerer: str
    set_digest: str
    wanted: int
    kept: int


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a job: places ``start`` to ``stop`` of the run's order."""

    id: str
    evaluation_id: str
    number: int
    start: int
    stop: int
    status: str = "open"
    owner: str | None = None
    fence: int = 0
    fenced: int = 0
    claimed_at: float | None = None
    ended_at: float | None = None


def insert_job(connection: Connection, job: Job, *, parts: Sequence[Shard]) -> None:
    """Add a job with its shards; one without any is for an evaluation whose outcomes somebody brings."""
    connection.execute(insert(jobs), asdict(job))
    if parts:
        connection.execute(insert(shards), [asdict(part) for part in parts])


def find_job(connection: Connection, evaluation: str) -> Job | None:
    """The job of *evaluation*; None: it is a run of the command line."""
    row = connection.execute(_FIND, {"evaluation": evaluation}).first()
    return None if row is None else _job(row)


def look_at(connection: Connection, evaluation: str, *, projects: frozenset[str] | None) -> tuple[Evaluation, Job]:
    """The evaluation with that whole id, if it is one of *projects* (None: of any), and its job, by one statement.

    Raises:
        UnknownName: it is not; what else there is stays unsaid.
    """
    row = connection.execute(_LOOK, {"evaluation": evaluation}).first()
    if row is None or not (projects is None or row.project in projects):
        raise UnknownName("evaluation", evaluation, ())
    return evaluation_from(row._mapping), _either(row)


def list_jobs(
    connection: Connection, projects: frozenset[str] | None, *, before: tuple[float, str] | None, limit: int
) -> list[JobLine]:
    """The newest evaluations of *projects* (None: of all), newest first, those older than *before* (its time and id).

    Runs of the command line are among them.
    """
    at, name = evaluations.c.created_at, evaluations.c.id
    query = _BOTH.add_columns(_KEPT.label("kept")).order_by(at.desc(), name.desc()).limit(limit)
    if projects is not None:
        query = query.where(evaluations.c.project.in_(projects))
    if before is not None:
        moment = datetime.fromtimestamp(before[0], UTC)
        query = query.where(or_(at < moment, and_(at == moment, name < before[1])))
    return [
        JobLine(_either(row), row.answerer, row.set_digest, wanted=row.planned * row.epochs, kept=row.kept)
        for row in connection.execute(query)
    ]


def run_as_job(evaluation: Evaluation) -> Job:
    """A run of the command line as a job that nobody but its own process steers."""
    ended = evaluation.ended_at
    return Job(
        evaluation.id, evaluation.project, COMMAND_LINE, _RUNS[evaluation.status], priority=0, paused=False,
        created_at=evaluation.created_at.timestamp(), ended_at=None if ended is None else ended.timestamp(),
        call="{}", width=None, budget=None, note="",
    )  # fmt: skip


def list_shards(connection: Connection, evaluation: str) -> list[Shard]:
    """The shards of a job in order."""
    rows = connection.execute(select(shards).where(shards.c.evaluation_id == evaluation).order_by(shards.c.number))
    return [Shard(**row._mapping) for row in rows]


def stop_shards(connection: Connection, evaluation: str, *, at: float) -> list[str]:
    """Cancel the shards that are not done; their ids. The fence rises, so that nothing of them is kept any more."""
    open_ = and_(shards.c.evaluation_id == evaluation, shards.c.status == "open")
    ids = list(connection.scalars(select(shards.c.id).where(open_)))
    connection.execute(
        update(shards).where(open_).values(status="cancelled", ended_at=at, owner=None, fence=shards.c.fence + 1)
    )
    return ids


def reopen_shards(connection: Connection, evaluation: str) -> int:
    """Open the shards that miss outcomes; returns how many those are."""
    kept = (
        select(func.count())
        .select_from(attempts.join(set_orders, set_orders.c.question == attempts.c.question))
        .where(
            attempts.c.evaluation_id == shards.c.evaluation_id,
            set_orders.c.set_digest == evaluations.c.set_digest,
            set_orders.c.seed == evaluations.c.seed,
            set_orders.c.position >= shards.c.start,
            set_orders.c.position < shards.c.stop,
        )
        .correlate(shards, evaluations)
        .scalar_subquery()
    )
    lacking = (
        select(shards.c.id)
        .join(evaluations, evaluations.c.id == shards.c.evaluation_id)
        .where(shards.c.evaluation_id == evaluation, kept < (shards.c.stop - shards.c.start) * evaluations.c.epochs)
    )
    ids = list(connection.scalars(lacking))
    connection.execute(update(shards).where(shards.c.id.in_(ids)).values(status="open", ended_at=None, owner=None))
    return len(ids)


def change_job(connection: Connection, evaluation: str, *, seen: JobStatus, values: Mapping[str, object]) -> bool:
    """Set columns of a job, by name, if it still is as it was *seen*; of several who try at once the first may."""
    still = and_(jobs.c.evaluation_id == evaluation, jobs.c.status == seen)
    return connection.execute(update(jobs).where(still).values(**values)).rowcount == 1


def _job(row: Row[Any]) -> Job:
    values = {name: row._mapping[name] for name in Job.__slots__}
    return Job(**{**values, "status": JobStatus(values["status"])})


def _either(row: Row[Any]) -> Job:
    if row.job_evaluation_id is None:
        return run_as_job(evaluation_from(row._mapping))
    values = {name: row._mapping[f"job_{name}"] for name in Job.__slots__}
    return Job(**{**values, "status": JobStatus(values["status"])})


_FIND = select(jobs).where(jobs.c.evaluation_id == bindparam("evaluation"))
_KEPT = kept_of(evaluations.c.id)
_BOTH = select(evaluations, *(jobs.c[column].label(f"job_{column}") for column in Job.__slots__)).select_from(
    evaluations.outerjoin(jobs, jobs.c.evaluation_id == evaluations.c.id)
)
_LOOK = _BOTH.where(evaluations.c.id == bindparam("evaluation"))
