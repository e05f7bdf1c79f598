"""Unusual spellings that the format allows: read as they are meant, and answered alike by both solvers."""

from __future__ import annotations

from typing import Any

import pytest

from causal_eval.causal.calculator import answered_again, calculate, verify
from causal_eval.errors import MalformedCase, NotIdentifiable

TEXT = {"nodes": ["blood pressure", "Größe", "low-dose"], "directed": [
    ["Größe", "low-dose"], ["Größe", "blood pressure"], ["low-dose", "blood pressure"],
]}  # fmt: skip
CHAIN = {"nodes": ["A", "B", "C", "D"], "directed": [["A", "B"], ["B", "C"], ["D", "C"]]}
SLOPE = {"linear": {"Y": {"X": "3/2"}}, "noise": {"Y": {"mean": 0, "variance": 1}}}
PAIR = {"nodes": ["X", "Y"], "directed": [["X", "Y"]]}
HIDDEN: dict[str, Any] = {
    "exogenous": {"U": ["1/2", "1/2"], "N": ["3/4", "1/4"]},
    "equations": {"X": "U", "Y": ["xor", ["and", "X", "U"], "N"]},
}
ROCK: dict[str, Any] = {
    "exogenous": ["S", "B"],
    "equations": {
        "ST": "S", "BT": "B", "SH": "ST", "BH": ["and", "BT", ["not", "SH"]], "BS": ["or", "SH", "BH"],
    },
}  # fmt: skip
KITE: dict[str, Any] = {
    "graph": {"nodes": ["A", "W", "M", "Y"], "directed": [["A", "W"], ["W", "M"], ["W", "Y"], ["M", "Y"]]},
    "scm": {
        "cpts": {
            "A": {"parents": [], "table": {"": ["1/2", "1/2"]}},
            "W": {"parents": ["A"], "table": {"0": ["3/4", "1/4"], "1": ["1/4", "3/4"]}},
            "M": {"parents": ["W"], "table": {"0": ["3/4", "1/4"], "1": ["1/4", "3/4"]}},
            "Y": {
                "parents": ["W", "M"],
                "table": {"0,0": ["1", "0"], "0,1": ["1/2", "1/2"], "1,0": ["1/4", "3/4"], "1,1": ["0", "1"]},
            },
        }
    },
}

ANSWERED: list[tuple[str, dict[str, Any], Any]] = [
    ("names with spaces and hyphens in a formula", {"graph": TEXT, "query": {
        "kind": "is_estimand", "X": "low-dose", "Y": "blood pressure",
        "formula": "sum_{Größe} P(blood pressure|low-dose,Größe) P(Größe)",
    }}, True),
    ("a primed copy of a name with a space", {
        "graph": {"nodes": ["X x", "M", "Y"], "directed": [["X x", "M"], ["M", "Y"]], "bidirected": [["X x", "Y"]]},
        "query": {
            "kind": "is_estimand", "X": "X x", "Y": "Y",
            "formula": "sum_{M} P(M|X x) sum_{X x'} P(Y|X x',M) P(X x')",
        },
    }, True),
    ("a name that ends in a prime", {"graph": {"nodes": ["X", "Y'"], "directed": [["X", "Y'"]]}, "query": {
        "kind": "is_estimand", "X": "X", "Y": "Y'", "formula": "P(Y'|X)",
    }}, True),
    ("the blanket of a set", {"graph": CHAIN, "query": {"kind": "markov_blanket", "X": ["B", "C"]}}, ["A", "D"]),
    ("an edge as text", {"graph": CHAIN, "query": {"kind": "edge_compelled", "edge": "B -> C"}}, True),
    ("edges as pairs", {"graph": CHAIN, "query": {
        "kind": "linear_coefficients_identified", "edges": [["B", "C"]],
    }}, ["B->C"]),
    ("the other graph as text", {"graph": PAIR, "query": {"kind": "equivalent", "graph2": "Y -> X"}}, True),
    ("a linear cause without noise", {"graph": PAIR, "scm": SLOPE, "query": {
        "kind": "ate", "X": "X", "Y": "Y",
    }}, "3/2"),
    ("a linear system alone", {"scm": SLOPE, "query": {"kind": "te", "X": "X", "Y": "Y", "x1": 3}}, "9/2"),
    ("a common cause both as edge and as exogenous variable", {
        "graph": {**PAIR, "bidirected": [["X", "Y"]]}, "scm": HIDDEN, "query": {"kind": "ate", "X": "X", "Y": "Y"},
    }, "1/4"),
    ("one path as text", {**KITE, "query": {"kind": "fairness", "X": "A", "Y": "Y"}}, "13/32"),
    ("the protected attribute by its name", {**KITE, "query": {
        "kind": "fairness", "protected": "A", "Y": "Y",
    }}, "13/32"),
    ("numbers for truth values", {"graph": ROCK, "query": {
        "kind": "responsibility", "context": {"S": 1, "B": 1}, "cause": [["ST", 1]], "phi": {"BS": 1},
    }}, "1/2"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "expected"), [row[1:] for row in ANSWERED], ids=[row[0] for row in ANSWERED])
