"""Unusual spellings that the format allows: read as they are meant, and answered alike by both solvers."""

from __future__ import annotations

from typing import Any

import pytest

from causal_eval.causal.calculator import answered_again, calculate, verify
from causal_eval.errors import MalformedCase, NotIdentifiable, TooLarge

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
    ("values as text", {**KITE, "query": {"kind": "ate", "X": "A", "Y": "Y", "x1": "1", "x0": "0"}}, "13/32"),
    ("no x1 and x0", {**KITE, "query": {"kind": "ate", "X": "A", "Y": "Y", "x1": None, "x0": None}}, "13/32"),
    ("one path as a bare list", {
        **KITE, "query": {"kind": "path_specific", "X": "W", "Y": "Y", "paths": ["W", "Y"]},
    }, "11/16"),
    ("what monotonicity decides", {**KITE, "query": {
        "kind": "counterfactual", "event": {"M": 0}, "do": {"W": 0}, "evidence": {"W": 1, "M": 1}, "monotone": True,
    }}, "2/3"),
    ("powers of ten", {"graph": {"nodes": ["X"]}, "scm": {"cpts": {"X": {"table": {"": ["25e-2", 7.5e-1]}}}}, "query": {
        "kind": "probability", "event": {"X": 1},
    }}, "3/4"),
    ("a variant in other letters, phi as pairs, truth as text", {"graph": ROCK, "query": {
        "kind": "responsibility", "context": {"S": "true", "B": "1"}, "cause": {"ST": True}, "phi": [["BS", True]],
        "variant": "Modified",
    }}, "1/2"),
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


@pytest.mark.parametrize("event", [{"Y": 1}, [{"node": "Y", "value": 1.0}], {"node": "Y", "value": True, "do": []}])
def test_a_counterfactual_event_may_be_what_is(event: Any) -> None:
    """A mapping as in all other kinds, one term without its list, and numbers of any kind."""
    query = {"kind": "conditional_counterfactual_effect", "event": event, "given": {"X": 0}}
    case = {"graph": PAIR, "query": query}
    reply = calculate(case)
    verify(case, reply)
    assert reply.answer["from_observation"] == "P(Y=1|X=0)"


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
    (
        {
            "graph": {"nodes": ["X"]},
            "scm": {"cpts": {"X": {"table": {"": ["1e-999999999", 1]}}}},
            "query": {
                "kind": "probability",
                "event": {"X": 1},
            },
        },
        "'1e-999999999' is no exact number",
    ),
    (
        {
            **KITE,
            "query": {
                "kind": "counterfactual",
                "event": {"Y": 1},
                "do": {"A": 1, "M": 1},
                "evidence": {"W": 0},
                "monotone": True,
            },
        },
        "name one each",
    ),
    (
        {
            "graph": ROCK,
            "query": {
                "kind": "is_cause",
                "context": {"S": 1, "B": 1},
                "cause": {"ST": 1},
                "phi": ["BS", True, 3],
            },
        },
        "expression .'BS', True, 3.: write a variable",
    ),
    (
        {
            "graph": ROCK,
            "query": {"kind": "is_cause", "context": {"S": "yes", "B": 1}, "cause": {"ST": 1}, "phi": "BS"},
        },
        "its values are false, true",
    ),
    ({"graph": PAIR, "query": {"kind": "is_estimand", "X": "X", "Y": "Y", "formula": "1" * 5000}}, "formula: at"),
    ({"graph": PAIR, "query": {"kind": "EFFECTS", "X": "X", "Y": "Y"}}, "did you mean effect"),
    (
        {
            "graph": PAIR,
            "query": {
                "kind": "bounds",
                "X": "X",
                "Y": "Y",
                "distribution": {
                    "variables": ["X", "Y"],
                    "table": {"0,0": "1/2", "1,99999999": "1/2"},
                },
            },
        },
        "key '1,99999999'",
    ),
]


@pytest.mark.parametrize(("case", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_cannot_be_meant_is_refused_by_name(case: dict[str, Any], message: str) -> None:
    """The message names what is wrong and what to do."""
    with pytest.raises(MalformedCase, match=message):
        calculate(case)


def test_an_equation_nested_too_deeply_is_refused() -> None:
    """Nobody writes one, and the machine that evaluates it is not made for it."""
    deep: Any = "X"
    for _ in range(150):
        deep = ["not", deep]
    scm = {"exogenous": {"X": ["1/2", "1/2"]}, "equations": {"Y": deep}}
    with pytest.raises(MalformedCase, match="nested more than 100 lists deep"):
        calculate({"graph": PAIR, "scm": scm, "query": {"kind": "ate", "X": "X", "Y": "Y"}})


def test_more_joint_values_than_are_gone_through_are_refused_before() -> None:
    """Five variables, one of which has a thousand values."""
    names = ["A", "B", "C", "D", "E"]
    told = {"variables": names, "table": {"0,0,0,0,0": "1/2", "1,1,1,1,999": "1/2"}}
    query = {"kind": "bounds", "X": "A", "Y": "B", "distribution": told}
    with pytest.raises(TooLarge, match="16,000 joint values of what is observed; the most is 4,096"):
        calculate({"graph": {"nodes": names, "directed": [["A", "B"]]}, "query": query})


@pytest.mark.slow
def test_minimal_sets_are_listed_up_to_a_number() -> None:
    """Sixteen separate back-door paths of three nodes each have 2^16 minimal sets."""
    edges = [edge for way in range(16) for edge in (f"A{way} -> X", f"A{way} -> B{way}", f"B{way} -> Y")]
    query = {"kind": "minimal_adjustment_sets", "X": "X", "Y": "Y"}
    with pytest.raises(TooLarge, match="over 20,000 minimal sets"):
        calculate({"graph": ", ".join([*edges, "X -> Y"]), "query": query})


@pytest.mark.parametrize(
    ("of", "plain", "monotone"),
    [
        ({"of": "ate", "X": "X", "Y": "Y"}, ["-3/10", "7/10"], ["0", "7/10"]),
        ({"of": "pns", "X": "X", "Y": "Y"}, ["0", "7/10"], ["0", "7/10"]),
        ({"of": "do", "event": {"Y": 1}, "do": {"X": 1}}, ["3/10", "4/5"], ["2/5", "4/5"]),
    ],
)
def test_monotonicity_tightens_what_is_bounded(of: dict[str, Any], plain: list[str], monotone: list[str]) -> None:
    """Manski 1997: P(y_1) is at least P(y), and the effect not negative; both solvers and the certificates agree."""
    told = {"variables": ["X", "Y"], "table": {"0,0": "2/5", "0,1": "1/10", "1,0": "1/5", "1,1": "3/10"}}
    graph = {**PAIR, "bidirected": [["X", "Y"]]}
    for flag, expected in ((False, plain), (True, monotone)):
        case = {"graph": graph, "query": {"kind": "bounds", **of, "distribution": told, "monotone": flag}}
        reply = calculate(case)
        verify(case, reply)
        assert reply.answer == expected
