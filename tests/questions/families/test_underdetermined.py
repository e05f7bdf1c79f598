"""Underdetermined: over all that is left out the effect has the sign that is told, and one table alone decides."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction

import pytest

from causal_eval.causal.graph import bits
from causal_eval.causal.scm import Scm
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.completions import completed, effect, lacking
from causal_eval.questions.counts import counts_of, fitted
from causal_eval.questions.facts import Facts, edge, of_form, the_ask
from causal_eval.questions.families.underdetermined import FAMILY, OPTIONS
from causal_eval.questions.family import Group
from causal_eval.questions.network import graph_of, literal, node
from causal_eval.questions.posing import number_of, parts_of
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream


def drawn(kind: str, count: int = 10) -> list[Group]:
    """Twin groups of every difficulty."""
    return [
        FAMILY.draw(Stream("underdetermined tests", kind, index), FAMILY.kind(kind), 1 + index % 5)
        for index in range(count)
    ]


def answered(facts: Facts, n: int) -> object:
    return FAMILY.answer(facts, Proof.of(FAMILY.case(facts, n)).value)


def ends(facts: Facts) -> tuple[int, int]:
    y, x = (literal(slot)[0] for slot in the_ask(facts).slots[:2])
    return x, y


def fitting(facts: Facts, n: int, stream: Stream) -> Iterator[Scm]:
    """All that fits where a direction is left out; random models where tables are."""
    if of_form(facts, "either"):
        one, other = map(node, of_form(facts, "either")[0].slots)
        for pair in ((one, other), (other, one)):
            yield fitted(graph_of((*facts, edge(*pair)), n), counts_of(facts, n))
        return
    for _ in range(20):
        yield completed(facts, n, tables=randomly(facts, n, stream))


def randomly(facts: Facts, n: int, stream: Stream) -> dict[int, list[Fraction]]:
    """A table for every node that lacks one; each entry is certain one time in two."""
    return {
        index: [
            Fraction(stream.below(2)) if stream.chance(1, 2) else Fraction(stream.between(1, 99), 100)
            for _ in range(1 << graph_of(facts, n).parents[index].bit_count())
        ]
        for index in lacking(facts, n)
    }


@pytest.mark.parametrize("kind", ["tables", "structure"])
def test_every_model_that_fits_has_the_sign_that_is_told(kind: str) -> None:
    """Where the answer is a direction no completion contradicts it, and each group has all three answers."""
    for index, group in enumerate(drawn(kind)):
        answers: dict[object, Facts] = {}
        for facts in group.members:
            said = answers.setdefault(answered(facts, group.n), facts)
            assert said is facts
            effects = [effect(scm, *ends(facts)) for scm in fitting(facts, group.n, Stream("fit", kind, index))]
            raises, lowers = all(one > 0 for one in effects), all(one < 0 for one in effects)
            assert raises or answered(facts, group.n) != OPTIONS[0]
            assert lowers or answered(facts, group.n) != OPTIONS[1]
        assert answers.keys() == {*OPTIONS}


@pytest.mark.parametrize("kind", ["tables", "structure"])
def test_two_whole_models_differ_in_sign_where_it_is_open(kind: str) -> None:
    """The effects of the two models in the certificate enclose 0 just where the answer is that it is open."""
    for group in drawn(kind, 5):
        for facts in group.members:
            proof = Proof.of(FAMILY.case(facts, group.n))
            one, other = map(number_of, parts_of(proof.value))
            assert (one * other < 0) == (answered(facts, group.n) == OPTIONS[2])
            assert proof.cases[0]["scm"] != proof.cases[1]["scm"]


def test_the_table_that_is_named_decides_the_effect_and_no_other_does() -> None:
    """With it, all completions have one effect; with all the others, two have not."""
    for index, group in enumerate(drawn("missing")):
        answers = set()
        for facts in group.members:
            named = answered(facts, group.n)
            assert isinstance(named, int)
            answers.add(named)
            stream = Stream("decides", index)
            known = randomly(facts, group.n, stream)
            same = [
                effect(completed(facts, group.n, tables=randomly(facts, group.n, stream) | {named: known[named]}),
                       *ends(facts))
                for _ in range(6)
            ]  # fmt: skip
            assert len(set(same)) == 1
            causes = len(list(bits(graph_of(facts, group.n).parents[named])))
            rows = [[Fraction(bit) for bit in corner] for corner in itertools.product((0, 1), repeat=1 << causes)]
            effects = [effect(completed(facts, group.n, tables=known | {named: one}), *ends(facts)) for one in rows]
            assert len(set(effects)) > 1
        assert len(answers) == len(group.members)


def test_a_prompt_that_leaves_out_something_else_is_refused() -> None:
    """A second missing table, or a candidate whose probabilities are stated, is no question of this family."""
    (group,) = drawn("tables", 1)
    facts = group.members[0]
    told = next(fact for fact in facts if fact.form in ("base", "share"))
    gone = literal(told.slots[0])[0]
    fewer = tuple(fact for fact in facts if fact.form not in ("base", "share") or literal(fact.slots[0])[0] != gone)
    with pytest.raises(VerificationMismatch):
        FAMILY.case(fewer, group.n)
    (group,) = drawn("missing", 1)
    ask = the_ask(group.members[0])
    names = ask.slots[-1]
    assert isinstance(names, tuple)
    short = ask._replace(slots=(*ask.slots[:-1], names[1:]))
    with pytest.raises(VerificationMismatch):
        FAMILY.case(tuple(short if fact is ask else fact for fact in group.members[0]), group.n)
