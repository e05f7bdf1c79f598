"""What a terminal shows: whole ids at any width, no colour where none is wanted, completion in three shells."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests import lacking
from tests.acceptance.terminal import COMMAND, Terminal, lines


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that is done, and where it lies."""

    terminal: Terminal
    run: str

    def shown(self, *command: str, **variables: str) -> str:
        """Both streams of *command*, without the width and colour that tests set elsewhere."""
        env = {name: value for name, value in self.terminal.env.items() if name not in ("NO_COLOR", "COLUMNS")}
        done = subprocess.run(
            [*COMMAND, *command], env={**env, **variables}, check=True, capture_output=True, text=True
        )
        return done.stdout + done.stderr


LONG = "openai-api/mock/a-name-that-is-longer-than-most-terminals-are-wide-2025-10-01"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, question_file: Path) -> Finished:
    """A home in which a model with a very long name was run."""
    terminal = Terminal(tmp_path_factory.mktemp("finished"))
    with terminal.server("--questions", str(question_file)) as env:
        done = terminal.run("eval", "--model", LONG, "--questions", str(question_file), "--limit", "6", "--json",
                            env=env)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Finished(terminal, str(lines(done)[0]["evaluation"]))


@pytest.mark.parametrize("columns", ["60", "100", ""])
def test_ids_and_numbers_are_never_cut(finished: Finished, columns: str) -> None:
    """At every width ids, names and cells stand whole; what does not fit beside goes below."""
    width = {"COLUMNS": columns} if columns else {}
    for command in (("ls",), ("show", finished.run)):
        shown = finished.shown(*command, **width)
        assert finished.run in shown
        assert LONG in shown
        assert "…" not in shown
    titles = ("95 % interval", "chance", "strict", "clusters", "unpars.", "abst.", "miss.", "ungr.", "cost", "time")
    assert [title for title in titles if title not in shown] == []


def test_a_pipe_gets_no_colour(finished: Finished) -> None:
    """Nobody has to set NO_COLOR for a file or a pipe."""
    assert "\x1b" not in finished.shown("ls") + finished.shown("show", finished.run)


def test_a_terminal_in_a_build_gets_no_live_display(terminal: Terminal, question_file: Path) -> None:
    """With CI set, even a terminal gets plain lines; without it, a bar that moves the cursor."""
    command = [*COMMAND, "eval", "--model", "baseline/oracle", "--questions", str(question_file)]
    assert "\x1b" not in on_a_terminal(terminal, [*command, "--limit", "6"], CI="1")
    assert "\x1b[" in on_a_terminal(terminal, [*command, "--limit", "7"])


def on_a_terminal(terminal: Terminal, command: list[str], **variables: str) -> str:
    """What a pseudo-terminal gets of *command*; the score table is among it."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command, env={**terminal.env, "TERM": "xterm", **variables}, cwd=terminal.home, stdin=slave, stdout=slave,
        stderr=slave,
    )  # fmt: skip
    os.close(slave)
    shown = b""
    with contextlib.suppress(OSError):  # the other end is closed: that is how a pseudo-terminal says so
        while part := os.read(master, 65536):
            shown += part
    os.close(master)
    assert process.wait(timeout=60) == 0
    assert b"95 % interval" in shown
    return shown.decode()


TRIED = {
    "bash": "source ~/.bashrc; COMP_WORDS=({name} expl); COMP_CWORD=1; _{function}_completion {name}; "
    'echo "${{COMPREPLY[@]}}"',
    "zsh": "compdef() {{ :; }}; _arguments() {{ print -r -- $*; }}; source ~/.zfunc/_{name}; words=({name} expl); "
    "CURRENT=2; _{function}_completion",
    "fish": "complete -C '{name} expl'",
}
"""What a shell does when the tabulator is pressed after ``expl``."""


@pytest.mark.slow
@pytest.mark.parametrize(("shell", "name"), [(shell, "causal-eval") for shell in TRIED] + [("bash", "ceb")])
def test_completion_completes(terminal: Terminal, shell: str, name: str) -> None:
    """``--install-completion`` finds out the shell, and a new one completes, under either name."""
    lacking.program(shell)
    terminal.env["PATH"] = f"{Path(sys.executable).parent}:{terminal.env['PATH']}"

    def said(line: str) -> str:
        return subprocess.run(
            [shell, "-c", line], env=terminal.env, cwd=terminal.home, check=True, capture_output=True, text=True
        ).stdout

    assert f"{shell} completion installed" in said(f"{name} --install-completion; true")
    assert "explain" in said(TRIED[shell].format(name=name, function=name.replace("-", "_")))
