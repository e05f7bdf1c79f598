"""Several worlds, nested worlds, policies, abstractions: both solvers agree, and special cases are what they were."""

from __future__ import annotations

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
from causal_eval.causal.scm import Scm, Table
from causal_eval.errors import MalformedCase, TooLarge

MEDIATED = Graph.build(3, [(0, 1), (0, 2), (1, 2)])


def drawn(seed: int, *, threshold: bool = True) -> dict[str, Any]:
    """X -> M -> Y and X -> Y, with noise that is stated or not."""
    scm = Draw(seed).scm(MEDIATED, threshold=threshold)
    whole = write_case(Case(("X", "M", "Y"), MEDIATED, scm, Query("probability", event=((0, 1),))))
    del whole["query"]
    return whole


def asked(case: dict[str, Any], kind: str, **query: Any) -> str:
    """The verified answer."""
    whole = case | {"query": {"kind": kind, **query}}
    reply = calculate(whole)
    verify(whole, reply)
    assert isinstance(reply.answer, str)
    return reply.answer


@pytest.mark.slow
@given(st.integers(0, 1 << 30))
def test_two_worlds_are_the_probability_of_necessity_and_sufficiency(seed: int) -> None:
    """And nested ones the natural direct effect."""
    case = drawn(seed)
    both = [{"do": {"X": 1}, "event": {"Y": 1}}, {"do": {"X": 0}, "event": {"Y": 0}}]
    assert asked(case, "joint_counterfactual", worlds=both) == asked(case, "pns", X="X", Y="Y")
    crossed = [{"do": {"X": 1, "M": {"under": {"X": 0}}}, "event": {"Y": 1}}]
    plain = [{"do": {"X": 0}, "event": {"Y": 1}}]
    one, zero = (Fraction(asked(case, "joint_counterfactual", worlds=worlds)) for worlds in (crossed, plain))
    assert one - zero == Fraction(asked(case, "nde", X="X", Y="Y"))


def test_a_value_that_is_set_is_no_copy_of_another_node() -> None:
    """A with C set to 1 is not the A that reads the network's copy number 1: enumeration by hand gives 72/97."""
    graph = Graph.build(3, [(0, 1), (2, 0), (2, 1)])
    rows: tuple[dict[tuple[int, ...], str], ...] = (
        {(0,): "2/5", (1,): "1/5"},
        {(0, 0): "4/5", (0, 1): "1/5", (1, 0): "1/3", (1, 1): "1/3"},
    )
    a, b = (Table({key: (1 - Fraction(p), Fraction(p)) for key, p in one.items()}, threshold=True) for one in rows)
    coin = Table({(): (Fraction(1, 4), Fraction(3, 4))})
    scm = Scm(graph, (2, 2, 2), (a, b, coin))
    whole = write_case(Case(("A", "B", "C"), graph, scm, Query("probability", event=((0, 1),))))
    worlds = [{"do": {"C": 1}, "event": {"A": 0}}, {"do": {"B": 1}, "event": {"A": 0}}]
    assert asked(whole, "joint_counterfactual", worlds=worlds, evidence={"B": 1}) == "72/97"


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1 << 30))
def test_what_tables_leave_open_is_bounded(seed: int) -> None:
    """Alike by both solvers."""
    case = drawn(seed, threshold=False)
    worlds = [{"do": {"X": 1, "M": {"under": {"X": 0}}}, "event": {"Y": 1}}, {"do": {"X": 0}, "event": {"Y": 0}}]
    whole = case | {"query": {"kind": "joint_counterfactual", "worlds": worlds, "evidence": {}}}
    try:
        answer = calculate(whole).answer
    except TooLarge:
        reject()
    assert answer == answered_again(whole)


@pytest.mark.slow
@given(st.integers(0, 1 << 30))
def test_a_policy_that_is_sure_is_an_intervention(seed: int) -> None:
    """And one that is the old table changes nothing; a mixture lies between."""
    case = drawn(seed)
    tables = {
        level: {"parents": [], "table": {"": row}}
        for level, row in ((1, ["0", "1"]), (0, ["1", "0"]), (2, ["1/2", "1/2"]))
    }
    one, zero, half = (
        Fraction(asked(case, "soft_do", event={"Y": 1}, policies={"X": tables[level]})) for level in (1, 0, 2)
    )
    assert one == Fraction(asked(case, "do", event={"Y": 1}, do={"X": 1}))
    assert half == (one + zero) / 2
    same = case["scm"]["cpts"]["M"]
    assert asked(case, "soft_do", event={"Y": 1}, policies={"M": same}) == asked(case, "probability", event={"Y": 1})


LOW: dict[str, Any] = {
    "graph": {"nodes": ["A", "B", "S"], "directed": [["A", "S"], ["B", "S"]]},
    "scm": {
        "exogenous": {"A": ["1/2", "1/2"], "B": ["1/2", "1/2"]},
        "equations": {"S": ["or", "A", "B"]},
    },
}
HIGH: dict[str, Any] = {
    "graph": {"nodes": ["T", "S"], "directed": [["T", "S"]]},
    "scm": {
        "cpts": {
            "T": {"parents": [], "table": {"": ["1/4", "1/2", "1/4"]}},
            "S": {"parents": ["T"], "table": {"0": ["1", "0"], "1": ["0", "1"], "2": ["0", "1"]}},
        }
    },
}
COUNTS = {"of": ["A", "B"], "table": {"0,0": 0, "0,1": 1, "1,0": 1, "1,1": 2}}


def abstraction(table: dict[str, Any], *interventions: dict[str, Any]) -> dict[str, Any]:
    """How many of A and B there are, in place of which."""
    query = {
        "kind": "abstraction",
        "high": HIGH,
        "map": {"T": table, "S": {"of": ["S"], "table": {"0": 0, "1": 1}}},
        "interventions": list(interventions),
    }
    return LOW | {"query": query}


def test_counting_commutes_with_what_is_done_to_all_of_them() -> None:
    """Setting both is setting their number; setting one of them is not."""
    both = {"low": {"A": 1, "B": 1}, "high": {"T": 2}}
    case = abstraction(COUNTS, both)
    reply = calculate(case)
    verify(case, reply)
    assert reply.answer == {"commutes": True, "breaks": None}
    one = {"low": {"A": 1}, "high": {"T": 1}}
    broken = abstraction(COUNTS, both, one)
    assert calculate(broken).answer == {"commutes": False, "breaks": one}
    assert answered_again(broken) == {"commutes": False, "breaks": one}


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (drawn(1) | {"query": {"kind": "joint_counterfactual"}}, "worlds is empty"),
        (drawn(1) | {"query": {"kind": "joint_counterfactual", "worlds": [{"do": {"X": 1}}]}}, "event is empty"),
        (drawn(1) | {"query": {"kind": "soft_do", "event": {"Y": 1}, "policies": {}}}, "policies is empty"),
        (drawn(1) | {"query": {"kind": "soft_do", "event": {"Y": 1}, "policies": {"Q": {}}}}, "'Q'"),
        (abstraction({"of": ["A", "B"], "table": {"0,0": 0}}), "no row '0,1'"),
        (LOW | {"query": {"kind": "abstraction", "high": {"graph": HIGH["graph"]}, "map": {}}}, "needs an scm"),
    ],
)
def test_what_makes_no_sense_is_named(case: dict[str, Any], message: str) -> None:
    """By field and value."""
    with pytest.raises(MalformedCase, match=message):
        calculate(case)
