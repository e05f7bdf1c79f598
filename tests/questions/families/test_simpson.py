"""Simpson: every question shows a reversal, and its graph decides which side of it is causal."""

from __future__ import annotations

from causal_eval.causal.intervene import Worlds
from causal_eval.questions.counts import counts_of, fitted
from causal_eval.questions.facts import Facts, of_form
from causal_eval.questions.families.simpson import FAMILY, ITEMS
from causal_eval.questions.network import graph_of
from causal_eval.questions.posing import Value, by_name
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream


def answered(facts: Facts, n: int) -> Value:
    return FAMILY.answer(facts, Proof.of(FAMILY.case(facts, n)).value)


def test_twins_share_their_counts_and_their_reversal_and_differ_in_the_effect() -> None:
    """Both twins print the same counts; overall and within groups they agree, and the effects have opposite signs."""
    for index in range(10):
        group = FAMILY.draw(Stream("simpson tests", index), FAMILY.kind("labels"), 1 + index % 5)
        assert of_form(group.members[0], "cell") == of_form(group.members[1], "cell")
        one, other = (by_name(answered(facts, group.n)) for facts in group.members)
        assert [one[item] == other[item] for item in ITEMS] == [True, True, False]
        assert one["overall"] != one["within groups"]


def test_the_fitted_model_gives_the_printed_counts() -> None:
    """The probability of each state in the model is its count out of 1,000."""
    for index in range(5):
        group = FAMILY.draw(Stream("simpson tests", index), FAMILY.kind("size"), 1 + index % 5)
        (facts,) = group.members
        counts = counts_of(facts, group.n)
        worlds = Worlds(fitted(graph_of(facts, group.n), counts))
        for state, count in counts.items():
            assert worlds.probability(tuple(enumerate(state))) * 1000 == count
