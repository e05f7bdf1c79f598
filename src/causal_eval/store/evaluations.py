"""Evaluations: begun or found again by what they are, listed with counts that come from their rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, update

from causal_eval.errors import UnknownName, UsageError
from causal_eval.evaluation.order import fair_cut
from causal_eval.evaluation.spec import RunSpec, identity, spec_fields, spec_from
from causal_eval.questions.question import canonical
from causal_eval.store.database import Store
from causal_eval.store.locks import hold_file, hold_in_database, is_held, is_held_in_database, take_turn
from causal_eval.store.suites import StoredSet, ensure_order, load_set
from causal_eval.store.tables import attempts, evaluations, questions, set_orders
from causal_eval.store.tallies import tally

LOCAL = "local"
"""The project of runs from the command line."""


class Status(StrEnum):
    """How an evaluation ended last; what is done is counted from the rows, never read from here."""

    OPEN = "open"
    """Running, or its process was killed: :attr:`Summary.killed` tells."""
    COMPLETE = "complete"
    HALTED = "halted"
    """The provider refused us or was down."""
    INTERRUPTED = "interrupted"


_PAST = 8


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One run of one answerer over one question set."""

    id: str
    project: str
    spec: RunSpec
    planned: int
    """Number of questions; times ``spec.epochs`` = number of outcomes wanted."""
    created_at: datetime
    status: Status
    ended_at: datetime | None
    stop_rule: str = ""
    """JSON of the rule by which it may stop; empty: it asks everything."""


@dataclass(frozen=True, slots=True)
class Cached:
    """What of an evaluation came from the cache: observations of an earlier run."""

    count: int
    first: str
    """When the oldest of them was asked for; UTC, ISO 8601."""
    last: str

    def __str__(self) -> str:
        """One line; of no use where nothing came from the cache."""
        when = self.first[:16] if self.first[:16] == self.last[:16] else f"{self.first[:16]} to {self.last[:16]}"
        when = when.replace("T", " ")
        return f"{self.count} replies from the cache, first asked for {when} UTC: the same observations as then"


@dataclass(frozen=True, slots=True)
class Summary:
    """An evaluation and how far it is, counted from its rows."""

    evaluation: Evaluation
    question_set: StoredSet
    kept: int
    """Replies and refusals."""
    failed_calls: int
    """Failed calls, of which some may have succeeded later."""
    cached: Cached
    killed: bool
    """Its process is gone without having noted an end."""

    @property
    def wanted(self) -> int:
        """Outcomes wanted in all."""
        return self.evaluation.planned * self.evaluation.spec.epochs

    @property
    def complete(self) -> bool:
        """True: every question has its outcomes."""
        return self.kept >= self.wanted


def begin(store: Store, spec: RunSpec, *, project: str = LOCAL, now: datetime | None = None) -> Evaluation:
    """The evaluation that *spec* is: the one that was begun before, else a new one.

    Raises:
        UnknownName: the question set is not stored.
    """
    question_set = load_set(store, spec.question_set)
    with store.writing() as connection:
        return begin_within(connection, spec, question_set=question_set, project=project, now=now or datetime.now(UTC))


def begin_within(
    connection: Connection, spec: RunSpec, *, question_set: StoredSet, project: str, now: datetime
) -> Evaluation:
    """The same inside a transaction that does more."""
    name = identity(spec)
    take_turn(connection, name)
    row = connection.execute(select(evaluations).where(evaluations.c.id == name)).first()
    if row is not None:
        _set_status(connection, name, status=Status.OPEN, ended_at=None)
        return evaluation_from({**row._mapping, "status": Status.OPEN, "ended_at": None})
    ensure_order(connection, question_set.digest, seed=spec.seed)
    values = {
        "id": name,
        "project": project,
        "created_at": now,
        "status": Status.OPEN,
        "ended_at": None,
        "answerer": spec.answerer,
        "spec": canonical(spec_fields(spec)).decode(),
        "set_digest": question_set.digest,
        "seed": spec.seed,
        "planned": _planned(connection, question_set, spec=spec),
        "epochs": spec.epochs,
        "stop_rule": None,
    }
    connection.execute(insert(evaluations), values)
    return evaluation_from(values)


def end(store: Store, evaluation: str, *, status: Status, now: datetime | None = None) -> None:
    """Note how the evaluation ended this time."""
    with store.writing() as connection:
        _set_status(connection, evaluation, status=status, ended_at=now or datetime.now(UTC))


def keep_rule(connection: Connection, evaluation: Evaluation, *, rule: str) -> Evaluation:
    """The evaluation, which may stop by *rule* from now on; empty: by none."""
    connection.execute(update(evaluations).where(evaluations.c.id == evaluation.id).values(stop_rule=rule or None))
    return replace(evaluation, stop_rule=rule)


@contextmanager
def running(store: Store, evaluation: Evaluation) -> Iterator[None]:
    """Hold the evaluation against a second process, which would pay for the same calls again.

    Raises:
        StoreLocked: another process runs it.
    """
    refusal = f"evaluation {evaluation.id} is run by another process: wait for it or end it"
    if store.is_postgresql:
        with store.explained(), hold_in_database(store.engine, evaluation.id, refusal=refusal):
            yield
    else:
        with hold_file(_lock(store, evaluation), refusal):
            yield


