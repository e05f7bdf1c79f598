"""A profile as text, Markdown and JSON: every figure with its interval and n."""

from __future__ import annotations

import json

import msgspec
import pytest
from tests.analysis.profiling.seeing import seen

from causal_eval.analysis.profiling.portrait import CausalProfile, causal_profile
from causal_eval.analysis.reports.markdown import profile_parts
from causal_eval.analysis.reports.profiling import blocks, profile_line, profile_lines
from causal_eval.evaluation.baselines.learn import NOTHING
from causal_eval.evaluation.baselines.shortcuts import association
from causal_eval.questions.generate import Plan, generate


def _found(*, right: bool = False, published: bool = False) -> CausalProfile:
    questions = list(generate(Plan(n=90, seed="lines")))
    rows = seen(questions, lambda question: question.gold if right else association(question, NOTHING))
    old = seen(generate(Plan(n=60, seed="older")), lambda question: question.gold) if published else None
    before = None if old is None else [one.row for one in old]
    return causal_profile("lab/model", lambda: iter(rows), published=before)


@pytest.mark.slow
def test_every_part_has_its_table() -> None:
    """Rungs and families, linked questions, shortcuts, memorisation; then what follows, figure beside."""
    lines = list(profile_lines(_found(published=True)))
    assert lines[0].startswith("lab/model: ")
    titles = [line for line in lines if line.endswith(":")]
    assert [title.split(",")[0] for title in titles] == [
        "Rungs and families", "Linked questions", "Shortcuts", "Published questions less fresh ones",
    ]  # fmt: skip
    assert any("[shortcut association" in line and "n " in line and "above 5.0]" in line for line in lines)


@pytest.mark.slow
def test_where_nothing_follows_that_is_said() -> None:
    """An answerer without a fault gets no advice."""
    assert list(profile_lines(_found(right=True)))[-1].startswith("No figure is shown to be beyond its threshold")


@pytest.mark.slow
def test_markdown_holds_the_same_rows() -> None:
    """A row for each row of every table, below a head and a rule."""
    found = _found()
    rows = [line for part in profile_parts(found) for line in part.split("\n") if line.startswith("|")]
    assert len(rows) == sum(2 + len(part) for _, _, part in blocks(found))


@pytest.mark.slow
def test_json_holds_every_figure_with_n() -> None:
    """Cells, metrics, shortcuts, diagnosis and recommendations."""
    line = json.loads(msgspec.json.encode(profile_line(_found(published=True))))
    assert {key: line["matrix"][0][key] for key in ("family", "rung")} == {"family": None, "rung": None}
    assert all(cell["n"] >= 0 and "low" in cell for cell in line["matrix"])
    assert line["recommendations"][0]["figure"]["n"] > 0
    assert line["diagnosis"]["causes"][-1]["cause"] == "unexplained"
    assert line["memorisation"]["fresh"]["n"] > 0
