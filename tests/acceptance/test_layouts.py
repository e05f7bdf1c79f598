"""One question in every layout, as the users of the command line meet it."""

from __future__ import annotations

import json

from tests.acceptance.terminal import Terminal


def test_a_set_can_ask_each_question_in_every_layout(terminal: Terminal) -> None:
    """``--rephrase``: as many layouts as there are, one cluster, one answer, and every one of them verifies."""
    made = terminal.run("generate", "--n", "12", "--family", "attribution", "--rephrase", "--out", "all.jsonl")
    assert made.returncode == 0, made.stderr
    questions = [json.loads(line) for line in (terminal.home / "all.jsonl").read_text("utf-8").splitlines()]
    assert len({one["renderer"] for one in questions}) == 6
    assert len({one["cluster"] for one in questions}) < len(questions) / 6 + 1
    assert terminal.run("verify", "all.jsonl").returncode == 0
    refused = terminal.run("generate", "--n", "13", "--rephrase")
    assert refused.returncode == 2
    assert "give a multiple of 6" in refused.stderr
