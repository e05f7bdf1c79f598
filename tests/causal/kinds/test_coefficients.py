"""Linear coefficients: linear equations, ranks and elimination agree with Groebner bases, and bad edges are named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.causal.cases import graph_of
from tests.causal.drawing import Draw

from causal_eval.causal.calculator import answered_again, calculate, verify
from causal_eval.causal.graph_json import write_graph
from causal_eval.errors import MalformedCase, TooLarge, VerificationMismatch

KIND = "linear_coefficients_identified"


def answer(edges: str, asked: list[str] | None = None, *, latent: list[str] | None = None) -> Any:
    """Which of *asked*, or of all, are identified."""
    query = {"kind": KIND} | ({} if asked is None else {"edges": asked})
    return calculate({"graph": graph_of(edges, latent=latent), "query": query}).answer


@settings(max_examples=40)
@given(st.integers(0, 1 << 30))
def test_both_solvers_agree(seed: int) -> None:
    """On every edge of small random graphs with correlated errors, roots among them latent."""
    draw = Draw(seed)
    g = draw.graph(4, density=draw.stream.choice([40, 60]), bidirected=draw.stream.choice([20, 40, 60]))
    case = {"graph": write_graph(list("ABCD"), g), "query": {"kind": KIND}}
    verify(case, calculate(case))


@pytest.mark.full
@settings(max_examples=1500)
@given(st.integers(0, 1 << 30))
def test_both_solvers_agree_on_larger_graphs(seed: int) -> None:
    """On up to eight edges among five nodes."""
    draw = Draw(seed)
    g = draw.graph(5, density=draw.stream.choice([40, 60]), bidirected=draw.stream.choice([20, 40, 60]))
    case = {"graph": write_graph(list("ABCDE"), g), "query": {"kind": KIND}}
    assume(len(g.edges()) <= 8)
    assert answered_again(case) == calculate(case).answer


def test_what_decides() -> None:
    """Linear equations, ranks and elimination each have a case of their own."""
    assert answer("X -> Y, X <-> Y") == []  # infinitely many values: the rank
    assert answer("Z -> X, X -> Y, X <-> Y") == ["Z->X", "X->Y"]  # linear: an instrument
    known = "0 -> 1, 0 -> 2, 0 -> 3, 0 <-> 1, 0 <-> 2, 0 <-> 3, 0 <-> 4, 3 -> 4"
    assert answer(known, ["3->4"]) == ["3->4"]  # a cycle of missing edges that leaves one value
    two = "0 -> 1, 0 <-> 1, 0 <-> 2, 0 <-> 3, 0 <-> 4, 1 -> 2, 1 <-> 3, 2 -> 3, 2 <-> 4, 3 -> 4"
    assert answer(two, ["3->4"]) == []  # one that leaves two


def test_two_systems_prove_that_a_coefficient_is_open() -> None:
    """They stand in the certificate, and a changed one is found."""
    case = {"graph": graph_of("X -> Y, X <-> Y"), "query": {"kind": KIND}}
    reply = calculate(case)
    one, other = reply.certificate["X->Y"]
    assert one["coefficients"] != other["coefficients"]
    verify(case, reply)
    for forged, message in (
        ([one, one], "same coefficient"),
        ([one, one | {"coefficients": {"X->Y": "77"}}], "differ"),
    ):
        with pytest.raises(VerificationMismatch, match=message):
            verify(case, replace(reply, certificate={"X->Y": forged}))


def test_latent_roots_correlate_errors() -> None:
    """A latent root is a bidirected edge; its own edges are never identified."""
    edges = "Z -> X, X -> Y, U -> X, U -> Y"
    assert answer(edges, latent=["U"]) == ["Z->X", "X->Y"]
    assert answer(edges, ["U->X", "X->Y"], latent=["U"]) == ["X->Y"]


BAD = [
    ({"edges": ["X-Y"]}, "'X-Y' is no edge"),
    ({"edges": [3]}, "3 is no edge"),
    ({"edges": ["Y->X"]}, "not among the graph's directed edges"),
    ({"edges": ["X->Q"]}, "no node is called 'Q'"),
]


@pytest.mark.parametrize(("query", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_edges_are_named(query: dict[str, Any], message: str) -> None:
    """By both solvers."""
    for solve in (calculate, answered_again):
        with pytest.raises(MalformedCase, match=message):
            solve({"graph": graph_of("X -> Y"), "query": {"kind": KIND} | query})


def test_limits_are_stated() -> None:
    """A latent node with a cause is no error; too many edges or coefficients are too large."""
    with pytest.raises(MalformedCase, match="latent node with causes"):
        answer("X -> L, L -> Y", ["X->L"], latent=["L"])
    chain = ", ".join(f"{node} -> {node + 1}" for node in range(12))
    case = {"graph": graph_of(chain), "query": {"kind": KIND}}
    assert len(calculate(case).answer) == 12
    with pytest.raises(TooLarge, match="12 edges"):
        answered_again(case)
