"""What is left of a question when names, letters, numbers of nodes and order of statements are taken away.

Two questions of one shape are the same question in other words. Shapes are found by colour refinement over the facts
(Weisfeiler and Leman): equal questions always have equal shapes, and different ones practically never.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from fractions import Fraction

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
    colours = ["" for _ in range(n)]
    numbered = any(isinstance(slot, Fraction) for facts in groups for fact in facts for slot in fact.slots)
    for _ in range(1 if numbered else _ROUNDS):
        around: list[list[str]] = [[colour] for colour in colours]
        for facts in groups:
            own: list[list[str]] = [[] for _ in range(n)]
            for fact in facts:
                _spread(fact, colours, around=own)
            for node, seen in enumerate(own):
                around[node].append(_digest(sorted(seen)))
        colours = [_digest([seen[0], *sorted(seen[1:])]) for seen in around]
    told = [_digest(sorted(_said(fact, colours) for fact in facts)) for facts in groups]
    return _digest([str(n), *sorted(told), *sorted(colours)])


def _spread(fact: Fact, colours: Sequence[str], *, around: list[list[str]]) -> None:
    """Tell each node of *fact* in which place of what statement it stands."""
    said = _said(fact, colours)
    for place, (slot, kind) in enumerate(zip(fact.slots, forms()[fact.form].types, strict=True)):
        at = "name" if kind == "name" and fact.form in _SYMMETRIC else place
        for node, how in _within(slot, kind, colours):
            around[node].append(f"{said}@{at}:{how}")


def _said(fact: Fact, colours: Sequence[str]) -> str:
    """The statement with colours in place of nodes."""
    names: list[str] = []
    parts = [fact.form]
    for slot, kind in zip(fact.slots, forms()[fact.form].types, strict=True):
        inside = sorted(f"{colours[node]}={how}" for node, how in _within(slot, kind, colours))
        size = str(len(slot)) if kind == "sets" and isinstance(slot, tuple) else ""  # one of them may be empty
        (names if kind == "name" else parts).append(
            size + ",".join(inside) if inside else "" if kind == "letter" else str(slot)
        )
    return "|".join([*parts, *(sorted(names) if fact.form in _SYMMETRIC else names)])


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
