"""Evaluations as jobs: ordered, listed, held, cancelled, and what is missing tried again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection

from causal_eval.errors import Conflict, UsageError
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.catalog import provider_of
from causal_eval.service.access import Caller, Permission, require
from causal_eval.service.answering import BASELINE, Call, Candidate, candidate
from causal_eval.service.engine import ShardJob
from causal_eval.service.purse import check_budget, check_price
from causal_eval.service.questions import find as find_set
from causal_eval.service.stop_rules import LARGEST_FOLLOWED, rule_from, rule_text
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.audit import Entry, note
from causal_eval.store.evaluations import LOCAL, Evaluation, begin_within, keep_rule
from causal_eval.store.events import Told, tell
from causal_eval.store.jobs import (
    Job,
    JobLine,
    JobStatus,
    Shard,
    change_job,
    insert_job,
    list_jobs,
    look_at,
    reopen_shards,
    stop_shards,
)
from causal_eval.store.key_states import forget_refusals
from causal_eval.store.projects import find_project
from causal_eval.store.suites import StoredSet

SHARD = 100
"""Questions of a shard: seconds of work at usual latencies, and little to do again after a crash."""
MOST_SHARDS = 2000
PRIORITIES = range(1, 101)
USUAL = 10
PAGE = 100
FILE = "local/"
OFFERED = ("local/gemma-3-270m",)
"""Any other name would be a file of the server: whoever orders names no paths."""


@dataclass(frozen=True, slots=True)
class JobOrder:
    """What somebody wants evaluated."""

    answerer: str
    """``provider/model`` or ``baseline/<name>``."""
    question_set: str
    """Key or shown hash of a stored set."""
    project: str = LOCAL
    seed: str = "0"
    """Of the order of clusters."""
    limit: int | None = None
    epochs: int = 1
    call: Call = field(default_factory=Call)
    priority: int = USUAL
    """1 is served first."""
    budget: str | None = None
    """Spend cap in dollars, an exact decimal."""
    until_ci: str | None = None
    """Stop once the score is known to so many points on either side (``3pts``)."""
    decide_against: str | None = None
    """Stop once it is shown to be better or worse than this evaluation of the same questions ..."""
    margin: str | None = None
    """... or to be no more than this worse, or worse by more."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """A job and the evaluation that it carries out."""

    job: Job
    evaluation: Evaluation


def order(visit: Visit, wanted: JobOrder) -> Ordered:
    """Put an evaluation, its shards and the engine's queue entries down in one transaction.

    Raises:
        NotAllowed, UnknownName, UsageError: it cannot be begun; the message names the field.
    """
    require(visit.caller, Permission.EVALUATE, project=wanted.project)
    return order_over(visit, wanted, question_set=find_set(visit, wanted.question_set, project=wanted.project))


def order_over(
    visit: Visit, wanted: JobOrder, *, question_set: StoredSet,
    also: Callable[[Connection, Evaluation], None] | None = None,
) -> Ordered:  # fmt: skip
    """The same over a set that the caller need not see; *also* is done in the same transaction."""
    spec = replace(checked(visit, wanted), question_set=question_set.digest)
    rule = _rule(visit, wanted, question_set=question_set)
    now = visit.service.clock()
    with visit.service.store.writing() as connection:
        find_project(connection, wanted.project)
        evaluation = begin_within(
            connection, spec, question_set=question_set, project=wanted.project, now=datetime.fromtimestamp(now, UTC)
        )
        evaluation = keep_rule(connection, evaluation, rule=rule) if rule else evaluation
        job = _job(wanted, evaluation, requested_by=visit.caller.actor, now=now)
        parts = _parts(evaluation)
        insert_job(connection, job, parts=parts)
        visit.service.engine.enqueue_in_transaction(connection, [_queued(part.id, spec, job=job) for part in parts])
        if also is not None:
            also(connection, evaluation)
        _record(connection, visit.caller, Change(job, "created", "evaluation.create", now))
    return Ordered(job, evaluation)


def checked(visit: Visit, wanted: JobOrder) -> RunSpec:
    """How it would be asked; nothing is begun.

    Raises:
        NotAllowed, UnknownName, UsageError: it cannot be; the message names the field.
    """
    require(visit.caller, Permission.EVALUATE, project=wanted.project)
    _check(wanted)
    one = _asked_of(wanted, visit.service)
    spec = replace(
        one.spec, question_set=wanted.question_set, seed=wanted.seed, limit=wanted.limit, epochs=wanted.epochs,
        label=visit.service.token(),
    )  # fmt: skip
    if wanted.budget is not None:
        check_budget(wanted.budget)
        check_price(visit.service, spec)
    return spec


def _rule(visit: Visit, wanted: JobOrder, *, question_set: StoredSet) -> str:
    """By which rule it may stop, as it is kept; empty: by none.

    Raises:
        UnknownName: the caller may not see whom it is to be decided against.
        UsageError: no rule can be read, or that evaluation is of other questions, or too large.
    """
    rule = rule_from(wanted.until_ci, wanted.decide_against, margin=wanted.margin)
    if rule.baseline is not None:
        other = find(visit, rule.baseline).evaluation
        if other.spec.question_set != question_set.digest:
            raise UsageError(f"decide_against is {other.id}: its questions are others; name one of the same set")
        if other.planned > LARGEST_FOLLOWED:
            raise UsageError(f"decide_against is {other.id}: over {LARGEST_FOLLOWED} questions; name a smaller one")
    return rule_text(rule)


def _check(wanted: JobOrder) -> None:
    if wanted.priority not in PRIORITIES:
        raise UsageError(f"priority is {wanted.priority}: give 1 (first) to {PRIORITIES[-1]}; {USUAL} is usual")
    if wanted.answerer.startswith(FILE) and wanted.answerer not in OFFERED:
        raise UsageError(
            f"answerer is {wanted.answerer!r}: of local weights only {', '.join(OFFERED)} can be asked here"
        )


def find(visit: Visit, evaluation: str) -> Ordered:
    """The job of *evaluation*, if the caller may see it; of a run of the command line, one that nobody steers here.

    Raises:
        UnknownName: there is none, or it is another project's.
    """
    with looking(visit, evaluation) as (_, found):
        return found


@contextmanager
def looking(visit: Visit, evaluation: str) -> Iterator[tuple[Connection, Ordered]]:
    """The same, with the connection that read it, on which more of the same moment can be read."""
    require(visit.caller, Permission.READ)
    with visit.service.store.reading() as connection:
        found, job = look_at(connection, evaluation, projects=visit.caller.projects)
        yield connection, Ordered(job, found)


def listed(
    visit: Visit, *, project: str | None = None, before: tuple[float, str] | None = None,
    limit: int = PAGE,
) -> list[JobLine]:  # fmt: skip
    """The newest evaluations of *project*, or of all projects that the caller enters, newest first."""
    require(visit.caller, Permission.READ, project=project)
    projects = visit.caller.projects if project is None else frozenset({project})
    with visit.service.store.reading() as connection:
        return list_jobs(connection, projects, before=before, limit=min(limit, PAGE))


def cancel(visit: Visit, evaluation: str) -> Ordered:
    """Stop it: no call begins any more, those that are open are abandoned; what arrived is kept.

    Raises:
        Conflict: it is not under way.
    """
    found = _under_way(visit, evaluation)
    now = visit.service.clock()
    with visit.service.store.writing() as connection:
        _change(connection, found, values={"status": JobStatus.CANCELLED, "ended_at": now})
        stopped = stop_shards(connection, found.evaluation.id, at=now)
        _record(connection, visit.caller, Change(found.job, "cancelled", "evaluation.cancel", now))
    visit.service.engine.cancel(stopped)
    return find(visit, found.evaluation.id)


def pause(visit: Visit, evaluation: str, *, paused: bool) -> Ordered:
    """Hold it, or let it go on: open calls end and are kept, what is to be asked waits.

    Raises:
        Conflict: it is not under way.
    """
    found = _under_way(visit, evaluation)
    kind = "paused" if paused else "resumed"
    with visit.service.store.writing() as connection:
        _change(connection, found, values={"paused": paused})
        _record(connection, visit.caller, Change(found.job, kind, f"evaluation.{kind}", visit.service.clock()))
    return find(visit, found.evaluation.id)


def retry(visit: Visit, evaluation: str, *, budget: str | None = None) -> Ordered:
    """Ask again for what is missing, and for that alone; the engine's sweep takes the shards up within seconds.

    *budget* takes the place of its cap in dollars; None: that stays.

    Raises:
        Conflict: it is under way, or nothing is missing.
        UsageError: *budget* is no amount, or nobody knows what a reply costs.
    """
    found = _steered(visit, evaluation)
    if budget is not None:
        check_budget(budget)
        check_price(visit.service, found.evaluation.spec)
    if found.job.status is JobStatus.OPEN:
        raise Conflict(f"evaluation {found.evaluation.id} is under way: wait for its end, or cancel it first")
    with visit.service.store.writing() as connection:
        opened: dict[str, object] = {"status": JobStatus.OPEN, "ended_at": None, "note": "", "paused": False}
        _change(connection, found, values=opened if budget is None else {**opened, "budget": budget})
        if not found.evaluation.spec.answerer.startswith(BASELINE):
            forget_refusals(connection, provider_of(found.evaluation.spec.answerer))
        if not reopen_shards(connection, found.evaluation.id):
            raise Conflict(f"evaluation {found.evaluation.id} has an outcome for every question: nothing is missing")
        caps = {} if budget is None else {"budget": {"old": found.job.budget, "new": budget}}
        change = Change(found.job, "resumed", "evaluation.retry", visit.service.clock(), caps)
        _record(connection, visit.caller, change)
    return find(visit, found.evaluation.id)


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a job, for those who listen and for the audit log."""

    job: Job
    event: str
    action: str
    at: float
    detail: Mapping[str, object] = field(default_factory=dict)


