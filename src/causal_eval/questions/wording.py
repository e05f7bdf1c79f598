"""Wording as data: every form of ``phrases/*.toml`` is rendered by its templates and read back by the same templates.

A template is text with slots in braces. Slot types: ``name`` (a node), ``names`` (nodes, in the order they are
listed), ``clause`` (a node in a state), ``clauses`` and ``list`` (several clauses, joined by *and* / by semicolons),
``share`` (a probability: percent, decimal or fraction), ``number`` (any rational), ``letter`` (0 is a, 1 is b ...),
``count`` (an integer), ``arrows`` (pairs of nodes), ``paths`` (their arrows, one path after another, all from one
node), ``sets`` (masks of nodes, as sets in braces) and ``answer`` (an answer as it is written). A form with
``assumption = true`` says what holds beyond the listed facts: it has no slots and is printed after them. A form with
``numbered = true`` is printed last, by the number in its first slot, which its words name.

``phrases/<language>/*.toml`` say the same forms in other words: a form's entry there has its wordings alone, and a slot
in braces may name a mode (``{what!dep}``), as :mod:`causal_eval.questions.voices` explains.
"""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import msgspec

from causal_eval.questions.facts import Fact, Slot
from causal_eval.questions.lexicon import Lexicon
from causal_eval.questions.own_families import entries_of, own_phrases
from causal_eval.questions.voices import PATTERN, READ, SAY, SHARE_STYLES, Ear, Voice, paths_of, share_text
from causal_eval.seeds import Stream

__all__ = [
    "SHARE_STYLES",
    "Form",
    "Lexicon",
    "assumptions",
    "forms",
    "numbered",
    "paths_of",
    "read",
    "say",
    "share_text",
]

_SLOT = re.compile(r"\{(\w+(?:!\w+)?)\}")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Template:
    """One wording of a form: a format over the form's slots by position, and the pattern that reads it."""

    text: str
    mark: str
    """Its longest literal piece, in lower case: a sentence without it is not read by the pattern."""
    pattern: re.Pattern[str]
    voices: tuple[Voice, ...]
    """How each slot is said."""
    ears: tuple[Ear, ...]
    """How each slot is read."""
    words: frozenset[str]
    """Lower-case words that every sentence of this wording has."""


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of statement: its slot types and its wordings, in English at least four."""

    name: str
    slots: tuple[str, ...]
    types: tuple[str, ...]
    templates: tuple[Template, ...]
    assumption: bool = False
    numbered: bool = False


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A form in a file of phrases; of slots and so on the English entry speaks alone."""

    say: list[str]
    slots: dict[str, str] = {}
    assumption: bool = False
    numbered: bool = False


class _Wording(NamedTuple):
    """A wording and the form that it states."""

    form: Form
    template: Template


@functools.cache
def numbered() -> frozenset[str]:
    """The forms whose first slot is the number under which a prompt lists them."""
    return frozenset(name for name, form in forms().items() if form.numbered)


@functools.cache
def assumptions() -> frozenset[str]:
    """The forms that say what holds beyond the listed facts."""
    return frozenset(name for name, form in forms().items() if form.assumption)


@functools.cache
def forms(tongue: str = "en") -> Mapping[str, Form]:
    """All forms that have wordings in *tongue*, by name: a language, or a notation.

    In English those of families of other distributions are among them.

    Raises:
        UsageError: such a family calls a form of its own as one of ours is called.
    """
    entries, said = _entries(""), _entries("" if tongue == "en" else tongue)
    return {name: _form(name, entries[name], wordings=entry.say) for name, entry in said.items()}


def say(fact: Fact, lexicon: Lexicon, *, stream: Stream, style: str = "percent") -> str:
    """One sentence for *fact*, in a wording drawn from *stream*; shares are written in *style*."""
    sentence = say_in(lexicon.language.code, fact, lexicon=lexicon, stream=stream, style=style)
    return sentence[0].upper() + sentence[1:]


def say_in(tongue: str, fact: Fact, *, lexicon: Lexicon, stream: Stream, style: str) -> str:
    """*fact* in a wording of *tongue*, the first letter as it comes."""
    template = stream.choice(forms(tongue)[fact.form].templates)
    slots = _turned(fact, stream) if fact.form in ("share", "base") else fact.slots
    voices = zip(template.voices, slots, strict=True)
    return template.text.format(*[say_slot(slot, lexicon, stream, style) for say_slot, slot in voices])


def read(sentence: str, lexicon: Lexicon) -> Fact | None:
    """The fact that *sentence* states, or None where no wording of any form reads so."""
    return read_in(lexicon.language.code, sentence, lexicon=lexicon)


