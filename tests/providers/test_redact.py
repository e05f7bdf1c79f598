"""Error texts carry no secret and fit on one line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from causal_eval.providers.redact import LONGEST, one_line, without


@given(before=st.text(), key=st.text(alphabet="abcXYZ019-_", min_size=6, max_size=60), after=st.text())
def test_a_key_never_shows(before: str, key: str, after: str) -> None:
    """Whatever surrounds it, the key does not occur in the line."""
    line = one_line(before + key + after, key)
    assert key not in line.replace("***", "")


@given(st.text())
def test_it_is_one_bounded_printable_line(text: str) -> None:
    """No line break, no control character, no more than LONGEST characters."""
    line = one_line(text)
    assert len(line) <= LONGEST
    assert len(line.splitlines()) <= 1
    assert "\x1b" not in line


def test_key_shaped_words_are_hidden_without_being_told() -> None:
    """A server that quotes a key, in part or whole, or a bearer header is not repeated."""
    line = one_line("Incorrect API key provided: sk-proj-ab**********wxyz. (Bearer abcdef123456)")
    assert "wxyz" not in line
    assert "abcdef123456" not in line


def test_a_short_key_does_not_blank_out_words() -> None:
    """``x`` as key of a server of one's own hides no letter."""
    assert one_line("an example", "x") == "an example"


def test_a_key_is_taken_out_of_a_body() -> None:
    """Wherever it stands, and with slashes escaped as some servers do; a word that serves as key stays."""
    key = "planted/key+0123456789"
    body = f'{{"model": "{key}", "text": "{key.replace("/", chr(92) + "/")} ollama"}}'.encode()
    assert without(body, key) == b'{"model": "***", "text": "*** ollama"}'
    assert without(body, "ollama") == without(body, "") == body
