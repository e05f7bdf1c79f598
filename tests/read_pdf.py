"""What a PDF of ours says: its pages counted, its text by what each of its fonts makes of it."""

from __future__ import annotations

import re
import zlib

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_PIECE = re.compile(rb"\((?:[^()\\]|\\.)*\)", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def pages_of(pdf: bytes) -> int:
    """How many pages there are."""
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def texts_of(pdf: bytes) -> list[str]:
    """All strings that are shown, one reading a font: what was set in it reads right, the rest is noise."""
    streams = [zlib.decompress(found) for found in _STREAM.findall(pdf) if found[:1] == b"x"]
    shown = [piece for one in streams if b" Tf" in one for piece in _PIECE.findall(one)]
    fonts = [dict(re.findall(rb"<(\w{4})> <(\w{4,})>", one)) for one in streams if b"beginbfchar" in one]
    return ["".join(_read(piece[1:-1], font) for piece in shown).replace("\xa0", " ") for font in fonts]


def _read(piece: bytes, font: dict[bytes, bytes]) -> str:
    raw = _ESCAPE.sub(_meant, piece)
    glyphs = (raw[place : place + 2].hex().upper().encode() for place in range(0, len(raw), 2))
    return "".join(bytes.fromhex(font.get(glyph, b"").decode()).decode("utf-16-be") for glyph in glyphs)


def _meant(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 8)]) if found[1].isdigit() else _LETTERS.get(found[1], found[1])
