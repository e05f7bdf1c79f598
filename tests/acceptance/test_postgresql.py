"""The command line over a PostgreSQL server: the same commands, the same scores, and a service that sees its runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.acceptance.terminal import Terminal, lines
from tests.acceptance.test_commands import (
    test_eval_scores_a_server_at_its_skill,
    test_kill_9_and_the_same_command_repeat_only_what_was_open,
    test_the_same_command_pays_for_nothing_twice,
)

from causal_eval.service import jobs
from causal_eval.service.access import Caller, Role
from causal_eval.service.wiring import Visit, close_service, open_service
from causal_eval.settings import read_settings

pytestmark = pytest.mark.slow
__all__ = [
    "test_eval_scores_a_server_at_its_skill",
    "test_kill_9_and_the_same_command_repeat_only_what_was_open",
    "test_the_same_command_pays_for_nothing_twice",
]


@pytest.fixture
def terminal(tmp_path: Path, postgres_url: str) -> Terminal:
    """A home of its own, and a database on a server."""
    opened = Terminal(tmp_path)
    opened.env["DATABASE_URL"] = postgres_url
    return opened


def test_looking_and_scoring_again(terminal: Terminal, question_file: Path) -> None:
    """Runs are listed, shown, scored again without a change, and hold what must hold."""
    assert terminal.run("eval", "--model", "baseline/oracle", "--questions", str(question_file)).returncode == 0
    (listed,) = lines(terminal.run("ls", "--json"))
    name = str(listed["id"])
    assert name in terminal.run("show", name).stdout
    assert terminal.run("rescore", name, "--json").returncode == 0
    assert terminal.run("invariants", "--json").stdout == '{"event":"invariants","violations":0}\n'
    assert "password" not in terminal.run("doctor").stdout
    again = terminal.run("eval", "--model", "baseline/oracle", "--questions", str(question_file), "--json")
    assert any(line.get("event") == "done" for line in lines(again))
    assert terminal.rows("SELECT count(*) FROM attempts") == [(60,)]


def test_a_service_sees_the_runs_of_the_command_line(terminal: Terminal, question_file: Path) -> None:
    """Pointed at the same database it lists the run with its counts, as one that nobody steers there."""
    assert terminal.run("eval", "--model", "baseline/oracle", "--questions", str(question_file)).returncode == 0
    service = open_service(read_settings(terminal.env, cwd=terminal.home))
    (line,) = jobs.listed(Visit(service, Caller("local", "local", Role.ADMIN, None)))
    close_service(service)
    assert (line.answerer, line.wanted, line.kept) == ("baseline/oracle", 60, 60)
    assert line.job.of_command_line
