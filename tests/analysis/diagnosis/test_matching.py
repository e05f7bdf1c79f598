"""Whether an answer is a mistake's, for every kind of answer."""

from __future__ import annotations

from typing import Any

import pytest

from causal_eval.analysis.diagnosis.matching import is_same, mistakes_of
from causal_eval.questions.catalog import FAMILIES
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import AnswerKind, AnswerSpec, Question
from causal_eval.scoring.format import example
from causal_eval.scoring.grade import judge
from causal_eval.scoring.verdict import Mark


def _question(kind: AnswerKind, gold: Any, *, items: tuple[str, ...] = ()) -> Question:
    return Question(
        "q", "f", "k", 2, "d", "real", 1, "c", None, joint=False, exempt=(), prompt="?",
        answer=AnswerSpec(kind, items=items), gold=gold, certificate=None,
    )  # fmt: skip


@pytest.mark.sampled(5)
@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_mistake_answers_is_read_judged_wrong_and_matched(family: str) -> None:
    """Written down, read and judged like any reply, a mistake's answer is wrong and is that mistake's."""
    questions = generate(Plan(n=6, seed="matching", families=(family,)))
    made = [(question, one) for question in questions for one in mistakes_of(question)]
    assert made
    for question, one in made:
        said = judge(f"ANSWER: {example(question.answer, one.answer)}", "stop", question=question)
        assert said.mark in (Mark.WRONG, Mark.PARTIAL), (question.kind, one)
        assert is_same(said.answer, one.answer, question=question), (question.kind, one)


CASES = [
    ("near enough", AnswerKind.NUMBER, "0.3", "61/200", (), True),
    ("too far", AnswerKind.NUMBER, "0.3", "62/200", (), False),
    ("each near enough", AnswerKind.NUMBERS, {"a": "0.1", "b": "0.2"}, {"b": "0.201", "a": "0.1"}, ("a", "b"), True),
    ("one number too far", AnswerKind.NUMBERS, {"a": "0.1", "b": "0.3"}, {"a": "0.1", "b": "0.2"}, ("a", "b"), False),
    ("a number is lacking", AnswerKind.NUMBERS, {"a": "0.1"}, {"a": "0.1", "b": "0.2"}, ("a", "b"), False),
    ("both ends", AnswerKind.INTERVAL, ["0", "1"], ["0", "1"], (), True),
    ("ends change places", AnswerKind.INTERVAL, ["1", "0"], ["0", "1"], (), False),
    ("one of several sets", AnswerKind.SET, [["a"]], [["b"], ["a"]], ("a", "b"), True),
    ("none exists", AnswerKind.SET, [], [], ("a", "b"), True),
    ("the empty set is not none", AnswerKind.SET, [[]], [], ("a", "b"), False),
    ("all sets", AnswerKind.SETS, [["a"], ["b"]], [["a"]], ("a", "b"), False),
    ("labels", AnswerKind.LABELS, {"a": "x", "b": "y"}, {"b": "y", "a": "x"}, ("a", "b"), True),
    ("no formula", AnswerKind.FORMULA, {"formula": None}, {"formula": "P(y)"}, ("y",), False),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_answers_are_compared_as_they_are_graded(case: tuple[str, AnswerKind, Any, Any, tuple[str, ...], bool]) -> None:
    """Numbers within the tolerance, sets without order, any one of several sets."""
    _, kind, given, other, items, same = case
    assert is_same(given, other, question=_question(kind, other, items=items)) is same


def test_a_formula_written_otherwise_is_the_same() -> None:
    """The order of factors and the name of what is summed over do not matter."""
    graph = {"nodes": ["x", "y", "z"], "directed": [["z", "x"], ["z", "y"], ["x", "y"]]}
    gold = {"formula": "sum_{z} P(y|x,z) P(z)", "graph": graph, "query": {"kind": "identify", "X": "x", "Y": "y"}}
    question = _question(AnswerKind.FORMULA, gold, items=("x", "y", "z"))
    assert is_same({"formula": "P(y,x) / P(x)"}, {"formula": "P(y|x)"}, question=question)
    assert not is_same({"formula": "P(y|x)"}, {"formula": "P(y)"}, question=question)
    assert not is_same({"formula": "P(q)"}, {"formula": "P(y)"}, question=question)
