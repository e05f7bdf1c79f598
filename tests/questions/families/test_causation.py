"""Causation: necessity and sufficiency add up, and saying that X never prevents Y gives the lower bound."""

from __future__ import annotations

from fractions import Fraction

import pytest

from causal_eval.causal.calculator import agreed
from causal_eval.causal.intervene import Worlds
from causal_eval.causal.query import Assignment
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Facts, the_ask
from causal_eval.questions.families.causation import FAMILY
from causal_eval.questions.family import Group
from causal_eval.questions.network import literal, scm_of
from causal_eval.questions.posing import Posed
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream


def drawn(kind: str, count: int) -> list[Group]:
    """Groups of every difficulty."""
    return [
        FAMILY.draw(Stream("causation tests", kind, index), FAMILY.kind(kind), 1 + index % 5) for index in range(count)
    ]


def answered(facts: Facts, n: int) -> object:
    return FAMILY.answer(facts, Proof.of(FAMILY.case(facts, n)).value)


def seen(facts: Facts, n: int, value: int) -> Fraction:
    """P(X = value, Y = value)."""
    y, x = (literal(the_ask(facts).slots[place])[0] for place in (0, 2))
    event: Assignment = tuple(sorted(((x, value), (y, value))))
    return Worlds(scm_of(facts, n)).probability(event)


@pytest.mark.parametrize("kind", ["rules", "monotone"])
def test_necessity_and_sufficiency_add_up(kind: str) -> None:
    """P(x, y) PN + P(x', y') PS = PNS wherever the facts decide all three (Pearl 2000, lemma 9.2.6)."""
    for group in drawn(kind, 10):
        for facts in group.members:
            posed = FAMILY.case(facts, group.n)
            assert isinstance(posed, Posed)
            (whole,) = posed.cases
            query = whole["query"]
            assert isinstance(query, dict)
            pn, ps, pns = (
                Fraction(str(agreed({**whole, "query": {**query, "kind": name}}).answer))
                for name in ("pn", "ps", "pns")
            )
            assert seen(facts, group.n, 1) * pn + seen(facts, group.n, 0) * ps == pns
            assert answered(facts, group.n) == {"pn": pn, "ps": ps, "pns": pns}[str(query["kind"])]


def test_where_it_never_prevents_the_lower_bound_is_the_answer() -> None:
    """Without the sentence that says so the same tables leave the answer open, from that number upwards."""
    for group in drawn("monotone", 10):
        (facts,) = group.members
        ask = the_ask(facts)
        rest = (fact for fact in facts if fact.form not in ("monotone", ask.form))
        ends = answered((*rest, ask._replace(form=f"{ask.form}-range")), group.n)
        assert isinstance(ends, tuple)
        assert answered(facts, group.n) == ends[0] < ends[1]


@pytest.mark.parametrize("kind", ["rules", "monotone", "bounds"])
def test_no_mistake_is_right(kind: str) -> None:
    """Every named wrong method gives another number, or another interval."""
    for group in drawn(kind, 10):
        for facts in group.members:
            wrong = FAMILY.mistakes(facts, group.n)
            assert len(wrong) >= 3
            assert answered(facts, group.n) not in wrong.values()


def test_bounds_are_not_asked_for_where_the_facts_decide() -> None:
    """With the sentence that X never prevents Y, the question for bounds is refused."""
    (group,) = drawn("monotone", 1)
    (facts,) = group.members
    ask = the_ask(facts)
    wrong = tuple(ask._replace(form=f"{ask.form}-range") if fact is ask else fact for fact in facts)
    with pytest.raises(VerificationMismatch):
        answered(wrong, group.n)
