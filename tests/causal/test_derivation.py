"""Derivations: every line is true, the last line is the answer, and they stay short."""

from __future__ import annotations

import ast
import itertools
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal import second
from causal_eval.causal.case import Case, Kind, Query, read_case, write_case
from causal_eval.causal.derivation import Line, derivation_of, derive, facts
from causal_eval.causal.graph import Graph, mask_of
from causal_eval.causal.scm import Call, Const, Linear, Rule, Scm, Table, Unspecified, Var, binary
from causal_eval.causal.solve import answer_json, solve, solved
from causal_eval.errors import CausalError, MalformedCase

SEEDS = st.integers(0, 2**32)


def evaluate(expression: str, known: dict[str, Fraction]) -> Fraction:
    """The value of ``+ - * /`` over integers and earlier lines."""

    def value(node: ast.expr) -> Fraction:
        match node:
            case ast.BinOp(left, ast.Add(), right):
                return value(left) + value(right)
            case ast.BinOp(left, ast.Sub(), right):
                return value(left) - value(right)
            case ast.BinOp(left, ast.Mult(), right):
                return value(left) * value(right)
            case ast.BinOp(left, ast.Div(), right):
                return value(left) / value(right)
            case ast.UnaryOp(ast.USub(), operand):
                return -value(operand)
            case ast.Constant(int() as number):
                return Fraction(number)
            case ast.Name(name):
                return known[name]
        raise AssertionError(ast.dump(node))

    return value(ast.parse(expression, mode="eval").body)


def replayed(case: Case) -> Any:
    """Check every line of the derivation on its own; return the last value."""
    stated = facts(case)
    known: dict[str, Fraction] = {}
    last: Any = None
    for number, line in enumerate(derive(case), 1):
        last = msgspec.json.decode(line.value)
        if line.rule == "claim":
            smaller = read_case({**write_case(case), "query": msgspec.json.decode(line.expression)})
            assert answer_json(solve(smaller).value, smaller) == last, line
            assert answer_json(second.solve(smaller), smaller) == last, line
            continue
        known[f"s{number}"] = evaluate(line.expression, known)
        assert str(known[f"s{number}"]) == last, line
        if line.rule == "given" and line.text.startswith("P("):
            assert stated[line.text] == known[f"s{number}"]
    return last


def check(case: Case) -> bool:
    """The derivation ends in the answer, whenever there is one; whether there is."""
    try:
        value = solve(case).value
    except (MalformedCase, CausalError):
        return False
    assert replayed(case) == msgspec.json.decode(msgspec.json.encode(answer_json(value, case)))
    return True


@pytest.mark.slow
@given(SEEDS)
def test_numeric_derivations_re_evaluate_to_the_answer(seed: int) -> None:
    """For every numeric kind over random models of all mechanisms, thresholds and three values included."""
    made = Draw(seed)
    scm = made.scm(made.graph(4, density=55), values=3, rules=40, threshold=made.stream.chance(1, 2))
    (x,), (y,) = made.nodes(scm.graph, 1, 1)
    some = made.assignment
    queries = [
        Query(Kind.PROBABILITY, event=some(scm, 1), given=some(scm, 2)),
        Query(Kind.DO, event=some(scm, 2), do=some(scm, 1), given=some(scm, 1)),
        Query(Kind.COUNTERFACTUAL, event=some(scm, 1), do=some(scm, 1), evidence=some(scm, 2)),
        Query(Kind.CATE, x=(x,), y=(y,), given=some(scm, 1)),
        *(Query(kind, x=(x,), y=(y,)) for kind in (Kind.ATE, Kind.ETT, Kind.ETU, Kind.PN, Kind.PS, Kind.PNS)),
    ]
    answered = [check(Case(tuple("ABCD"), scm.graph, scm, query)) for query in queries]
    assert any(answered)


@given(SEEDS)
def test_structural_derivations_are_true_claims(seed: int) -> None:
    """Every claim holds by both solvers, and the last one is the answer."""
    made = Draw(seed)
    g = made.graph(6, density=40, bidirected=made.stream.choice([0, 10]), latent=10)
    x, y, z = made.nodes(g, 1, 1, made.stream.below(3))
    queries = [
        *(Query(kind, x=x, y=y, z=z) for kind in (Kind.DSEP, Kind.IS_ADJUSTMENT_SET, Kind.IS_BACKDOOR_SET)),
        *(Query(kind, x=x, y=y) for kind in (Kind.MINIMAL_ADJUSTMENT_SETS, Kind.MINIMAL_SEPARATOR)),
        Query(Kind.ATTRIBUTION, y=y),
        Query(Kind.MARKOV_BLANKET, x=x),
    ]
    for query in queries:
        assert check(Case(tuple("ABCDEF"), g, None, query)), query


@given(SEEDS)
def test_deterministic_derivations_go_node_by_node(seed: int) -> None:
    """The value of every node of a deterministic system, with and without an intervention."""
    made = Draw(seed)
    scm = made.scm(made.graph(6, density=40), rules=100)
    context = tuple((node, made.stream.below(2)) for node in range(6) if not scm.graph.parents[node])
    for do in ((), made.assignment(scm, 1)):
        assert check(Case(tuple("ABCDEF"), scm.graph, scm, Query(Kind.VALUES, context=context, do=do)))


def confounded(seed: int = 3) -> Scm:
    """Two confounders, treatment, mediator, outcome, collider: six two-valued nodes."""
    g = Graph.build(6, [(0, 2), (0, 4), (1, 2), (1, 4), (2, 3), (3, 4), (2, 5), (4, 5)])
    return Draw(seed).positive(g)


