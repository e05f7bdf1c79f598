"""Bounds are sharp: what every corner gives, and in published cases the numbers that are printed there."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.calculator import answered_again, calculate, verify
from causal_eval.causal.case import write_case
from causal_eval.causal.graph import Graph
from causal_eval.causal.query import Case, Query
from causal_eval.errors import MalformedCase, NotDetermined, TooLarge, VerificationMismatch

HALF, LIKELY = ["1/2", "1/2"], ["9/10", "1/10"]
STRATA: dict[str, Any] = {
    "graph": {"nodes": ["Z", "X", "Y"], "directed": [["Z", "X"], ["Z", "Y"], ["X", "Y"]]},
    "scm": {
        "cpts": {
            "Z": {"parents": [], "table": {"": HALF}},
            "X": {"parents": ["Z"], "table": {"0": HALF, "1": HALF}},
            "Y": {
                "parents": ["X", "Z"],
                "table": {"1,1": LIKELY[::-1], "1,0": LIKELY, "0,1": LIKELY, "0,0": LIKELY[::-1]},
            },
        }
    },
}  # fmt: skip
"""The example of which Tian and Pearl's formula makes [0, 1/2]."""
IV = {"nodes": ["Z", "X", "Y"], "directed": [["Z", "X"], ["X", "Y"]], "bidirected": [["X", "Y"]]}


def test_graph_and_tables_are_tighter_than_the_formula() -> None:
    """PNS in [2/5, 1/2]."""
    case = STRATA | {"query": {"kind": "pns", "X": "X", "Y": "Y"}}
    reply = calculate(case)
    verify(case, reply)
    assert reply.answer == ["2/5", "1/2"]


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1 << 30), st.sampled_from(["pn", "ps", "pns"]))
def test_both_solvers_agree_on_tables(seed: int, kind: str) -> None:
    """Whatever lies between X and Y, where every corner can be tried."""
    draw = Draw(seed)
    scm = draw.scm(draw.graph(3, density=75))
    whole = write_case(Case(("A", "B", "C"), scm.graph, scm, Query("probability", event=((0, 1),))))
    x, y, _ = draw.stream.shuffled(("A", "B", "C"))
    case = whole | {"query": {"kind": kind, "X": x, "Y": y}}
    try:
        first, second = calculate(case).answer, answered_again(case)
    except (TooLarge, MalformedCase):
        reject()
    assert first == second, case


@settings(max_examples=50, deadline=None)
@given(st.fractions(0, 1, max_denominator=20), st.fractions(0, 1, max_denominator=20))
def test_a_single_table_is_bounded_by_tian_and_pearl(p1: Fraction, p0: Fraction) -> None:
    """With one cause and nothing else, max(0, p1 - p0) <= PNS <= min(p1, 1 - p0)."""
    case = {
        "graph": {"nodes": ["X", "Y"], "directed": [["X", "Y"]]},
        "scm": {
            "cpts": {
                "X": {"parents": [], "table": {"": HALF}},
                "Y": {"parents": ["X"], "table": {"1": [str(1 - p1), str(p1)], "0": [str(1 - p0), str(p0)]}},
            }
        },
        "query": {"kind": "pns", "X": "X", "Y": "Y"},
    }
    low, high = max(Fraction(0), p1 - p0), min(p1, 1 - p0)
    answer = calculate(case).answer
    assert answer == (str(low) if low == high else [str(low), str(high)])
    if p1 >= p0:
        monotone = case | {"query": {"kind": "pns", "X": "X", "Y": "Y", "monotone": True}}
        assert calculate(monotone).answer == str(p1 - p0)


def distribution(given_z: dict[int, tuple[int, int, int, int]], below: int) -> dict[str, Any]:
    """P(z) = 1/2 and P(x, y | z) in the order 00, 01, 10, 11."""
    table = {
        f"{z},{x},{y}": str(Fraction(row[2 * x + y], 2 * below))
        for z, row in given_z.items()
        for x in (0, 1)
        for y in (0, 1)
    }
    return {"variables": ["Z", "X", "Y"], "table": table}


def seen(x: int, y: int, *, z: int) -> dict[str, Any]:
    """P(x, y | z) as a query."""
    return {"kind": "probability", "event": {"X": x, "Y": y}, "given": {"Z": z}}


