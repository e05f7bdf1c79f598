"""Counterfactual events from experiments: published verdicts, two algorithms, and formulas that hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.causal.cases import graph_of
from tests.causal.drawing import Draw

from causal_eval.causal.calculator import answered_again, calculate, verify
from causal_eval.causal.crossworld import Conflict, Term, counterfactual
from causal_eval.causal.graph_json import write_graph
from causal_eval.causal.parities import twins
from causal_eval.errors import MalformedCase, TooLarge, VerificationMismatch

SEEDS = st.integers(0, 1 << 30)
FIGURE_9A = "X -> W, W -> Y, D -> Z, Z -> Y, X <-> Y"


def term(node: str, value: Any, **do: Any) -> dict[str, Any]:
    """A node has a value in the world after *do*."""
    return {"node": node, "value": value, "do": do}


def case(edges: str, event: list[dict[str, Any]], given: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The case of P(event | given)."""
    kind = "counterfactual_effect" if given is None else "conditional_counterfactual_effect"
    return {"graph": graph_of(edges), "query": {"kind": kind, "event": event, "given": given or []}}


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("asked", "formula"),
    [
        (
            case(FIGURE_9A, [term("Y", "y", X="x"), term("X", "x'"), term("Z", "z", D="d"), term("D", "d")]),
            "P(D=d) P(Z=z|do(D=d)) sum_{W} P(W|do(X=x)) P(X=x',Y=y|do(W,Z=z))",
        ),
        (
            case(FIGURE_9A, [term("Y", "y", X="x")], [term("X", "x'"), term("Z", "z", D="d"), term("D", "d")]),
            "(sum_{W} P(W|do(X=x)) P(X=x',Y=y|do(W,Z=z))) / P(X=x')",
        ),
        (case("X -> Y", [term("Y", 1, X=1), term("Y", 0, X=0)]), None),
        (case("X -> Y", [term("Y", 1, X=1), term("X", 1)]), "P(X=1) P(Y=1|do(X=1))"),
        (case("X -> Y, X <-> Y", [term("Y", 1, X=1), term("X", 1)]), "P(X=1,Y=1)"),
        (case("X -> Y, X <-> Y", [term("Y", 1, X=1), term("X", 0)]), None),
        (case("X -> Y", [term("Y", 1, X=1)], [term("X", 0)]), "P(Y=1|do(X=1))"),
        (case("X -> M, M -> Y", [term("Y", 1, X=1), term("M", 0, X=0)]), None),
        (case("X -> Y", [term("X", 0, X=1)]), "0"),
        (case("X -> Y", [term("X", 1, X=1)]), "1"),
        (case("X -> Y", [term("Y", 1), term("Y", 0, X=1), term("X", 1)]), "0"),
        (case("X -> Y", [term("X", 1)], [term("Y", 1, X=1), term("Y", 1)]), None),
        (
            case("X -> Z, X -> Y, Z -> Y, X <-> Z", [term("Y", "y", X="x")], [term("Z", "z", X="x"), term("X", "x'")]),
            "P(Y=y|do(X=x,Z=z))",
        ),
        (
            case(
                f"{FIGURE_9A}, X -> Y", [term("Y", "y", X="x"), term("X", "x'"), term("Z", "z", D="d"), term("D", "d")]
            ),
            None,
        ),
        (case("D -> Z, Z -> Y", [term("Z", "z", D="d"), term("Z", "z'"), term("D", "d")]), "0"),
        (case("D -> Z, Z -> Y", [term("Z", "z", D="d")], [term("Z", "z'"), term("D", "d")]), "0"),
        (case(FIGURE_9A, [term("D", "d", D="d")]), "1"),
    ],
    ids=[
        "figure 9a",
        "figure 9a given",
        "necessary and sufficient",
        "consistent",
        "consistent in a bow",
        "of the treated in a bow",
        "of the untreated",
        "mediated twice",
        "never",
        "always",
        "a contradiction by consistency",
        "what is divided by is not known",
        "cfid's figure 2",
        "cfid's graph without a formula",
        "line 5",
        "line 3 of IDC*",
        "line 3",
    ],
)
def test_known_cases(asked: dict[str, Any], formula: str | None) -> None:
    """As Shpitser and Pearl 2008 print them (figure 9a), and what follows from the axioms.

    Those of cfid (Tikka 2022) and of single lines as y0 0.2.11 asserts them in tests/test_algorithm/test_id_star.py.
    """
    reply = calculate(asked)
    assert reply.answer["identifiable"] is (formula is not None)
    assert reply.answer.get("estimand") == formula
    verify(asked, reply)