def read_in(tongue: str, sentence: str, *, lexicon: Lexicon) -> Fact | None:
    """The fact that *sentence* states in *tongue*, or None."""
    small = sentence.lower()
    known = _index(tongue)
    for word in ("", *dict.fromkeys(_WORD.findall(small))):
        for form, template in known.get(word, ()):
            match = template.pattern.fullmatch(sentence) if template.mark in small else None
            if match is not None and (fact := read_match(form, template, match=match, lexicon=lexicon)) is not None:
                return fact
    return None


def read_match(form: Form, template: Template, *, match: re.Match[str], lexicon: Lexicon) -> Fact | None:
    """The fact whose slots *template* found, or None where one of them is no such slot."""
    values: list[Slot] = []
    groups = match.groupdict()
    for slot, ear in zip(form.slots, template.ears, strict=True):
        value = ear(groups[slot], lexicon)
        if value is None:
            return None
        values.append(value)
    return upright(Fact(form.name, tuple(values)))


def upright(fact: Fact) -> Fact:
    """Shares are kept for value 1."""
    if fact.form not in ("share", "base"):
        return fact
    what, *given, p = fact.slots
    assert isinstance(what, tuple)
    assert isinstance(p, Fraction)
    node, value = what
    assert isinstance(node, int)
    return fact if value == 1 else Fact(fact.form, ((node, 1), *given, 1 - p))


def _turned(fact: Fact, stream: Stream) -> tuple[Slot, ...]:
    """The same share stated for the other state, one time in four."""
    what, *given, p = fact.slots
    if not stream.chance(1, 4):
        return fact.slots
    assert isinstance(what, tuple)
    assert isinstance(p, Fraction)
    node = what[0]
    assert isinstance(node, int)
    return ((node, 0), *given, 1 - p)


@functools.cache
def _index(tongue: str) -> Mapping[str, tuple[_Wording, ...]]:
    """Every wording under the one of its words that the fewest wordings have: a sentence is tried by few patterns."""
    wordings = [_Wording(form, template) for form in forms(tongue).values() for template in form.templates]
    often = Counter(word for wording in wordings for word in wording.template.words)
    found: dict[str, list[_Wording]] = {}
    for wording in wordings:
        word = min(wording.template.words, key=lambda one: (often[one], one), default="")
        found.setdefault(word, []).append(wording)
    return {word: tuple(those) for word, those in found.items()}


def _entries(folder: str) -> dict[str, _Entry]:
    """The entries of all files of *folder* below ``phrases``."""
    place = importlib.resources.files("causal_eval.questions").joinpath("phrases", *filter(None, [folder]))
    files = sorted((entry for entry in place.iterdir() if entry.name.endswith(".toml")), key=lambda file: file.name)
    texts = [file.read_text("utf-8") for file in files]
    told = entries_of([*texts, *(own_phrases() if not folder else ())])
    return {name: msgspec.convert(entry, _Entry) for name, entry in told}


def _form(name: str, entry: _Entry, *, wordings: list[str]) -> Form:
    types = entry.slots
    return Form(
        name,
        tuple(types),
        tuple(types.values()),
        tuple([_template(text, types) for text in wordings]),
        assumption=entry.assumption,
        numbered=entry.numbered,
    )


def _template(text: str, types: Mapping[str, str]) -> Template:
    parts = _SLOT.split(text)
    order = {slot: index for index, slot in enumerate(types)}
    pieces, marked = tuple(parts[::2]), parts[1::2]
    kinds = dict(types)
    said, pattern, known = "", "", set[str]()
    for piece, mark in zip(pieces, [*marked, ""], strict=True):
        said += piece.replace("{", "{{").replace("}", "}}")
        pattern += re.escape(piece)
        slot, _, mode = mark.partition("!")
        if slot:
            said += f"{{{order[slot]}}}"
            pattern += f"(?P={slot})" if slot in known else f"(?P<{slot}>{PATTERN[types[slot]]})"
            kinds[slot] = f"{types[slot]}!{mode}" if mode else types[slot]
            known.add(slot)
    return Template(
        said,
        max(pieces, key=len).lower(),
        re.compile(pattern, re.IGNORECASE),
        tuple([SAY[kind] for kind in kinds.values()]),
        tuple([READ[kind] for kind in kinds.values()]),
        frozenset(_whole_words(pieces)),
    )


def _whole_words(pieces: tuple[str, ...]) -> Iterator[str]:
    """The words of *pieces* that no slot can lengthen."""
    for number, piece in enumerate(pieces):
        for word in _WORD.finditer(piece.lower()):
            open_left = number > 0 and word.start() == 0
            open_right = number < len(pieces) - 1 and word.end() == len(piece)
            if not open_left and not open_right:
                yield word[0]
