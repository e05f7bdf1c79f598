"""Verdicts: tolerance, sets, label vectors, and replies without an answer."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.asked import asked

from causal_eval.errors import MalformedCase
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.scoring.grade import grade, judge
from causal_eval.scoring.parse import parse
from causal_eval.scoring.verdict import Mark

_ITEMS = ("a", "b", "c")


@pytest.mark.parametrize(
    ("said", "gold", "mark"),
    [
        ("0.35", "7/20", Mark.CORRECT),
        ("0.355", "7/20", Mark.CORRECT),
        ("0.345", "7/20", Mark.CORRECT),
        ("0.3551", "7/20", Mark.WRONG),
        ("0.33", "1/3", Mark.CORRECT),
        ("1/3", "1/3", Mark.CORRECT),
        ("-0.35", "7/20", Mark.WRONG),
        ("35", "7/20", Mark.WRONG),
        ("35%", "7/20", Mark.CORRECT),
    ],
)
def test_number(said: str, gold: str, mark: Mark) -> None:
    """A number is right within the tolerance, ends included; a bare percent figure is not reinterpreted."""
    spec = AnswerSpec(AnswerKind.NUMBER)
    assert grade(parse(f"Answer: {said}", spec), spec, gold=gold).mark is mark


@given(st.fractions(max_denominator=1000), st.fractions(max_denominator=1000))
@settings(derandomize=True, deadline=None)
def test_number_is_exactly_the_tolerance(said: Fraction, gold: Fraction) -> None:
    """Right iff the distance is at most the tolerance, in exact arithmetic."""
    spec = AnswerSpec(AnswerKind.NUMBER)
    right = abs(said - gold) <= Fraction(1, 200)
    assert (grade(parse(f"ANSWER: {said}", spec), spec, gold=str(gold)).mark is Mark.CORRECT) == right


@pytest.mark.parametrize(
    ("said", "gold", "mark"),
    [
        ("{b, a}", [["a", "b"], ["c"]], Mark.CORRECT),
        ("{c}", [["a", "b"], ["c"]], Mark.CORRECT),
        ("{a}", [["a", "b"], ["c"]], Mark.WRONG),
        ("{}", [["a"]], Mark.WRONG),
        ("{}", [[]], Mark.CORRECT),
        ("{}", [], Mark.WRONG),
        ("none", [], Mark.CORRECT),
        ("none", [[]], Mark.WRONG),
        ("none", [["a"]], Mark.WRONG),
        ("{a, treatment}", [["a"]], Mark.WRONG),
    ],
)
def test_set(said: str, gold: list[list[str]], mark: Mark) -> None:
    """Any one of the right sets is right; the empty set and "none exists" are different answers."""
    spec = AnswerSpec(AnswerKind.SET, items=_ITEMS, may_be_none=True)
    assert grade(parse(f"ANSWER: {said}", spec), spec, gold=gold).mark is mark


@pytest.mark.parametrize(
    ("said", "gold", "mark"),
    [
        ("{c}; {b, a}", [["a", "b"], ["c"]], Mark.CORRECT),
        ("{c}", [["a", "b"], ["c"]], Mark.WRONG),
        ("{c}; {b, a}; {}", [["a", "b"], ["c"]], Mark.WRONG),
        ("none", [], Mark.CORRECT),
        ("{}", [[]], Mark.CORRECT),
        ("{}", [], Mark.WRONG),
    ],
)
def test_sets(said: str, gold: list[list[str]], mark: Mark) -> None:
    """All sets at once, neither more nor fewer."""
    spec = AnswerSpec(AnswerKind.SETS, items=_ITEMS, may_be_none=True)
    assert grade(parse(f"ANSWER: {said}", spec), spec, gold=gold).mark is mark


@pytest.mark.parametrize(
    ("said", "mark", "share"),
    [
        ("a = x; b = y; c = x", Mark.CORRECT, Fraction(1)),
        ("a = x; b = y; c = y", Mark.PARTIAL, Fraction(2, 3)),
        ("a = y; b = x; c = y", Mark.WRONG, Fraction(0)),
        ("a = x", Mark.PARTIAL, Fraction(1, 3)),
    ],
)
def test_labels(said: str, mark: Mark, share: Fraction) -> None:
    """The whole vector counts; the share of right items stands beside it, items left out are wrong."""
    spec = AnswerSpec(AnswerKind.LABELS, options=("x", "y"), items=_ITEMS)
    verdict = grade(parse(f"ANSWER: {said}", spec), spec, gold={"a": "x", "b": "y", "c": "x"})
    assert (verdict.mark, verdict.share) == (mark, share)


_VECTOR = AnswerSpec(AnswerKind.NUMBERS, items=("NDE", "NIE"))
_SPAN = AnswerSpec(AnswerKind.INTERVAL)
_GRAPH = AnswerSpec(AnswerKind.GRAPH, items=("A", "B", "C"))
_ORDER = AnswerSpec(AnswerKind.ORDER, items=("A", "B", "C", "D"))
_NUMBERS = {"NDE": "1/4", "NIE": "1/10"}
_CHAIN = {"directed": [["A", "B"]], "undirected": [["B", "C"]]}


@pytest.mark.parametrize(
    ("spec", "gold", "said", "share"),
    [
        (_VECTOR, _NUMBERS, "NDE = 0.255; NIE = 0.1", Fraction(1)),
        (_VECTOR, _NUMBERS, "NDE = 0.256; NIE = 0.1", Fraction(1, 2)),
        (_VECTOR, _NUMBERS, "NIE = 0.1", Fraction(1, 2)),
        (_VECTOR, _NUMBERS, "NDE = 0; NIE = 0", Fraction(0)),
        (_SPAN, ["1/5", "1/2"], "[0.195, 0.505]", Fraction(1)),
        (_SPAN, ["1/5", "1/2"], "[0.2, 0.8]", Fraction(1, 2)),
        (_SPAN, ["1/5", "1/2"], "[0.5, 0.2]", Fraction(0)),
        (_SPAN, ["1/5", "1/2"], "[0.6, 0.8]", Fraction(0)),
        (_SPAN, ["1/5", "1/5"], "[0.2, 0.2]", Fraction(1)),
        (_SPAN, ["1/5", "1/5"], "[0, 1]", Fraction(0)),
        (_GRAPH, _CHAIN, "C -- B; A -> B", Fraction(1)),
        (_GRAPH, _CHAIN, "A -> B; B -> C", Fraction(2, 3)),
        (_GRAPH, _CHAIN, "none", Fraction(1, 3)),
        (_GRAPH, _CHAIN, "B -> A; C -> B; A -- C", Fraction(0)),
        (_ORDER, list("ABCD"), "A > B > C > D", Fraction(1)),
        (_ORDER, list("ABCD"), "B > A > C > D", Fraction(5, 6)),
        (_ORDER, list("ABCD"), "D > C > B > A", Fraction(0)),
    ],
)
def test_parts(spec: AnswerSpec, gold: Any, said: str, share: Fraction) -> None:
    """An answer with parts is right as a whole or not at all; the share of it that is right stands beside."""
    verdict = grade(parse(f"Answer: {said}", spec), spec, gold=gold)
    mark = Mark.CORRECT if share == 1 else Mark.PARTIAL if share else Mark.WRONG
    assert (verdict.mark, verdict.share) == (mark, share)


def test_lenient_beside_strict() -> None:
    """A right answer in another form is correct leniently and unparsed strictly."""
    verdict = judge("**Answer:** Yes.", "stop", question=asked(answer=AnswerSpec(AnswerKind.YES_NO), gold="yes"))
    assert (verdict.mark, verdict.strict, verdict.answer) == (Mark.CORRECT, Mark.UNPARSED, "yes")


@pytest.mark.parametrize(
    ("text", "finish", "mark", "reason"),
    [
        ("", "stop", Mark.UNPARSED, "no_response"),
        ("I cannot determine this.", "stop", Mark.ABSTAINED, "refusal"),
        ("yes or no", "stop", Mark.UNPARSED, "ambiguous"),
        ("Let me think about", "length", Mark.UNPARSED, "truncated"),
        ("Bananas", "stop", Mark.UNPARSED, "bad_format"),
    ],
)
def test_no_answer(text: str, finish: str, mark: Mark, reason: str) -> None:
    """What cannot be read is never wrong: it is its own outcome, with its reason, and scores nothing."""
    verdict = judge(text, finish, question=asked(answer=AnswerSpec(AnswerKind.YES_NO), gold="yes"))
    assert (verdict.mark, verdict.strict, verdict.reason, verdict.share) == (mark, mark, reason, Fraction(0))


def test_text() -> None:
    """Free text is compared after case and space folding, with any of several gold texts."""
    question = asked(answer=AnswerSpec(AnswerKind.TEXT), gold=["Simpson's paradox", "Yule effect"])
    assert judge("ANSWER: simpson’s  PARADOX.", "stop", question=question).mark is Mark.CORRECT
    assert judge("ANSWER: Berkson", "stop", question=question).mark is Mark.WRONG


def test_without_gold() -> None:
    """A public question has no gold answer: its replies stay ungraded."""
    verdict = judge("ANSWER: yes", "stop", question=asked(answer=AnswerSpec(AnswerKind.YES_NO), gold=None))
    assert (verdict.mark, verdict.strict) == (Mark.UNGRADED, Mark.UNGRADED)


@pytest.mark.parametrize(("kind", "gold"), [("number", "x"), ("labels", "x"), ("set", "a"), ("sets", ["a"])])
def test_malformed_gold(kind: str, gold: object) -> None:
    """A gold answer of the wrong shape is an error that names it, not a wrong answer."""
    spec = AnswerSpec(AnswerKind(kind), ("x",), ("a",))
    said = {"number": "1", "labels": "a = x"}.get(kind, "{a}")
    with pytest.raises(MalformedCase, match="gold"):
        grade(parse(f"ANSWER: {said}", spec), spec, gold=gold)


@pytest.mark.slow
@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(), st.sampled_from([("number", "1/2"), ("yes_no", "no"), ("set", [["a"]]), ("sets", []), ("text", "x")]))
def test_judge_never_raises(text: str, wanted: tuple[str, Any]) -> None:
    """Every text gets a verdict."""
    kind, gold = wanted
    question = asked(answer=AnswerSpec(AnswerKind(kind), (), _ITEMS, may_be_none=True), gold=gold)
    for finish in ("stop", "length"):
        assert judge(text, finish, question=question).mark in Mark
