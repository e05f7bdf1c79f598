"""Reading is total, deterministic and linear, and the strict reading never contradicts the lenient one."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.scoring.parse import parse
from causal_eval.scoring.reading import Answer

_NAMES = st.lists(st.text(max_size=12), max_size=5).map(tuple)
_SPECS = st.builds(
    AnswerSpec,
    kind=st.sampled_from(AnswerKind),
    options=_NAMES,
    items=_NAMES,
    may_be_none=st.booleans(),
)
_BITS = st.sampled_from(
    [
        *(
            "ANSWER:",
            "Answer:",
            "**",
            "$",
            "\\boxed{",
            "}",
            "{",
            "(",
            ")",
            "[",
            "]",
            ",",
            ";",
            "=",
            "\n",
            " ",
            ".",
            "-",
        ),
        *(
            "<think>",
            "</think>",
            "<answer>",
            "</answer>",
            "yes",
            "no",
            "none",
            "or",
            "and",
            "0.3",
            "7/20",
            "%",
            "½",
            "a",
        ),
        *(
            "drug",
            "drug dose",
            "The answer is ",
            '{"answer": ',
            '"',
            "```",
            "\\frac{",
            "^",
            "e5",
            "1",
            "≈",
            "∅",
            "是",
            "|",
        ),
        *("<|channel|>", "final<|message|>", "because", "not", "cause", "\\text{", "\\{", "*", "_", "\x00", "\ud800"),
    ]
)
_MESS = st.one_of(st.text(), st.lists(_BITS, max_size=40).map("".join))


@pytest.mark.slow
@settings(derandomize=True, max_examples=600, deadline=None)
@given(text=_MESS, spec=_SPECS, finish=st.sampled_from(["stop", "length", "content_filter", ""]))
def test_total(text: str, spec: AnswerSpec, finish: str) -> None:
    """Any text under any spec gets the same reading twice, and a strict answer is the lenient answer."""
    first = parse(text, spec, finish=finish)
    assert first == parse(text, spec, finish=finish)
    if isinstance(first.strict, Answer):
        assert first.strict == first.lenient


@pytest.mark.slow
@settings(derandomize=True, max_examples=600, deadline=None)
@given(text=_MESS, kind=st.sampled_from(AnswerKind))
def test_answers_are_possible(text: str, kind: AnswerKind) -> None:
    """What is read as a choice or label is one of the options; every labelled item is one of the items."""
    spec = AnswerSpec(kind, ("cause", "effect", "a"), ("a", "drug", "drug dose"), may_be_none=True)
    lenient = parse(text, spec).lenient
    if not isinstance(lenient, Answer):
        return
    if kind is AnswerKind.CHOICE:
        assert lenient.value in spec.options
    if kind is AnswerKind.LABELS:
        assert isinstance(lenient.value, tuple)
        assert all(item in spec.items and label in spec.options for item, label in lenient.value)


_HOSTILE = {
    "answers": "ANSWER: " * 125_000,
    "answer lines": "ANSWER: 0.3 or\n" * 66_000,
    "braces": "{" * 1_000_000,
    "closed braces": "ANSWER: " + "{" * 500_000 + "}" * 500_000,
    "boxes": "\\boxed{" * 140_000,
    "fractions": "ANSWER: " + "\\frac{" * 160_000,
    "stars": "*" * 1_000_000,
    "star line": "ANSWER: " + "* " * 500_000,
    "spaces": "ANSWER:" + " " * 1_000_000 + "x",
    "newlines": "answer" + "\n" * 1_000_000 + "x",
    "digits": "ANSWER: " + "1" * 1_000_000,
    "commas": "ANSWER: " + "1," * 500_000,
    "thousands": "ANSWER: " + "1,234" * 200_000,
    "parentheses": "ANSWER: p" + "(" * 1_000_000,
    "pairs": "ANSWER: p" + "()" * 500_000 + " = ",
    "think": "<think>" * 140_000,
    "think shut": "</think>" * 120_000,
    "think pairs": "<think></think>" * 66_000,
    "channels": "<|channel|>final " * 60_000,
    "names": "drug dose " * 100_000,
    "names marked": "ANSWER: " + "drug, " * 160_000,
    "labels": "drug = cause; " * 70_000,
    "label": "drug = " * 140_000,
    "phrases": "the answer is drug or " * 45_000,
    "quotes": '"answer": "' * 90_000,
    "json": '"answer": ' + "[" * 900_000,
    "json reply": "[" * 900_000,
    "equals": "ANSWER: " + "0.1 = " * 160_000,
    "roundings": "ANSWER: " + "0.1 ≈ " * 160_000,
    "yes": "yes. " * 200_000,
    "cannot": "I cannot " * 110_000,
    "headings": "answer *_ " * 100_000,
    "underscores": "ANSWER: " + "_" * 1_000_000,
    "latex": "ANSWER: " + "\\text{" * 150_000 + "}" * 100_000,
    "tags": "ANSWER: " + "<b" * 400_000,
    "no sets": "ANSWER: no " + "valid " * 160_000,
    "lead": "ANSWER: " + "the " * 250_000,
    "minus": "ANSWER: " + "-" * 1_000_000,
    "fences": "```\n" * 250_000,
    "bold": "**0.3" * 200_000,
    "nul": "\x00" * 1_000_000,
}


@pytest.mark.sampled(7)
@pytest.mark.parametrize("name", _HOSTILE)
def test_hostile(name: str) -> None:
    """A megabyte of hostile text is read in seconds, not minutes, whatever the kind."""
    text = _HOSTILE[name]
    assert len(text) >= 800_000
    kinds = list(AnswerKind)
    big = kinds[list(_HOSTILE).index(name) % len(kinds)]
    for kind in kinds:
        spec = AnswerSpec(kind, ("cause", "effect"), ("a", "drug", "drug dose"), may_be_none=True)
        # Read in 0.2 s on a quiet machine; a quadratic reading, even of 100 KB, takes far longer than any busy one.
        sent = text if kind is big else text[:100_000]
        began = time.process_time()
        parse(sent, spec)
        assert time.process_time() - began < 5, kind
        parse(sent + "\n0.5", spec, finish="length")


def test_reasoning_is_never_graded() -> None:
    """An answer inside closed reasoning is not an answer of the reply."""
    spec = AnswerSpec(AnswerKind.YES_NO)
    for block in ("<think>{}</think>", "<thinking>{}</thinking>", "<reasoning>{}</reasoning>", "{}</think>"):
        assert not isinstance(parse(block.format("ANSWER: yes"), spec).lenient, Answer)


def _typical(count: int, call: Any) -> float:
    rounds = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(count):
            call()
        rounds.append((time.process_time() - began) / count)
    return min(rounds)


def test_fast_enough() -> None:
    """A short clean reply costs tens of microseconds, 4 KB of reasoning before a marked answer under a millisecond."""
    spec = AnswerSpec(AnswerKind.SETS, items=("age", "drug", "drug dose", "diet"), may_be_none=True)
    assert _typical(500, lambda: parse("ANSWER: {age}; {drug, diet}", spec)) < 60e-6
    reasoning = "Conditioning on age blocks the fork, since p(x) = 0.3 * 0.5.\n" * 66
    assert _typical(50, lambda: parse(reasoning + "ANSWER: {age}; {drug, diet}", spec)) < 1e-3
    assert _typical(50, lambda: parse(reasoning + "**Answer:** {{age}, {drug, diet}}", spec)) < 2e-3
