"""Projects: rules and members, an export that is whole, a deletion that touches nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
from sqlalchemy import Table, func, insert, select

from causal_eval.errors import Conflict, NotAllowed, UnknownName, UsageError
from causal_eval.service import accounts, audit, jobs, keys, projects, users
from causal_eval.service.access import Caller, Role
from causal_eval.service.jobs import JobOrder
from causal_eval.service.keys import KeyOrder
from causal_eval.service.users import NewUser
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.owners import own_set
from causal_eval.store.projects import KEPT, Rules, owned
from causal_eval.store.schema import metadata
from causal_eval.store.tables import attempts, verdicts

SHARED = {
    "users", "sessions", "login_failures", "idempotency",
    "question_sets", "questions", "set_members", "set_orders", "set_words",
    "workers", "leases", "money_aside", "key_states", "call_leases", "schema_floor", "switches", "deployments",
    "incidents", "incident_copy",
}  # fmt: skip
"""Tables of no project: people, the system, and question sets, which are found by the hash of what they hold."""


@pytest.fixture
def admin(service: Service) -> Visit:
    """Somebody who may everything."""
    return Visit(service, accounts.local_caller("127.0.0.1"))


@pytest.fixture
def filled(admin: Visit, wanted: JobOrder) -> Callable[[str], str]:
    """Makes a project with an evaluation, an outcome, a member and a key; the evaluation's id."""

    def make(project: str) -> str:
        projects.add(admin, project, name=project.title())
        user = users.add(
            admin, NewUser(f"{project}@example.org", project, Role.EVALUATOR, projects=frozenset({project}))
        )
        member = Visit(admin.service, accounts.user_caller(user, address=""))
        keys.make(member, KeyOrder(f"{project} key", project=project))
        with admin.service.store.writing() as connection:
            own_set(connection, wanted.question_set, project=project, by=member.caller.actor, at=0.0)
        placed = jobs.order(member, replace(wanted, project=project))
        _answer(admin.service, placed.evaluation.id)
        return placed.evaluation.id

    return make


def _answer(service: Service, evaluation: str) -> None:
    with service.store.writing() as connection:
        question = connection.scalars(select(metadata.tables["questions"].c.digest)).first()
        row = {
            "evaluation_id": evaluation, "question": question, "answerer": "baseline/oracle", "sample": 0,
            "kind": "reply", "text": "1/2", "reasoning": "", "finish": "stop", "served": "", "latency_ms": 1.0,
            "calls": 1, "started_at": "2026-11-25T00:00:00.000Z", "content_hash": "0" * 64,
        }  # fmt: skip
        kept = connection.execute(insert(attempts), row).inserted_primary_key
        assert kept is not None
        verdict = {"attempt_id": kept[0], "scorer": "1", "mark": "correct", "strict": "correct", "share": "1"}
        connection.execute(insert(verdicts), {**verdict, "answer": '"1/2"', "reason": ""})


def _rows(service: Service) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    with service.store.reading() as connection:
        return {table.name: sorted(map(repr, connection.execute(select(table)))) for table in metadata.sorted_tables}


def test_deleting_a_project_deletes_its_rows_and_nothing_else(admin: Visit, filled: Callable[[str], str]) -> None:
    """Every row that was there before the project is there after it; the log alone has grown."""
    theirs = filled("theirs")
    before = _rows(admin.service)
    ours = filled("ours")
    jobs.cancel(admin, ours)
    gone = projects.delete(admin, "ours")
    after = _rows(admin.service)
    assert {"attempts", "verdicts", "jobs", "shards", "events", "members", "api_keys", "evaluations"} <= set(gone)
    for name in set(before) - KEPT - {"users"}:
        assert after[name] == before[name], name
    assert jobs.find(admin, theirs).evaluation.id == theirs
    assert not [row for name in set(after) - KEPT - {"users"} for row in after[name] if "ours" in row.split("'")]
    assert audit.broken(admin) == []
    with pytest.raises(UnknownName):
        projects.find(admin, "ours")
    with pytest.raises(Conflict, match="is there, or was"):
        projects.add(admin, "ours", name="Again")


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_every_table_is_of_a_project_or_known_to_be_shared(table: Table) -> None:
    """A new table cannot be forgotten by export and deletion."""
    assert (owned(table, "p") is None) == (table.name in SHARED)