def _record(connection: Connection, caller: Caller, change: Change) -> None:
    job, at = change.job, change.at
    tell(connection, Told(job.evaluation_id, job.project, change.event), at=at)
    entry = Entry(caller.actor, change.action, job.evaluation_id, job.project, caller.address, change.detail)
    note(connection, entry, at=at)


def _change(connection: Connection, found: Ordered, *, values: Mapping[str, object]) -> None:
    if not change_job(connection, found.job.evaluation_id, seen=found.job.status, values=values):
        raise Conflict(f"evaluation {found.evaluation.id} is no longer {found.job.status}: look at it again")


def _asked_of(wanted: JobOrder, service: Service) -> Candidate:
    """Who is to answer; what a worker would not heed is refused rather than left out in silence."""
    from causal_eval.service.vault import live_for  # the extra [service], without which runs are compared too

    if wanted.answerer.startswith(FILE) and wanted.answerer not in OFFERED:
        raise UsageError(
            f"answerer is {wanted.answerer!r}: of local weights only {', '.join(OFFERED)} can be asked here"
        )
    if wanted.call.batch or wanted.call.cancel:
        raise UsageError("call.batch is set: batches are ordered by `causal-eval eval --batch` alone; leave it out")
    one = candidate(
        wanted.answerer, wanted.call, service.now, live=live_for(service, wanted.project, answerer=wanted.answerer)
    )
    if one.cache is None and (wanted.call.cache or "off").strip().lower() != "off":
        raise UsageError(
            f"call.cache is {wanted.call.cache!r}: replies of {wanted.answerer} are not cached; leave it out"
        )
    return one


