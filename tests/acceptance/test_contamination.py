"""Sets nobody knows, and a model that knows them nevertheless, as users meet them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.acceptance.terminal import Terminal, lines

from causal_eval.questions.question import CANARY


def test_a_keyed_set_is_committed_to_and_revealed(terminal: Terminal) -> None:
    """The commitment is written beside the set and met by its secret alone; another exits with 8."""
    for name, secret in (("mine", "0123456789abcdef"), ("other", "fedcba9876543210")):
        (terminal.home / name).write_text(secret + "\n")
    made = terminal.run(
        "generate", "--n", "12", "--split", "rotating", "--date", "2026-01-01", "--secret-file", "mine",
        "--public", "--out", "set.jsonl", "--json",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    told = json.loads((terminal.home / "set.commitment.json").read_text())
    assert told["commitment"] == lines(made)[0]["commitment"]
    shown = terminal.run("reveal", "mine", "--commitment", "set.commitment.json", "--json")
    assert lines(shown)[0]["set"] == lines(made)[0]["set"]
    assert terminal.run("reveal", "other", "--commitment", "set.commitment.json").returncode == 8
    for name in ("set.jsonl", "set.gold.jsonl"):
        assert all(CANARY in line for line in (terminal.home / name).read_text().splitlines())


def test_sets_of_one_plan_are_alike_and_others_are_not(terminal: Terminal) -> None:
    """Two seeds are not told apart; another level is, by exit code 1."""
    for name, flags in (("a", ("--seed", "a")), ("b", ("--seed", "b")), ("c", ("--difficulty", "5"))):
        done = terminal.run("generate", "--n", "60", "--family", "attribution", "--out", f"{name}.jsonl", *flags)
        assert done.returncode == 0, done.stderr
    assert terminal.run("compare-sets", "a.jsonl", "b.jsonl").returncode == 0
    other = terminal.run("compare-sets", "a.jsonl", "c.jsonl", "--json")
    assert (other.returncode, lines(other)[0]["differ"]) == (1, True)


@pytest.mark.slow
def test_a_model_that_knows_the_published_set_is_found(terminal: Terminal) -> None:
    """A server that knows the published questions and no fresh one has a gap whose interval lies above zero."""
    for name in ("published", "fresh"):
        terminal.run("generate", "--n", "40", "--seed", name, "--out", f"{name}.jsonl")
    runs = []
    with terminal.server("--questions", "published.jsonl", "--skill", "1") as env:
        for name in ("published", "fresh"):
            done = terminal.run(
                "eval", "--model", "openai-api/mock/all", "--questions", f"{name}.jsonl", "--fail-on-error", "1",
                "--json", env=env,
            )  # fmt: skip
            runs.append(next(str(line["evaluation"]) for line in lines(done) if line.get("event") == "done"))
    found: Any = lines(terminal.run("memorisation", *runs, "--json"))[0]
    assert found["estimate"] > 0.9
    assert found["low"] > 0.5
    assert found["finding"] == "published questions are answered better"
    assert terminal.run("memorisation", runs[0], runs[0]).returncode == 2
