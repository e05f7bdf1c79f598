"""What the runbook types: every target of make does its work on a stack that runs, and ends."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.stacks import Stack

ROOT = Path(__file__).resolve().parents[3]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not (ROOT / ".venv/.local").exists(), reason="not installed by make"),
]


def typed(stack: Stack, line: str, *, code: int = 0, more: Mapping[str, str] | None = None) -> str:
    """What a line of a shell prints, of which every part ends well, or the worst with *code*."""
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=ROOT, env={**stack.env, **(more or {})}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == code, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("health", "ask every process of"),
        ("status", "app-1"),
        ("logs-app", "tail --quiet --lines=+1"),
        ("logs-db", "postgres.log"),
        ("shell-db Q='select 1'", "psql -X postgresql://postgres@"),
        ("shell", "with the variables of app and workers"),
        ("stats", "app-1"),
        ("restart S=worker", "restart worker-2"),
        ("scale S=app N=3", "run 3 of app"),
        ("verify", "causal_eval.cli invariants"),
        ("backup", "causal_eval.cli backup"),
        ("restore FROM=one TO=2026-11-28T14:03:00Z SWAP=1", "restore one --to 2026-11-28T14:03:00Z --swap"),
        ("drill D=app-crash", "causal-eval drill app-crash"),
        ("gameday D=network-api-cut", "tests.gameday network-api-cut"),
        ("gameday ROUNDS=2 SEED=7", "causal-eval gameday --rounds 2 --seed 7"),
    ],
)
def test_each_target_can_be_shown_first(stack: Stack, line: str, said: str) -> None:
    """DRY=1 says what would be done, through a pipe, and changes no process."""
    before = stack.states()
    assert said in typed(stack, f"make {line} DRY=1 | tail -40")
    assert {name: state.pid for name, state in stack.states().items()} == {
        name: state.pid for name, state in before.items()
    }


def test_the_runbooks_six_answer_through_a_pipe(stack: Stack) -> None:
    """Health, both logs, the database's shell and the program's; the image is built elsewhere (tests/containers)."""
    assert "api (critical)" in typed(stack, "make health | tail -30")
    parts = json.loads(typed(stack, "make health JSON=1"))["parts"]
    assert {part["name"]: part["status"] for part in parts}["database"] == "ok"
    assert "Causal Eval Bench at" in typed(stack, "make logs-app | tail -100")
    assert "ready to accept connections" in typed(stack, "make logs-db")
    assert "42" in typed(stack, "echo 'select 40 + 2' | make shell-db | tail -5")
    assert "43" in typed(stack, "make shell-db Q='select 40 + 3' | tail -5")
    said = typed(stack, "echo 'causal-eval --version; psql --version; pwd' | make shell")
    assert "causal-eval 0." in said
    assert "psql (PostgreSQL)" in said
    assert str(stack.plan.home) in said


def test_what_looks_after_a_stack_answers_through_a_pipe(stack: Stack) -> None:
    """Each says what it did, and ends with 0."""
    assert "worker-1" in typed(stack, "make status | tail -20")
    assert "app-1" in typed(stack, "make stats | tail -20")
    of_one = typed(stack, "make stats S=worker | tail -20")
    assert "worker-1" in of_one
    assert "app-1" not in of_one
    assert "worker-1 was restarted" in typed(stack, "make restart S=worker | tail -5")
    assert "2 of worker run" in typed(stack, "make scale S=worker N=2 | tail -5")
    assert "as it must be" in typed(stack, "make verify | tail -5")


def test_a_backup_is_made_and_restored_by_make(stack: Stack, tmp_path: Path) -> None:
    """With the key that whoever types it has named."""
    stack.run("backup", "key", str(tmp_path / "key"))
    more = {"CEB_BACKUP_KEY_FILE": str(tmp_path / "key")}
    assert "verified" in typed(stack, "make backup | tail -5", more=more)
    assert "nothing was swapped" in typed(stack, "make restore FROM=latest | tail -5", more=more)
    assert "it is in use now" in typed(stack, "make restore FROM=latest SWAP=1 | tail -5", more=more)
    assert "as it must be" in typed(stack, "make verify | tail -5")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("scale S=app", "say how many"),
        ("scale S=postgres N=2", "cannot be scaled"),
        ("restart S=nobody", "the stack has no 'nobody'"),
        ("rollback", "no version ran before"),
        ("rollback TO=nobody", "unknown version"),
    ],
)
def test_what_cannot_be_done_is_said(stack: Stack, line: str, said: str) -> None:
    """And ends with 2, through a pipe too."""
    assert said in typed(stack, f"make {line} | tail -5", code=2)