@pytest.mark.parametrize(
    ("query", "most"),
    [
        (Query(Kind.DO, event=((4, 1),), do=((2, 1),)), 16),
        (Query(Kind.PROBABILITY, event=((4, 1),), given=((2, 1),)), 22),
        (Query(Kind.ATE, x=(2,), y=(4,)), 23),
        (Query(Kind.MINIMAL_ADJUSTMENT_SETS, x=(2,), y=(4,)), 4),
        (Query(Kind.ATTRIBUTION, y=(4,)), 6),
    ],
    ids=lambda part: str(part.kind) if isinstance(part, Query) else "",
)
def test_derivations_of_six_nodes_stay_short(query: Query, most: int) -> None:
    """A person can read them: at most 25 lines for a typical six-node question."""
    scm = confounded()
    assert len(derive(Case(tuple("ZWXMYC"), scm.graph, scm, query))) <= most <= 25


def test_a_counterfactual_goes_through_the_contexts() -> None:
    """Abduction, action, prediction: each context that fits, what it would have led to, and that none is missing."""
    x, u, y = range(3)
    coin = Table({(): (Fraction(2, 3), Fraction(1, 3))})
    scm = binary(Graph.build(3, [(x, y), (u, y)]), coin, coin, Rule(Call("or", (Var(x), Var(u)))))
    query = Query(Kind.COUNTERFACTUAL, event=((y, 1),), do=((x, 0),), evidence=((y, 1),))
    lines = derive(Case(("X", "U", "Y"), scm.graph, scm, query))
    assert [line.text for line in lines if line.rule == "arithmetic"] == [
        "P(X=0, U=1): fits what was seen",
        "P(X=1, U=0): fits what was seen",
        "P(X=1, U=1): fits what was seen",
        "P(Y=1): all contexts that fit",
        "P(Y_{X=0}=1 | Y=1)",
    ]
    assert lines[-1].value == '"3/5"'


def test_an_effect_is_derived_from_the_tables() -> None:
    """One confounder: three lines that are given, one that sums over the strata."""
    scm = Draw(0).positive(Graph.build(3, [(0, 1), (0, 2), (1, 2)]))
    case = Case(("Z", "X", "Y"), scm.graph, scm, Query(Kind.DO, event=((2, 1),), do=((1, 1),)))
    lines = derive(case)
    assert [line.text for line in lines] == [
        "P(Z=1)",
        "P(Y=1 | Z=0, X=1)",
        "P(Y=1 | Z=1, X=1)",
        "P(Y=1 | do(X=1)) = sum over Z of P(Z) P(Y=1 | Z, X=1)",
    ]
    assert lines[-1].expression == "(1 - s1) * s2 + s1 * s3"


def test_no_set_works_is_shown_by_the_widest_one() -> None:
    """With a hidden confounder the claim is that even everything observable does not suffice, with the open path."""
    g = Graph.build(4, [(0, 1), (0, 2), (1, 2), (3, 1)], latent=1)
    case = Case(("U", "X", "Y", "W"), g, None, Query(Kind.MINIMAL_ADJUSTMENT_SETS, x=(1,), y=(2,)))
    first, last = derive(case)
    assert '"Z":["W"]' in first.expression
    assert first.text.endswith("does not suffice: open path X <- U -> Y")
    assert (first.value, last.value) == ("false", "[]")


@pytest.mark.parametrize("least", [0, 1, 2, 3])
def test_counts_are_derived_as_sums_of_patterns(least: int) -> None:
    """At least k of three, for every context: the arithmetic line has the node's value."""
    rule = Rule(Call("count_ge", (Var(0), Call("not", (Var(1),)), Var(2), Const(least))))
    scm = binary(Graph.build(4, [(0, 3), (1, 3), (2, 3)]), Unspecified(), Unspecified(), Unspecified(), rule)
    for values in itertools.product((0, 1), repeat=3):
        case = Case(tuple("ABCD"), scm.graph, scm, Query(Kind.VALUES, context=tuple(enumerate(values))))
        assert [line.rule for line in derive(case)] == ["given"] * 3 + ["arithmetic", "claim"]
        assert replayed(case)["D"] == int(values[0] + (1 - values[1]) + values[2] >= least)


def test_linear_effects_are_derived_along_the_paths() -> None:
    """Coefficients are given, slopes follow in causal order."""
    g = Graph.build(3, [(0, 1), (1, 2), (0, 2)])
    scm = Scm(g, (0, 0, 0), (Linear(()), Linear((Fraction(2),)), Linear((Fraction(1, 2), Fraction(-3)))))
    case = Case(("X", "M", "Y"), g, scm, Query(Kind.ATE, x=(0,), y=(2,)))
    assert replayed(case) == "-11/2"


@pytest.mark.parametrize("kind", [Kind.DO, Kind.COUNTERFACTUAL])
def test_a_derivation_uses_what_the_answer_compiled(kind: Kind) -> None:
    """The lines that follow from a solved case are those of a fresh start, as often as they are asked for."""
    third = Fraction(1, 3)
    root = Table({(): (third, 1 - third)})
    scm = binary(Graph.build(3, [(0, 2), (1, 2)]), root, root, Rule(Call("or", (Var(0), Var(1)))))
    query = Query(kind, event=((2, 1),), do=((0, 0),), evidence=((2, 1),) if kind == Kind.COUNTERFACTUAL else ())
    known = solved(Case(("A", "B", "C"), scm.graph, scm, query))
    assert known.value == solve(known.case).value
    assert derivation_of(known) == derivation_of(known) == derive(known.case)


def test_lines_are_frozen_values() -> None:
    """A line can be compared and hashed; a mask of nodes is not part of it."""
    line = Line("given", "P(X=1)", "1/2", '"1/2"')
    assert line == Line("given", "P(X=1)", "1/2", '"1/2"')
    assert hash(line) != hash(mask_of([1]))
