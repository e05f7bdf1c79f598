"""Effects and what belongs to them: published verdicts, both solvers, formulas, rules, and bad queries."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.causal.cases import graph_of, published
from tests.causal.drawing import Draw

from causal_eval.causal.calculator import answered_again, calculate, verify
from causal_eval.causal.graph_json import write_graph
from causal_eval.errors import MalformedCase

CASES = published("identification")
SEEDS = st.integers(0, 1 << 30)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_published_verdicts(case: dict[str, Any]) -> None:
    """The verdict is the published one; estimand or hedge, models and every step are verified."""
    reply = calculate(case)
    assert reply.answer["identifiable"] == case["expected"]
    assert case["expected"] == ("estimand" in reply.answer) != ("hedge" in reply.answer)
    verify(case, reply)


def test_estimands_of_y0_that_are_not_the_effect() -> None:
    """Of the napkin, figure 2g, Tian's example and others; both solvers see it, and ours is the effect."""
    wrong = [case for case in CASES if "peer" in case]
    assert len(wrong) >= 4
    for case in wrong:
        for formula, right in ((case["peer"], False), (calculate(case).answer["estimand"], True)):
            asked = {**case, "query": case["query"] | {"kind": "is_estimand", "formula": formula}}
            assert calculate(asked).answer is answered_again(asked) is right


@settings(max_examples=40)
@given(SEEDS)
def test_replies_are_verified(seed: int) -> None:
    """On random graphs, some nodes latent: every kind of this group, every claim and certificate."""
    draw = Draw(seed)
    g = draw.graph(draw.stream.between(3, 6), bidirected=25, latent=15)
    names = list("ABCDEF"[: g.n])
    x, y, z, w = ([names[node] for node in part if g.observed >> node & 1] for part in draw.nodes(g, 1, 1, 1, 1))
    assume(x and y and z)
    queries: list[dict[str, Any]] = [
        {"kind": "effect", "X": x, "Y": y},
        {"kind": "conditional_effect", "X": x, "Y": y, "Z": z},
        {"kind": "districts"},
        {"kind": "districts", "within": [*x, *y]},
        {"kind": "latent_projection"},
        {"kind": "c_factor_identified", "C": [*y, *z]},
        *[{"kind": "do_calculus_rule", "rule": rule, "X": x, "Y": y, "Z": z, "W": w} for rule in (1, 2, 3)],
        {"kind": "is_estimand", "X": x, "Y": y, "formula": f"P({y[0]}|{x[0]})"},
        {"kind": "estimand_equivalent", "formula": f"P({y[0]}|{x[0]},{z[0]})", "formula2": f"P({y[0]}|{x[0]})"},
    ]
    for query in queries:
        case = {"graph": write_graph(names, g), "query": query}
        verify(case, calculate(case))


@settings(max_examples=30)
@given(SEEDS)
def test_rules_of_do_calculus_hold(seed: int) -> None:
    """Where a rule applies, the two sides that it makes equal are equal in random models."""
    draw = Draw(seed)
    g = draw.graph(5, bidirected=15)
    names = list("ABCDE")
    x, y, z, w = ([names[node] for node in part] for part in draw.nodes(g, 1, 1, 1, 1))
    sides = {
        1: (f"P({y[0]}|do({x[0]}),{z[0]},{w[0]})", f"P({y[0]}|do({x[0]}),{w[0]})"),
        2: (f"P({y[0]}|do({x[0]},{z[0]}),{w[0]})", f"P({y[0]}|do({x[0]}),{z[0]},{w[0]})"),
        3: (f"P({y[0]}|do({x[0]},{z[0]}),{w[0]})", f"P({y[0]}|do({x[0]}),{w[0]})"),
    }
    for rule, (left, right) in sides.items():
        graph = write_graph(names, g)
        applies = {"kind": "do_calculus_rule", "rule": rule, "X": x, "Y": y, "Z": z, "W": w}
        equal = {"kind": "estimand_equivalent", "formula": left, "formula2": right}
        if calculate({"graph": graph, "query": applies}).answer:
            assert calculate({"graph": graph, "query": equal}).answer is True


SPRINKLER = {
    "nodes": ["Z", "X", "Y"],
    "directed": [["Z", "X"], ["Z", "Y"], ["X", "Y"]],
}
TABLES = {
    "cpts": {
        "Z": {"parents": [], "table": ["1/2", "1/2"]},
        "X": {"parents": ["Z"], "table": {"0": ["3/4", "1/4"], "1": ["1/4", "3/4"]}},
        "Y": {
            "parents": ["Z", "X"],
            "table": {
                "0,0": ["9/10", "1/10"],
                "0,1": ["7/10", "3/10"],
                "1,0": ["4/10", "6/10"],
                "1,1": ["1/10", "9/10"],
            },
        },
    }
}