def test_what_is_given_may_contradict_itself() -> None:
    """Line 1 of IDC*: an error by both solvers, as y0 0.2.11 asserts it."""
    given_ = [term("Z", "z", D="d"), term("Z", "z'"), term("D", "d")]
    asked = case("D -> Z, Z -> Y", [term("Y", "y", D="d")], given_)
    for solver in (calculate, answered_again):
        with pytest.raises(MalformedCase, match="contradicts itself"):
            solver(asked)


def test_from_observation() -> None:
    """Where the experiments can be done without, the formula over what is observed stands beside."""
    asked = case("Z -> X, Z -> Y, X -> Y", [term("Y", 1, X=1)], [term("X", 0)])
    assert calculate(asked).answer["from_observation"] == "sum_{Z} P(Y=1|Z,X=1) P(Z|X=0)"


def drawn(seed: int) -> dict[str, Any]:
    """A random event about a random graph."""
    draw = Draw(seed)
    g = draw.graph(draw.stream.between(2, 4), bidirected=20, density=60)
    names = list("ABCD"[: g.n])

    def some() -> dict[str, Any]:
        node = draw.stream.choice(names)
        done = [name for name in names if name != node and draw.stream.chance(3, 10)]
        return term(node, draw.stream.below(2), **{name: draw.stream.below(2) for name in done})

    event, given_ = ([some() for _ in range(draw.stream.between(low, 2))] for low in (1, 0))
    kind = "conditional_counterfactual_effect" if given_ else "counterfactual_effect"
    return {"graph": write_graph(names, g), "query": {"kind": kind, "event": event, "given": given_}}


@pytest.mark.slow
@settings(max_examples=150)
@given(SEEDS)
def test_both_algorithms_agree(seed: int) -> None:
    """On whether there is a formula; what is printed holds in random functional models, or what is given cannot be."""
    asked = drawn(seed)
    try:
        reply = calculate(asked)
    except MalformedCase:
        with pytest.raises(MalformedCase, match="contradicts itself"):
            answered_again(asked)
        return
    verify(asked, reply)


TOLD_APART = [
    (case("X -> Y", [term("Y", 1, X=1), term("Y", 0, X=0)]), ["0", "1/2"]),
    (case("X -> Y, X <-> Y", [term("Y", "y", X="x")], [term("X", "x'")]), ["1", "0"]),
    (case("X -> M, M -> Y", [term("Y", 1, X=1), term("M", 0, X=0)]), ["1/8", "3/8"]),
    (case("X -> Y", [term("X", 1)], [term("Y", 1, X=1), term("Y", 1)]), ["1/2", "1"]),
    (case("B -> A, A -> C, B -> C", [term("A", 1, B=0)], [term("C", 0)]), ["3/8", "1/4"]),
    (case("B -> A, B -> D, D -> A, D -> C", [term("D", 1, B=0)], [term("C", 1), term("A", 0)]), ["9/14", "5/14"]),
]


@pytest.mark.parametrize(
    ("asked", "values"),
    TOLD_APART,
    ids=["parity", "three values", "loaded", "given", "a row that only what is given reads", "two such rows"],
)
def test_what_no_experiment_tells_comes_with_two_models(asked: dict[str, Any], values: list[str]) -> None:
    """Each is of the graph, both have one law after every intervention, and each is a case that gives its value."""
    reply = calculate(asked)
    verify(asked, reply)
    certificate = reply.certificate
    assert certificate["values"] == values
    for model, value in zip(certificate["models"], values, strict=True):
        parts = []
        for worlds in (certificate["event"], certificate["given"]):
            query = {"kind": "joint_counterfactual", "worlds": worlds}
            parts.append(Fraction(calculate(model | {"query": query}).answer) if worlds else Fraction(1))
        assert str(parts[0] / parts[1]) == value


