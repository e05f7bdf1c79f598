"""Effects through some ways and not others: worked out unit by unit they are the same."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.calculator import answered_again, calculate, verify
from causal_eval.causal.case import write_case
from causal_eval.causal.query import Case, Query
from causal_eval.errors import CausalError, MalformedCase, NotDetermined, NotIdentifiable, TooLarge

NAMES = ("A", "B", "C", "D", "E")


def drawn(seed: int, *, threshold: bool) -> tuple[dict[str, Any], Draw]:
    """A model of a few nodes in JSON, without what it is asked."""
    draw = Draw(seed)
    n = draw.stream.between(3, 4)
    scm = draw.scm(draw.graph(n, density=60), rules=40, threshold=threshold)
    whole = write_case(Case(NAMES[:n], scm.graph, scm, Query("probability", event=((0, 1),))))
    del whole["query"]
    return whole, draw


def queries(case: dict[str, Any], draw: Draw) -> list[dict[str, Any]]:
    """One of each kind, about two nodes."""
    x, y, *rest = draw.stream.shuffled(case["graph"]["nodes"])
    ends = {"X": x, "Y": y}
    found: list[dict[str, Any]] = [{"kind": kind, **ends} for kind in ("te", "nde", "nie", "fairness")]
    found.append({"kind": "cde", **ends, "m": {rest[0]: 1}})
    found += [{"kind": kind, **ends, "mediators": rest[:1]} for kind in ("nde", "nie")]
    return found


def outcome(solve: Any, case: dict[str, Any]) -> Any:
    """The answer, or which error."""
    try:
        found = solve(case)
    except (CausalError, MalformedCase) as error:
        return type(error)
    return getattr(found, "answer", found)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1 << 30), st.booleans())
def test_both_solvers_agree(seed: int, threshold: bool) -> None:
    """Wherever the first one answers and the second can go through all units."""
    case, draw = drawn(seed, threshold=threshold)
    asked = [case | {"query": query} for query in queries(case, draw)]
    both = [(outcome(calculate, one), outcome(answered_again, one)) for one in asked]
    compared = [pair for pair in both if TooLarge not in pair and pair[0] is not NotDetermined]
    assume(compared)
    for first, second in compared:
        assert first == second, asked


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 30))
def test_the_total_effect_is_direct_less_indirect_reversed(seed: int) -> None:
    """TE = NDE - NIE with x1 and x0 exchanged (Pearl 2001), in every model whose noise is stated."""
    case, draw = drawn(seed, threshold=True)
    x, y, *_ = draw.stream.shuffled(case["graph"]["nodes"])
    ends = {"X": x, "Y": y}
    te, nde, back = (
        Fraction(calculate(case | {"query": {"kind": kind, **ends, **levels}}).answer)
        for kind, levels in (("te", {}), ("nde", {}), ("nie", {"x1": 0, "x0": 1}))
    )
    assert te == nde - back


def paths_case(paths: list[list[str]], *, threshold: bool, seed: int = 7) -> dict[str, Any]:
    """A -> B -> D and A -> C -> D, B -> C as well."""
    draw = Draw(seed)
    names = ("A", "B", "C", "D")
    edges = [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)]
    graph = draw.graph(4).build(4, edges)
    scm = draw.scm(graph, threshold=threshold)
    whole = write_case(Case(names, graph, scm, Query("probability", event=((0, 1),))))
    return whole | {"query": {"kind": "path_specific", "X": "A", "Y": "D", "paths": paths}}


ALL = [["A", "B", "D"], ["A", "C", "D"], ["A", "B", "C", "D"]]


@pytest.mark.parametrize("paths", [ALL[:1], ALL[1:2], ALL[2:], ALL[:2], ALL[1:], ALL])
@pytest.mark.parametrize("seed", range(4))
def test_effects_along_paths(paths: list[list[str]], seed: int) -> None:
    """Both solvers agree where the noise is stated, and along all paths the effect is the total one."""
    case = paths_case(paths, threshold=True, seed=seed)
    reply = calculate(case)
    verify(case, reply)
    if paths == ALL:
        assert reply.answer == calculate(case | {"query": {"kind": "te", "X": "A", "Y": "D"}}).answer


def test_a_recanting_witness_is_refused() -> None:
    """Through B to D directly but not by way of C: B would have to respond to A in two ways at once."""
    with pytest.raises(NotIdentifiable, match=r"a recanting witness: .* by how one unit's 'B' responds"):
        calculate(paths_case(ALL[:1], threshold=False))
    assert calculate(paths_case(ALL[1:2], threshold=False)).answer


LINEAR: dict[str, Any] = {
    "graph": {"nodes": ["X", "M", "Y"], "directed": [["X", "M"], ["X", "Y"], ["M", "Y"]]},
    "scm": {
        "linear": {"M": {"X": "1/2"}, "Y": {"X": "3", "M": "-4"}},
        "noise": {name: {"mean": 0, "variance": 1} for name in ("X", "M", "Y")},
    },
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"kind": "te"}, "1"),
        ({"kind": "te", "x1": 5, "x0": "1/2"}, "9/2"),
        ({"kind": "nde"}, "3"),
        ({"kind": "nie"}, "-2"),
        ({"kind": "cde", "m": {"M": 7}}, "3"),
        ({"kind": "path_specific", "paths": ["X -> M -> Y"]}, "-2"),
    ],
)
def test_linear_systems(query: dict[str, Any], expected: str) -> None:
    """Products of coefficients along the paths that count."""
    case = LINEAR | {"query": {"X": "X", "Y": "Y", **query}}
    reply = calculate(case)
    verify(case, reply)
    assert reply.answer == expected


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"kind": "cde"}, "name the value of every mediator"),
        ({"kind": "cde", "m": {"A": 1}}, "neither X nor Y"),
        ({"kind": "nde", "mediators": ["D"]}, "X or Y"),
        ({"kind": "path_specific"}, "paths is empty"),
        ({"kind": "path_specific", "paths": [["A", "D"]]}, "no edge A -> D"),
        ({"kind": "path_specific", "paths": [["B", "D"]]}, "leads from A to D"),
        ({"kind": "te", "x1": 0}, "same value"),
    ],
)
def test_what_makes_no_sense_is_named(query: dict[str, Any], message: str) -> None:
    """By field and value."""
    case = paths_case(ALL, threshold=True) | {"query": {"X": "A", "Y": "D", **query}}
    with pytest.raises(MalformedCase, match=message):
        calculate(case)
