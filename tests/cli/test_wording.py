"""``causal-eval domains``: what is listed, checked and refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from causal_eval.cli.commands import app
from causal_eval.errors import MalformedFile, UnknownName
from causal_eval.questions.story import REGIMES, domains, load

RUNNER = CliRunner()


def test_every_domain_is_listed() -> None:
    """Name, number of quantities and unit, as lines and as JSON."""
    shown = RUNNER.invoke(app, ["domains", "list"]).stdout.splitlines()
    told = [json.loads(line) for line in RUNNER.invoke(app, ["domains", "list", "--json"]).stdout.splitlines()]
    assert [line.split()[0] for line in shown] == [one["domain"] for one in told] == list(domains())


def test_a_check_shows_reasons_clauses_and_eight_questions() -> None:
    """Everything a reader needs to judge a domain stands in what is printed."""
    shown = RUNNER.invoke(app, ["domains", "check", "law"]).stdout
    law = load("law")
    assert all(f"stage {number}: {reason}" in shown for number, reason in enumerate(law.reason))
    assert all(f"{one.name} is {one.states[0]} / {one.states[1]}" in shown for one in law.variables)
    assert [shown.count(f", {regime} names\n") for regime in REGIMES] == [2, 2, 2, 2]
    assert RUNNER.invoke(app, ["domains", "check", "law", "--seed", "1"]).stdout != shown


def test_a_check_of_all_is_brief() -> None:
    """A line for each domain while nothing grates."""
    assert len(RUNNER.invoke(app, ["domains", "check"]).stdout.splitlines()) == len(domains())


def test_as_json_a_check_gives_a_verdict_and_prompts() -> None:
    """One object for the domain, then one for each question."""
    lines = [json.loads(one) for one in RUNNER.invoke(app, ["domains", "check", "law", "--json"]).stdout.splitlines()]
    assert lines[0]["warnings"] == []
    assert len(lines) == 9
    assert all(line["prompt"] for line in lines[1:])


def test_what_is_no_domain_is_refused(tmp_path: Path) -> None:
    """A misspelt name suggests the nearest; a bad file names its field."""
    (tmp_path / "tea.toml").write_text('title = "Tea"', "utf-8")
    with pytest.raises(UnknownName, match="did you mean law"):
        RUNNER.invoke(app, ["domains", "check", "lawn"], catch_exceptions=False)
    with pytest.raises(MalformedFile, match="field 'unit'"):
        RUNNER.invoke(app, ["domains", "check", str(tmp_path / "tea.toml")], catch_exceptions=False)
