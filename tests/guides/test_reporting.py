"""The commands of the guides to reports and to reproducing run as they stand there, on the demonstration."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from tests.acceptance.terminal import Terminal, lines

GUIDES = Path(__file__).resolve().parents[2] / "docs" / "guides"


def _commands(guide: str) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", (GUIDES / guide).read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def _ids(terminal: Terminal) -> dict[str, str]:
    """A: the better of the demonstration's two; B: the other."""
    found = sorted((str(line["answerer"]), str(line["id"])) for line in lines(terminal.run("ls", "--json")))
    return {letter: name for letter, (_, name) in zip("AB", found, strict=True)}


def test_every_command_of_the_guides_runs(tmp_path: Path) -> None:
    """Each writes the file that it names; what a report claims is reproduced, and what it does not is DRIFT (8)."""
    terminal = Terminal(tmp_path)
    assert terminal.run("demo", "--n", "60").returncode == 0
    ids = _ids(terminal)
    for command in (*_commands("report.md"), *_commands("reproduce.md")):
        _, *words = shlex.split(command)
        done = terminal.run(*(ids.get(word, word) for word in words))
        assert done.returncode == 0, (command, done.stderr)
        if "-o" in words:
            assert (tmp_path / words[words.index("-o") + 1]).stat().st_size > 1000
    assert done.stdout.startswith("MATCH  ")
    _drift(terminal, tmp_path)


def _drift(terminal: Terminal, home: Path) -> None:
    """A changed number in a report and a changed reply in the database are each named."""
    path = home / "report.json"
    report = json.loads(path.read_text("utf-8"))
    report["tickets"][0]["claims"][0]["score"] = 0.125
    path.write_text(json.dumps(report), "utf-8")
    done = terminal.run("reproduce", "report.json", "--json")
    assert done.returncode == 8
    first, second = lines(done)
    assert (first["match"], second["match"]) == (False, True)
    assert "overall 12.5 " in done.stdout
    name = report["tickets"][1]["evaluation"] + "@" + report["tickets"][1]["hash"]
    assert terminal.run("reproduce", name).stdout.startswith(f"MATCH  {name}")
    unknown = terminal.run("reproduce", "res-0123456789abcdef")
    assert (unknown.returncode, "unknown result" in unknown.stderr) == (2, True)
