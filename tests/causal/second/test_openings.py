"""What a law leaves open of a district: also where its nodes are causes of what lies between them."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.calculator import answered_again, calculate, verify
from causal_eval.causal.case import write_case
from causal_eval.causal.graph import Graph
from causal_eval.causal.query import Case, Query
from causal_eval.causal.scm import Unspecified, binary
from causal_eval.causal.second.openings import one_district
from causal_eval.errors import MalformedCase

FRONT_DOOR = Graph.build(4, [(0, 1), (1, 2), (3, 0), (3, 2)])
"""A -> B -> C, and U, unseen, causes A and C."""


def front_door(seed: int) -> dict[str, Any]:
    """A model in which every value of A, B and C is seen beside every other."""
    draw = Draw(seed)
    scm = draw.positive(FRONT_DOOR)
    whole = write_case(Case(("A", "B", "C", "U"), FRONT_DOOR, scm, Query("probability", event=((0, 1),))))
    whole["graph"]["latent"] = ["U"]
    return whole


@settings(max_examples=8)
@given(st.integers(0, 1 << 30))
def test_bounds_on_what_the_front_door_identifies_are_a_point(seed: int) -> None:
    """The district of A and C has B, an effect of A, as an outer cause: its share is not P(a, c | b)."""
    whole = front_door(seed)
    query = {"do": {"A": 1}, "event": {"C": 1}}
    found = answered_again(whole | {"query": {"kind": "bounds", "of": "do", **query}})
    full = {**whole, "graph": {**whole["graph"], "latent": []}}
    assert found == calculate(full | {"query": {"kind": "do", **query}}).answer


def test_both_solvers_bound_causes_of_effects_through_the_front_door() -> None:
    """Which no formula gives: the second solver once said that no model fitted."""
    for kind in ("pn", "pns"):
        case = front_door(5) | {"query": {"kind": "bounds", "of": kind, "X": "A", "Y": "C"}}
        reply = calculate(case)
        verify(case, reply)
        low, high = map(Fraction, reply.answer)
        assert 0 <= low < high <= 1


def test_a_law_that_contradicts_the_graph_is_named() -> None:
    """C cannot hang on W where B is between them."""
    graph = {
        "nodes": ["W", "B", "A", "C"],
        "directed": [["W", "B"], ["B", "C"], ["A", "C"]],
        "bidirected": [["A", "C"]],
    }
    every = itertools.product((0, 1), repeat=4)
    table = {",".join(map(str, whole)): "3/32" if whole[0] == whole[3] else "1/32" for whole in every}
    told = {"variables": ["W", "B", "A", "C"], "table": table}
    case = {"graph": graph, "query": {"kind": "bounds", "of": "pns", "X": "A", "Y": "C", "distribution": told}}
    for solve in (calculate, answered_again):
        with pytest.raises(MalformedCase, match="the probabilities contradict the graph"):
            solve(case)


def test_of_what_is_never_seen_only_zeros_are_known() -> None:
    """X is always 0, so that of Y nothing is known where X is 1, and of X nothing beside that it is never 1."""
    scm = binary(Graph.build(2, [(0, 1)], bidirected=[(0, 1)]), Unspecified(), Unspecified())
    known = one_district(scm, (0, 1), law={(0, 0): Fraction(1, 4), (0, 1): Fraction(3, 4)})
    shares = dict(zip(known.rows, known.right, strict=True))
    assert sorted(shares.values()) == [0, Fraction(1, 4), Fraction(3, 4)]
    (never,) = [row for row, share in shares.items() if not share]
    assert [x[()] for x, _ in itertools.compress(known.types, never)] == [1] * 4