def balke_pearl(p: dict[tuple[int, int, int], Fraction]) -> tuple[Fraction, Fraction]:
    """The closed form of Balke and Pearl 1997 for the average effect; p[y, x, z] = P(y, x | z)."""
    low = max(
        p[1, 1, 1] + p[0, 0, 0] - 1,
        p[1, 1, 0] + p[0, 0, 1] - 1,
        p[1, 1, 0] - p[1, 1, 1] - p[1, 0, 1] - p[0, 1, 0] - p[1, 0, 0],
        p[1, 1, 1] - p[1, 1, 0] - p[1, 0, 0] - p[0, 1, 1] - p[1, 0, 1],
        -p[0, 1, 1] - p[1, 0, 1],
        -p[0, 1, 0] - p[1, 0, 0],
        p[0, 0, 1] - p[0, 1, 1] - p[1, 0, 1] - p[0, 1, 0] - p[0, 0, 0],
        p[0, 0, 0] - p[0, 1, 0] - p[1, 0, 0] - p[0, 1, 1] - p[0, 0, 1],
    )
    high = min(
        1 - p[0, 1, 1] - p[1, 0, 0],
        1 - p[0, 1, 0] - p[1, 0, 1],
        -p[0, 1, 0] + p[0, 1, 1] + p[0, 0, 1] + p[1, 1, 0] + p[0, 0, 0],
        -p[0, 1, 1] + p[1, 1, 1] + p[0, 0, 1] + p[0, 1, 0] + p[0, 0, 0],
        p[1, 1, 1] + p[0, 0, 1],
        p[1, 1, 0] + p[0, 0, 0],
        -p[1, 0, 1] + p[1, 1, 1] + p[0, 0, 1] + p[1, 1, 0] + p[1, 0, 0],
        -p[1, 0, 0] + p[1, 1, 0] + p[0, 0, 0] + p[1, 1, 1] + p[1, 0, 1],
    )
    return low, high


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1 << 30))
def test_an_instrument_gives_balke_and_pearls_bounds(seed: int) -> None:
    """For every law that a model with an instrument can have, the programme gives the closed form."""
    draw = Draw(seed)
    full = Graph.build(4, [(0, 1), (1, 2), (3, 1), (3, 2)])
    scm = draw.scm(full)
    names = ("Z", "X", "Y", "U")
    whole = write_case(Case(names, full, scm, Query("probability", event=((0, 1),))))
    whole["graph"]["latent"] = ["U"]
    case = whole | {"query": {"kind": "iv_bounds", "X": "X", "Y": "Y", "Z": "Z"}}
    levels = [(y, x, z) for y in (0, 1) for x in (0, 1) for z in (0, 1)]
    try:
        p = {(y, x, z): Fraction(calculate(whole | {"query": seen(x, y, z=z)}).answer) for y, x, z in levels}
    except MalformedCase:  # a value of Z that never occurs
        reject()
    low, high = balke_pearl(p)
    answer = calculate(case).answer
    assert answer == (str(low) if low == high else [str(low), str(high)])


def test_without_an_instrument_the_bounds_are_manskis() -> None:
    """[-P(y', x) - P(y, x'), P(y, x) + P(y', x')], one wide."""
    table = {"0,0": "1/10", "0,1": "2/10", "1,0": "3/10", "1,1": "4/10"}
    graph = {"nodes": ["X", "Y"], "directed": [["X", "Y"]], "bidirected": [["X", "Y"]]}
    told = {"variables": ["X", "Y"], "table": table}
    case = {"graph": graph, "query": {"kind": "bounds", "of": "ate", "X": "X", "Y": "Y", "distribution": told}}
    reply = calculate(case)
    verify(case, reply)
    assert reply.answer == ["-1/2", "1/2"]


@pytest.mark.parametrize(("of", "expected"), [("ate", ["0", "1"]), ("pns", ["0", "1"]), ("do", ["0", "1"])])
def test_a_value_that_never_occurs_is_known_not_to(of: str, expected: list[str]) -> None:
    """X and Y are always 0: anything can be had of X = 1, and 0 alone of X = 0."""
    table = {"0,0,0": "2/5", "1,0,0": "3/5"} | {f"{z},{x},1": "0" for z in (0, 1) for x in (0, 1)}
    told = {"variables": ["Z", "X", "Y"], "table": table | {"0,1,0": "0", "1,1,0": "0"}}
    query = {"kind": "bounds", "of": of, "X": "X", "Y": "Y", "distribution": told}
    query |= {"event": {"Y": 1}, "do": {"X": 1}} if of == "do" else {}
    reply = calculate({"graph": IV, "query": query})
    verify({"graph": IV, "query": query}, reply)
    assert reply.answer == expected
    model: dict[str, Any] = {"Z": {"parents": [], "table": HALF}, "U": {"parents": [], "table": HALF}}
    model["X"] = {"parents": ["Z", "U"], "table": {key: ["1", "0"] for key in ("0,0", "0,1", "1,0", "1,1")}}
    model["Y"] = {"parents": ["X", "U"], "table": model["X"]["table"]}
    edges = [["Z", "X"], ["X", "Y"], ["U", "X"], ["U", "Y"]]
    graph = {"nodes": ["Z", "X", "Y", "U"], "directed": edges, "latent": ["U"]}
    query.pop("distribution")
    assert calculate({"graph": graph, "scm": {"cpts": model}, "query": query}).answer == expected


