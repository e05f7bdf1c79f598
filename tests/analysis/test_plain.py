"""Foreign text cannot hide, reorder or break anything."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_eval.analysis.plain import one_line, pieces, plain, width, wrap


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\r\nlines\tand a tab", "two\nlines\tand a tab"),
        ("bell\x07", "bell\ufffd"),
        ("\x1b[31mred\x1b[0m", "\ufffdred\ufffd"),
        ("abc\u202ecba", "abc\ufffdcba"),
        ("zero\u200bwidth", "zero\ufffdwidth"),
        ("lone \ud800", "lone \ufffd"),
        ("مرحبا 日本 👩\u200d🔬", "مرحبا 日本 👩\u200d🔬"),
    ],
    ids=["plain", "breaks", "control", "escape", "override", "zero-width", "surrogate", "scripts"],
)
def test_what_cannot_be_seen_is_made_visible(text: str, shown: str) -> None:
    """Controls, terminal escapes, reordering marks and lone surrogates are replaced; scripts and emoji stay."""
    assert plain(text) == shown


@given(st.text())
@settings(derandomize=True, deadline=None)
def test_plain_text_is_printable_and_can_be_written(text: str) -> None:
    """Whatever comes in, the result encodes, has no control but breaks and tabs, and stays as it is when repeated."""
    shown = plain(text)
    assert len(shown.encode()) >= len(shown)
    assert not [char for char in shown if ord(char) < 32 and char not in "\n\t"]
    assert plain(shown) == shown


@given(st.text(max_size=80), st.integers(2, 40))
@settings(derandomize=True, deadline=None)
def test_wrapping_loses_nothing_and_keeps_the_width(text: str, columns: int) -> None:
    """Lines are no wider than asked for and hold every character but spaces at breaks."""
    lines = wrap(text, columns)
    assert all(width(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == one_line(text).replace(" ", "")
    assert "".join(pieces(text, columns)) == one_line(text)


def test_names_break_between_their_parts() -> None:
    """A model's name breaks after a slash or hyphen, not within a word."""
    assert wrap("openai-api/lab/long-name-70b", 16) == ["openai-api/lab/", "long-name-70b"]
    assert wrap("", 10) == [""]
