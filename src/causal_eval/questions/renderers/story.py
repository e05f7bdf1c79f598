"""Story: flowing paragraphs of a few sentences, some of which are joined to the one before by a word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact
from causal_eval.questions.lexicon import Lexicon
from causal_eval.questions.renderers.sheet import Renderer, Sheet
from causal_eval.questions.wording import read
from causal_eval.seeds import Stream

_END = re.compile(r"(?<=[.?!]) |(?<=[。？！])")
"""Where a sentence can end; a decimal point is followed by no space."""
_LONGEST = 8
"""Most ends of sentences within one statement."""
_PARAGRAPH = (3, 6)
"""Statements in a paragraph."""


def _write(sheet: Sheet) -> str:
    lines = sheet.say(*sheet.statements)
    lines[1:] = [_linked(line, sheet) for line in lines[1:]]
    last = [*(sheet.say(*part) for part in (sheet.assumed, sheet.listed)), sheet.say_last()]
    told = [*portions(lines, _PARAGRAPH, stream=sheet.stream), *filter(None, last)]
    return "\n\n".join([sheet.lexicon.language.grammar.space.join(part) for part in told])


def _read(body: str, lexicon: Lexicon) -> Iterator[Fact]:
    for paragraph in body.split("\n\n"):
        yield from told(paragraph, lexicon)


def portions(lines: Sequence[str], most: tuple[int, int], *, stream: Stream) -> Iterator[list[str]]:
    """*lines* in portions of a random size."""
    rest = list(lines)
    while rest:
        size = stream.between(*most)
        yield rest[:size]
        rest = rest[size:]


def told(paragraph: str, lexicon: Lexicon) -> list[Fact]:
    """The facts that *paragraph* states, sentence by sentence; some of them take more than one.

    Raises:
        VerificationMismatch: a sentence belongs to no statement.
    """
    ends = [match.span() for match in _END.finditer(paragraph) if match.end() < len(paragraph)]
    starts, stops = [0, *(end for _, end in ends)], [*(start for start, _ in ends), len(paragraph)]
    facts, place = [], 0
    while place < len(starts):
        for stop in range(place, min(place + _LONGEST, len(stops))):
            fact = _unlinked(paragraph[starts[place] : stops[stop]], lexicon)
            if fact is not None:
                facts.append(fact)
                place = stop + 1
                break
        else:
            raise VerificationMismatch(f"no wording of any statement reads: {paragraph[starts[place] :]!r}")
    return facts


def _linked(line: str, sheet: Sheet) -> str:
    """One sentence in four begins with a word that joins it to the one before."""
    if not sheet.stream.chance(1, 4):
        return line
    link = sheet.stream.choice(sheet.lexicon.language.layout.links)
    return link + (line if link.endswith(": ") else line[0].lower() + line[1:])  # a sentence may follow a colon


def _unlinked(text: str, lexicon: Lexicon) -> Fact | None:
    for link in lexicon.language.layout.links:
        if text.startswith(link):
            return read(text.removeprefix(link), lexicon)
    return read(text, lexicon)


STORY = Renderer(_write, _read)
