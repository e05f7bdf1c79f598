"""Whether a formula is an effect: exact values on hidden, random, strictly positive models of the graph.

The models follow from graph and query alone, so that every reply to a question is tried on the same ones.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple, cast

from causal_eval.causal.districts import projected
from causal_eval.causal.formula import Formula, read_formula, value_of
from causal_eval.causal.formula.tree import Difference, Number, Prob, Product, Quotient, Ref, Sum, free, refs, valued
from causal_eval.causal.formula.value import Factor, Laws
from causal_eval.causal.graph import Graph
from causal_eval.causal.graph_json import read_graph, read_names
from causal_eval.causal.query import Assignment
from causal_eval.causal.reading import mapping, node_list
from causal_eval.causal.sampled import MOST_NODES, MOST_STATES, Sampled
from causal_eval.errors import MalformedCase
from causal_eval.questions.question import canonical
from causal_eval.seeds import Stream

MODELS = 20
"""Models on which a formula must equal the effect."""
MOST_WORK = 1 << 16
"""Entries of all tables together that evaluating one formula in one model may need."""

_CLOSE = 1e-6
"""Two formulas whose values differ by more are not the same function, whatever floating point makes of them."""


def equals_effect(text: str, gold: Mapping[str, Any]) -> bool:
    """Whether the formula *text* equals, on every hidden model, the effect that *gold* asks about.

    Raises:
        MalformedCase: *gold* is no gold of a formula, or its graph is too large to be tried.
    """
    key, names = _key(gold), tuple(read_names(gold["graph"]))
    try:
        formula = read_formula(text, names)
    except MalformedCase:
        return False  # a symbol of the answer format that is no node
    return all(_same(formula, _hidden(key, place)) for place in range(MODELS))


def same_formulas(one: str, other: str, *, gold: Mapping[str, Any]) -> bool:
    """Whether two formulas are the same function on a hidden model of what *gold* asks about, right or wrong.

    One random model is enough to tell wrong answers apart (two different rational functions agree on it with
    probability zero, but for its finite grid); nothing is scored by it.

    Raises:
        MalformedCase: *gold* is no gold of a formula, or its graph is too large to be tried.
    """
    key = _key(gold)
    first, second = _first(key, one), _first(key, other)
    if first is None or second is None or not math.isclose(first, second, rel_tol=_CLOSE, abs_tol=_CLOSE):
        return False  # most that differ differ at the first values looked at
    left, right = _value(key, one), _value(key, other)
    return left is not None and right is not None and _equal(left, right)


def work(formula: Formula) -> int:
    """An upper bound of the table entries that evaluating *formula* over two-valued nodes needs."""
    match formula:
        case Prob():
            return 1 << len(free(formula))
        case Sum(over, body):
            parts = body.parts if isinstance(body, Product) else (body,)
            return sum(map(work, parts)) + (len(parts) + len(over)) * (1 << len(free(body) | set(over)))
        case Product(parts):
            return sum(map(work, parts)) + len(parts) * (1 << len(free(formula)))
        case Quotient(one, other) | Difference(one, other):
            return work(one) + work(other) + (1 << len(free(formula)))
        case Number():
            return 1


class _Hidden(NamedTuple):
    """One hidden model and the effect in it."""

    laws: Sampled
    effect: Factor


@functools.lru_cache(maxsize=2048)
def _hidden(key: bytes, place: int) -> _Hidden:
    laws, (_, effect) = _laws(key, place), _asked(key)
    return _Hidden(laws, value_of(effect, laws))


@functools.lru_cache(maxsize=2048)
def _laws(key: bytes, place: int) -> Sampled:
    g, _ = _asked(key)
    return Sampled(g, g.everything & ~g.latent, stream=Stream("hidden", key.hex(), place))


@functools.lru_cache(maxsize=128)
def _asked(key: bytes) -> tuple[Graph, Prob]:
    gold = json.loads(key)
    names = read_names(gold["graph"])
    index = {name: node for node, name in enumerate(names)}
    g = read_graph(gold["graph"], names)
    x, y, z = (refs(node_list(gold["query"].get(field), index, where=f"gold: {field}")) for field in ("X", "Y", "Z"))
    if not x or not y or {ref.node for ref in (*x, *y, *z)} & {node for node in range(g.n) if g.latent >> node & 1}:
        raise MalformedCase("gold: query: X and Y must name observed nodes")
    seen = projected(g)
    count = (g.everything & ~g.latent).bit_count()
    if count > MOST_NODES or count + len(seen.bidirected_edges()) > MOST_STATES:
        raise MalformedCase(
            f"gold: graph: a formula is tried on at most {MOST_NODES} observed nodes, and {MOST_STATES} with their "
            "common causes; ask about a smaller graph"
        )
    return seen, Prob(y, z, x)


def _same(formula: Formula, model: _Hidden) -> bool:
    """Whether the two are the same function of their free copies in *model*."""
    try:
        return _equal(value_of(formula, model.laws), model.effect)
    except MalformedCase:  # it divides by zero
        return False


def _equal(found: Factor, other: Factor) -> bool:
    """Whether the two are the same function of their free copies."""
    scope: list[Ref] = sorted({*found.scope, *other.scope})
    assignments = (dict(zip(scope, key, strict=True)) for key in itertools.product((0, 1), repeat=len(scope)))
    return all(found.at(at) == other.at(at) for at in assignments)


def _key(gold: Mapping[str, Any]) -> bytes:
    return canonical({"graph": mapping(gold.get("graph"), "gold: graph"), "query": mapping(gold.get("query"), "query")})


@functools.lru_cache(maxsize=8192)  # a question's mistakes are compared with its answers, and later with shortcuts
def _first(key: bytes, text: str) -> float | None:
    """The formula in the first hidden model with all its free copies 0, nearly; None: it has no value there."""
    try:
        formula = _read(key, text)
        return float(value_of(valued(formula, dict.fromkeys(free(formula), 0)), _Nearly(_laws(key, 0))).at({}))
    except (MalformedCase, ZeroDivisionError):  # a symbol that is no node, or a division by zero
        return None


class _Nearly(Laws):
    """Laws in floating point, which arithmetic takes for fractions: quick, and apart where two formulas are."""

    def __init__(self, laws: Sampled) -> None:
        super().__init__({})
        self._laws = laws

    def size(self, node: int) -> int:
        """As many values as ever."""
        return self._laws.size(node)

    def marginal(self, domain: str, nodes: tuple[int, ...], *, do: Assignment) -> Mapping[tuple[int, ...], Fraction]:
        """P(nodes | do)."""
        if domain or do:
            return self._laws.marginal(domain, nodes, do=do)
        return cast("Mapping[tuple[int, ...], Fraction]", self._laws.approximate(nodes))


@functools.lru_cache(maxsize=512)
def _value(key: bytes, text: str) -> Factor | None:
    """The formula in the first hidden model; None: it has no value there."""
    try:
        return value_of(_read(key, text), _laws(key, 0))
    except MalformedCase:  # a symbol that is no node, or a division by zero
        return None


def _read(key: bytes, text: str) -> Formula:
    return read_formula(text, tuple(read_names(json.loads(key)["graph"])))
