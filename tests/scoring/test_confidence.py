"""What is read as a stated confidence, and that stating one changes no answer."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_eval.questions.generate import Plan, generate
from causal_eval.scoring.confidence import SURE, Unstated, confidence
from causal_eval.scoring.format import example
from causal_eval.scoring.parse import parse

ABSENT, UNREADABLE, OUT = Unstated.ABSENT, Unstated.UNREADABLE, Unstated.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("CONFIDENCE: 80", 80), ("Confidence: 80", 80), ("CONFIDENCE: 0", 0), ("CONFIDENCE: 100", 100),
        ("CONFIDENCE: 72.5", 72.5), ("CONFIDENCE: 80%", 80), ("CONFIDENCE: 80 %", 80), ("CONFIDENCE: 80/100", 80),
        ("CONFIDENCE: 80.", 80), ("**CONFIDENCE:** 85%", 85), ("- **Confidence: 85 %**", 85), ("> CONFIDENCE: 12", 12),
        ("`CONFIDENCE: 90`", 90), (r"CONFIDENCE: $95\%$", 95), ("CONFIDENCE： 90", 90), ("CONFIDENCE: 0.5%", 0.5),
        ("CONFIDENCE: 1", 1), ("CONFIDENCE: 0.0", 0), ("CONFIDENCE: 100.0", 100),
    ],
)  # fmt: skip
def test_plain_numbers_are_per_cent(line: str, wanted: float) -> None:
    """Whatever markup stands around them; a whole number is taken as it was asked for."""
    assert confidence(f"I think so.\n{line}\nANSWER: yes") == Fraction(str(wanted)) / 100


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", ABSENT), ("CONFIDENCE:", ABSENT), ("My confidence is 80", ABSENT), ("CONFIDENCE = 80", ABSENT),
        ("CONFIDENCE: 0.8", UNREADABLE), ("CONFIDENCE: 1.0", UNREADABLE), ("CONFIDENCE: .75", UNREADABLE),
        ("CONFIDENCE: high", UNREADABLE), ("CONFIDENCE: 80-90", UNREADABLE), ("CONFIDENCE: about 80", UNREADABLE),
        ("CONFIDENCE: 8/10", UNREADABLE), ("CONFIDENCE: 80, I think", UNREADABLE), ("CONFIDENCE: <80>", UNREADABLE),
        ("CONFIDENCE: 72,5", UNREADABLE), ("CONFIDENCE: nan", UNREADABLE), ("CONFIDENCE: 1e2", UNREADABLE),
        ("CONFIDENCE: 101", OUT), ("CONFIDENCE: -5", OUT), ("CONFIDENCE: 100.01%", OUT), ("CONFIDENCE: 999999", OUT),
    ],
)  # fmt: skip
def test_anything_else_is_none_and_says_why(line: str, why: Unstated) -> None:
    """A share or per cent, a word, a range, a number that no confidence has."""
    assert confidence(f"I think so.\n{line}\nANSWER: yes") is why


def test_the_last_line_outside_of_reasoning_counts() -> None:
    """Earlier ones are overruled, those within reasoning are none, and a later unreadable one is not passed over."""
    assert confidence("CONFIDENCE: 10\nNo, more.\nCONFIDENCE: 30\nANSWER: no") == Fraction(3, 10)
    assert confidence("<think>CONFIDENCE: 10\nhm</think>\nANSWER: no") is ABSENT
    assert confidence("<think>hm</think>CONFIDENCE: 20\r\nANSWER: no") == Fraction(1, 5)
    assert confidence("CONFIDENCE: 10\nCONFIDENCE: very\nANSWER: no") is UNREADABLE
    assert confidence("<think>CONFIDENCE: 1\nso\nCONFIDENCE: 40\nANSWER: no") == Fraction(2, 5)


def test_the_last_line_of_a_reply_that_was_cut_is_not_trusted() -> None:
    """``CONFIDENCE: 8`` may have been 85; a whole line before the cut is read."""
    assert confidence("So.\nCONFIDENCE: 8", finish="length") is ABSENT
    assert confidence("So.\nCONFIDENCE: 80\nANSWER: ye", finish="max_tokens") == Fraction(4, 5)
    assert confidence("So.\nCONFIDENCE: 8") == Fraction(2, 25)


@given(st.text(), st.sampled_from(["stop", "length", ""]))
def test_any_text_is_read(text: str, finish: str) -> None:
    """Total over strings: what stands after the colon is a confidence from 0 to 1 or a reason."""
    found = confidence(f"CONFIDENCE:{text}", finish=finish)
    assert isinstance(found, Unstated) or 0 <= found <= 1


@pytest.mark.slow
def test_a_stated_confidence_changes_no_answer() -> None:
    """Of every kind of answer: with the line before the answer, or after it, the same is read as without."""
    kinds = set()
    for question in generate(Plan(120, "sure")):
        spec, answer = question.answer, f"ANSWER: {example(question.answer, question.gold)}"
        kinds.add(spec.kind)
        plain = parse(f"So.\n{answer}", spec)
        assert parse(f"So.\nCONFIDENCE: 80\n{answer}", spec) == plain
        assert parse(f"So.\n{answer}\nCONFIDENCE: 80", spec).lenient == plain.lenient
        assert confidence(f"So.\nCONFIDENCE: 80\n{answer}") == Fraction(4, 5)
    assert len(kinds) >= 8


def test_what_asks_for_it_is_no_confidence() -> None:
    """A reply that repeats the request states none."""
    assert isinstance(confidence(SURE), Unstated)
