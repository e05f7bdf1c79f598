"""Several profiles side by side: every figure of each in its own column, and nothing made up where one has none."""

from __future__ import annotations

import functools

import pytest
from tests.analysis.profiling.seeing import seen

from causal_eval.analysis.numbers import NONE, hundredths
from causal_eval.analysis.profiling.portrait import CausalProfile, causal_profile
from causal_eval.analysis.reports.beside import beside_blocks, beside_names
from causal_eval.analysis.reports.portraits import portraits_said
from causal_eval.analysis.reports.profiling import profile_lines
from causal_eval.evaluation.baselines.learn import NOTHING
from causal_eval.evaluation.baselines.shortcuts import association
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Question


@functools.cache
def _asked() -> list[Question]:
    return list(generate(Plan(n=60, seed="beside", families=("effect", "cde"))))


def _found(name: str, *, right: bool) -> CausalProfile:
    rows = seen(
        _asked(), lambda question: question.gold if right else association(question, NOTHING), answerer=name
    )  # fmt: skip
    return causal_profile(name, lambda: iter(rows))


@pytest.mark.slow
def test_each_run_has_its_own_column() -> None:
    """Scores differ between the columns as between the profiles; who is never wrong has no cause."""
    named = {"good": _found("good", right=True), "naive": _found("naive", right=False)}
    blocks = {title.split(",")[0]: (head, rows) for title, head, rows in beside_blocks(named)}
    head, scores = blocks["Scores"]
    assert head == ("part", "good", "naive")
    overall = next(row for row in scores if row[0] == "overall")
    for cell, one in zip(overall[1:], named.values(), strict=True):
        assert cell.startswith(f"{hundredths(one.matrix.overall.score.estimate)} [")
    assert {"effect", "cde"} <= {row[0] for row in scores}
    causes = next(rows for title, (_, rows) in blocks.items() if title.startswith("Causes"))
    taken = next(row for row in causes if row[0].startswith("association"))
    assert taken[1] == NONE
    assert taken[2].endswith(" *")


def test_text_and_markdown_hold_both_and_what_follows() -> None:
    """A row of text is a row of Markdown; a single run is told as ever."""
    good, naive = _found("good", right=True), _found("naive", right=False)
    plain = portraits_said(["ev-1", "ev-2"], [good, naive], is_markdown=False)
    marked = portraits_said(["ev-1", "ev-2"], [good, naive], is_markdown=True)
    named = {"good": good, "naive": naive}
    assert sum(line.startswith("|") for line in marked.split("\n")) == sum(
        2 + len(rows) for _, _, rows in beside_blocks(named)
    )
    assert "\ngood:\nNo figure is shown" in plain
    assert "[shortcut association" in plain
    assert portraits_said(["ev-1"], [good], is_markdown=False) == "\n".join(profile_lines(good))


def test_two_runs_of_one_answerer_are_told_apart() -> None:
    """By their ids; others keep their plain names."""
    assert beside_names(["a", "b", "a"], ["ev-1", "ev-2", "ev-3"]) == ["a (ev-1)", "b", "a (ev-3)"]
