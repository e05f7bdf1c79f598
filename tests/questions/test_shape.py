"""Shapes: what two questions share that differ in words alone."""

from __future__ import annotations

import pytest

from causal_eval.questions.catalog import FAMILIES, family
from causal_eval.questions.facts import Fact, Facts, Slot, confounded, edge, letter
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.shape import shape_of
from causal_eval.questions.wording import forms
from causal_eval.seeds import Stream

KINDS = [(name, kind.name) for name in FAMILIES for kind in family(name).kinds]

EITHER_WAY = {"confounded": 0, "ask-separator": 0, "independent": 0, "either": 0, "claim": 1, "claim-alone": 1}
"""Statements that say the same of two nodes either way round: where the first of them stands."""


def moved(slot: Slot, kind: str, number: list[int]) -> Slot:
    """The slot in other numbers of nodes."""
    match kind, slot:
        case "name", int():
            return number[slot]
        case "names", tuple():
            return tuple(number[part] for part in slot if isinstance(part, int))
        case "clause", (int() as node, int() as value):
            return (number[node], value)
        case (("clauses" | "list"), tuple()):
            return tuple(sorted((number[part[0]], part[1]) for part in slot if isinstance(part, tuple)))
        case (("arrows" | "paths"), tuple()):
            return tuple((number[part[0]], number[part[1]]) for part in slot if isinstance(part, tuple))
        case "sets", tuple():
            masks = [mask for mask in slot if isinstance(mask, int)]
            return tuple(
                sorted(sum(1 << number[node] for node in range(len(number)) if mask >> node & 1) for mask in masks)
            )
    return slot


def renumbered(facts: Facts, number: list[int]) -> Facts:
    typed = [(fact, zip(fact.slots, forms()[fact.form].types, strict=True)) for fact in facts]
    found = [Fact(fact.form, tuple(moved(slot, kind, number) for slot, kind in slots)) for fact, slots in typed]
    return tuple(turned(fact) if fact.form in EITHER_WAY else fact for fact in found)


def turned(fact: Fact) -> Fact:
    """The same of its two nodes the other way round."""
    at = EITHER_WAY[fact.form]
    return Fact(fact.form, (*fact.slots[:at], fact.slots[at + 1], fact.slots[at], *fact.slots[at + 2 :]))


@pytest.mark.parametrize(("name", "kind"), KINDS, ids=[f"{name}-{kind}" for name, kind in KINDS])
def test_a_shape_knows_neither_numbers_nor_order(name: str, kind: str) -> None:
    """Renumbered nodes and shuffled statements leave the shape as it was."""
    stream = Stream("shapes", name, kind)
    group = family(name).draw(stream, family(name).kind(kind), 2)
    number = stream.shuffled(range(group.n))
    again = [tuple(stream.shuffled(renumbered(facts, number))) for facts in group.members]
    assert shape_of(stream.shuffled(again), group.n) == shape_of(group.members, group.n)


def test_a_shape_knows_who_acts_on_whom() -> None:
    """A reversed edge and a moved hidden cause are other shapes, a hidden cause named the other way round is not."""
    chain = (edge(0, 1), edge(1, 2))
    assert shape_of([chain], 3) != shape_of([(edge(0, 1), edge(2, 1))], 3)
    assert shape_of([(*chain, confounded(0, 1))], 3) != shape_of([(*chain, confounded(0, 2))], 3)
    assert shape_of([(Fact("confounded", (2, 0)),)], 3) == shape_of([(confounded(0, 2),)], 3)


def test_no_two_clusters_of_a_set_have_one_shape() -> None:
    """Questions about graphs alone, at the lowest level, where there are few: no cluster repeats another."""
    questions = list(generate(Plan(n=300, seed="shapes", families=("attribution",), difficulties=(1, 1))))
    groups = {question.twin or question.id for question in questions}
    assert len({question.cluster for question in questions}) == len(groups)


def test_a_shape_knows_no_letters() -> None:
    """Other letters for formulas are other words."""
    one, other = ((edge(0, 1), letter(0, first), letter(1, second)) for first, second in ((3, 4), (8, 0)))
    assert shape_of([one], 2) == shape_of([other], 2)
