"""The next questions by what is known of a model, as users ask for them."""

from __future__ import annotations

import json
from typing import Any


def test_from_stored_runs_to_the_next_questions(terminal: Any) -> None:
    """Two runs calibrate; the questions that follow are fresh and proven, and after them more is known."""
    assert terminal.run("demo", "--n", "60", "--json").returncode == 0
    runs = [row[0] for row in terminal.rows("SELECT id FROM evaluations")]
    file = str(terminal.home / "calibration.json")
    made = terminal.run("adapt", "calibrate", *runs, "--out", file, "--json")
    assert made.returncode == 0, made.stderr
    first = terminal.run("adapt", "next", "--calibration", file, "--n", "4", "--out", "next.jsonl", "--json")
    assert first.returncode == 0, first.stderr
    before = json.loads(first.stdout.splitlines()[0])
    assert before["clusters"] == 0
    assert terminal.run("verify", "next.jsonl").returncode == 0
    asked = terminal.run("eval", "--model", "baseline/oracle", "--questions", "next.jsonl", "--display", "none")
    assert asked.returncode == 0, asked.stderr
    (run,) = terminal.rows("SELECT id FROM evaluations WHERE answerer = 'baseline/oracle'")[0]
    known = json.loads(terminal.run("adapt", "ability", run, "--calibration", file, "--json").stdout)
    assert known["clusters"] == 4
    assert known["ability"] > before["ability"]
    assert known["se"] < before["se"]
    again = terminal.run("adapt", "next", run, "--calibration", file, "--n", "2", "--out", "next.txt")
    assert again.returncode == 2
    assert "must end in .jsonl" in again.stderr
    alone = terminal.run("adapt", "calibrate", run, "--out", file)
    assert alone.returncode == 2
    assert "at least 2" in alone.stderr
