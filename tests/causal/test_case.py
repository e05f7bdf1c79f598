"""Cases in JSON: what is read, what is refused, and that writing loses nothing."""

from __future__ import annotations

import contextlib
import copy
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal import second
from causal_eval.causal.case import Case, Kind, Query, read_case, write_case
from causal_eval.causal.scm import Call, Const, Linear, Rule, Scm, Table, Unspecified, Var
from causal_eval.causal.solve import solve
from causal_eval.errors import CausalError, MalformedCase
from causal_eval.seeds import Stream

GRAPH = {"nodes": ["Z", "X", "Y"], "directed": [["Z", "X"], ["Z", "Y"], ["X", "Y"]]}
CPTS = {
    "Z": {"parents": [], "table": {"": ["1/2", 0.5]}},
    "X": {"parents": ["Z"], "table": {"0": ["0.9", 0.1], "1": ["1/5", "4/5"]}},
    "Y": {
        "parents": ["X", "Z"],
        "table": {"0,0": [1, 0], "0,1": [0, 1], "1,0": ["1/3", "2/3"], "1,1": [0.5, 0.5]},
    },
}
NUMERIC = {"graph": GRAPH, "scm": {"cpts": CPTS}, "query": {"kind": "do", "event": {"Y": 1}, "do": {"X": 1}}}


def changed(path: tuple[str | int, ...], value: Any, base: dict[str, Any] = NUMERIC) -> dict[str, Any]:
    """A copy of *base* with the part at *path* replaced."""
    whole = copy.deepcopy(base)
    part: Any = whole
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return whole


