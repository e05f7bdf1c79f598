"""The commands of the guide to comparing run as they stand there, with the ids that `ls` shows for A and B."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from tests.acceptance.terminal import Terminal, lines

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "guides" / "compare.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]


def _ids(terminal: Terminal) -> dict[str, str]:
    """A: the better of the demonstration's two; B: the other."""
    found = sorted((str(line["answerer"]), str(line["id"])) for line in lines(terminal.run("ls", "--json")))
    return {letter: name for letter, (_, name) in zip("AB", found, strict=True)}


def test_every_command_of_the_guide_runs(tmp_path: Path) -> None:
    """From the demonstration to the verdict: no command fails, the better model is named, JSON says the same."""
    terminal, said = Terminal(tmp_path), dict[str, str]()
    for command in COMMANDS:
        _, *words = shlex.split(command)
        ids = _ids(terminal) if "A" in words else {}
        done = terminal.run(*(ids.get(word, word) for word in words))
        assert done.returncode == 0, (command, done.stderr)
        said[command] = done.stdout
    ids = _ids(terminal)
    first = said["causal-eval compare A B"].splitlines()[0]
    assert re.match(r"demo/careful is better than demo/hasty: \+\d", first)
    found = [json.loads(line) for line in said["causal-eval compare A B --json"].splitlines()]
    assert [line["event"] for line in found] == ["comparison", "ranks", "ranks"]
    assert [(line["answerer"], line["best"]) for line in found[1:]] == [("demo/careful", 1), ("demo/hasty", 2)]
    assert said["causal-eval gate A --baseline B --margin 2pts"].startswith("PASS: demo/careful is shown to be no more")
    assert (tmp_path / "summary.md").read_text("utf-8").startswith("### ✅ causal-eval gate: pass\n")
    assert 'failures="0" errors="0"' in (tmp_path / "gate.xml").read_text("utf-8")
    _rulings(terminal, ids)


def _rulings(terminal: Terminal, ids: dict[str, str]) -> None:
    """The worse run fails; at a margin near the gap nothing is decided, and the number that would is said."""
    worse = terminal.run("gate", ids["B"], "--baseline", ids["A"], "--margin", "2pts", "--json")
    assert (worse.returncode, lines(worse)[0]["ruling"]) == (1, "fail")
    gap = -100 * float(str(lines(worse)[0]["difference"]))
    near = terminal.run("gate", ids["B"], "--baseline", ids["A"], "--margin", f"{gap + 1:.1f}pts")
    assert (near.returncode, "clusters would decide" in near.stdout) == (3, True)
    unclear = terminal.run("gate", ids["B"], "--baseline", ids["A"], "--margin", "2")
    assert (unclear.returncode, "as in 2pts" in unclear.stderr) == (2, True)


def test_what_cannot_be_compared_is_refused_with_the_reason(tmp_path: Path) -> None:
    """Runs of two sets, one run twice and one run alone: exit 2, one line that says what to do."""
    terminal = Terminal(tmp_path)
    for n in ("40", "41"):
        assert terminal.run("demo", "--n", n).returncode == 0
    runs = [(str(line["id"]), line["questions"]) for line in lines(terminal.run("ls", "--json"))]
    by_set = {questions: name for name, questions in runs}
    apart = terminal.run("compare", *by_set.values())
    assert (apart.returncode, "ask different question sets" in apart.stderr) == (2, True)
    twice = terminal.run("compare", runs[0][0], runs[0][0])
    assert (twice.returncode, "given twice" in twice.stderr) == (2, True)
    alone = terminal.run("compare", runs[0][0])
    assert (alone.returncode, "at least two" in alone.stderr) == (2, True)
