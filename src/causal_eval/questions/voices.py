"""How a slot of a statement is said, and read back: one voice and one ear for each slot type, and for its modes.

A mode changes how a slot of that type is printed in one wording: ``dep`` gives clauses as they stand after a
conjunction; ``and``, ``or``, ``comma``, ``wedge`` and ``vee`` join clauses by that instead of what is usual.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, partial
from string import ascii_lowercase
from typing import TypeAlias

from causal_eval.questions.facts import Slot
from causal_eval.questions.lexicon import Lexicon
from causal_eval.seeds import Stream

Voice: TypeAlias = Callable[[Slot, Lexicon, Stream, str], str]
"""A slot in printed words: (slot, lexicon, stream, style of shares) -> text."""
Ear: TypeAlias = Callable[[str, Lexicon], "Slot | None"]
"""Printed words as a slot, or None: they are no such slot."""

SHARE_STYLES = ("percent", "decimal", "fraction")


@lru_cache(maxsize=1024)  # the probabilities of a grid, in three styles
def share_text(p: Fraction, style: str) -> str:
    """An exact printed form of *p*; falls back to the fraction where the style would round."""
    if style == "percent" and (p * 100).denominator == 1:
        return f"{p * 100}%"
    if style == "decimal" and (p * 1000).denominator == 1:
        return f"{float(p):.3f}".rstrip("0").rstrip(".") if p not in (0, 1) else str(p)
    return str(p)


def read_share(text: str, _lexicon: Lexicon) -> Slot | None:
    """A probability in any of the styles."""
    try:
        return Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None


def _say_name(slot: Slot, lexicon: Lexicon, _stream: Stream, _style: str) -> str:
    assert isinstance(slot, int)
    return lexicon.printed[slot]


def _say_names(slot: Slot, lexicon: Lexicon, _stream: Stream, _style: str) -> str:
    assert isinstance(slot, tuple)
    by = "and" if "series" in lexicon.language.grammar.joins else "comma"
    return _series([lexicon.printed[node] for node in slot if isinstance(node, int)], lexicon, by=by)


def _say_clause(slot: Slot, lexicon: Lexicon, _stream: Stream, _style: str) -> str:
    return lexicon.clauses[slot]


def _say_dependent(slot: Slot, lexicon: Lexicon, _stream: Stream, _style: str) -> str:
    return lexicon.dependent[slot]


def _say_joined(slot: Slot, lexicon: Lexicon, stream: Stream, _style: str, *, by: str, dependent: bool = False) -> str:
    assert isinstance(slot, tuple)
    said = lexicon.dependent if dependent else lexicon.clauses
    words = [said[literal] for literal in slot]
    stream.shuffle(words)
    return _series(words, lexicon, by=by)


def _series(words: Sequence[str], lexicon: Lexicon, *, by: str) -> str:
    """*words* joined; with *and*, where the language has it so, as "a, b and c"."""
    joins = lexicon.language.grammar.joins
    if by != "and" or "series" not in joins or len(words) == 1:
        return joins[by].join(words)
    return joins["and"].join([joins["series"].join(words[:-1]), words[-1]])


def _parts(text: str, lexicon: Lexicon, *, by: str) -> list[str]:
    """What :func:`_series` joined."""
    joins = lexicon.language.grammar.joins
    if by != "and" or "series" not in joins:
        return text.split(joins[by])
    return [part for piece in text.split(joins["and"]) for part in piece.split(joins["series"])]


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
    pairs = [" -> ".join([lexicon.printed[node] for node in pair]) for pair in slot if isinstance(pair, tuple)]
    return lexicon.language.grammar.joins["list"].join(pairs)


def _say_paths(slot: Slot, lexicon: Lexicon, _stream: Stream, _style: str) -> str:
    paths = [" -> ".join([lexicon.printed[node] for node in path]) for path in paths_of(slot)]
    return lexicon.language.grammar.joins["list"].join(paths)


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
    joins = lexicon.language.grammar.joins
    sets = [
        [name for node, name in enumerate(lexicon.printed) if mask >> node & 1]
        for mask in slot
        if isinstance(mask, int)
    ]
    return joins["list"].join(["{" + joins["comma"].join(stream.shuffled(members)) + "}" for members in sets])


def _say_count(slot: Slot, _lexicon: Lexicon, _stream: Stream, _style: str) -> str:
    return str(slot)


def _say_answer(slot: Slot, _lexicon: Lexicon, _stream: Stream, _style: str) -> str:
    assert isinstance(slot, str)
    return slot


def _read_answer(text: str, _lexicon: Lexicon) -> Slot | None:
    return text


def _read_name(text: str, lexicon: Lexicon) -> Slot | None:
    return lexicon.nodes.get(text.lower())


def _read_names(text: str, lexicon: Lexicon) -> Slot | None:
    joins = lexicon.language.grammar.joins
    *first, last = text.split(joins["comma"])
    if "series" not in joins:
        return _nodes([*first, last], lexicon)
    words = last.split(joins["and"])  # a name of a user's own can hold one itself
    cuts = [[joins["and"].join(words[:at]), joins["and"].join(words[at:])] for at in range(1, len(words))]
    ends = next((cut for cut in cuts if _nodes(cut, lexicon) is not None), [last])
    return _nodes([*first, *ends], lexicon)


def _read_clause(text: str, lexicon: Lexicon) -> Slot | None:
    return lexicon.literals.get(text.lower())


def _read_joined(text: str, lexicon: Lexicon, *, by: str) -> Slot | None:
    literals = [lexicon.literals.get(part.lower()) for part in _parts(text, lexicon, by=by)]
    if None in literals:
        return None
    return tuple(sorted(literal for literal in literals if literal is not None))


def _read_number(text: str, _lexicon: Lexicon) -> Slot | None:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None


def _read_letter(text: str, _lexicon: Lexicon) -> Slot | None:
    return ascii_lowercase.index(text.lower())


def _read_arrows(text: str, lexicon: Lexicon) -> Slot | None:
    parts = text.split(lexicon.language.grammar.joins["list"])
    pairs = [_nodes(part.split(" -> "), lexicon) for part in parts]
    return tuple((pair[0], pair[1]) for pair in pairs if pair) if {len(pair or ()) for pair in pairs} == {2} else None


def _read_paths(text: str, lexicon: Lexicon) -> Slot | None:
    parts = text.split(lexicon.language.grammar.joins["list"])
    paths = [_nodes(part.split(" -> "), lexicon) for part in parts]
    arrows = [arrow for path in paths if path is not None for arrow in itertools.pairwise(path)]
    return tuple(arrows) if None not in paths and len({path[0] for path in paths if path}) == 1 else None


def _read_sets(text: str, lexicon: Lexicon) -> Slot | None:
    joins = lexicon.language.grammar.joins
    sets = [
        _nodes(part[1:-1].split(joins["comma"]) if part != "{}" else [], lexicon) for part in text.split(joins["list"])
    ]
    masks = tuple(sum(1 << node for node in members) for members in sets if members is not None)
    return masks if len(masks) == len(sets) else None


def _nodes(names: list[str], lexicon: Lexicon) -> tuple[int, ...] | None:
    nodes = [lexicon.nodes.get(name.lower()) for name in names]
    return tuple(node for node in nodes if node is not None) if None not in nodes else None


def _read_count(text: str, _lexicon: Lexicon) -> Slot | None:
    return int(text)


_TEXT = r".+?"
PATTERN: Mapping[str, str] = {
    **dict.fromkeys(("name", "names", "clause", "clauses", "list"), _TEXT),
    "share": r"\d+%|\d+\.\d+|\d+/\d+|[01]",
    "number": r"-?\d+(?:\.\d+|/\d+)?",
    "letter": r"[A-Z]",
    "count": r"\d+",
    "arrows": r".+ -> .+",
    "paths": r".+ -> .+",
    "sets": r"\{.*\}",
    "answer": r'[^"]+',
}
"""Slot type -> what can stand for it."""
SAY: Mapping[str, Voice] = {
    "name": _say_name,
    "names": _say_names,
    "clause": _say_clause,
    "clause!dep": _say_dependent,
    "clauses": partial(_say_joined, by="and"),
    "clauses!dep": partial(_say_joined, by="and", dependent=True),
    "clauses!comma": partial(_say_joined, by="comma"),
    "list": partial(_say_joined, by="list"),
    "list!and": partial(_say_joined, by="and"),
    "list!or": partial(_say_joined, by="or"),
    "list!comma": partial(_say_joined, by="comma"),
    "list!wedge": partial(_say_joined, by="wedge"),
    "list!vee": partial(_say_joined, by="vee"),
    "share": _say_share,
    "number": _say_number,
    "letter": _say_letter,
    "count": _say_count,
    "arrows": _say_arrows,
    "paths": _say_paths,
    "sets": _say_sets,
    "answer": _say_answer,
}
"""Slot type, with its mode -> its voice."""
READ: Mapping[str, Ear] = {
    "name": _read_name,
    "names": _read_names,
    "clause": _read_clause,
    "clause!dep": _read_clause,
    "clauses": partial(_read_joined, by="and"),
    "clauses!dep": partial(_read_joined, by="and"),
    "clauses!comma": partial(_read_joined, by="comma"),
    "list": partial(_read_joined, by="list"),
    "list!and": partial(_read_joined, by="and"),
    "list!or": partial(_read_joined, by="or"),
    "list!comma": partial(_read_joined, by="comma"),
    "list!wedge": partial(_read_joined, by="wedge"),
    "list!vee": partial(_read_joined, by="vee"),
    "share": read_share,
    "number": _read_number,
    "letter": _read_letter,
    "count": _read_count,
    "arrows": _read_arrows,
    "paths": _read_paths,
    "sets": _read_sets,
    "answer": _read_answer,
}
"""Slot type, with its mode -> its ear."""
