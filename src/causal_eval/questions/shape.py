"""What is left of a question when names, letters, numbers of nodes and order of statements are taken away.

Two questions of one shape are the same question in other words. Shapes are found by colour refinement over the facts
(Weisfeiler and Leman): equal questions always have equal shapes, and different ones practically never.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from causal_eval.causal.graph import bits
from causal_eval.questions.facts import Fact, Facts, Slot
from causal_eval.questions.wording import forms

_ROUNDS = 4
"""Of refinement where only the structure tells questions apart; printed probabilities do so at once."""
_NODES = frozenset({"name", "names"})
_SYMMETRIC = frozenset({"confounded", "ask-separator", "independent", "claim", "claim-alone", "either"})
"""Forms that say the same of their two nodes either way round."""
_LITERALS = frozenset({"clause", "clauses", "list"})


def shape_of(members: Iterable[Facts], n: int) -> str:
    """The shape of a twin group over nodes 0..n-1, as 16 hex digits: the same under any renumbering and reordering."""
    groups = list(members)
    read = {id(fact): _Read.of(fact) for facts in groups for fact in facts}  # twins share most of theirs
    colours = ["" for _ in range(n)]
    numbered = any(isinstance(slot, Fraction) for facts in groups for fact in facts for slot in fact.slots)
    for _ in range(1 if numbered else _ROUNDS):
        around: list[list[str]] = [[colour] for colour in colours]
        places = {key: one.places(colours) for key, one in read.items()}
        for facts in groups:
            own: list[list[str]] = [[] for _ in range(n)]
            for node, place in itertools.chain.from_iterable([places[id(fact)] for fact in facts]):
                own[node].append(place)
            for node, seen in enumerate(own):
                around[node].append(_digest(sorted(seen)))
        colours = [_digest([seen[0], *sorted(seen[1:])]) for seen in around]
    said = {key: one.said(colours) for key, one in read.items()}
    told = [_digest(sorted([said[id(fact)] for fact in facts])) for facts in groups]
    return _digest([str(n), *sorted(told), *sorted(colours)])


class _Slot(NamedTuple):
    """A slot as far as it is the same under all colours."""

    kind: str
    value: Slot
    ends: list[tuple[int, str]] | None
    """(node, in which way) for every node of it; None where that depends on colours."""
    bare: str
    """What is said of it where it has no node."""

    def within(self, colours: Sequence[str]) -> list[tuple[int, str]]:
        """(node, in which way) for every node of it."""
        return _within(self.value, self.kind, colours) if self.ends is None else self.ends


class _Read(NamedTuple):
    """A statement, its slots read."""

    form: str
    slots: list[_Slot]

    @classmethod
    def of(cls, fact: Fact) -> _Read:
        """The statement *fact*."""
        slots = []
        for slot, kind in zip(fact.slots, forms()[fact.form].types, strict=True):
            ends = None if kind == "sets" else _within(slot, kind, ())
            slots.append(_Slot(kind, slot, ends, "" if ends or kind == "letter" else str(slot)))
        return cls(fact.form, slots)

    def places(self, colours: Sequence[str]) -> list[tuple[int, str]]:
        """For each node of it in which place of what statement it stands."""
        said, found = self.said(colours), list[tuple[int, str]]()
        for place, slot in enumerate(self.slots):
            at = "name" if slot.kind == "name" and self.form in _SYMMETRIC else place
            found += [(node, f"{said}@{at}:{how}") for node, how in slot.within(colours)]
        return found

    def said(self, colours: Sequence[str]) -> str:
        """The statement with colours in place of nodes."""
        names: list[str] = []
        parts = [self.form]
        for slot in self.slots:
            inside = sorted([f"{colours[node]}={how}" for node, how in slot.within(colours)])
            # how many sets, as one of them may be empty
            size = str(len(slot.value)) if slot.kind == "sets" and isinstance(slot.value, tuple) else ""
            (names if slot.kind == "name" else parts).append(size + ",".join(inside) if inside else slot.bare)
        return "|".join([*parts, *(sorted(names) if self.form in _SYMMETRIC else names)])


def _within(slot: Slot, kind: str, colours: Sequence[str]) -> list[tuple[int, str]]:
    """(node, in which way) for every node of the slot; nothing for numbers."""
    if kind == "name" and isinstance(slot, int):
        return [(slot, "")]
    if kind == "clause" and isinstance(slot, tuple):
        node, value = slot
        return [(node, str(value))] if isinstance(node, int) else []
    if not isinstance(slot, tuple):
        return []
    if kind in _LITERALS:
        return [(part[0], str(part[1])) for part in slot if isinstance(part, tuple)]
    if kind in ("arrows", "paths"):
        return [(end, f"{place}") for part in slot if isinstance(part, tuple) for place, end in enumerate(part)]
    if kind == "sets":
        sets = [bits(mask) for mask in slot if isinstance(mask, int)]
        return [(node, "+".join(sorted(colours[other] for other in one))) for one in sets for node in one]
    return [(part, "") for part in slot if isinstance(part, int)] if kind in _NODES else []


def _digest(parts: Sequence[str]) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()
