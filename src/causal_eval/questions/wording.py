"""Wording as data: every form of ``phrases/*.toml`` is rendered by its templates and read back by the same templates.

A template is text with slots in braces. Slot types: ``name`` (a node), ``names`` (nodes, in the order they are
listed), ``clause`` (a node in a state), ``clauses`` and ``list`` (several clauses, joined by *and* / by semicolons),
``share`` (a probability: percent, decimal or fraction), ``number`` (any rational), ``letter`` (0 is a, 1 is b ...),
``count`` (an integer), ``arrows`` (pairs of nodes), ``paths`` (their arrows, one path after another, all from one node)
and ``sets`` (masks of nodes, as sets in braces). A form with ``assumption = true`` says what holds beyond the listed
facts: it has no slots and is printed after them. A form with ``numbered = true`` is printed last, by the number in its
first slot, which its words name.
"""

from __future__ import annotations

import functools
import importlib.resources
import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from string import ascii_lowercase
from typing import TypeAlias

from causal_eval.questions.facts import Fact, Literal, Slot
from causal_eval.questions.own_families import entries_of, own_phrases
from causal_eval.seeds import Stream

SHARE_STYLES = ("percent", "decimal", "fraction")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The printed words of one prompt: names and clauses by node, and nodes by printed words."""

    names: tuple[str, ...]
    states: tuple[tuple[str, str], ...]
    nodes: Mapping[str, int]
    """Lower-case name -> node."""
    literals: Mapping[str, Literal]
    """Lower-case clause -> (node, value)."""
    clauses: Mapping[Slot, str]
    """(node, value) -> its clause."""

    @classmethod
    def of(cls, names: tuple[str, ...], states: tuple[tuple[str, str], ...]) -> Lexicon:
        """The lexicon of nodes 0..n-1 with these names and state words."""
        clauses: dict[Literal, str] = {
            (node, value): f"{name} is {state}"
            for node, (name, pair) in enumerate(zip(names, states, strict=True))
            for value, state in enumerate(pair)
        }
        return cls(
            names=names,
            states=states,
            nodes={name.lower(): node for node, name in enumerate(names)},
            literals={clause.lower(): literal for literal, clause in clauses.items()},
            clauses=dict(clauses.items()),
        )


Voice: TypeAlias = Callable[[Slot, Lexicon, Stream, str], str]
"""A slot in printed words: (slot, lexicon, stream, style of shares) -> text."""


@dataclass(frozen=True, slots=True)
class Template:
    """One wording of a form: a format over the form's slots by position, and the pattern that reads it."""

    text: str
    mark: str
    """Its longest literal piece, in lower case: a sentence without it is not read by the pattern."""
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of statement: its slot types and at least four wordings."""

    name: str
    slots: tuple[str, ...]
    types: tuple[str, ...]
    voices: tuple[Voice, ...]
    """How each slot is said."""
    templates: tuple[Template, ...]
    assumption: bool = False
    numbered: bool = False


@functools.cache
def numbered() -> frozenset[str]:
    """The forms whose first slot is the number under which a prompt lists them."""
    return frozenset(name for name, form in forms().items() if form.numbered)


@functools.cache
def assumptions() -> frozenset[str]:
    """The forms that say what holds beyond the listed facts."""
    return frozenset(name for name, form in forms().items() if form.assumption)


@functools.cache
def forms() -> Mapping[str, Form]:
    """All forms of ``phrases/*.toml`` and of families of other distributions, by name.

    Raises:
        UsageError: such a family calls a form of its own as one of ours is called.
    """
    folder = importlib.resources.files("causal_eval.questions").joinpath("phrases")
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda file: file.name)
    return {
        name: replace(
            _form(name, entry["slots"], wordings=entry["say"]),
            assumption=entry.get("assumption", False),
            numbered=entry.get("numbered", False),
        )
        for name, entry in entries_of([*(file.read_text("utf-8") for file in files), *own_phrases()])
    }


def say(fact: Fact, lexicon: Lexicon, *, stream: Stream, style: str = "percent") -> str:
    """One sentence for *fact*, in a wording drawn from *stream*; shares are written in *style*."""
    form = forms()[fact.form]
    template = stream.choice(form.templates)
    slots = _turned(fact, stream) if fact.form in ("share", "base") else fact.slots
    voices = zip(form.voices, slots, strict=True)
    sentence = template.text.format(*[say_slot(slot, lexicon, stream, style) for say_slot, slot in voices])
    return sentence[0].upper() + sentence[1:]


def read(sentence: str, lexicon: Lexicon) -> Fact | None:
    """The fact that *sentence* states, or None where no wording of any form reads so."""
    small = sentence.lower()
    for form in forms().values():
        for template in form.templates:
            match = template.pattern.fullmatch(sentence) if template.mark in small else None
            if match is not None and (fact := _read_slots(form, match, lexicon=lexicon)) is not None:
                return fact
    return None


@functools.lru_cache(maxsize=1024)  # the probabilities of a grid, in three styles
def share_text(p: Fraction, style: str) -> str:
    """An exact printed form of *p*; falls back to the fraction where the style would round."""
    if style == "percent" and (p * 100).denominator == 1:
        return f"{p * 100}%"
    if style == "decimal" and (p * 1000).denominator == 1:
        return f"{float(p):.3f}".rstrip("0").rstrip(".") if p not in (0, 1) else str(p)
    return str(p)


def _form(name: str, types: Mapping[str, str], *, wordings: list[str]) -> Form:
    voices = tuple(_SAY[kind] for kind in types.values())
    templates = tuple(_template(text, types) for text in wordings)
    return Form(name, tuple(types), tuple(types.values()), voices, templates)


def _template(text: str, types: Mapping[str, str]) -> Template:
    parts = re.split(r"\{(\w+)\}", text)
    order = {slot: index for index, slot in enumerate(types)}
    pieces, names = tuple(parts[::2]), parts[1::2]
    said, pattern, known = "", "", set[str]()
    for piece, slot in zip(pieces, [*names, ""], strict=True):
        said += piece.replace("{", "{{").replace("}", "}}")
        pattern += re.escape(piece)
        if slot:
            said += f"{{{order[slot]}}}"
            pattern += f"(?P={slot})" if slot in known else f"(?P<{slot}>{_PATTERN[types[slot]]})"
            known.add(slot)
    return Template(said, max(pieces, key=len).lower(), re.compile(pattern, re.IGNORECASE))


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


def _say_name(slot: Slot, lexicon: Lexicon, _stream: Stream, _style: str) -> str:
    assert isinstance(slot, int)
    return lexicon.names[slot]


def _say_names(slot: Slot, lexicon: Lexicon, _stream: Stream, _style: str) -> str:
    assert isinstance(slot, tuple)
    return ", ".join(lexicon.names[node] for node in slot if isinstance(node, int))


def _say_clause(slot: Slot, lexicon: Lexicon, _stream: Stream, _style: str) -> str:
    return lexicon.clauses[slot]


def _joined(separator: str) -> Voice:
    def join(slot: Slot, lexicon: Lexicon, stream: Stream, _style: str) -> str:
        assert isinstance(slot, tuple)
        words = [lexicon.clauses[literal] for literal in slot]
        stream.shuffle(words)
        return separator.join(words)

    return join


def _say_share(slot: Slot, _lexicon: Lexicon, _stream: Stream, style: str) -> str:
    assert isinstance(slot, Fraction)
    return share_text(slot, style)


def _say_number(slot: Slot, _lexicon: Lexicon, _stream: Stream, _style: str) -> str:
    """As a decimal where that ends within three places, else as a fraction."""
    assert isinstance(slot, Fraction)
    if slot.denominator == 1 or (slot * 1000).denominator != 1:
        return str(slot)
    return f"{float(slot):.3f}".rstrip("0")


def _say_letter(slot: Slot, _lexicon: Lexicon, _stream: Stream, _style: str) -> str:
    assert isinstance(slot, int)
    return ascii_lowercase[slot]


def _say_arrows(slot: Slot, lexicon: Lexicon, _stream: Stream, _style: str) -> str:
    assert isinstance(slot, tuple)
    return "; ".join([" -> ".join([lexicon.names[node] for node in pair]) for pair in slot if isinstance(pair, tuple)])


def _say_paths(slot: Slot, lexicon: Lexicon, _stream: Stream, _style: str) -> str:
    paths = [" -> ".join([lexicon.names[node] for node in path]) for path in paths_of(slot)]
    return "; ".join(paths)


def paths_of(slot: Slot) -> list[tuple[int, ...]]:
    """The paths in a ``paths`` slot: one begins with every arrow out of the node that the first arrow comes from."""
    assert isinstance(slot, tuple)
    arrows = [arrow for arrow in slot if isinstance(arrow, tuple)]
    paths: list[tuple[int, ...]] = []
    for cause, effect in arrows:
        if cause == arrows[0][0]:
            paths.append((cause, effect))
        else:
            paths[-1] = (*paths[-1], effect)
    return paths


def _say_sets(slot: Slot, lexicon: Lexicon, stream: Stream, _style: str) -> str:
    """Masks of nodes as sets in braces, members in random order."""
    assert isinstance(slot, tuple)
    sets = [
        [name for node, name in enumerate(lexicon.names) if mask >> node & 1] for mask in slot if isinstance(mask, int)
    ]
    return "; ".join(["{" + ", ".join(stream.shuffled(members)) + "}" for members in sets])


def _say_count(slot: Slot, _lexicon: Lexicon, _stream: Stream, _style: str) -> str:
    return str(slot)


def _read_slots(form: Form, match: re.Match[str], *, lexicon: Lexicon) -> Fact | None:
    values: list[Slot] = []
    groups = match.groupdict()
    for slot, kind in zip(form.slots, form.types, strict=True):
        value = _READ[kind](groups[slot], lexicon)
        if value is None:
            return None
        values.append(value)
    return _upright(Fact(form.name, tuple(values)))


def _upright(fact: Fact) -> Fact:
    """Shares are kept for value 1."""
    if fact.form not in ("share", "base"):
        return fact
    what, *given, p = fact.slots
    assert isinstance(what, tuple)
    assert isinstance(p, Fraction)
    node, value = what
    assert isinstance(node, int)
    return fact if value == 1 else Fact(fact.form, ((node, 1), *given, 1 - p))


def _read_name(text: str, lexicon: Lexicon) -> Slot | None:
    return lexicon.nodes.get(text.lower())


def _read_names(text: str, lexicon: Lexicon) -> Slot | None:
    return _nodes(text.split(", "), lexicon)


def _read_clause(text: str, lexicon: Lexicon) -> Slot | None:
    return lexicon.literals.get(text.lower())


def _split(separator: str) -> Callable[[str, Lexicon], Slot | None]:
    def split(text: str, lexicon: Lexicon) -> Slot | None:
        literals = [lexicon.literals.get(part.lower()) for part in text.split(separator)]
        if None in literals:
            return None
        return tuple(sorted(literal for literal in literals if literal is not None))

    return split


def _read_share(text: str, _lexicon: Lexicon) -> Slot | None:
    try:
        return Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None


def _read_number(text: str, _lexicon: Lexicon) -> Slot | None:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None


def _read_letter(text: str, _lexicon: Lexicon) -> Slot | None:
    return ascii_lowercase.index(text.lower())


def _read_arrows(text: str, lexicon: Lexicon) -> Slot | None:
    pairs = [_nodes(part.split(" -> "), lexicon) for part in text.split("; ")]
    return tuple((pair[0], pair[1]) for pair in pairs if pair) if {len(pair or ()) for pair in pairs} == {2} else None


def _read_paths(text: str, lexicon: Lexicon) -> Slot | None:
    paths = [_nodes(part.split(" -> "), lexicon) for part in text.split("; ")]
    arrows = [arrow for path in paths if path is not None for arrow in itertools.pairwise(path)]
    return tuple(arrows) if None not in paths and len({path[0] for path in paths if path}) == 1 else None


def _read_sets(text: str, lexicon: Lexicon) -> Slot | None:
    sets = [_nodes(part[1:-1].split(", ") if part != "{}" else [], lexicon) for part in text.split("; ")]
    masks = tuple(sum(1 << node for node in members) for members in sets if members is not None)
    return masks if len(masks) == len(sets) else None


def _nodes(names: list[str], lexicon: Lexicon) -> tuple[int, ...] | None:
    nodes = [lexicon.nodes.get(name.lower()) for name in names]
    return tuple(node for node in nodes if node is not None) if None not in nodes else None


def _read_count(text: str, _lexicon: Lexicon) -> Slot | None:
    return int(text)


_PATTERN = {
    "name": r".+?",
    "names": r".+?",
    "clause": r".+?",
    "clauses": r".+?",
    "list": r".+?",
    "share": r"\d+%|\d+\.\d+|\d+/\d+|[01]",
    "number": r"-?\d+(?:\.\d+|/\d+)?",
    "letter": r"[A-Z]",
    "count": r"\d+",
    "arrows": r".+ -> .+",
    "paths": r".+ -> .+",
    "sets": r"\{.*\}",
}
_SAY: dict[str, Voice] = {
    "name": _say_name,
    "names": _say_names,
    "clause": _say_clause,
    "clauses": _joined(" and "),
    "list": _joined("; "),
    "share": _say_share,
    "number": _say_number,
    "letter": _say_letter,
    "count": _say_count,
    "arrows": _say_arrows,
    "paths": _say_paths,
    "sets": _say_sets,
}
_READ: dict[str, Callable[[str, Lexicon], Slot | None]] = {
    "name": _read_name,
    "names": _read_names,
    "clause": _read_clause,
    "clauses": _split(" and "),
    "list": _split("; "),
    "share": _read_share,
    "number": _read_number,
    "letter": _read_letter,
    "count": _read_count,
    "arrows": _read_arrows,
    "paths": _read_paths,
    "sets": _read_sets,
}
