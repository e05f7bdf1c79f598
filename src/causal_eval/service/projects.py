"""Projects: added, listed, who is in them and what holds there; read out whole, or deleted whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation

import msgspec

from causal_eval.errors import Conflict, UnknownName, UsageError
from causal_eval.service.access import Permission, require
from causal_eval.service.audit import Deed, record
from causal_eval.service.wiring import Visit
from causal_eval.store import accounts, projects
from causal_eval.store.accounts import User
from causal_eval.store.evaluations import LOCAL
from causal_eval.store.projects import ExportedRow, Project, Rules

MOST_DAYS = 36_500
LONGEST_NAME = 200
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def add(visit: Visit, project: str, *, name: str) -> Project:
    """Make a project.

    Raises:
        Conflict: the id is taken; that of a deleted project stays so.
    """
    require(visit.caller, Permission.ADMINISTER)
    if not _ID.fullmatch(project):
        raise UsageError(f"id of the project is {project!r}: give 1 to 63 of a-z, 0-9 and -, no - at the beginning")
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError(f"name of the project is {name!r}: give 1 to {LONGEST_NAME} printable characters")
    with visit.service.store.writing() as connection:
        if projects.project_exists(connection, project):
            raise Conflict(f"project {project} is there, or was: give another id")
        projects.insert_project(connection, project, name=name.strip(), at=visit.service.clock())
        record(connection, visit, deed=Deed("project.add", project, project), detail={"name": name.strip()})
    return find(visit, project)


def listed(visit: Visit) -> list[Project]:
    """Those that the caller enters, by id."""
    require(visit.caller, Permission.READ)
    with visit.service.store.reading() as connection:
        return projects.list_projects(connection, visit.caller.projects)


def find(visit: Visit, project: str) -> Project:
    """The project with this id.

    Raises:
        UnknownName: there is none that the caller enters.
    """
    require(visit.caller, Permission.READ, project=project)
    with visit.service.store.reading() as connection:
        return projects.find_project(connection, project)


def members(visit: Visit, project: str) -> list[User]:
    """Who may enter it, by address; admins enter all."""
    require(visit.caller, Permission.ADMINISTER, project=project)
    with visit.service.store.reading() as connection:
        projects.find_project(connection, project)
        return accounts.list_members(connection, project)


def let_in(visit: Visit, project: str, *, user: str) -> None:
    """Make *user* a member."""
    require(visit.caller, Permission.ADMINISTER, project=project)
    with visit.service.store.writing() as connection:
        projects.find_project(connection, project)
        accounts.find_user(connection, user)
        accounts.insert_member(connection, user, project=project, at=visit.service.clock())
        record(connection, visit, deed=Deed("project.let_in", user, project))
    visit.service.known.forget()


def put_out(visit: Visit, project: str, *, user: str) -> None:
    """Make *user* a member no longer.

    Raises:
        UnknownName: it is none.
    """
    require(visit.caller, Permission.ADMINISTER, project=project)
    with visit.service.store.writing() as connection:
        if not accounts.delete_member(connection, user, project=project):
            raise UnknownName("member", user, ())
        record(connection, visit, deed=Deed("project.put_out", user, project))
    visit.service.known.forget()


def set_rules(visit: Visit, project: str, *, rules: Rules) -> Project:
    """Set monthly cap and retention, both.

    Raises:
        UsageError: the cap is no amount of dollars, or the days are none.
    """
    require(visit.caller, Permission.ADMINISTER, project=project)
    cap = None if rules.monthly_cap is None else _dollars(rules.monthly_cap)
    if rules.retention_days is not None and not 1 <= rules.retention_days <= MOST_DAYS:
        raise UsageError(f"retention_days is {rules.retention_days}: give 1 to {MOST_DAYS}, or nothing to keep all")
    values = {"monthly_cap": cap, "retention_days": rules.retention_days}
    with visit.service.store.writing() as connection:
        before = projects.find_project(connection, project).rules
        projects.save_rules(connection, project, values=values)
        was = {"monthly_cap": before.monthly_cap, "retention_days": before.retention_days}
        record(connection, visit, deed=Deed("project.rules", project, project), detail={"from": was, "to": values})
    return find(visit, project)


def export(visit: Visit, project: str) -> Iterator[bytes]:
    """Everything that the project holds, a line of JSON for each row, ``table`` first; of keys no secret part.

    Rights are checked and the log is written now, lines are read while they are taken.
    """
    require(visit.caller, Permission.ADMINISTER, project=project)
    with visit.service.store.writing() as connection:
        projects.find_project(connection, project)
        record(connection, visit, deed=Deed("project.export", project, project))
    return _lines(visit, project)


def delete(visit: Visit, project: str) -> dict[str, int]:
    """Delete everything that the project holds; table -> rows. The audit log stays, and the id stays taken.

    Raises:
        Conflict: evaluations are under way there.
        UsageError: it is the command line's.
    """
    require(visit.caller, Permission.ADMINISTER, project=project)
    if project == LOCAL:
        raise UsageError(f"project {LOCAL} is the command line's and stays: delete the database file instead")
    with visit.service.store.writing() as connection:
        projects.find_project(connection, project)
        if under_way := projects.open_jobs(connection, project):
            raise Conflict(f"project {project} has {under_way} evaluations under way: cancel them first")
        gone = projects.delete_rows(connection, project, at=visit.service.clock())
        record(connection, visit, deed=Deed("project.delete", project, project), detail={"rows": gone})
    visit.service.known.forget()
    return gone


def _lines(visit: Visit, project: str) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    with visit.service.store.reading() as connection:
        for row in projects.read_project(connection, project):
            yield encoder.encode({"table": row.table, **_shown(row)}) + b"\n"


def _shown(row: ExportedRow) -> dict[str, object]:
    return {name: _plain(name, value) for name, value in row.values.items()}


def _plain(column: str, value: object) -> object:
    if isinstance(value, datetime):
        return accounts.seconds(value)
    # Bodies are JSON texts; what else is bytes (a signature) goes out in base64.
    return value.decode() if column == "body" and isinstance(value, bytes) else value


def _dollars(text: str) -> str:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0 or amount > Decimal(10) ** 9:
        raise UsageError(f"monthly_cap is {text!r}: give dollars such as 250 or 12.50, or nothing for no cap")
    return format(amount, "f")
