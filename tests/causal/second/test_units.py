"""Units, orientations and corners that are not gone through one by one: what is left out is what was never asked."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.formula.value import joint
from causal_eval.causal.graph import Graph
from causal_eval.causal.scm import Table, binary
from causal_eval.causal.second.classes import colliders, edges_of, orientations
from causal_eval.causal.second.nested import Unit, each, worked_out
from causal_eval.errors import MalformedCase, TooLarge

HALF = Fraction(1, 2)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1 << 30), st.sampled_from(["rank", "apart"]))
def test_what_is_told_of_all_units_has_the_whole_probability(seed: int, coupling: str) -> None:
    """Sums of shares are the joint law of the model, however the rows of its tables go together."""
    draw = Draw(seed)
    scm = draw.scm(draw.graph(4, density=60), rules=30)

    def levels(unit: Unit) -> tuple[int, ...]:
        return tuple([int(worked_out(scm, unit, node=node, does={})) for node in range(4)])

    law: dict[tuple[int, ...], Fraction] = {}
    for key, share, _ in each(scm, levels, coupling=coupling):
        law[key] = law.get(key, Fraction(0)) + share
    assert law == joint(scm, {})


@pytest.mark.slow
def test_units_that_nothing_tells_apart_are_one() -> None:
    """A chain of twenty coins has a million units; asked about two of them it has eight."""
    rows: dict[tuple[int, ...], tuple[Fraction, ...]] = {(0,): (HALF, HALF), (1,): (Fraction(1, 4), Fraction(3, 4))}
    chain = Graph.build(20, [(node, node + 1) for node in range(19)])
    scm = binary(chain, Table({(): (HALF, HALF)}), *[Table(rows) for _ in range(19)])
    told = list(each(scm, lambda unit: worked_out(scm, unit, node=2, does={}), coupling="apart"))
    assert len(told) == 8
    with pytest.raises(TooLarge, match="16,384 units"):
        list(each(scm, lambda unit: worked_out(scm, unit, node=19, does={}), coupling="apart"))


def test_free_nodes_respond_in_every_way_at_no_cost() -> None:
    """Their responses are told beside the share, which they leave at 1."""
    pair = Graph.build(2, [(0, 1)])
    scm = binary(pair, Table({(): (HALF, HALF)}), Table({(0,): (HALF, HALF), (1,): (HALF, HALF)}))
    told = list(each(scm, lambda unit: worked_out(scm, unit, node=1, does={0: 1}), free={1}))
    assert sorted(told, key=repr) == [(0, Fraction(1), {(1, (1,)): 0}), (1, Fraction(1), {(1, (1,)): 1})]


def test_a_row_that_is_no_distribution_is_named() -> None:
    """Its probabilities sum to 3/4."""
    scm = binary(Graph.build(1, []), Table({(): (HALF, Fraction(1, 4))}))
    with pytest.raises(MalformedCase, match="does not sum to 1"):
        list(each(scm, lambda unit: worked_out(scm, unit, node=0, does={})))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1 << 30))
def test_orientations_with_a_shape_are_those_with_its_colliders(seed: int) -> None:
    """Pruned while they are built or looked through afterwards, they are the same, in the same order."""
    edges = edges_of(Draw(seed).graph(5, density=60))
    shape = colliders(edges)
    everything = [one for one in orientations(5, edges) if colliders(one) == shape]
    assert list(orientations(5, edges, shape=shape)) == everything
    assert edges in everything
