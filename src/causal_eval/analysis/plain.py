"""Foreign text (names, replies) made safe to show: nothing in it can hide, reorder or break what stands around it."""

from __future__ import annotations

import re
import unicodedata

_KEPT = {"\n", "\t"}
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""Control, format (bidirectional overrides, zero-width), lone surrogates, private use, unassigned."""
_JOINERS = {"\u200c", "\u200d", "\ufe0f"}
"""Spelling in Persian and Indic scripts, and emoji, need these."""
_ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


def plain(text: str) -> str:
    """The text with line breaks and tabs kept and every character that cannot be seen replaced by U+FFFD."""
    text = _ESCAPE.sub("\ufffd", text.replace("\r\n", "\n"))
    is_plain = text.replace("\n", "").replace("\t", "").isprintable()  # of spaces it knows the plain one alone
    return text if is_plain else "".join(map(_seen, text))


def one_line(text: str) -> str:
    """The plain text on a single line."""
    return " ".join(plain(text).split())


def width(text: str) -> int:
    """How many columns the text takes where wide (East Asian) characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def pieces(text: str, columns: int) -> list[str]:
    """The text on one line, cut where a line may break: after ``/ - _ : .`` or a space, or after *columns*."""
    found = re.findall(r"[^/\-_:. ]+[/\-_:. ]*|[/\-_:. ]+", one_line(text))
    return [part for piece in found for part in _parts(piece, columns)]


def wrap(text: str, columns: int) -> list[str]:
    """The text in lines of at most *columns*, broken between pieces, never shortened."""
    lines, line = [], ""
    for piece in pieces(text, columns):
        if line and width((line + piece).rstrip()) > columns:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()] if line.rstrip() or not lines else lines


def _parts(piece: str, columns: int) -> list[str]:
    half = max(columns // 2, 1)  # wide characters take two columns
    return [piece] if width(piece) <= columns else [piece[at : at + half] for at in range(0, len(piece), half)]


def _seen(char: str) -> str:
    hidden = unicodedata.category(char) in _UNSEEN and char not in _KEPT and char not in _JOINERS
    return "\ufffd" if hidden or char in "\u2028\u2029" else char
