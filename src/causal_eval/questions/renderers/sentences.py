"""List: one statement a line, with one kind of bullet; then numbered lines, and the question."""

from __future__ import annotations

import re
from collections.abc import Iterator

from causal_eval.questions.facts import Fact
from causal_eval.questions.lexicon import Lexicon
from causal_eval.questions.renderers.sheet import Renderer, Sheet, stated

_BULLETS = ("- ", "* ", "", "{}. ")
_BULLET = re.compile(r"(?:[-*] |\d+\. )")


def _write(sheet: Sheet) -> str:
    bullet = sheet.stream.choice(_BULLETS)
    lines = sheet.say(*sheet.statements, *sheet.assumed)
    first = [bullet.format(number) + line for number, line in enumerate(lines, 1)]
    return "\n\n".join(["\n".join(block) for block in (first, sheet.say(*sheet.listed), sheet.say_last()) if block])


def _read(body: str, lexicon: Lexicon) -> Iterator[Fact]:
    for line in filter(None, body.split("\n")):
        yield stated(bare(line), lexicon)


def bare(line: str) -> str:
    """*line* without its bullet."""
    bullet = _BULLET.match(line)
    return line[bullet.end() :] if bullet else line


LIST = Renderer(_write, _read)
