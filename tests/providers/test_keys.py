"""Keys are found where they may stand, and are called by a name that does not give them away."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_eval.errors import UsageError
from causal_eval.providers.keys import key_label, read_keys

KEYS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("", ""),
        ("sk-abcdef3f2a", "...3f2a"),
        ("abcdefgh3f2a", "...3f2a"),
        ("abcdefg3f2a", "#618c9044"),
    ],
)
def test_a_key_has_a_name(key: str, label: str) -> None:
    """Twelve characters show their last four; a shorter key only a fingerprint."""
    assert key_label(key) == label


@given(KEYS)
def test_a_name_gives_little_away(key: str) -> None:
    """Never more than four characters of a key, and of a short one none that its hash would not show."""
    label = key_label(key)
    assert label != key
    assert len(label) <= 9


@pytest.mark.parametrize(
    ("said", "keys"),
    [("", ()), (" , ", ()), ("a", ("a",)), (" a, b ,a,,c", ("a", "b", "c"))],
)
def test_a_comma_list(said: str, keys: tuple[str, ...]) -> None:
    """Stripped, each once, in order."""
    assert read_keys("X_API_KEY", {"X_API_KEY": said}) == keys


def test_a_file_wins(tmp_path: Path) -> None:
    """One key a line, comments and empty lines left out; the variable beside it is not read."""
    path = tmp_path / "keys"
    path.write_text("# ours\nsk-one\n\n  sk-two  \nsk-one\n")
    env = {"X_API_KEY": "sk-three", "X_API_KEY_FILE": str(path)}
    assert read_keys("X_API_KEY", env) == ("sk-one", "sk-two")


@pytest.mark.parametrize(("content", "part"), [(None, "cannot read"), (b"\xff\xfe", "not UTF-8"), (b"sk-a b", "holds")])
def test_a_file_that_is_none(tmp_path: Path, content: bytes | None, part: str) -> None:
    """The variable is named, and no key is shown."""
    path = tmp_path / "keys"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=part) as told:
        read_keys("X_API_KEY", {"X_API_KEY_FILE": str(path)})
    assert "X_API_KEY_FILE" in str(told.value)
    assert "sk-a" not in str(told.value)
