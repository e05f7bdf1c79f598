"""The commands of the guide to planning run as they stand there, with the ids that `ls` shows for A and B."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.acceptance.terminal import Terminal, lines

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "guides" / "plan.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]


def test_every_command_of_the_guide_runs(tmp_path: Path) -> None:
    """From nothing to a plan that has learned: no command fails or calls anybody, and what it rests on is said."""
    terminal, said = Terminal(tmp_path), dict[str, str]()
    for command in COMMANDS:
        _, *words = shlex.split(command)
        ids = _ids(terminal) if {"A", "B"} & set(words) else {}
        done = terminal.run(*(ids.get(word, word) for word in words))
        assert done.returncode == 0, (command, done.stderr)
        said[command] = done.stdout
    assert "Assumed" in said["causal-eval plan --detect 3pts --power 0.8 --model openai/gpt-5-mini"]
    learned = said["causal-eval plan --detect 5pts --model demo/careful --baseline B"]
    assert "asked the same questions" in learned
    assert "nobody was asked" in learned
    found = json.loads(said["causal-eval variance A --json"])
    assert [part["source"] for part in found["parts"]] == ["causal model", "wording", "sampling"]
    assert "--epochs 2" in said["causal-eval variance A"]
    for code in re.findall(r"^```python\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=terminal.env,
            cwd=terminal.home,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_what_cannot_be_planned_is_refused_with_what_to_type(tmp_path: Path) -> None:
    """No aim, two aims, a bare number and an unknown family: exit 2, one line that says what to do."""
    terminal = Terminal(tmp_path)
    for words, said in (
        ((), "say detect"),
        (("--detect", "3pts", "--precision", "2pts"), "one of two"),
        (("--detect", "3"), "as in 2pts"),
        (("--detect", "3pts", "--family", "effects"), "did you mean effect"),
        (("--detect", "3pts", "--power", "1"), "as in 0.8"),
    ):
        done = terminal.run("plan", "--model", "openai/gpt-5-mini", *words)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def _ids(terminal: Terminal) -> dict[str, str]:
    """A: the better of the demonstration's two; B: the other."""
    found = sorted((str(line["answerer"]), str(line["id"])) for line in lines(terminal.run("ls", "--json")))
    return {letter: name for letter, (_, name) in zip("AB", found, strict=True)}