def find_evaluation(store: Store, beginning: str) -> Evaluation:
    """The evaluation whose id begins so.

    Raises:
        UnknownName: there is none.
        UsageError: several ids begin so.
    """
    ids = evaluations.c.id
    with store.reading() as connection:
        rows = connection.execute(
            select(evaluations).where(ids.startswith(beginning, autoescape=True)).order_by(ids).limit(5)
        ).all()
        if not rows:
            raise UnknownName("evaluation", beginning, connection.scalars(select(ids)))
    if len(rows) > 1 and rows[0].id != beginning:
        found = ", ".join(row.id for row in rows)
        raise UsageError(f"several evaluations begin with {beginning!r}: {found}; give more of the id")
    return evaluation_from(rows[0]._mapping)


def read_evaluation(connection: Connection, evaluation: str, *, projects: frozenset[str] | None) -> Evaluation:
    """The evaluation with that whole id, if it is one of *projects* (None: of any).

    Raises:
        UnknownName: it is not; what else there is stays unsaid.
    """
    row = connection.execute(_READ, {"evaluation": evaluation}).first()
    if row is None or not (projects is None or row.project in projects):
        raise UnknownName("evaluation", evaluation, ())
    return evaluation_from(row._mapping)


_READ = select(evaluations).where(evaluations.c.id == bindparam("evaluation"))


def summarize(store: Store, evaluation: Evaluation) -> Summary:
    """How far an evaluation is."""
    question_set = load_set(store, evaluation.spec.question_set)
    with store.reading() as connection:
        there = tally(connection, evaluation.id)
        cached = _cached(connection, evaluation.id)
    killed = evaluation.status is Status.OPEN and not _is_running(store, evaluation)
    return Summary(evaluation, question_set, there.kept, there.failures, cached, killed)


def list_evaluations(store: Store, *, project: str = LOCAL, limit: int = 100) -> list[Summary]:
    """The newest evaluations of a project, newest first."""
    with store.reading() as connection:
        rows = connection.execute(
            select(evaluations)
            .where(evaluations.c.project == project)
            .order_by(evaluations.c.created_at.desc(), evaluations.c.id)
            .limit(limit)
        ).all()
    return [summarize(store, evaluation_from(row._mapping)) for row in rows]


def past_evaluations(
    store: Store, projects: frozenset[str] | None, *, largest: int, answerer: str | None = None,
    question_set: str | None = None,
) -> list[Evaluation]:  # fmt: skip
    """The newest evaluations of *projects* (None: of all) with up to *largest* questions, newest first: at most eight.

    Of one answerer, and over one question set, if they are named.
    """
    row = evaluations.c
    query = select(evaluations).where(row.planned <= largest).order_by(row.created_at.desc(), row.id).limit(_PAST)
    if projects is not None:
        query = query.where(row.project.in_(sorted(projects)))
    if answerer is not None:
        query = query.where(row.answerer == answerer)
    if question_set is not None:
        query = query.where(row.set_digest == question_set)
    with store.reading() as connection:
        rows = connection.execute(query).all()
    return [evaluation_from(one._mapping) for one in rows]


def _lock(store: Store, evaluation: Evaluation) -> str:
    return f"{store.place}.{evaluation.id}.lock"


def _is_running(store: Store, evaluation: Evaluation) -> bool:
    if not store.is_postgresql:
        return is_held(_lock(store, evaluation))
    with store.reading() as connection:
        return is_held_in_database(connection, evaluation.id)


def _cached(connection: Connection, evaluation: str) -> Cached:
    when = attempts.c.asked_at
    query = select(func.count(when), func.min(when), func.max(when)).where(attempts.c.evaluation_id == evaluation)
    count, first, last = connection.execute(query).one()
    return Cached(count, first or "", last or "")


def _set_status(connection: Connection, evaluation: str, *, status: Status, ended_at: datetime | None) -> None:
    connection.execute(
        update(evaluations).where(evaluations.c.id == evaluation).values(status=status, ended_at=ended_at)
    )


def evaluation_from(row: Any) -> Evaluation:
    """The evaluation that *row* (columns of ``evaluations``, by name) holds."""
    ended_at = row["ended_at"]
    return Evaluation(
        id=row["id"],
        project=row["project"],
        spec=spec_from(msgspec.json.decode(row["spec"])),
        planned=row["planned"],
        created_at=row["created_at"].replace(tzinfo=UTC),
        status=Status(row["status"]),
        ended_at=ended_at and ended_at.replace(tzinfo=UTC),
        stop_rule=row["stop_rule"] or "",
    )


def _planned(connection: Connection, question_set: StoredSet, *, spec: RunSpec) -> int:
    if spec.limit is None or spec.limit >= question_set.count:
        return question_set.count
    return fair_cut(spec.limit, _split_group(connection, spec))


def _split_group(connection: Connection, spec: RunSpec) -> range | None:
    """The places of the jointly scored group that lies on both sides of the limit."""
    assert spec.limit is not None
    orders = set_orders.c
    placed = (
        select(orders.position, questions.c.cluster, questions.c.twin, questions.c.joint)
        .join(questions, questions.c.digest == orders.question)
        .where(orders.set_digest == spec.question_set, orders.seed == spec.seed)
    )
    edge = connection.execute(
        placed.where(orders.position.in_([spec.limit - 1, spec.limit])).order_by(orders.position)
    ).all()
    last, following = edge
    if not last.joint or last.twin is None or (last.cluster, last.twin) != (following.cluster, following.twin):
        return None
    group = placed.where(questions.c.twin == last.twin, questions.c.cluster == last.cluster).subquery()
    start, stop = connection.execute(select(func.min(group.c.position), func.max(group.c.position) + 1)).one()
    return range(start, stop)