def test_a_project_with_work_under_way_is_not_deleted(admin: Visit, filled: Callable[[str], str]) -> None:
    """Nothing is deleted under a worker's hands."""
    filled("ours")
    before = _rows(admin.service)
    with pytest.raises(Conflict, match="1 evaluations under way"):
        projects.delete(admin, "ours")
    assert _rows(admin.service) == before


def test_the_command_lines_project_stays(admin: Visit) -> None:
    """Its runs would lose the ground they stand on."""
    with pytest.raises(UsageError, match="command line's"):
        projects.delete(admin, "local")


def test_an_export_holds_everything_and_no_secret(admin: Visit, filled: Callable[[str], str]) -> None:
    """Each row of the project is a line, its questions too; another project's rows and all hashes of keys are not."""
    filled("theirs")
    evaluation = filled("ours")
    lines = [json.loads(line) for line in projects.export(admin, "ours")]
    with admin.service.store.reading() as connection:
        for table in metadata.sorted_tables:
            mine = owned(table, "ours")
            if mine is not None:
                expected = connection.execute(select(func.count()).select_from(table).where(mine)).scalar_one()
                assert sum(line["table"] == table.name for line in lines) == expected, table.name
    assert sum(line["table"] == "questions" for line in lines) == 250
    assert [line["id"] for line in lines if line["table"] == "evaluations"] == [evaluation]
    assert not [line for line in lines if "theirs" in line.values()]
    assert not [line for line in lines if line["table"] == "api_keys" and "hash" in line]
    body = next(line["body"] for line in lines if line["table"] == "questions")
    assert msgspec.json.decode(body)["prompt"]


def test_an_export_is_refused_before_its_first_line(admin: Visit, caller: Callable[..., Caller]) -> None:
    """Rights are checked when it is asked for, not when it is read."""
    with pytest.raises(NotAllowed):
        projects.export(Visit(admin.service, caller(Role.OPERATOR)), "local")
    with pytest.raises(UnknownName):
        projects.export(admin, "nowhere")


@pytest.mark.parametrize("cap", ["-1", "many", "NaN", "Infinity", "1e99"])
def test_a_cap_is_dollars(admin: Visit, cap: str) -> None:
    """Anything else is refused, and nothing changes."""
    with pytest.raises(UsageError, match="monthly_cap"):
        projects.set_rules(admin, "local", rules=Rules(cap))
    assert projects.find(admin, "local").rules == Rules()


def test_rules_are_set_and_the_log_says_from_what(admin: Visit) -> None:
    """Both values before and after stand in the audit log."""
    projects.set_rules(admin, "local", rules=Rules("12.50", 30))
    assert projects.set_rules(admin, "local", rules=Rules(None, 7)).rules == Rules(None, 7)
    noted = audit.listed(admin, project="local")[0].entry
    assert noted.detail == {
        "from": {"monthly_cap": "12.50", "retention_days": 30},
        "to": {"monthly_cap": None, "retention_days": 7},
    }


def test_only_members_see_a_project(admin: Visit) -> None:
    """It is unknown to everybody else, and a member who is put out no longer enters."""
    projects.add(admin, "ours", name="Ours")
    user = users.add(admin, NewUser("a@example.org", "A"))

    def there() -> list[str]:
        visit = Visit(admin.service, accounts.user_caller(users.find(admin, user.id), address=""))
        return [project.id for project in projects.listed(visit)]

    assert there() == []
    projects.let_in(admin, "ours", user=user.id)
    assert there() == ["ours"]
    assert [member.id for member in projects.members(admin, "ours")] == [user.id]
    projects.put_out(admin, "ours", user=user.id)
    assert there() == []
    assert [one.id for one in projects.listed(admin)] == ["local", "ours"]


@pytest.mark.parametrize("name", ["", "Ours", "-a", "a b", "a/../b", "x" * 64])
def test_an_id_is_plain(admin: Visit, name: str) -> None:
    """It stands in addresses and file names."""
    with pytest.raises(UsageError, match="id of the project"):
        projects.add(admin, name, name="x")