@pytest.mark.parametrize(
    ("formula", "at", "value"),
    [
        ("sum_{Z} P(Y|X,Z) P(Z)", {"X": 1, "Y": 1}, "3/5"),
        ("P(y|do(x))", {"X": 1, "Y": 1}, "3/5"),
        ("P(Y|X)", {"X": 1, "Y": 1}, "3/4"),
        ("P(Y=1|do(X=1)) - P(Y=1|do(X=0))", {}, "1/4"),
        ("1 - P(Y=0|X=1)", None, "3/4"),
    ],
)
def test_values_of_formulas(formula: str, at: dict[str, int] | None, value: str) -> None:
    """In a model, exactly, by both solvers."""
    query = {"kind": "estimand_value", "formula": formula, "at": at}
    case = {"graph": SPRINKLER, "scm": TABLES, "query": query}
    reply = calculate(case)
    assert str(reply.answer) == value
    verify(case, reply)


@pytest.mark.parametrize(
    ("formula", "right"),
    [
        ("sum_z P(y|x,z) P(z)", True),
        ("sum_z P(x,y,z) / P(x|z)", True),
        ("P(y|do(x))", True),
        ("P(y|x)", False),
        ("sum_z P(y|x,z) P(z|x)", False),
        ("P(y|x,z)", False),
        ("P(y,x)", False),
    ],
)
def test_whether_a_formula_is_the_effect(formula: str, right: bool) -> None:
    """Whatever it is called and however it is written; a free copy beside X and Y may have no effect on it."""
    query = {"kind": "is_estimand", "X": "X", "Y": "Y", "formula": formula, "seed": 7}
    case = {"graph": SPRINKLER, "query": query}
    reply = calculate(case)
    assert reply.answer is right
    verify(case, reply)


FORMULA = {"formula": "P(Y|X)"}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"kind": "effect", "X": "X"}, "needs Y"),
        ({"kind": "effect", "X": "U", "Y": "Y"}, "'U' is latent"),
        ({"kind": "effect", "X": "X", "Y": "X"}, "in both X and Y"),
        ({"kind": "conditional_effect", "X": "X", "Y": "Y", "Z": "Y"}, "in both Y and Z"),
        ({"kind": "do_calculus_rule", "rule": 4, "X": "X", "Y": "Y", "Z": "Z"}, "4 is none of the rules"),
        ({"kind": "do_calculus_rule", "rule": True, "X": "X", "Y": "Y", "Z": "Z"}, "True is none"),
        ({"kind": "districts", "within": ["U"]}, "'U' is latent"),
        ({"kind": "c_factor_identified"}, "needs C"),
        ({"kind": "is_estimand", "X": "X", "Y": "Y"}, "needs a formula"),
        ({"kind": "is_estimand", "X": "X", "Y": "Y", "formula": "P(Y"}, "expected '\\)'"),
        ({"kind": "is_estimand", "X": "X", "Y": "Y", "formula": "P(Y|X,U)"}, "'U' is latent"),
        ({"kind": "is_estimand", "X": "X", "Y": "Y", "formula": "P(Y|X=7)"}, "two values"),
        ({"kind": "is_estimand", "X": "X", "Y": "Y", "formula": "P_{a}(Y|X)"}, "domain 'a'"),
        ({"kind": "estimand_equivalent", "formula": "P(Y)", "formula2": 3}, "needs a formula"),
        ({"kind": "estimand_equivalent", "seed": "one"} | FORMULA | {"formula2": "P(Y)"}, "seed"),
        ({"kind": "estimand_value"} | FORMULA, "add an scm"),
    ],
)
def test_bad_queries_are_named(query: dict[str, Any], message: str) -> None:
    """By field and value, by both solvers."""
    case = {"graph": graph_of("X -> Y, Z -> X, U -> Y", latent=["U"]), "query": query}
    for solver in (calculate, answered_again):
        with pytest.raises(MalformedCase, match=message):
            solver(case)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"formula": "P(Y|X)", "at": {"X": 1}}, "Y is free"),
        ({"formula": "P(Y|X)", "at": {"X": 1, "Y": 2}}, "cannot be 2"),
        ({"formula": "P(Y=5)"}, "no position|cannot be"),
        ({"formula": "P(Y=1) / (P(X=1) - P(X=1))"}, "divides by"),
        ({"formula": "P(Y=1|X=1,X=0)"}, "divides by|cannot be"),
    ],
)
def test_formulas_without_a_value_are_named(query: dict[str, Any], message: str) -> None:
    """What is free, what no value is, what divides by zero."""
    case = {"graph": SPRINKLER, "scm": TABLES, "query": {"kind": "estimand_value"} | query}
    for solver in (calculate, answered_again):
        with pytest.raises(MalformedCase, match=message):
            solver(case)
