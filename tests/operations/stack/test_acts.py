"""What is done to a stack is shown before it is done, and a log is one text in the order of time."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tests.stacks import COMMAND, environment

from causal_eval.errors import UsageError
from causal_eval.operations.stack.acts import Containers, find_containers, merged
from causal_eval.operations.stack.files import _sections, lay_out
from causal_eval.operations.stack.plan import Plan, Wanted, changed, load_plan, new_plan, save_plan
from causal_eval.operations.stack.programs import Programs
from causal_eval.operations.stack.rolling import BESIDE

PROGRAMS = Programs((COMMAND,), "/bin/supervisord", "/usr/lib/postgresql/15/bin", "/bin/valkey", "/bin/caddy")


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """A stack that was never started."""
    made = changed(new_plan(tmp_path, PROGRAMS, token="a1b2c3d4e5f60718"), Wanted(apps=2, workers=1))
    save_plan(made)
    return made


def test_a_plan_is_read_as_it_was_written(plan: Plan) -> None:
    """Nothing of it is lost in its file."""
    assert load_plan(plan.root) == plan


def test_a_stack_that_makes_backups_tells_each_of_its_programs_where(plan: Plan, tmp_path: Path) -> None:
    """App and workers read there what was last done; the process that makes them is the database's superuser."""
    assert "backup" not in plan.names
    assert not {name for name in plan.environment() if name.startswith("CEB_BACKUP")}
    keeping = changed(plan, Wanted(backups=True))
    assert keeping.names.index("backup") > keeping.names.index("postgres")
    assert keeping.environment()["CEB_BACKUP_DIR"] == str(tmp_path / "backups")
    lay_out(keeping, lambda: "token")
    (place,) = [part for part in _sections(keeping) if part.startswith("[program:backup]")]
    assert "postgresql://postgres@" in place
    assert keeping.secret("backup.key").stat().st_mode & 0o077 == 0
    key = keeping.secret("backup.key").read_bytes()
    lay_out(keeping, lambda: "token")
    assert keeping.secret("backup.key").read_bytes() == key


def test_whatever_runs_a_version_is_started_with_another(plan: Plan) -> None:
    """The supervisor stops each process whose line has changed: the end of a deployment starts them, replicas apart."""
    whole = changed(plan, Wanted(backups=True, monitoring=True))
    lay_out(whole, lambda: "token")
    before, after = (set(_sections(replace(whole, version=version))) for version in ("1+a", "1+b"))
    altered = {part.partition("]")[0].removeprefix("[program:") for part in after - before}
    assert altered - {*whole.replicas("app"), *whole.replicas("worker")} == set(BESIDE)


def test_replicas_keep_their_ports(plan: Plan) -> None:
    """More of them get others; nobody moves."""
    more = changed(plan, Wanted(apps=3))
    assert {name: more.ports[name] for name in plan.ports} == plan.ports
    assert more.ports["app-3"] == more.ports["app-1"] + 2


def test_free_ports_are_no_two_alike(tmp_path: Path) -> None:
    """Each process has its own, and a replica that comes later another."""
    first = changed(new_plan(tmp_path, PROGRAMS, token="a1b2c3d4e5f60718"), Wanted(free_ports=True))
    later = changed(first, Wanted(workers=4))
    assert len(set(later.ports.values())) == len(later.ports)
    assert min(later.ports.values()) >= 20_000


@pytest.mark.parametrize(
    "wanted",
    [Wanted(apps=0), Wanted(workers=1000), Wanted(ports={"nobody": 1}), Wanted(ports={"lb": 99_999}),
     Wanted(ports={"lb": 8101})],
)  # fmt: skip
def test_what_cannot_be_is_refused(tmp_path: Path, wanted: Wanted) -> None:
    """A number of replicas, a name or a port."""
    with pytest.raises(UsageError):
        changed(new_plan(tmp_path, PROGRAMS, token="a1b2c3d4e5f60718"), wanted)


def test_logs_of_replicas_are_one_by_time(tmp_path: Path) -> None:
    """A line without a time belongs to the one before."""
    one, two = tmp_path / "app-1.log", tmp_path / "app-2.log"
    one.write_text("2026-01-01T00:00:01.000Z INFO a\nTraceback\n2026-01-01T00:00:03.000Z INFO c\n")
    two.write_text("2026-01-01 00:00:02.000 INFO b\n")
    assert [line[-1] for line in merged([one, two])] == ["a", "k", "b", "c"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["restart", "app"], "restart app-1, and wait until it is ready\nrestart app-2, and wait until it is ready\n"),
        (["psql", "--", "select 1"], "postgresql://postgres@127.0.0.1:5433/causal_eval_bench -c 'select 1'\n"),
        (["run", "--", "backup", "--dry-run"], f"{COMMAND} backup --dry-run\n"),
        (["scale", "app", "3"], "run 3 of app"),
        (["logs", "app", "-f"], "tail --quiet"),
    ],
)
def test_a_dry_run_says_what_it_would_do(plan: Plan, words: list[str], said: str) -> None:
    """And does nothing: no process of the stack is there."""
    shown = [words[0], "--mode", "proc", "--dry-run", *words[1:]]
    done = subprocess.run(
        [COMMAND, "stack", *shown], env=environment(plan.root), capture_output=True, text=True, check=True
    )
    assert said in done.stdout
    assert json.loads((plan.root / "stack.json").read_text())["apps"] == 2


def test_containers_are_acted_on_by_the_scripts_beside_their_file(tmp_path: Path) -> None:
    """What make and a person type is one thing, with whichever Compose there is."""
    found = Containers(("docker", "compose"), str(tmp_path))
    steps = [
        *found.restart("app"), *found.scale("app", 3), *found.rollback("0.1.0+0123456789abcdef"),
        *found.health(json=True),
    ]  # fmt: skip
    assert [step.argv for step in steps] == [
        ("bash", "docker/restart.sh", "app"),
        ("bash", "docker/scale.sh", "app", "3"),
        ("bash", "docker/rollback.sh", "0123456789ab"),
        ("bash", "docker/health.sh", "--json"),
    ]
    assert {(step.env["COMPOSE"], step.cwd) for step in steps} == {("docker compose", str(tmp_path))}


def test_what_the_runbook_gets_wrong_is_not_done_to_containers(tmp_path: Path) -> None:
    """Logs have no prefix and end."""
    (step,) = Containers(("docker-compose",), str(tmp_path)).logs("app", follow=False)
    assert {"--no-log-prefix", "--no-color"} <= set(step.argv)
    assert "--follow" not in step.argv


def test_backups_of_containers_are_made_where_their_account_is(tmp_path: Path) -> None:
    """Neither app nor worker may copy the server: a container of the service backup does, also where none runs."""
    found = Containers(("docker-compose",), str(tmp_path))
    (backup,) = found.run(["backup"], superuser=True)
    assert backup.argv == ("docker-compose", "run", "--rm", "--no-deps", "-T", "backup", "backup")
    (check,) = found.run(["invariants"], superuser=False)
    assert check.argv == ("docker-compose", "exec", "-T", "app", "causal-eval", "invariants")


def test_no_containers_without_their_file(tmp_path: Path) -> None:
    """Elsewhere than in its folder, Compose is not asked."""
    assert find_containers(tmp_path) is None