def test_a_table_may_list_parents_in_any_order() -> None:
    """Keys follow the listed parents; rows are kept in ascending order of the nodes; numbers are exact."""
    case = read_case(NUMERIC)
    assert case.scm is not None
    table = case.scm.mechanisms[2]
    assert isinstance(table, Table)
    assert table.rows[0, 1] == (Fraction(1, 3), Fraction(2, 3))  # Z=0, X=1
    assert table.rows[1, 0] == (Fraction(0), Fraction(1))
    assert case.query == Query(Kind.DO, event=((2, 1),), do=((1, 1),))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("query", "kind"), "probabilty", "did you mean probability"),
        (("query", "kind"), None, "known are dsep"),
        (("query",), None, "query must be a JSON object, got nothing"),
        (("query", "event"), {}, "needs an event"),
        (("query", "event"), {"Q": 1}, "no node is called 'Q'; the nodes are Z, X, Y"),
        (("query", "event"), {"Y": 2}, "'Y' cannot be 2: its values are 0, 1"),
        (("query", "event"), [["Y", 1], ["Y", 0]], "sets 'Y' twice"),
        (("query", "event"), [["Y"]], r"no \[variable, value\] pair"),
        (("query",), {"kind": "ate", "X": "X", "Y": ["X"]}, "'X' is in both X and Y"),
        (("query",), {"kind": "ate", "X": "X"}, "kind ate needs Y"),
        (("query",), {"kind": "ate", "X": ["X", "Z"], "Y": "Y"}, "takes one node as X, got 2"),
        (("query",), {"kind": "ate", "X": "X", "Y": "Y", "x1": 0, "x0": 0}, "x1 and x0 are the same"),
        (("query",), {"kind": "dsep", "X": "X", "Y": "Y", "Z": ["Z", "Z"]}, "lists 'Z' twice"),
        (
            ("query",),
            {"kind": "minimal_adjustment_sets", "X": "X", "Y": "Y", "must_include": "Z", "must_exclude": "Z"},
            "both must_include and must_exclude",
        ),
        (("graph", "directed"), [["Z", "X"], ["X", "Y"], ["Y", "Z"]], "the cycle"),
        (("graph", "directed"), [["Z", "Z"]], "self-loop"),
        (("graph", "directed"), [["Z", "X"], ["Z", "X"]], "Z -> X is listed twice"),
        (("graph", "directed"), [["Z", "W"]], "no node is called 'W'"),
        (("graph", "directed"), [["Z"]], "two node names"),
        (("graph", "directed"), "Z->X", "must be a list"),
        (("graph", "bidirected"), [["Z", "X"], ["X", "Z"]], "X <-> Z|Z <-> X|listed twice"),
        (("graph", "bidirected"), [["Z", "X"]], "no bidirected edges"),
        (("graph", "undirected"), [["Z", "X"]], "CPDAG"),
        (("graph", "nodes"), ["Z", "X", "Y", "Y"], "lists 'Y' twice"),
        (("graph", "nodes"), ["Z", "X", "Y", 3], "3 is not a node name"),
        (("graph",), {"model": "nowhere"}, "'nowhere' is not among the file's models"),
        (("scm",), None, "numeric; add an scm"),
        (("scm", "cpts", "X", "parents"), ["Y"], "lists the parents"),
        (("scm", "cpts", "X", "table"), {"0": ["1", "0"]}, "no row for"),
        (("scm", "cpts", "X", "table"), {"0": ["1", "0"], "1": ["1/2", "1/3"]}, "must be >= 0 and sum to 1"),
        (("scm", "cpts", "X", "table"), {"0": ["1", "0"], "1": ["3/2", "-1/2"]}, "must be >= 0 and sum to 1"),
        (("scm", "cpts", "X", "table"), {"0": ["1", "0"], "1": ["1"]}, "1 probabilities for 2 values"),
        (("scm", "cpts", "X", "table"), {"0": ["1", "0"], "2": ["1", "0"]}, "'Z' cannot be '2'"),
        (("scm", "cpts", "X", "table"), {"0": ["1", "0"], "0,1": ["1", "0"]}, "2 values for 1 parents"),
        (("scm", "cpts", "X", "table"), {"0": ["1", "x"], "1": ["1", "0"]}, "'x' is no exact number"),
        (("scm", "cpts", "X", "table"), {"0": ["1", "1/0"], "1": ["1", "0"]}, "'1/0' is no exact number"),
        (("scm", "cpts", "W"), {"parents": [], "table": ["1/2", "1/2"]}, "no node is called 'W'"),
        (("scm", "equations"), {"Y": "X"}, "'Y' has two mechanisms"),
        (("scm", "noise"), 3, "scm: noise must be a JSON object, got int 3"),
        (("scm", "linear"), [1], "scm: linear must be a JSON object, got list"),
        (("scm", "cpts", "Z", "table"), [], "0 probabilities for 1 values"),
        (("query", "event"), {"Y": float("nan")}, "nan is no exact number"),
        (("scm", "domains"), {"Q": [0]}, "no node is called 'Q'"),
        (("scm", "domains"), {"Y": [0, 0]}, "no new boolean"),
    ],
)
def test_what_makes_no_sense_is_named(path: tuple[str | int, ...], value: object, message: str) -> None:
    """Every defect is refused by name, so that a user can mend it."""
    with pytest.raises(MalformedCase, match=message):
        read_case(changed(path, value))


def test_a_missing_mechanism_is_named() -> None:
    """Every node of a numeric case needs a mechanism."""
    whole = copy.deepcopy(NUMERIC)
    del whole["scm"]["cpts"]["Z"]  # type: ignore[index] # a literal is not a typed record
    with pytest.raises(MalformedCase, match="'Z' has no mechanism"):
        read_case(whole)


EQUATIONS: dict[str, Any] = {
    "graph": {"nodes": ["X", "Y"], "directed": [["X", "Y"]]},
    "scm": {
        "equations": {"X": "U", "Y": ["or", "X", ["and", "V", "U"]]},
        "exogenous": {"U": ["1/2", "1/2"], "V": ["1/3", "2/3"]},
    },
    "query": {"kind": "counterfactual", "event": {"Y": True}, "do": {"X": 0}, "evidence": {"Y": 1}},
}