def _under_way(visit: Visit, evaluation: str) -> Ordered:
    found = _steered(visit, evaluation)
    if found.job.status is not JobStatus.OPEN:
        raise Conflict(f"evaluation {found.evaluation.id} is {found.job.status}: it is not under way")
    return found


def _steered(visit: Visit, evaluation: str) -> Ordered:
    found = find(visit, evaluation)
    require(visit.caller, Permission.EVALUATE, project=found.job.project)
    if found.job.of_command_line:
        raise Conflict(f"evaluation {found.evaluation.id} is run by the command line: use `causal-eval ctl` or `eval`")
    return found


def _job(wanted: JobOrder, evaluation: Evaluation, *, requested_by: str, now: float) -> Job:
    return Job(
        evaluation.id, wanted.project, requested_by, JobStatus.OPEN, priority=wanted.priority, paused=False,
        created_at=now, ended_at=None, call=msgspec.json.encode(wanted.call).decode(),
        width=wanted.call.max_connections, budget=wanted.budget, note="",
    )  # fmt: skip


def _parts(evaluation: Evaluation) -> list[Shard]:
    size = max(SHARD, -(-evaluation.planned // MOST_SHARDS))
    starts = range(0, evaluation.planned, size)
    return [
        Shard(f"{evaluation.id}-{number:05d}", evaluation.id, number, start, min(start + size, evaluation.planned))
        for number, start in enumerate(starts)
    ]


def _queued(shard: str, spec: RunSpec, *, job: Job) -> ShardJob:
    return ShardJob(shard, spec.answerer.partition("/")[0], job.priority)
