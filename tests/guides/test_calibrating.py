"""The commands of the guide to calibration run as they stand there, and a notebook says the same."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.acceptance.terminal import Terminal, lines

from causal_eval.notebook import calibration, open_run

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "calibration.md"


def test_every_command_of_the_guide_runs(tmp_path: Path) -> None:
    """From the demonstration to a report: the hasty one is shown to be over-confident; files are written."""
    terminal, said = Terminal(tmp_path), dict[str, str]()
    (block,) = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for command in block.splitlines():
        _, *words = shlex.split(command)
        ids = _ids(terminal) if {"A", "B"} & set(words) else {}
        done = terminal.run(*(ids.get(word, word) for word in words))
        assert done.returncode == 0, (command, done.stderr)
        said[command] = done.stdout
        if "-o" in words:
            assert (tmp_path / words[words.index("-o") + 1]).stat().st_size > 1000
    careful, hasty = re.findall(r"^demo/.*", said["causal-eval calibration A B"], flags=re.MULTILINE)
    assert "shows neither over- nor under-confidence" in careful
    assert "shows over-confidence" in hasty
    report = (tmp_path / "report.html").read_text("utf-8")
    assert 'id="calibration"' in report
    assert "demo --n 120 --confidence" in report
    _same(terminal, tmp_path)


def _ids(terminal: Terminal) -> dict[str, str]:
    found = sorted((str(line["answerer"]), str(line["id"])) for line in lines(terminal.run("ls", "--json")))
    return {letter: name for letter, (_, name) in zip("AB", found, strict=True)}


def _same(terminal: Terminal, home: Path) -> None:
    """The command's JSON and the notebook's value are one."""
    run = open_run(_ids(terminal)["B"], database=f"sqlite:///{home / 'data' / 'causal-eval.db'}")
    found = calibration(run)
    (line,) = lines(terminal.run("calibration", run.id, "--json"))
    assert (line["event"], line["evaluation"], line["stated"]) == ("calibration", run.id, 120)
    gap = line["gap"]
    assert isinstance(gap, dict)
    assert gap["estimate"] == pytest.approx(found.calibration.gap.estimate)
    assert gap["estimate"] > 0.2
    assert len(found.rows) == len(found.calibration.bins)
    assert "shows over-confidence" in found._repr_markdown_()
