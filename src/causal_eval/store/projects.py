"""Projects as rows: listed, ruled, and everything that is one's own read out or deleted, table by table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, insert, select, update

from causal_eval.errors import UnknownName
from causal_eval.store.account_tables import audit, members, project_rules
from causal_eval.store.accounts import moment, seconds
from causal_eval.store.commitments import is_closed
from causal_eval.store.public_tables import set_words, submissions
from causal_eval.store.schema import metadata
from causal_eval.store.submissions import is_sealed
from causal_eval.store.tables import evaluations, projects, question_sets, questions, set_members, set_orders
from causal_eval.store.work_tables import jobs

SECRET = frozenset({"hash", "sealed", "wrapped", "master"})
"""Columns that leave the database with no export."""
KEPT = frozenset({projects.name, project_rules.name, audit.name})
"""What a deleted project leaves: its name's row, when it was deleted, and the log, of which nothing is ever deleted."""
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for a project."""

    monthly_cap: str | None = None
    """Dollars by calendar month (UTC), an exact decimal; None: no cap."""
    retention_days: int | None = None
    """Days after which what is kept is deleted; None: never."""


@dataclass(frozen=True, slots=True)
class Project:
    """A team's part of the service."""

    id: str
    name: str
    created_at: float
    rules: Rules
    members: int


@dataclass(frozen=True, slots=True)
class ExportedRow:
    """A row of an export: its table, and its columns but for secrets."""

    table: str
    values: Mapping[str, object]


def insert_project(connection: Connection, project: str, *, name: str, at: float) -> None:
    """Add a project without members and rules."""
    connection.execute(insert(projects), {"id": project, "name": name, "created_at": moment(at)})


def project_exists(connection: Connection, project: str) -> bool:
    """True: the name is taken, be it by one that was deleted."""
    return connection.execute(select(projects.c.id).where(projects.c.id == project)).first() is not None


def find_project(connection: Connection, project: str) -> Project:
    """The project with this id.

    Raises:
        UnknownName: there is none, or it was deleted.
    """
    found = list_projects(connection, frozenset({project}))
    if not found:
        raise UnknownName("project", project, ())
    return found[0]


def list_projects(connection: Connection, wanted: frozenset[str] | None) -> list[Project]:
    """Those of *wanted* (None: all) that are not deleted, by id."""
    counted = select(func.count()).where(members.c.project == projects.c.id).correlate(projects).scalar_subquery()
    query = (
        select(projects, project_rules.c.monthly_cap, project_rules.c.retention_days, counted.label("count_members"))
        .outerjoin(project_rules, project_rules.c.project == projects.c.id)
        .where(project_rules.c.deleted_at.is_(None))
        .order_by(projects.c.id)
    )
    if wanted is not None:
        query = query.where(projects.c.id.in_(wanted))
    return [
        Project(
            row.id,
            row.name,
            seconds(row.created_at) or 0.0,
            Rules(row.monthly_cap, row.retention_days),
            row.count_members,
        )
        for row in connection.execute(query)
    ]


def known_projects(connection: Connection, wanted: Iterable[str]) -> None:
    """Return where all of *wanted* are there.

    Raises:
        UnknownName: one is not.
    """
    there = {project.id for project in list_projects(connection, None)}
    for project in wanted:
        if project not in there:
            raise UnknownName("project", project, there)


def save_rules(connection: Connection, project: str, *, values: Mapping[str, object]) -> None:
    """Set columns of the project's rules, by name."""
    if not connection.execute(
        update(project_rules).where(project_rules.c.project == project).values(**values)
    ).rowcount:
        connection.execute(insert(project_rules), {"project": project, **values})


def open_jobs(connection: Connection, project: str) -> int:
    """How many evaluations are under way there."""
    query = select(func.count()).select_from(jobs).where(jobs.c.project == project, jobs.c.status == "open")
    return connection.execute(query).scalar_one()


def owned(table: Table, project: str) -> ColumnElement[bool] | None:
    """Which rows of *table* are the project's, found along its foreign keys; None: no row is of any project."""
    if table is projects:
        return projects.c.id == project
    for column in table.columns:
        if any(key.column is projects.c.id for key in column.foreign_keys):
            return column == project
    for column in table.columns:
        for key in column.foreign_keys:
            mine = owned(key.column.table, project)
            if mine is not None:
                return column.in_(select(key.column).where(mine))
    return None


def read_project(connection: Connection, project: str) -> Iterator[ExportedRow]:
    """Everything of the project, tables in the order in which they could be put in again, without secrets."""
    used = select(evaluations.c.set_digest).where(
        evaluations.c.project == project, ~is_sealed(evaluations.c.set_digest), ~is_closed(evaluations.c.set_digest)
    )
    asked = select(set_members.c.question).where(set_members.c.set_digest.in_(used))
    shared: dict[Table, ColumnElement[bool]] = {
        question_sets: question_sets.c.digest.in_(used),
        questions: questions.c.digest.in_(asked),
        set_members: set_members.c.set_digest.in_(used),
        set_orders: set_orders.c.set_digest.in_(used),
        set_words: set_words.c.set_digest.in_(used),
    }
    streamed = connection.execution_options(yield_per=_PAGE)
    for table in metadata.sorted_tables:
        mine = shared[table] if table in shared else owned(table, project)
        if mine is None:
            continue
        if table is submissions:
            mine = and_(mine, ~is_sealed(table.c.set_digest))
        columns = [column for column in table.columns if column.name not in SECRET or table is question_sets]
        for row in streamed.execute(select(*columns).where(mine).order_by(*table.primary_key.columns)):
            yield ExportedRow(
                str(table.name), {str(column.name): value for column, value in zip(columns, row, strict=True)}
            )


def delete_rows(connection: Connection, project: str, *, at: float) -> dict[str, int]:
    """Delete every row of the project and none of another; table -> how many those were."""
    gone = {}
    for table in reversed(metadata.sorted_tables):
        mine = owned(table, project)
        if mine is not None and table.name not in KEPT:
            gone[table.name] = connection.execute(delete(table).where(mine)).rowcount
    save_rules(connection, project, values={"monthly_cap": None, "retention_days": None, "deleted_at": moment(at)})
    return {name: count for name, count in gone.items() if count}
