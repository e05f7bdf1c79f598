"""Front door: every set that is called right meets Pearl's three conditions, and wrong ones come close."""

from __future__ import annotations

from causal_eval.causal.frontdoor import is_frontdoor_set
from causal_eval.causal.graph import mask_of
from causal_eval.questions.facts import of_form, the_ask
from causal_eval.questions.families.frontdoor import FAMILY, LISTED
from causal_eval.questions.network import graph_of, node
from causal_eval.questions.posing import parts_of
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream


def test_the_right_sets_are_those_that_meet_the_criterion() -> None:
    """The answer names the numbered sets that are front doors, one at least and not all."""
    for index in range(30):
        group = FAMILY.draw(Stream("frontdoor tests", index), FAMILY.kinds[0], 1 + index % 5)
        (facts,) = group.members
        graph, (x, y) = graph_of(facts, group.n), (node(slot) for slot in the_ask(facts).slots)
        wanted = set()
        for fact in of_form(facts, "candidate"):
            number, members = fact.slots
            assert isinstance(members, tuple)
            mask = mask_of([part for part in members if isinstance(part, int)])
            if is_frontdoor_set(graph, 1 << x, y=1 << y, m=mask):
                wanted.add(f"set {number}")
        (right,) = parts_of(FAMILY.answer(facts, Proof.of(FAMILY.case(facts, group.n)).value))
        assert set(map(str, parts_of(right))) == wanted
        assert 0 < len(wanted) < LISTED


def test_treatment_and_outcome_share_a_hidden_cause_and_no_arrow() -> None:
    """No question can be answered by adjusting for what is measured alone."""
    for index in range(10):
        group = FAMILY.draw(Stream("frontdoor tests", index), FAMILY.kinds[0], 1 + index % 5)
        graph, (x, y) = graph_of(group.members[0], group.n), (node(slot) for slot in the_ask(group.members[0]).slots)
        assert graph.bidirected[x] >> y & 1
        assert not graph.parents[y] >> x & 1