def test_two_models_that_prove_nothing_are_found() -> None:
    """One model twice; models that an experiment tells apart; an edge that the graph has not; another value."""
    asked, values = TOLD_APART[0]
    reply = calculate(asked)
    one, other = reply.certificate["models"]
    fair = {"parents": [], "table": {"": ["3/4", "1/4"]}}
    skewed = {"graph": other["graph"], "scm": {"cpts": other["scm"]["cpts"] | {"U2": fair}}}
    stranger = calculate(case("Y -> X", [term("X", 1, Y=1), term("X", 0, Y=0)])).certificate["models"]
    renamed = [{**model, "graph": {**model["graph"], "nodes": ["X", "Y", "U1", "U2"]}} for model in stranger]
    for models, message in (
        ([one, one], "give"), ([one, skewed], "do not agree on every experiment"), (renamed, "an edge that the graph"),
    ):  # fmt: skip
        forged = replace(reply, certificate={**reply.certificate, "models": models})
        with pytest.raises(VerificationMismatch, match=message):
            verify(asked, forged)
    with pytest.raises(VerificationMismatch, match="not two values as said"):
        verify(asked, replace(reply, certificate={**reply.certificate, "values": values[::-1]}))


def test_too_many_nodes_are_said_to_be() -> None:
    """The verdict stands; the certificate says why it has no models."""
    chain = "A -> B, B -> C, C -> D, D -> E, E -> F, F -> G"
    reply = calculate(case(chain, [term("G", 1, A=1), term("G", 0, A=0)]))
    assert reply.answer["identifiable"] is False
    assert reply.certificate["models"] is None
    assert "at most 6 nodes" in reply.certificate["reason"]


@pytest.mark.slow
def test_models_tell_only_what_has_no_formula() -> None:
    """Of random events: where there is a formula no two models differ; where there is none, mostly two are found."""
    found = Counter[tuple[bool, bool]]()
    for seed in range(300):
        draw = Draw(seed)
        g = draw.graph(draw.stream.between(2, 3), density=55, bidirected=35)
        event, given_ = ([some(draw, g.n) for _ in range(draw.stream.between(low, 2))] for low in (1, 0))
        try:
            has_formula = not isinstance(counterfactual(g, event, given=given_), Conflict)
            found[has_formula, twins(g, event, given=given_) is not None] += 1
        except (ZeroDivisionError, TooLarge):
            continue
    assert not found[True, True]
    assert found[True, False] > 100
    assert found[False, True] > 20 * found[False, False]


def some(draw: Draw, n: int) -> Term:
    """A node has a value after perhaps something is done."""
    node, other = draw.stream.below(n), draw.stream.below(n)
    done = ((other, draw.stream.below(2)),) if other != node and draw.stream.below(3) else ()
    return Term(node, draw.stream.below(2), done)


@pytest.mark.full
@pytest.mark.parametrize("start", range(0, 20_000, 2_000))
def test_both_algorithms_agree_often(start: int) -> None:
    """The verdicts of thousands more."""
    answered = 0
    for seed in range(start, start + 2_000):
        asked = drawn(seed)
        try:
            first = calculate(asked).answer["identifiable"]
        except MalformedCase:
            continue
        assert answered_again(asked)["identifiable"] is first, seed
        answered += 1
    assert answered > 1_000


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ([], "needs an event"),
        ([3], "must be a JSON object"),
        ([{"node": "Q", "value": 1}], "no node is called 'Q'"),
        ([{"node": "Y"}], "None is no value"),
        ([{"node": "Y", "value": -1}], "-1 is no value; write a whole number from 0"),
        ([{"node": "Y", "value": "very ill"}], "'very ill' is no value"),
        ([{"node": "Y", "value": 1, "do": {"U": 1}}], "'U' is latent"),
    ],
)
def test_bad_events_are_named(event: list[Any], message: str) -> None:
    """By field and value, by both solvers."""
    asked = {
        "graph": graph_of("X -> Y, U -> Y", latent=["U"]),
        "query": {"kind": "counterfactual_effect", "event": event},
    }
    for solver in (calculate, answered_again):
        with pytest.raises(MalformedCase, match=message):
            solver(asked)
