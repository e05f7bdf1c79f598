"""Contrast: seeing and doing differ, and where they are equal it is not for lack of a common cause."""

from __future__ import annotations

from fractions import Fraction

import pytest

from causal_eval.causal.adjust import is_adjustment_set
from causal_eval.questions.facts import Facts, the_ask
from causal_eval.questions.families.contrast import FAMILY, OPTIONS
from causal_eval.questions.network import literal, scm_of
from causal_eval.questions.posing import Value, number_of, parts_of
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream


def found(facts: Facts, n: int) -> Value:
    return Proof.of(FAMILY.case(facts, n)).value


@pytest.mark.slow
def test_seeing_and_doing_differ_where_both_are_asked_for() -> None:
    """P(y | x) and P(y | do x) are at least 1/20 apart."""
    for index in range(20):
        group = FAMILY.draw(Stream("contrast tests", index), FAMILY.kind("both"), 1 + index % 5)
        seen, done = map(number_of, parts_of(found(group.members[0], group.n)))
        assert abs(seen - done) >= Fraction(1, 20)


def test_each_group_has_every_answer_once_on_one_graph() -> None:
    """The three models share one confounded graph, and their answers are the three options."""
    for index in range(10):
        group = FAMILY.draw(Stream("contrast tests", index), FAMILY.kind("compare"), 1 + index % 5)
        answers = [FAMILY.answer(facts, found(facts, group.n)) for facts in group.members]
        assert sorted(map(str, answers)) == sorted(OPTIONS)
        graphs = {scm_of(facts, group.n).graph for facts in group.members}
        assert len(graphs) == 1
        (y, _), (x, _) = (literal(slot) for slot in the_ask(group.members[0]).slots)
        assert not is_adjustment_set(graphs.pop(), 1 << x, 1 << y, 0)
