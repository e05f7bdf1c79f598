"""Languages: how a clause is built, how words are joined, and the words that are no statement; one file each.

``languages/<code>.toml`` holds all of it; the wordings of the statements stand in ``phrases/`` (English) and in
``phrases/<code>/``.
"""

from __future__ import annotations

import functools
from pathlib import Path

import msgspec

from causal_eval.errors import UnknownName

LANGUAGES = ("en", "de", "fr", "es", "zh")
"""The languages in which prompts are told, English first."""


class Grammar(msgspec.Struct, frozen=True):
    """How names, states and clauses stand in a sentence."""

    quoted: str
    """How a name and a state are set off, so that neither has to be inflected; ``"{}"``: not at all."""
    clause: str
    dependent: str
    """A clause of its own, and one after a conjunction (German puts the verb last)."""
    joins: dict[str, str]
    """What stands between the parts of an enumeration: ``and``, ``comma`` and ``list``; in English ``or`` and the
    signs ``wedge`` and ``vee`` too."""
    space: str
    """What stands between two sentences."""
    colon: str
    """What stands between a speaker and the words."""


class Names(msgspec.Struct, frozen=True):
    """The words of the regimes that tell nothing of a domain."""

    nonsense: str
    placeholder: str
    states: tuple[str, str]
    contexts: tuple[str, ...]


class Layout(msgspec.Struct, frozen=True):
    """The words of the renderers that are no statement."""

    links: tuple[str, ...]
    """What joins a sentence to the one before it; what follows begins with a small letter."""
    speakers: tuple[tuple[str, str], ...]
    openers: tuple[str, ...]
    """Sentences that open a speaker's turn."""
    headings: dict[str, str]
    """``circumstances``, ``structure``, ``figures``, ``assumptions`` and ``question``."""
    cause: str
    effect: str
    statement: str
    probability: str
    chance: str
    """The heading of a column of probabilities: of the clause in braces, given what the other columns say."""
    count: str


class Language(msgspec.Struct, frozen=True):
    """One language."""

    code: str
    title: str
    grammar: Grammar
    names: Names
    layout: Layout
    answers: dict[str, str] = {}
    """What an answer can say: the English label -> the label of this language."""

    def answer(self, label: str) -> str:
        """*label* in this language."""
        return self.answers.get(label, label)


@functools.cache
def language(code: str) -> Language:
    """The language of that code.

    Raises:
        UnknownName: there is none.
    """
    if code not in LANGUAGES:
        raise UnknownName("language", code, LANGUAGES)
    file = Path(__file__).with_name("languages") / f"{code}.toml"
    return msgspec.toml.decode(file.read_bytes(), type=Language)
