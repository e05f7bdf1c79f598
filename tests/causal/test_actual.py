"""Actual causation: the definitions tried exhaustively agree with the search, and the textbook's stories come out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.actual import System, Variant, all_causes, degree, is_cause
from causal_eval.causal.calculator import calculate, verify
from causal_eval.causal.graph import Graph
from causal_eval.causal.scm import Call, Const, Rule, Scm, Unspecified, Var, binary
from causal_eval.causal.second.actual import Story, causes, conditions, fewest
from causal_eval.errors import MalformedCase, TooLarge

ROCKS: dict[str, Any] = {
    "exogenous": ["BT_exo", "ST_exo"],
    "equations": {
        "BT": "BT_exo", "ST": "ST_exo", "SH": "ST", "BH": ["and", "BT", ["not", "SH"]], "BS": ["or", "SH", "BH"],
    },
}  # fmt: skip
BOTH = {"BT_exo": True, "ST_exo": True}
VOTERS = [f"V{number}" for number in range(11)]


def drawn(seed: int) -> tuple[Scm, tuple[tuple[int, int], ...], Draw]:
    """A deterministic system of few variables with its context."""
    draw = Draw(seed)
    outer, inner = draw.stream.between(1, 2), draw.stream.between(2, 4)
    n = outer + inner
    edges = [(a, b) for b in range(outer, n) for a in range(b) if draw.stream.chance(3, 5)]
    edges += [(0, b) for b in range(outer, n) if not any(effect == b for _, effect in edges)]
    graph = Graph.build(n, edges)
    parents = [[a for a, b in edges if b == node] for node in range(n)]
    rules = [Rule(Call("ge", (draw.expression(parents[node]), Const(value=1)))) for node in range(outer, n)]
    scm = binary(graph, *[Unspecified()] * outer, *rules)
    return scm, tuple((node, draw.stream.below(2)) for node in range(outer)), draw


@settings(max_examples=60)
@given(st.integers(0, 1 << 30), st.sampled_from(list(Variant)))
def test_the_search_finds_what_trying_everything_finds(seed: int, variant: Variant) -> None:
    """Each condition, every cause, and every degree."""
    scm, context, draw = drawn(seed)
    phi = Call("eq", (Var(scm.graph.n - 1), Const(value=draw.stream.below(2))))
    system, story = System(scm, context, phi=phi), Story(scm, dict(context), phi)
    chosen = [node for node in story.variables if draw.stream.chance(1, 2)] or story.variables[:1]
    x = tuple((node, draw.stream.below(2) if draw.stream.chance(1, 8) else system.actual[node]) for node in chosen)
    assert is_cause(system, x, variant=variant)[:3] == conditions(story, dict(x), variant=variant)
    found = [dict(one) for one, _ in all_causes(system, variant=variant)]
    key = lambda one: sorted(one.items())  # noqa: E731 - twice the same
    if variant in (Variant.MODIFIED, Variant.BUT_FOR):
        assert sorted(found, key=key) == sorted(causes(story, variant=variant), key=key)
    if variant is not Variant.BUT_FOR:
        node = chosen[0]
        assert degree(system, (node, system.actual[node]), variant=variant)[0] == fewest(story, node, variant=variant)


@pytest.mark.parametrize(
    ("variant", "cause", "expected"),
    [
        ("modified", {"ST": True}, True),
        ("modified", {"BT": True}, False),
        ("updated", {"ST": True}, True),
        ("updated", {"BT": True}, False),
        ("original", {"ST": True}, True),
        ("original", {"BT": True}, False),
        ("but_for", {"ST": True}, False),
        ("modified", {"ST": True, "BT": True}, False),
    ],
)
def test_two_rocks(variant: str, cause: dict[str, bool], expected: bool) -> None:
    """Suzy's throw broke the bottle and Billy's did not, but for her throw it would have broken all the same."""
    query = {"kind": "is_cause", "context": BOTH, "cause": cause, "phi": "BS", "variant": variant}
    case = {"graph": ROCKS, "query": query}
    reply = calculate(case)
    verify(case, reply)
    assert reply.answer["is_cause"] is expected


def test_what_phi_does_not_depend_on_happened_all_the_same() -> None:
    """AC1 holds of it, AC2 does not."""
    case = {
        "graph": {"exogenous": ["U"], "equations": {"C": "U", "D": ["not", "U"]}},
        "query": {"kind": "is_cause", "context": {"U": True}, "cause": {"C": True}, "phi": {"D": False}},
    }
    reply = calculate(case)
    verify(case, reply)
    assert (reply.answer["ac1"], reply.answer["ac2"], reply.answer["is_cause"]) == (True, False, False)


def votes(kind: str, *, for_it: int, voters: int = 11, **more: Any) -> dict[str, Any]:
    """Eleven voters, or fewer, of whom *for_it* are for it."""
    names = VOTERS[:voters]
    equations: dict[str, Any] = {f"{name}_": name for name in names}
    equations["W"] = ["count_ge", [f"{name}_" for name in names], 6]
    context = {name: place < for_it for place, name in enumerate(names)}
    query = {"kind": kind, "context": context, "phi": "W", "cause": {"V0_": True}, **more}
    return {"graph": {"exogenous": names, "equations": equations}, "query": query}


@pytest.mark.slow
def test_eleven_voters() -> None:
    """11 to 0 every six voters are a cause, each 1/6 responsible; 6 to 5 each is a cause alone."""
    unanimous = calculate(votes("is_cause", for_it=11))
    assert unanimous.answer["is_cause"] is False
    assert calculate(votes("is_cause", for_it=6)).answer["is_cause"] is True
    assert calculate(votes("responsibility", for_it=11)).answer == "1/6"
    assert len(calculate(votes("all_causes", for_it=11)).answer["causes"]) == 462 + 1


@pytest.mark.slow
def test_what_would_not_end_is_refused() -> None:
    """All causes of a unanimous vote, where any contingency may be set: too many worlds."""
    with pytest.raises(TooLarge, match="1,048,576 worlds"):
        calculate(votes("all_causes", for_it=11, variant="updated", voters=10))


def test_blame_is_expected_responsibility() -> None:
    """A marksman who may have had the only live bullet is to blame by the chance that he had."""
    firing = {
        "exogenous": ["L"],
        "equations": {
            "A": ["const", True], "B": ["const", True],
            "D": ["or", ["and", "A", "L"], ["and", "B", ["not", "L"]]],
        },
    }  # fmt: skip
    contexts = [
        {"context": {"L": True}, "probability": "1/10"},
        {"context": {"L": False}, "probability": "9/10"},
    ]
    case = {"graph": firing, "query": {"kind": "blame", "contexts": contexts, "cause": {"A": True}, "phi": "D"}}
    reply = calculate(case)
    assert reply.answer == "1/10"
    verify(case, reply)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cause": {}}, "cause is empty"),
        ({"cause": {"ST_exo": True}}, "exogenous"),
        ({"variant": "halpern"}, "known are modified"),
        ({"phi": "Q"}, "Q"),
        ({"phi": True}, "no variable"),
        ({"context": {"BT_exo": True}}, "leaves "),
    ],
)
def test_what_cannot_be_asked_is_named(change: dict[str, Any], message: str) -> None:
    """By its field."""
    query = {"kind": "is_cause", "context": BOTH, "cause": {"ST": True}, "phi": "BS", **change}
    with pytest.raises(MalformedCase, match=message):
        calculate({"graph": ROCKS, "query": query})


def test_phi_in_every_form() -> None:
    """A variable, an expression, a pair and an object mean the same."""
    forms: list[Any] = ["BS", ["eq", "BS", True], ["BS", True], {"BS": True}, ["or", "BS", "BS"]]
    query = {"kind": "is_cause", "context": BOTH, "cause": {"ST": True}}
    answers = [calculate({"graph": ROCKS, "query": {**query, "phi": phi}}).answer for phi in forms]
    assert answers[0]["is_cause"] is True
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.slow
def test_a_large_tree_is_searched_where_it_changes() -> None:
    """Of 2,047 gates only those on the way from the cause can change; the definitions that set anything refuse."""
    depth = 10
    leaves = [f"L{number}" for number in range(1 << depth)]
    equations: dict[str, Any] = {name: f"U{name}" for name in leaves}
    row = leaves
    for level in range(depth):
        above = [f"N{level}_{number}" for number in range(len(row) // 2)]
        equations |= {name: ["or", row[2 * place], row[2 * place + 1]] for place, name in enumerate(above)}
        row = above
    graph = {"exogenous": [f"U{name}" for name in leaves], "equations": equations}
    context = {f"U{name}": name == "L3" for name in leaves}
    query = {"kind": "is_cause", "context": context, "cause": {"L3": True}, "phi": row[0]}
    assert calculate({"graph": graph, "query": query}).answer["is_cause"] is True
    with pytest.raises(TooLarge):
        calculate({"graph": graph, "query": {**query, "variant": "updated"}})
