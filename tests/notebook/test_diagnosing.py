"""Diagnosis and profile from Python are those of the command line, and render."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.acceptance.terminal import Terminal, lines

from causal_eval.errors import UsageError
from causal_eval.notebook import Run, diagnose, profile, profiles


def test_a_diagnosis_is_that_of_the_command(home: Path, demonstrated: dict[str, Run]) -> None:
    """The same causes with the same shares; a row a cause, and what is said in the notes."""
    run = demonstrated["demo/hasty"]
    found = diagnose(run)
    [line] = lines(Terminal(home).run("diagnose", run.id, "--format", "json"))
    assert isinstance(line["causes"], list)
    assert [one["cause"] for one in line["causes"]] == [one.key for one in found.diagnosis.causes]
    assert line["misses"] == found.diagnosis.misses > 0
    assert "unexplained" in found._repr_html_()
    assert "of random wrong answers" in found._repr_markdown_()


def test_a_profile_is_that_of_the_command(home: Path, demonstrated: dict[str, Run]) -> None:
    """The same matrix; a run on the same questions is no run on published ones."""
    run = demonstrated["demo/hasty"]
    found = profile(run)
    [line] = lines(Terminal(home).run("profile", run.id, "--format", "json"))
    assert isinstance(line["matrix"], list)
    assert len(line["matrix"]) == len(found.profile.matrix.cells)
    assert str(found).startswith("demo/hasty: rungs and families")
    with pytest.raises(UsageError, match="asked the same set"):
        profile(run, published=run)


def test_several_runs_of_one_set_stand_side_by_side(home: Path, demonstrated: dict[str, Run]) -> None:
    """A column for each, a line of JSON for each; a published run is of one answerer alone."""
    terminal, runs = Terminal(home), [run.id for run in demonstrated.values()][:2]
    said = terminal.run("profile", *runs)
    assert said.returncode == 0, said.stderr
    assert all(name in said.stdout for name in list(demonstrated)[:2])
    assert [line["evaluation"] for line in lines(terminal.run("profile", *runs, "--format", "json"))] == runs
    refused = terminal.run("profile", *runs, "--published", runs[0])
    assert (refused.returncode, "name that answerer's run alone" in refused.stderr) == (2, True)


def test_profiles_side_by_side_are_those_alone(demonstrated: dict[str, Run]) -> None:
    """The same values as each alone, a column a run, advice and concerns in the notes; a run twice is refused."""
    runs = list(demonstrated.values())[:2]
    found = profiles(*runs)
    assert found.profiles == tuple(profile(run).profile for run in runs)
    assert found.head == ("figure", *(run.answerer for run in runs))
    assert found.rows[0][0] == "Scores: overall"
    assert {"Linked questions", "Shortcuts", "Causes"} & {row[0].split(":")[0].split(" per")[0] for row in found.rows}
    assert all(any(note.startswith(f"{run.answerer}: ") for note in found.notes) for run in runs)
    with pytest.raises(UsageError, match="given twice"):
        profiles(runs[0], runs[0])