def test_an_unusual_spelling_is_read_as_it_is_meant(case: dict[str, Any], expected: Any) -> None:
    """The answer is right and holds in both solvers."""
    reply = calculate(case)
    verify(case, reply)
    assert reply.answer == expected == answered_again(case)


def test_a_linear_root_without_noise_leaves_counterfactuals_right() -> None:
    """Evidence about every node decides the noise, whatever its law."""
    query = {"kind": "linear_counterfactual", "Y": "Y", "do": {"X": 2}, "evidence": {"X": 1, "Y": 3}}
    assert calculate({"graph": PAIR, "scm": SLOPE, "query": query}).answer == "9/2"


@pytest.mark.parametrize("paths", ["A->W->Y", ["A -> W -> Y"], [["A", "W", "Y"]], ["A W Y"]])
def test_a_path_however_written_meets_its_recanting_witness(paths: Any) -> None:
    """W would have to respond to A in two ways at once: no data identify the effect."""
    with pytest.raises(NotIdentifiable, match=r"a recanting witness: .* one unit's 'W'"):
        calculate({**KITE, "query": {"kind": "path_specific", "X": "A", "Y": "Y", "paths": paths}})


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"graph": {"directed": [["A", "B"]]}, "query": {"kind": "dsep", "X": "A", "Y": "B"}}, "edges and no nodes"),
    (
        {"graph": ROCK, "query": {"kind": "is_cause", "context": {"S": 1}, "cause": {"ST": 1}, "phi": "BS"}},
        "context leaves 'B' open",
    ),
    (
        {"graph": ROCK, "query": {"kind": "is_cause", "context": {"S": 1, "B": 1}, "cause": "ST", "phi": "BS"}},
        "cause must say which variable has which value",
    ),
    (
        {
            "graph": {"nodes": ["A", "B", "Y"], "directed": [["A", "Y"], ["B", "Y"]]},
            "scm": {"exogenous": {"A": ["0", "1"], "B": ["0", "1"]}, "equations": {"Y": ["sum", "A", "B"]}},
            "query": {"kind": "probability", "event": {"Y": 1}},
        },
        "the equation of 'Y' gives 2, which is not one of its values: false, true",
    ),
    (
        {"graph": PAIR, "scm": SLOPE, "query": {"kind": "do", "event": {"Y": 1}, "do": {"X": 1}}},
        "ask effects, or kind linear_counterfactual",
    ),
    (
        {
            "graph": {"nodes": ["X", "Y", "Z"], "directed": [["X", "Y"]], "bidirected": [["X", "Z"]]},
            "scm": HIDDEN | {"equations": {**HIDDEN["equations"], "Z": ["const", True]}},
            "query": {"kind": "ate", "X": "X", "Y": "Y"},
        },
        "has no bidirected edges; add each latent common cause",
    ),
]


@pytest.mark.parametrize(("case", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_cannot_be_meant_is_refused_by_name(case: dict[str, Any], message: str) -> None:
    """The message names what is wrong and what to do."""
    with pytest.raises(MalformedCase, match=message):
        calculate(case)
