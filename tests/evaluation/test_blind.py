"""Guesses at answers with parts: what they are worth, and that every shortcut answers in the asked-for form."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from tests.asked import asked

from causal_eval.cli.skilled import wrong_answer
from causal_eval.evaluation.baselines.fit import fit
from causal_eval.evaluation.baselines.shortcuts import SHORTCUTS
from causal_eval.evaluation.chance import chance
from causal_eval.questions.question import AnswerKind, AnswerSpec, Question
from causal_eval.scoring.format import example
from causal_eval.scoring.grade import grade
from causal_eval.scoring.parse import parse
from causal_eval.scoring.reading import Answer
from causal_eval.scoring.verdict import Mark
from causal_eval.seeds import Stream

_ABC = ("a", "b", "c")
NUMBERS = AnswerSpec(AnswerKind.NUMBERS, items=("NDE", "NIE"))
INTERVAL = AnswerSpec(AnswerKind.INTERVAL)
GRAPH = AnswerSpec(AnswerKind.GRAPH, items=_ABC)
ORDER = AnswerSpec(AnswerKind.ORDER, items=_ABC)
FORMULA = AnswerSpec(AnswerKind.FORMULA, items=("x", "y", "z"), may_be_none=True)


def effect(formula: str | None, *edges: str, latent: str = "") -> dict[str, Any]:
    """The gold of P(y | do x) in a graph over x, y, z and latent nodes."""
    graph = {"nodes": ["x", "y", "z", *latent], "directed": [list(edge) for edge in edges], "latent": list(latent)}
    return {"formula": formula, "graph": graph, "query": {"kind": "identify", "X": ["x"], "Y": "y"}}


ADJUSTED = effect("sum_z P(y|x,z) P(z)", "zx", "zy", "xy")
DIRECT = effect("P(y|x)", "xz", "zy")
HIDDEN = effect(None, "ux", "uy", "xy", latent="u")
EMPTY: dict[str, list[Any]] = {"directed": [], "undirected": []}
CHAIN = {"directed": [["a", "b"]], "undirected": [["b", "c"]]}


def questions(spec: AnswerSpec, golds: list[Any]) -> list[Question]:
    """One question a gold."""
    prompt = "a is 3/10 and b 1/2.\nThe x, y, z, c, NDE and NIE?"
    return [asked(f"q-{place:03}", answer=spec, gold=gold, prompt=prompt) for place, gold in enumerate(golds)]


@pytest.mark.parametrize(
    ("spec", "golds", "expected"),
    [
        (NUMBERS, [{"NDE": "1/4", "NIE": "1/10"}] * 4, Fraction(1)),
        (NUMBERS, [{"NDE": "1/4", "NIE": f"{place}/10"} for place in range(4)], Fraction(0)),
        (INTERVAL, [["0", "1"], ["1/5", "1/2"], ["1/4", "1/3"], ["1/6", "1/3"]], Fraction(1, 4)),
        (GRAPH, [EMPTY, EMPTY, CHAIN, EMPTY], Fraction(3, 4)),
        (GRAPH, [{"directed": [], "undirected": [["a", "b"], ["a", "c"], ["b", "c"]]}] * 2, Fraction(1)),
        (ORDER, [["a", "b", "c"], ["b", "a", "c"], ["c", "b", "a"], ["c", "a", "b"]], Fraction(1, 4)),
        (ORDER, [["b", "a", "c"], ["c", "b", "a"]], Fraction(1, 6)),
        (FORMULA, [ADJUSTED, DIRECT, HIDDEN, HIDDEN], Fraction(1, 2)),
        (FORMULA, [ADJUSTED, ADJUSTED, DIRECT], Fraction(2, 3)),
    ],
)  # fmt: skip
def test_the_best_guess(spec: AnswerSpec, golds: list[Any], expected: Fraction) -> None:
    """The best of all blind policies counts, exactly, and none is chosen on what it is counted on."""
    assert chance(questions(spec, golds))["f", "k"] == expected


@pytest.mark.parametrize("name", sorted(SHORTCUTS))
@pytest.mark.parametrize(
    ("spec", "gold"),
    [
        (NUMBERS, {"NDE": "1/4", "NIE": "1/10"}),
        (INTERVAL, ["1/5", "1/2"]),
        (GRAPH, CHAIN),
        (ORDER, ["b", "a", "c"]),
        (FORMULA, ADJUSTED),
    ],
)
def test_every_shortcut_answers_in_form(name: str, spec: AnswerSpec, gold: Any) -> None:
    """Trained or not, a shortcut's answer is read strictly; the oracle's and the trained majority's are right."""
    (question,) = questions(spec, [gold])
    for fitted in (fit([question]), fit([])):
        said = parse(f"ANSWER: {example(spec, SHORTCUTS[name](question, fitted))}", spec)
        assert isinstance(said.strict, Answer)
        learnt = name in {"majority", "wording"} and fitted.majority and spec.kind not in (NUMBERS.kind, INTERVAL.kind)
        if name == "oracle" or learnt:
            assert grade(said, spec, gold=gold).mark is Mark.CORRECT


@pytest.mark.parametrize(
    ("spec", "gold"),
    [
        (NUMBERS, {"NDE": "1/4", "NIE": "1/10"}),
        (INTERVAL, ["1/5", "1/2"]),
        (GRAPH, CHAIN),
        (GRAPH, EMPTY),
        (ORDER, ["b", "a", "c"]),
        (FORMULA, ADJUSTED),
        (FORMULA, HIDDEN),
    ],
)
def test_a_wrong_answer_is_wrong(spec: AnswerSpec, gold: Any) -> None:
    """What the imaginary answerer says when it does not know is in form and never right."""
    (question,) = questions(spec, [gold])
    said = parse(f"ANSWER: {example(spec, wrong_answer(question, Stream('wrong')))}", spec)
    assert isinstance(said.strict, Answer)
    assert grade(said, spec, gold=gold).mark in (Mark.WRONG, Mark.PARTIAL)
