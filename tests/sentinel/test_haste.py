"""Only the sentinel of a stack whose own file says so is in haste, over that stack's own book."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.sentinel.running import alert, running, send

from causal_eval.incidents import timers
from causal_eval.incidents.book import find, open_book
from causal_eval.incidents.rules import agree
from causal_eval.incidents.timers import Deadline
from causal_eval.operations.stack.plan import MARK, Wanted, changed, new_plan, save_plan
from causal_eval.operations.stack.programs import Programs

PROGRAMS = Programs(("causal-eval",), "/bin/supervisord", "/bin", "/bin/valkey", "/bin/caddy")
HASTE = 60


@pytest.fixture
def stack(tmp_path: Path) -> dict[str, str]:
    """What a process of a game's stack has in its environment."""
    plan = changed(new_plan(tmp_path, PROGRAMS, token="a1b2c3d4e5f60718"), Wanted(free_ports=True))
    save_plan(replace(plan, haste=HASTE))
    plan.incidents.parent.mkdir()
    return {MARK: plan.id, "CEB_STACK_DIR": plan.folder, "CEB_INCIDENTS": str(plan.incidents)}


def escalated_after(path: Path) -> float:
    """Seconds from the opening of the first incident to its escalation."""
    book = open_book(path)
    with book.reading() as rows:
        after = timers.pending(rows, "INC-1")[Deadline.ESCALATE] - find(rows, "INC-1").opened_at
    book.close()
    return after


@pytest.mark.parametrize("lacking", ["", MARK, "CEB_STACK_DIR", "CEB_INCIDENTS"])
def test_a_sentinel_hurries_over_its_own_stacks_book_alone(tmp_path: Path, stack: dict[str, str], lacking: str) -> None:
    """A P0 is escalated after 30 s there, and after 30 minutes wherever one thing is another."""
    stack.pop(lacking, None)
    with running(tmp_path, **stack) as (_, address):
        send(address, alert("DatabaseDown", severity="P0", component="database"))
        path = Path(stack.get("CEB_INCIDENTS", tmp_path / "incidents.db"))
        assert escalated_after(path) == pytest.approx(1800.0 if lacking else 1800.0 / HASTE)


def test_a_games_book_is_refused_by_a_service(tmp_path: Path) -> None:
    """It names the setting to change, and opens nothing."""
    book = open_book(tmp_path / "incidents.db")
    with book.writing() as rows:
        agree(rows, haste=HASTE)
    book.close()
    env = {name: value for name, value in os.environ.items() if not name.startswith("CEB_")}
    command = [str(Path(sys.executable).with_name("causal-eval")), "sentinel", "--port", "0"]
    done = subprocess.run(
        command, env={**env, "CEB_DATA_DIR": str(tmp_path)}, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "set CEB_INCIDENTS to another file" in done.stderr
