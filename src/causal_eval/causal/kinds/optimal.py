"""Optimal adjustment sets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.causal.graph import bits
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.kinds.sets import Sets, braces, query_of, read_sets
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.optimal import optimal_adjustment
from causal_eval.causal.reading import fraction, node_of
from causal_eval.causal.second import optimal as second
from causal_eval.errors import MalformedCase

_NAMES = ("optimal", "optimal_minimal", "optimal_mincost")


@dataclass(frozen=True, slots=True)
class Priced:
    """The sets that are asked about, and what each node costs in whole units."""

    sets: Sets
    costs: dict[int, int]


def _reads(given: Given) -> Priced:
    sets = read_sets(given, ("include",))
    costs = dict.fromkeys(range(given.graph.n), Fraction(1))
    for name, value in _pairs(given):
        cost = fraction(
            value["cost"] if isinstance(value, dict) and "cost" in value else value, f"query: costs: {name!r}"
        )
        if cost <= 0:
            raise MalformedCase(f"query: costs: {name!r} costs {cost}; costs are positive")
        costs[node_of(name, given.index, where="query: costs")] = cost
    unit = math.lcm(*(cost.denominator for cost in costs.values()))
    return Priced(sets, {node: int(cost * unit) for node, cost in costs.items()})


def _pairs(given: Given) -> list[tuple[object, object]]:
    """The costs of the query as (name, number): a JSON object, or pairs in a list."""
    value = given.query.get("costs")
    if value is None:
        return []
    if isinstance(value, dict):
        return list(value.items())
    pairs: list[tuple[object, object]] = []
    for pair in given.items("costs"):
        if not isinstance(pair, list | tuple) or len(pair) != 2:  # noqa: PLR2004 - a pair has two parts
            raise MalformedCase(f"query: costs: {pair!r} is no [node, cost] pair")
        pairs.append((pair[0], pair[1]))
    return pairs


def _optimal(given: Given, asked: Priced) -> Found:
    x, y, fixed = asked.sets.x, asked.sets.y, asked.sets.include
    found = optimal_adjustment(given.graph, x, y=y, include=fixed, costs=asked.costs)
    ledger = Ledger()
    for name, mask in zip(_NAMES, found, strict=True):
        if mask is None:
            continue
        query = query_of(given, "is_adjustment_set", asked=Sets(x, y, mask))
        ledger.claim(f"{name.replace('_', ' ')}: adjusting for {braces(given, mask)} is valid", query, value=True)
    if found.minimal is not None:
        for node in bits(found.minimal & ~fixed):
            less = query_of(given, "is_adjustment_set", asked=Sets(x, y, found.minimal & ~(1 << node)))
            ledger.claim(f"the minimal one is not valid without {given.names[node]}", less, value=False)
    answer = _named(given, found)
    ledger.claim("no such set has a smaller asymptotic variance", dict(given.query), value=answer)
    return Found(answer, "Henckel et al.; Smucler, Sapienza and Rotnitzky", tuple(ledger.lines))


def _named(given: Given, found: tuple[int | None, ...]) -> dict[str, Json]:
    return {name: None if mask is None else [*given.named(mask)] for name, mask in zip(_NAMES, found, strict=True)}


def _again(given: Given, asked: Priced) -> Json:
    sets = asked.sets
    return _named(given, second.best_sets(given.graph, sets.x, y=sets.y, fixed=sets.include, costs=asked.costs))


KINDS = (kind("optimal_adjustment", _reads, first=_optimal, second=_again),)