def test_exogenous_variables_join_as_latent_roots() -> None:
    """Roots that only the model names become latent nodes with their edges."""
    case = read_case(EQUATIONS)
    assert case.names == ("X", "Y", "U", "V")
    assert case.graph.latent == 0b1100
    assert set(case.graph.edges()) == {(0, 1), (2, 0), (2, 1), (3, 1)}
    assert case.scm is not None
    assert case.scm.mechanisms[1] == Rule(Call("or", (Var(0), Call("and", (Var(3), Var(2))))))
    assert case.scm.names(0) == (False, True)


def test_a_graph_may_be_its_equations_alone() -> None:
    """Exogenous names without probabilities wait for a context; nodes and edges follow from the equations."""
    case = read_case(
        {
            "graph": {"exogenous": ["A", "B"], "equations": {"C": ["and", "A", ["not", "B"]]}},
            "query": {"kind": "values", "context": {"A": True, "B": False}},
        }
    )
    assert case.names == ("A", "B", "C")
    assert set(case.graph.edges()) == {(0, 2), (1, 2)}
    assert case.scm is not None
    assert case.scm.mechanisms[0] == Unspecified()


@pytest.mark.parametrize(
    ("equation", "message"),
    [
        (["nand", "X"], r"with one of and, or"),
        (["not", "X", "X"], "'not' takes 1 arguments, got 2"),
        (["and"], "takes at least 1"),
        (["and", "W"], "'W' in an expression is neither a variable nor a value"),
        ("Y", "'Y' itself, a cycle"),
        (["count_ge", "X", 1], "must be a list"),
        (["table", ["X"], {"0": True}], "no row for"),
        (["table", ["X"], [1]], "write an object"),
        (["const", ["X"]], "a value is a boolean"),
        (float("inf"), "inf is no exact number"),
    ],
)
def test_expressions_that_cannot_be_read_are_quoted(equation: object, message: str) -> None:
    """A wrong operator, arity or name is refused with the offending part."""
    with pytest.raises(MalformedCase, match=message):
        read_case(changed(("scm", "equations", "Y"), equation, EQUATIONS))


def test_an_equation_reads_parents_only() -> None:
    """An equation that reads a node without an edge is refused, and the edge is named."""
    whole = changed(("scm", "equations", "X"), "V", EQUATIONS)
    whole["graph"] = {"nodes": ["X", "Y", "U", "V"], "directed": [["X", "Y"], ["U", "X"], ["U", "Y"], ["V", "Y"]]}
    with pytest.raises(MalformedCase, match="add the edge V -> X"):
        read_case(whole)


def test_values_may_be_words() -> None:
    """Domains of words are kept: in the equations, in the context, and when written again."""
    obj = {
        "graph": {
            "exogenous": ["A"],
            "equations": {"C": ["ite", ["eq", "A", "tie"], "x", "y"]},
            "domains": {"A": ["win", "tie"], "C": ["x", "y"]},
        },
        "query": {"kind": "values", "context": {"A": "tie"}},
    }
    case = read_case(obj)
    assert case.query.context == ((0, 1),)
    written = write_case(case)
    assert written["query"]["context"] == {"A": "tie"}
    assert read_case(written) == case


@given(st.integers(0, 2**32))
def test_reading_what_was_written_gives_the_same_case(seed: int) -> None:
    """Writing and reading are inverse, through JSON text, for random models of all mechanisms."""
    made = Draw(seed)
    scm = made.scm(made.graph(5), values=3, rules=50, threshold=True)
    names = tuple("EDCBA")
    (x,), (y,) = made.nodes(scm.graph, 1, 1)
    queries = [
        Query(Kind.DO, event=made.assignment(scm, 1), do=made.assignment(scm, 2), given=made.assignment(scm, 1)),
        Query(Kind.COUNTERFACTUAL, event=made.assignment(scm, 1), evidence=made.assignment(scm, 2)),
        Query(Kind.ATE, x=(x,), y=(y,), x1=0, x0=1),
        Query(Kind.DSEP, x=(x,), y=(y,)),
    ]
    for query in queries:
        case = Case(names, scm.graph, scm, query)
        written = write_case(case)
        again = read_case(msgspec.json.decode(msgspec.json.encode(written)))
        assert again == case
        assert write_case(again) == written


