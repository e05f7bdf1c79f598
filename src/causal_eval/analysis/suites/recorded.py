"""What shortcuts score on the generator's questions, measured once on 2,000 a family (``benchmarks/families.py``)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources

import msgspec

from causal_eval.questions.question import GENERATOR


class Recorded(msgspec.Struct, frozen=True):
    """A shortcut's score in a family."""

    score: float
    high: float
    """The one-sided 95 % bound, by clusters."""
    limit: float
    """Chance and what is allowed beyond."""


class _File(msgspec.Struct, frozen=True):
    generator: str
    shortcuts: dict[str, dict[str, Recorded]]


@functools.cache
def recorded() -> Mapping[str, Mapping[str, Recorded]]:
    """Family -> shortcut -> what it scored; nothing where another generator made the questions."""
    text = resources.files(__package__).joinpath("recorded.json").read_bytes()
    found = msgspec.json.decode(text, type=_File)
    return found.shortcuts if found.generator == GENERATOR else {}
