"""Before a comparison: what makes it impossible, what only colours it, and what is not worth a word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from causal_eval.analysis.comparable import Run, concerns
from causal_eval.evaluation.spec import RunSpec

SPEC = RunSpec(answerer="lab/one", question_set="s", elicitation="direct@1", max_tokens=2048)
OTHER = replace(SPEC, answerer="lab/two")


def _run(spec: RunSpec, name: str = "ev-b", scorers: str = "1", missing: int = 0) -> Run:
    return Run(name, spec, frozenset(scorers.split()), missing)


A = _run(SPEC, "ev-a")


def test_two_models_asked_alike_raise_no_concern() -> None:
    """Same questions, same way, same sampling, same scorer: nothing is said, in either order."""
    assert concerns([A, _run(OTHER)]) == concerns([_run(OTHER), A]) == ()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"question_set": "t"}, {"question set"}),
        ({"elicitation": "reason@1"}, {"elicitation"}),
        ({"elicitation": "few-shot@1:abc"}, {"elicitation", "constrained"}),
        ({"temperature": 0.7}, {"temperature"}),
        ({"top_p": 0.9}, {"top_p"}),
        ({"max_tokens": 16}, {"max_tokens"}),
        ({"params": (("reasoning_effort", '"low"'),)}, {"arguments"}),
        ({"epochs": 3}, {"samples"}),
        ({"limit": 5}, {"questions"}),
        ({"seed": "1"}, set()),
        ({"answerer": "lab/one", "endpoint": "http://x"}, {"endpoint"}),
    ],
)
def test_each_difference_is_named(change: dict[str, Any], what: set[str]) -> None:
    """Only another question set stops a comparison; all else is a warning that names both sides."""
    found = concerns([A, _run(replace(OTHER, **change))])
    assert {concern.what for concern in found} == what
    assert {concern.what for concern in found if concern.blocking} == what & {"question set"}
    assert all("ev-a" in concern.said and "ev-b" in concern.said for concern in found)


def test_the_order_matters_only_where_it_chooses() -> None:
    """Two seeds give two orders, which is nothing until a limit cuts them."""
    cut = replace(SPEC, limit=5)
    assert not concerns([_run(cut, "ev-a"), _run(replace(cut, answerer="lab/two"))])
    assert concerns([_run(cut, "ev-a"), _run(replace(cut, seed="1"))])[0].what == "questions"


def test_scorers_must_be_one() -> None:
    """Verdicts of two scorer versions are not compared; the command that mends it is named."""
    between = concerns([A, _run(OTHER, scorers="2")])
    within = concerns([A, _run(OTHER, scorers="1 2")])
    assert [(found.what, found.blocking) for found in (*between, *within)] == [("scorer", True)] * 2
    assert "causal-eval rescore ev-b" in within[0].said


def test_a_run_is_no_rival_of_itself() -> None:
    """The same run twice is refused."""
    assert [concern.what for concern in concerns([A, A]) if concern.blocking] == ["run"]


def test_baselines_have_no_way_of_asking() -> None:
    """A baseline is never asked in words, so that a model was is no difference."""
    assert not concerns([A, _run(RunSpec(answerer="baseline/majority", question_set="s"))])


def test_what_is_missing_is_said_once_and_after_what_blocks() -> None:
    """Missing answers are a warning about the run, said once among three runs; blocking concerns come first."""
    third = _run(replace(SPEC, answerer="lab/three", question_set="t"), "ev-c")
    found = concerns([_run(SPEC, "ev-a", missing=7), _run(OTHER), third])
    assert [concern.blocking for concern in found] == [True, True, False]
    assert "7 answers of ev-a" in found[-1].said
