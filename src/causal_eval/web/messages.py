"""Messages of errors in a reader's language, found by pattern: an error says an English sentence and nothing else."""

from __future__ import annotations

import functools
import re
import tomllib
from importlib import resources
from typing import NamedTuple

from markupsafe import Markup, escape

from causal_eval.analysis.plain import plain
from causal_eval.web.language import USUAL

_PLACE = "{}"


class _Message(NamedTuple):
    english: re.Pattern[str]
    said: str


def told(message: str, code: str) -> Markup:
    """*message* in the language with that code; where nobody has put it into that language, marked as English."""
    if not message or code == USUAL:
        return escape(plain(message))
    for pattern, said in _messages(code):
        if match := pattern.fullmatch(message):
            return escape(plain(_filled(said, match.groups())))
    return Markup('<span lang="{}">{}</span>').format(USUAL, plain(message))


def _filled(said: str, values: tuple[str, ...]) -> str:
    first, *rest = said.split(_PLACE)
    return first + "".join(value + part for value, part in zip(values, rest, strict=True))


@functools.cache
def _messages(code: str) -> tuple[_Message, ...]:
    """In the order of the file: the first that fits counts."""
    file = resources.files(__package__).joinpath(f"texts/messages.{code}.toml")
    table: dict[str, list[dict[str, str]]] = tomllib.loads(file.read_text("utf-8"))
    return tuple(_Message(_pattern(one["english"]), one["said"]) for one in table["message"])


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile("(.*?)".join(map(re.escape, english.split(_PLACE))), re.DOTALL)