def test_a_linear_system_is_read_and_written() -> None:
    """Coefficients follow the parents' order, noise defaults to mean 0 and variance 1."""
    case = read_case(
        {
            "graph": {"nodes": ["A", "B", "C"]},
            "scm": {"linear": {"C": {"B": "3/2", "A": -1}}, "noise": {"A": {"mean": 2}, "B": {"variance": "1/4"}}},
            "query": {"kind": "ate", "X": "A", "Y": "C", "x1": "5/2", "x0": 1},
        }
    )
    assert case.scm is not None
    assert case.scm.mechanisms == (
        Linear((), Fraction(2)),
        Linear((), Fraction(0), Fraction(1, 4)),
        Linear((Fraction(-1), Fraction(3, 2))),
    )
    assert case.query.x1 == Fraction(5, 2)
    assert read_case(write_case(case)) == case


def test_expression_operators_survive_the_trip() -> None:
    """Every operator is read, written and read again as the same expression."""
    equations = {
        "B": ["xor", "A", ["const", True]],
        "C": ["count_ge", ["A", "B", ["not", "A"]], 2],
        "D": ["table", ["A", "B"], {"false,false": 0, "false,true": 1, "true,false": 1, "true,true": 0}],
        "E": ["ite", ["ge", ["sum", "A", "B", "C"], 2], ["copy", "A"], ["eq", "A", "B"]],
    }
    case = read_case({"graph": {"exogenous": ["A"], "equations": equations}, "query": {"kind": "values"}})
    assert read_case(write_case(case)) == case
    assert write_case(case)["scm"]["equations"]["C"] == equations["C"]


def test_a_constant_that_is_a_name_is_written_so_that_it_stays_one() -> None:
    """A value that is called like a variable is written as a constant."""
    scm = Scm(
        read_case(
            {"graph": {"nodes": ["A", "B"], "directed": [["A", "B"]]}, "query": {"kind": "attribution", "Y": "A"}}
        ).graph,
        (2, 2),
        (Unspecified(), Rule(Call("ite", (Call("eq", (Var(0), Const("A"))), Const("A"), Const("B"))))),
        (("A", "B"), ("A", "B")),
    )
    case = Case(("A", "B"), scm.graph, scm, Query(Kind.VALUES, context=((0, 1),)))
    assert read_case(write_case(case)) == case


JUNK: list[Any] = [None, -1, 2, 0.5, float("nan"), "", "X", "1/2", [], {}, [1], ["A"], [["A", "B"]], {"X": 1}, True]


@given(st.integers(0, 2**32))
@settings(max_examples=400)
def test_no_input_crashes_the_reader(seed: int) -> None:
    """Whatever stands anywhere in a case, it is read and solved or refused by a named error, never by a crash."""
    stream = Stream("junk", seed)
    whole = copy.deepcopy(stream.choice([NUMERIC, EQUATIONS]))
    for _ in range(stream.between(1, 3)):
        part: Any = whole
        while isinstance(part, dict | list) and part:
            key = stream.choice(sorted(part)) if isinstance(part, dict) else stream.below(len(part))
            if stream.chance(1, 3) or not isinstance(part[key], dict | list):
                part[key] = copy.deepcopy(stream.choice(JUNK))
                break
            part = part[key]
    with contextlib.suppress(MalformedCase, CausalError):
        case = read_case(whole)
        assert read_case(write_case(case)) == case
        assert solve(case).value == second.solve(case)