def test_a_counterfactual_that_tables_leave_open() -> None:
    """Is not determined, with two models; its bounds when asked for."""
    query = {"kind": "counterfactual", "event": {"Y": 0}, "do": {"X": 0}, "evidence": {"X": 1, "Y": 1}}
    with pytest.raises(NotDetermined) as caught:
        calculate(STRATA | {"query": query})
    assert isinstance(caught.value.certificate, dict)
    assert set(caught.value.certificate) == {"low", "high"}
    case = STRATA | {"query": {**query, "bounds": True}}
    reply = calculate(case)
    verify(case, reply)
    low, high = map(Fraction, reply.answer)
    assert 0 <= low < high <= 1
    assert [calculate(STRATA | {"query": {"kind": "pn", "X": "X", "Y": "Y"}}).answer] == [reply.answer]


@pytest.mark.parametrize("kind", ["pns", "joint_counterfactual"])
def test_a_certificate_that_proves_nothing_is_found(kind: str) -> None:
    """A law with other shares, and one that is not of its end."""
    worlds = [{"do": {"X": 1}, "event": {"Y": 1}}, {"do": {"X": 0}, "event": {"Y": 0}}]
    case = STRATA | {"query": {"kind": kind, "X": "X", "Y": "Y"} | ({"worlds": worlds} if kind != "pns" else {})}
    reply = calculate(case)
    verify(case, reply)
    low, high = reply.certificate["low"], reply.certificate["high"]
    with pytest.raises(VerificationMismatch, match="does not give 2/5"):
        verify(case, replace(reply, certificate={"low": high, "high": high}))
    (part,) = low["responses"]
    moved = [{**one, "probability": "1/2"} for one in part["law"]]
    forged = {"low": {**low, "responses": [{**part, "law": moved}]}, "high": high}
    with pytest.raises(VerificationMismatch, match="contradicts what is stated"):
        verify(case, replace(reply, certificate=forged))


def test_too_much_is_refused_soon() -> None:
    """Three tables that all respond twice: more joint responses than are gone through."""
    names = ["X", "A", "B", "Y"]
    parents = {name: names[:place] for place, name in enumerate(names)}
    keys = {name: itertools.product("01", repeat=len(above)) for name, above in parents.items()}
    tables = {name: {",".join(key): ["1/3", "2/3"] for key in keys[name]} for name in names}
    cpts = {name: {"parents": parents[name], "table": tables[name]} for name in names}
    graph = {"nodes": names, "directed": [[a, b] for b in names for a in parents[b]]}
    with pytest.raises(TooLarge, match="joint responses"):
        calculate({"graph": graph, "scm": {"cpts": cpts}, "query": {"kind": "pns", "X": "X", "Y": "Y"}})


def test_what_all_models_agree_on_is_a_point() -> None:
    """A counterfactual that is only consistency."""
    query = {"kind": "counterfactual", "event": {"Y": 1}, "do": {"X": 1}, "evidence": {"X": 1, "Z": 1}}
    assert calculate(STRATA | {"query": query}).answer == "9/10"


EVEN = distribution({0: (1, 1, 1, 1), 1: (1, 1, 1, 1)}, 4)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"kind": "bounds", "of": "luck", "X": "X", "Y": "Y"}, "known are ate"),
        ({"kind": "iv_bounds", "X": "X", "Y": "Y", "Z": "X", "distribution": EVEN}, "instrument here has none"),
        ({"kind": "bounds", "of": "ate", "X": "X", "Y": "Y"}, "add an scm"),
        ({"kind": "bounds", "of": "do", "distribution": EVEN}, "event"),
        ({"kind": "iv_bounds", "X": "X", "Y": "Y", "distribution": {"variables": ["Z", "X"]}}, "all observed"),
        ({"kind": "iv_bounds", "X": "X", "Y": "Y", "distribution": distribution({0: (1, 1, 1, 1)}, 4)}, "sum to 1"),
    ],
)
def test_what_makes_no_sense_is_named(query: dict[str, Any], message: str) -> None:
    """By field and value."""
    with pytest.raises(MalformedCase, match=message):
        calculate({"graph": IV, "query": query})


def test_a_law_that_no_model_has_is_refused() -> None:
    """An instrument that moves the outcome while the treatment stays (Pearl's instrumental inequality)."""
    told = distribution({0: (0, 4, 0, 0), 1: (4, 0, 0, 0)}, 4)
    with pytest.raises(MalformedCase, match="no model fits"):
        calculate({"graph": IV, "query": {"kind": "iv_bounds", "X": "X", "Y": "Y", "Z": "Z", "distribution": told}})


@pytest.mark.parametrize("with_x", ["0", "1/12"])
def test_monotonicity_that_what_is_seen_excludes_is_refused(with_x: str) -> None:
    """Y is rarer with X than without, also where it never happens with X, so that no response is open."""
    table = {"0,0": "1/4", "0,1": "1/4", "1,1": with_x, "1,0": str(Fraction(1, 2) - Fraction(with_x))}
    told = {"variables": ["X", "Y"], "table": table}
    query = {"kind": "pns", "X": "X", "Y": "Y", "monotone": True, "distribution": told}
    for solve in (calculate, answered_again):
        with pytest.raises(MalformedCase, match="no model fits"):
            solve({"graph": "X -> Y", "query": query})
