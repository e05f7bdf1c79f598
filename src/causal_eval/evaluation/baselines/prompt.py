"""What a shortcut can see of a prompt: printed numbers, where names stand and how often, the words around them."""

from __future__ import annotations

import functools
import re
from fractions import Fraction

_NUMBER = re.compile(r"(?<![\w.])(\d+)/(\d+)|(?<![\w.])(\d+(?:\.\d+)?)(%?)(?![\w.]*\w)")
_LISTED = re.compile(r"^\d+\. ", re.MULTILINE)
_WORD = re.compile(r"[a-z']+")


@functools.lru_cache(maxsize=4)  # several shortcuts look at one question after the other
def numbers(prompt: str) -> tuple[Fraction, ...]:
    """The printed shares between 0 and 1, in order; list numbers at line starts are no shares."""
    values = [_value(*found) for found in _NUMBER.findall(_LISTED.sub("", prompt))]
    return tuple([value for value in values if 0 <= value <= 1])


@functools.lru_cache(maxsize=1024)
def _value(upper: str, lower: str, plain: str, percent: str) -> Fraction:
    return Fraction(int(upper), int(lower) or 1) if upper else Fraction(plain) / (100 if percent else 1)


def asked(prompt: str) -> str:
    """The last paragraph: the question sentence."""
    return prompt.rstrip().rpartition("\n")[2]


def first_place(prompt: str, name: str) -> int:
    """Where *name* is mentioned first; the end of the prompt if nowhere."""
    place = prompt.lower().find(name.lower())
    return place if place >= 0 else len(prompt)


def mentions(prompt: str, name: str) -> int:
    """How often *name* is mentioned before the question sentence."""
    return _before(prompt).count(name.lower())


@functools.lru_cache(maxsize=1)
def _before(prompt: str) -> str:
    """What stands before the question sentence, in small letters."""
    return prompt.rpartition("\n")[0].lower()


def words_about(prompt: str, name: str) -> list[str]:
    """The words of all sentences that mention *name*, names themselves included, and on which side of it they stand."""
    lowered = name.lower()
    found = []
    for line in prompt.lower().splitlines():
        before, mentioned, after = line.partition(lowered)
        if mentioned:
            found += [f"<{word}" for word in _WORD.findall(before)] + [f">{word}" for word in _WORD.findall(after)]
    return found


def words(prompt: str) -> list[str]:
    """All words."""
    return _WORD.findall(prompt.lower())
