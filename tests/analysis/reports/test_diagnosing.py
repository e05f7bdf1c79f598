"""A diagnosis as text, Markdown and JSON: the same figures, each with its interval and n."""

from __future__ import annotations

import json

import msgspec
import pytest
from tests.analysis.diagnosis.answering import misses

from causal_eval.analysis.diagnosis.diagnose import Diagnosis, diagnose
from causal_eval.analysis.reports.diagnosing import cause_rows, diagnosis_line, diagnosis_lines, told
from causal_eval.analysis.reports.markdown import diagnosis_parts
from causal_eval.questions.generate import Plan, generate
from causal_eval.scoring.verdict import Mark


def _found(name: str = "lab/model", percent: int = 80) -> Diagnosis:
    questions = generate(Plan(n=96, seed="told", families=("effect", "cde", "paths", "confounding")))
    rows = [miss for miss, _ in misses(questions, "association", percent=percent, seed="told")]
    return diagnose(name, rows, marks={Mark.WRONG: len(rows), Mark.ABSTAINED: 3}, resamples=40)


@pytest.mark.slow
def test_the_first_line_says_the_cause_with_interval_and_n() -> None:
    """Share, cause, interval, misses and clusters in one sentence; then what random answers would match."""
    lines = list(diagnosis_lines(_found()))
    assert "of the misses of lab/model = association taken for effect [" in lines[0]
    assert "misses in" in lines[0]
    assert "of random wrong answers" in lines[1]
    assert "Not diagnosed: 3 abstained" in lines
    assert any(line.strip().startswith("causal-eval explain q-") for line in lines)


@pytest.mark.slow
def test_a_guesser_is_told_that_nothing_is_shown() -> None:
    """No cause is named where none is beyond coincidence."""
    lines = list(diagnosis_lines(_found(percent=0)))
    assert lines[0].startswith("No classic mistake is shown among the ")
    assert not any("Proof cards" in line for line in lines)


def test_no_miss_is_said_in_words() -> None:
    """There is no table of nothing."""
    lines = list(diagnosis_lines(diagnose("lab/model", [], marks={Mark.CORRECT: 3})))
    assert lines == ["lab/model gave no wrong answer that could be read: there is nothing to diagnose"]


@pytest.mark.slow
def test_json_holds_every_cause_and_markdown_those_that_are_told() -> None:
    """Machines get all of it; a table leaves out shares that would be written as nothing."""
    found = _found()
    line = json.loads(msgspec.json.encode(diagnosis_line(found)))
    assert [one["cause"] for one in line["causes"]] == [cause.key for cause in found.causes]
    assert line["causes"][0]["examples"][0]["question"].startswith("q-")
    rows = [row for part in diagnosis_parts(found) for row in part.split("\n") if row.startswith("| ")]
    assert len(rows) == 2 + len(told(found)) == 2 + len(cause_rows(found))


@pytest.mark.slow
def test_a_name_that_means_harm_does_none() -> None:
    """Markup in an answerer's name is text."""
    text = "\n\n".join(diagnosis_parts(_found("<b>|\n*x")))
    assert "<b>" not in text
    assert "\n*x" not in text
