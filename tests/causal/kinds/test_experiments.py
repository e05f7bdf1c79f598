"""What experiments add to what was seen: sharp bounds on causes of effects, from both kinds of data."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_eval.causal.calculator import answered_again, calculate, verify
from causal_eval.errors import MalformedCase, TooLarge, VerificationMismatch

GRAPH = {"nodes": ["X", "Y"], "directed": [["X", "Y"]], "bidirected": [["X", "Y"]]}
KINDS = ("pn", "ps", "pns")


def experiments(p1: object, p0: object) -> list[dict[str, Any]]:
    """P(y | do x) and P(y | do x')."""
    return [
        {"do": {"X": level}, "event": {"Y": 1}, "probability": str(p)} for level, p in ((1, p1), (0, p0))
    ]  # fmt: skip


def case(kind: str, law: dict[str, Any] | None, told: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Both data about one treatment and one outcome."""
    query: dict[str, Any] = {"kind": kind, "X": "X", "Y": "Y", "experiments": told, **more}
    if law is not None:
        query["distribution"] = {"variables": ["X", "Y"], "table": law}
    return {"graph": GRAPH, "query": query}


def answer(one: dict[str, Any]) -> list[Fraction]:
    """Both ends, on which both solvers agree and which the certificate proves."""
    reply = calculate(one)
    verify(one, reply)
    return [Fraction(end) for end in (reply.answer if isinstance(reply.answer, list) else [reply.answer] * 2)]


def tian_pearl(kind: str, p: dict[tuple[int, int], Fraction], p1: Fraction, p0: Fraction) -> list[Fraction]:
    """Tian and Pearl 2000, equations 14 to 16 (theirs are sharp here, where nothing else is known)."""
    y, none, one = p[1, 1] + p[0, 1], Fraction(0), Fraction(1)
    if kind == "pns":
        high = min(p1, 1 - p0, p[1, 1] + p[0, 0], p1 - p0 + p[1, 0] + p[0, 1])
        return [max(none, p1 - p0, y - p0, p1 - y), high]
    if kind == "pn":
        return [max(none, (y - p0) / p[1, 1]), min(one, (1 - p0 - p[0, 0]) / p[1, 1])]
    return [max(none, (p1 - y) / p[0, 0]), min(one, (p1 - p[1, 1]) / p[0, 0])]


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=8, max_size=8))
def test_both_data_give_the_combined_bounds(weights: list[int]) -> None:
    """Of any population of (x, y if not x, y if x): the formulas of Tian and Pearl, which hold the truth."""
    types = [(x, y0, y1) for x in (0, 1) for y0 in (0, 1) for y1 in (0, 1)]
    share = {one: Fraction(weight, sum(weights)) for one, weight in zip(types, weights, strict=True)}
    p = {(x, y): sum(s for t, s in share.items() if t[0] == x and t[1 + x] == y) for x in (0, 1) for y in (0, 1)}
    p0, p1 = (sum((s for t, s in share.items() if t[at]), Fraction(0)) for at in (1, 2))
    truth = {
        "pns": share[0, 0, 1] + share[1, 0, 1],
        "pn": share[1, 0, 1] / p[1, 1],
        "ps": share[0, 0, 1] / p[0, 0],
    }
    law = {f"{x},{y}": str(value) for (x, y), value in p.items()}
    for kind in KINDS:
        low, high = answer(case(kind, law, experiments(p1, p0)))
        assert [low, high] == tian_pearl(kind, {key: Fraction(value) for key, value in p.items()}, p1, p0)
        assert low <= truth[kind] <= high


def test_monotonicity_makes_points_of_them() -> None:
    """Tian and Pearl 2000, theorem 3: PN is the corrected excess risk ratio."""
    law = {"1,1": "3/10", "1,0": "1/5", "0,1": "1/10", "0,0": "2/5"}
    expected = {"pn": Fraction(1, 3), "ps": Fraction(1, 4), "pns": Fraction(1, 5)}
    for kind, point in expected.items():
        assert answer(case(kind, law, experiments("1/2", "3/10"), monotone=True)) == [point, point]


def test_one_experiment_is_enough_to_say_something() -> None:
    """P(y | do x') alone bounds PN as well as both do; nothing seen bounds PNS by what both experiments say."""
    law = {"1,1": "3/10", "1,0": "1/5", "0,1": "1/10", "0,0": "2/5"}
    both = answer(case("pn", law, experiments("1/2", "1/4")))
    assert answer(case("pn", law, experiments("1/2", "1/4")[1:])) == both == [Fraction(1, 2), Fraction(1)]
    assert answer(case("pns", None, experiments("7/10", "2/5"))) == [Fraction(3, 10), Fraction(3, 5)]


def test_the_three_ways_to_ask_are_one() -> None:
    """`pn` with data, `bounds` of `pn`, and `bounds` of a query."""
    law = {"1,1": "3/10", "1,0": "1/5", "0,1": "1/10", "0,0": "2/5"}
    plain = case("pn", law, experiments("1/2", "1/4"))
    stated = {field: plain["query"][field] for field in ("distribution", "experiments")}
    of = {"kind": "bounds", "of": "pn", "X": "X", "Y": "Y", **stated}
    inside = {"kind": "bounds", "query": {"kind": "pn", "X": "X", "Y": "Y"}, **stated}
    for query in (of, inside):
        assert answer({"graph": GRAPH, "query": query}) == answer(plain)
        assert answered_again({"graph": GRAPH, "query": query}) == ["1/2", "1"]


STRATA: dict[str, Any] = {
    "nodes": ["Z", "X", "Y"], "directed": [["Z", "X"], ["Z", "Y"], ["X", "Y"]], "bidirected": [["X", "Y"]],
}  # fmt: skip


def test_strata_of_experiments_tighten_further() -> None:
    """P(y, z | do x) with P(x, y, z) bounds PNS more tightly than what is left of both once z is summed out."""
    table = {"0,0,1": "4/20", "0,0,0": "1/20", "0,1,1": "1/20", "0,1,0": "4/20"} | {
        "1,0,1": "1/20", "1,0,0": "4/20", "1,1,1": "4/20", "1,1,0": "1/20",
    }  # fmt: skip
    told = [
        {"do": {"X": x}, "event": {"Y": 1, "Z": z}, "probability": "9/20" if x == z else "1/20"}
        for x in (0, 1)
        for z in (0, 1)
    ]
    query: dict[str, Any] = {
        "kind": "pns", "X": "X", "Y": "Y", "distribution": {"variables": ["Z", "X", "Y"], "table": table},
    }  # fmt: skip
    fine = answer({"graph": STRATA, "query": query | {"experiments": told}})
    summed = [{"do": {"X": x}, "event": {"Y": 1}, "probability": "1/2"} for x in (0, 1)]
    coarse = answer({"graph": STRATA, "query": query | {"experiments": summed}})
    assert coarse[0] <= fine[0] <= fine[1] <= coarse[1]
    assert fine != coarse


def stratified(weights: list[int], *, strata: int) -> tuple[dict[str, Any], dict[str, Fraction]]:
    """What is seen and told of a population of (z, x, y if not x, y if x), and the truth about it."""
    types = list(itertools.product(range(strata), (0, 1), (0, 1), (0, 1)))
    share = {one: Fraction(weight, sum(weights)) for one, weight in zip(types, weights, strict=True)}
    seen, done = dict[str, Fraction](), dict[tuple[int, int], Fraction]()
    for (z, x, *y), p in share.items():
        key = f"{z},{x},{y[x]}"
        seen[key] = seen.get(key, Fraction(0)) + p
        for own in (0, 1):
            done[own, z] = done.get((own, z), Fraction(0)) + p * y[own]
    told = [{"do": {"X": x}, "event": {"Y": 1, "Z": z}, "probability": str(p)} for (x, z), p in sorted(done.items())]
    law = {"variables": ["Z", "X", "Y"], "table": {key: str(p) for key, p in seen.items()}}
    moved = {x: sum((share[z, x, 0, 1] for z in range(strata)), Fraction(0)) for x in (0, 1)}
    same = {x: sum((p for (_, own, *y), p in share.items() if own == x == y[x]), Fraction(0)) for x in (0, 1)}
    truth = {"pns": moved[0] + moved[1], "pn": moved[1] / same[1], "ps": moved[0] / same[0]}
    return {"distribution": law, "experiments": told}, truth


@pytest.mark.parametrize("kind", KINDS)
def test_both_solvers_bound_strata_of_experiments(kind: str) -> None:
    """Corners are too many there: the one finds the best law, the other the best proof."""
    stated, truth = stratified([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3], strata=2)
    low, high = answer({"graph": STRATA, "query": {"kind": kind, "X": "X", "Y": "Y", **stated}})
    assert low < truth[kind] < high
    again = answer({"graph": STRATA, "query": {"kind": "bounds", "of": kind, "X": "X", "Y": "Y", **stated}})
    assert again == [low, high]


@pytest.mark.slow
@settings(max_examples=15)
@given(st.lists(st.integers(1, 9), min_size=16, max_size=16))
def test_strata_of_any_population(weights: list[int]) -> None:
    """Both solvers agree, and the truth is between the ends."""
    stated, truth = stratified(weights, strata=2)
    for kind in KINDS:
        low, high = answer({"graph": STRATA, "query": {"kind": kind, "X": "X", "Y": "Y", **stated}})
        assert low <= truth[kind] <= high


@pytest.mark.slow
def test_three_strata_are_bounded_by_both() -> None:
    """512 joint responses, 18 equations."""
    stated, truth = stratified([3, 1, 4, 1, 5, 9, 2, 6] * 2 + [5, 3, 5, 8, 9, 7, 9, 3], strata=3)
    low, high = answer({"graph": STRATA, "query": {"kind": "pns", "X": "X", "Y": "Y", **stated}})
    assert low < truth["pns"] < high


def test_experiments_without_a_common_cause_say_nothing_new_of_strata() -> None:
    """The outcome hangs on the responses in either stratum, which tables decide: the bounds are as without them."""
    graph = STRATA | {"bidirected": []}
    table = {f"{z},{x},{y}": "1/8" for z in (0, 1) for x in (0, 1) for y in (0, 1)}
    query = {"kind": "pns", "X": "X", "Y": "Y", "distribution": {"variables": ["Z", "X", "Y"], "table": table}}
    told = query | {"experiments": experiments("1/2", "1/2")}
    assert answer({"graph": graph, "query": told}) == answer({"graph": graph, "query": query})
    wrong = {"graph": graph, "query": query | {"experiments": experiments("1/2", "1/3")}}
    for solve in (calculate, answered_again):
        with pytest.raises(MalformedCase, match=r"an experiment is said to give 1/3|no model fits"):
            solve(wrong)


def test_a_forged_law_is_found() -> None:
    """One that fits what was seen and not the experiment, put in the place of an end."""
    law = {"1,1": "3/10", "1,0": "1/5", "0,1": "1/10", "0,0": "2/5"}
    told, seen = case("pns", law, experiments("1/2", "1/4")), case("pns", law, [])
    reply, loose = calculate(told), calculate(seen)
    assert loose.answer == ["0", "7/10"]
    verify(told, reply)
    forged = {**reply.certificate, "high": loose.certificate["high"]}
    with pytest.raises(VerificationMismatch, match="the law at the high end contradicts what is stated"):
        verify(told, replace(reply, certificate=forged))


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (experiments("9/10", "99/100"), "no model fits"),
        ([{"do": {"X": 1}, "probability": "1/2"}], r"experiments\[0\]: write what was done"),
        ([{"do": {"X": 1}, "event": {"Y": 1}, "probability": "3/2"}], "probability 3/2 is not from 0 to 1"),
        ([{"do": {"X": 1}, "event": {"Y": 1}}], "probability: None is no exact number"),
        ([{"do": {"Q": 1}, "event": {"Y": 1}, "probability": 0}], "no node is called 'Q'"),
        ([3], r"experiments\[0\] must be a JSON object"),
    ],
)
def test_what_no_experiment_can_have_told_is_named(told: list[Any], message: str) -> None:
    """By its place, and what to write."""
    law = {"1,1": "3/10", "1,0": "1/5", "0,1": "1/10", "0,0": "2/5"}
    for solve in (calculate, answered_again):
        with pytest.raises(MalformedCase, match=message):
            solve(case("pn", law, told))


def test_what_the_graph_decides_is_no_news() -> None:
    """Without a common cause P(y | do x) is P(y | x): another number is refused, that one changes nothing."""
    law = {"1,1": "3/10", "1,0": "1/5", "0,1": "1/10", "0,0": "2/5"}
    query = {"kind": "bounds", "of": "do", "do": {"X": 1}, "event": {"Y": 1}}
    whole: dict[str, Any] = {
        "graph": "X -> Y",
        "query": query | {"distribution": {"variables": ["X", "Y"], "table": law}},
    }
    for p, fits in (("3/5", True), ("1/2", False)):
        one = {**whole, "query": whole["query"] | {"experiments": experiments(p, "1/5")}}
        if fits:
            assert answer(one) == [Fraction(3, 5)] * 2
            continue
        for solve in (calculate, answered_again):
            with pytest.raises(MalformedCase, match=r"an experiment is said to give 1/2|no model fits"):
                solve(one)
        with pytest.raises(MalformedCase, match="the graph needs a bidirected edge"):
            calculate(one)


def test_an_outcome_of_two_districts_is_refused() -> None:
    """Of their laws its probability is a product, which no linear programme bounds."""
    graph = "A -> B, A <-> B, B -> X, X -> Y, X <-> Y"
    told = [{"do": {"A": 1}, "event": {"Y": 1}, "probability": "1/2"}]
    query = {"kind": "pns", "X": "A", "Y": "Y", "experiments": told}
    with pytest.raises(TooLarge, match="two open districts"):
        calculate({"graph": graph, "query": query})
