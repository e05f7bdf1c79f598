"""Bounds from what is observed alone: the joint law of the observed nodes of a graph with latent common causes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from causal_eval.causal.districts import districts, projected
from causal_eval.causal.formula.value import joint
from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.kinds.bounds import (
    Asked,
    Part,
    World,
    answered,
    answered_again,
    causes_of_effects,
    check,
    monotone,
    monotone_in_what_is_done,
    never_falls,
)
from causal_eval.causal.kinds.kind import Given, kind
from causal_eval.causal.query import Assignment
from causal_eval.causal.reading import assignment, fraction, mapping, name_list, node_of
from causal_eval.causal.scm import Mechanism, Scm, Table, Value
from causal_eval.errors import MalformedCase, TooLarge

BOTH = ("ate", "do", "probability", "counterfactual", "pn", "ps", "pns", "ett", "etu")
"""What can be bounded."""
STATED = ("distribution", "experiments")
"""What may be stated in place of a model, or beside it."""
MOST_STATES = 1 << 12
"""Joint values of what is observed."""
_DIGITS = 7
"""More than any value of so few states has."""


@dataclass(frozen=True, slots=True)
class Known:
    """The joint law of the observed nodes, and what the values are called."""

    graph: Graph
    """Over the observed nodes; latent nodes have no edges left."""
    domains: tuple[int, ...]
    values: tuple[tuple[Value, ...], ...]
    law: Mapping[tuple[int, ...], Fraction]


def known_of(given: Given) -> Known:
    """What is observed of the case: its ``distribution``, or what its model gives once latent nodes are unseen.

    Where only experiments are told, of two-valued nodes, nothing is observed.

    Raises:
        MalformedCase: neither is there.
    """
    graph = projected(given.graph)
    told = given.query.get("distribution")
    if told is not None:
        return _told(given, graph, mapping(told, "query: distribution"))
    if given.scm is None and given.query.get("experiments"):
        return Known(graph, tuple([1 + (graph.observed >> node & 1) for node in range(graph.n)]), (), {})
    scm = given.model()
    law: dict[tuple[int, ...], Fraction] = {}
    for values, p in joint(scm, {}).items():
        key = tuple([0 if graph.latent >> node & 1 else level for node, level in enumerate(values)])
        law[key] = law.get(key, Fraction(0)) + p
    domains = tuple(1 if graph.latent >> node & 1 else size for node, size in enumerate(scm.domains))
    return Known(graph, domains, scm.values, law)


def _told(given: Given, graph: Graph, told: Mapping[str, object]) -> Known:
    where = "query: distribution"
    variables = [node_of(name, given.index, where=where) for name in name_list(told.get("variables"), where)]
    if sorted(variables) != list(bits(graph.observed)):
        raise MalformedCase(f"{where}: variables have to be all observed nodes, each once")
    law: dict[tuple[int, ...], Fraction] = {}
    for key, value in mapping(told.get("table"), f"{where}: table").items():
        parts = [part.strip() for part in key.split(",")]
        if len(parts) != len(variables) or not all(part.isdecimal() and len(part) < _DIGITS for part in parts):
            raise MalformedCase(f'{where}: key {key!r}: write a value for each variable, such as "0,1"')
        levels = dict(zip(variables, map(int, parts), strict=True))
        law[tuple([levels.get(node, 0) for node in range(graph.n)])] = fraction(value, f"{where}: {key!r}")
    if not law or min(law.values()) < 0 or sum(law.values()) != 1:
        raise MalformedCase(f"{where}: probabilities must be >= 0 and sum to 1")
    domains = tuple(
        max(2, 1 + max(key[node] for key in law)) if graph.observed >> node & 1 else 1 for node in range(graph.n)
    )
    if (states := math.prod(domains)) > MOST_STATES:
        raise TooLarge(f"{where}: {states:,} joint values of what is observed; the most is {MOST_STATES:,}")
    return Known(graph, domains, (), law)


def model_of(known: Known) -> tuple[Scm, tuple[int, ...]]:
    """A model whose single nodes have the tables that the law gives, and the masks of the districts that stay open."""
    mechanisms: list[Mechanism] = []
    open_masks = {mask for mask in districts(known.graph, known.graph.observed) if mask.bit_count() > 1}
    inside = sum(open_masks)
    for node in range(known.graph.n):
        table = _table(known, node)
        if table is None and not inside >> node & 1:
            open_masks.add(1 << node)
        mechanisms.append(table or _any(known, node))
    return Scm(known.graph, known.domains, tuple(mechanisms), known.values), tuple(sorted(open_masks))


def _table(known: Known, node: int) -> Table | None:
    """P(node | its parents); None: some values of the parents never occur."""
    rows: dict[tuple[int, ...], tuple[Fraction, ...]] = {}
    parents = bits(known.graph.parents[node])
    for key in itertools.product(*[range(known.domains[parent]) for parent in parents]):
        fits = [(whole[node], p) for whole, p in known.law.items() if tuple([whole[at] for at in parents]) == key]
        whole = sum((p for _, p in fits), Fraction(0))
        if not whole:
            return None
        levels = range(known.domains[node])
        rows[key] = tuple([sum((p for at, p in fits if at == level), Fraction(0)) / whole for level in levels])
    return Table(rows)


def _any(known: Known, node: int) -> Table:
    """A table that is never read: the responses of the node are open."""
    keys = itertools.product(*[range(known.domains[parent]) for parent in bits(known.graph.parents[node])])
    row = tuple([Fraction(level == 0) for level in range(known.domains[node])])
    return Table(dict.fromkeys(keys, row), threshold=True)


def _effect(given: Given) -> Asked:
    """The average effect of X on Y; Z is the instrument, which the graph says as well."""
    known = known_of(given)
    scm, masks = model_of(known)
    for node in bits(given.nodes("Z")):
        if known.graph.parents[node]:
            raise MalformedCase(f"query: Z: {given.names[node]!r} has causes in the graph; an instrument here has none")
    return _about(given, scm, name="ate", known=known, masks=masks)


def _bounded(given: Given) -> Asked:
    """Whatever ``of`` says, or the kind of the query inside."""
    inner = given.query.get("query")
    query = mapping(inner, "query: query") if inner is not None else given.query
    name = query.get("of") or ("ate" if query.get("kind", "bounds") == "bounds" else query["kind"])
    if name not in BOTH:
        raise MalformedCase(f"query: bounds of {name!r}: known are {', '.join(BOTH)}")
    if inner is not None:
        distribution = {field: given.query[field] for field in STATED if field in given.query}
        given = Given(given.names, given.graph, given.undirected, given.scm, {**query, **distribution})
    known = known_of(given)
    scm, masks = model_of(known)
    return _about(given, scm, name=str(name), known=known, masks=masks)


def _experiments(given: Given, scm: Scm) -> tuple[tuple[World, Fraction], ...]:
    """Each ``{"do": {"X": 1}, "event": {"Y": 1}, "probability": "1/3"}`` in ``experiments``.

    Raises:
        MalformedCase: one says no such thing.
    """
    found = []
    for place, told in enumerate(given.items("experiments")):
        where = f"query: experiments[{place}]"
        one = mapping(told, where)
        do, event = (assignment(one.get(part), given.index, scm, f"{where}: {part}") for part in ("do", "event"))
        if not event:
            raise MalformedCase(
                f'{where}: write what was done, what happened and how often, as {{"do": {{"X": 1}}, '
                '"event": {"Y": 1}, "probability": "1/3"}'
            )
        given.observed({where: mask_of(node for node, _ in (*do, *event))})
        p = fraction(one.get("probability"), f"{where}: probability")
        if not 0 <= p <= 1:
            raise MalformedCase(f"{where}: probability {p} is not from 0 to 1")
        found.append((World(do, event), p))
    return tuple(found)


def _about(given: Given, scm: Scm, *, name: str, known: Known, masks: tuple[int, ...]) -> Asked:
    return replace(_stated(given, scm, name=name, known=known, masks=masks), experiments=_experiments(given, scm))


def _stated(given: Given, scm: Scm, *, name: str, known: Known, masks: tuple[int, ...]) -> Asked:
    given.observed({"X": given.nodes("X"), "Y": given.nodes("Y")})
    if name in ("pn", "ps", "pns"):
        parts, evidence, with_x, without = causes_of_effects(given, scm, name=name)
        return Asked(scm, parts, evidence, monotone(given, with_x, without=without), known.law, masks)
    if name in ("ate", "ett", "etu"):
        parts, evidence, never = _contrast(given, scm, name=name)
        return Asked(scm, parts, evidence, never, known.law, masks)
    event, do, seen = (
        assignment(given.query.get(field), given.index, scm, f"query: {field}")
        for field in ("event", "do", "evidence" if name == "counterfactual" else "given")
    )
    if not event:
        raise MalformedCase('query: event is empty; name what is asked, such as {"Y": 1}')
    never = monotone_in_what_is_done(given, scm, do=do, event=event)
    if name == "counterfactual":
        return Asked(scm, (Part(Fraction(1), (World(do, event),)),), seen, never, known.law, masks)
    if seen and do:
        raise MalformedCase("query: given beside do is not bounded here; ask a counterfactual with evidence instead")
    return Asked(scm, (Part(Fraction(1), (World(do, event),)),), seen, never, known.law, masks)


def _contrast(
    given: Given, scm: Scm, *, name: str
) -> tuple[tuple[Part, ...], Assignment, tuple[tuple[World, ...], ...]]:
    """E[Y_x1 - Y_x0], of all or of those with X = x1 or x0; and what never happens."""
    x, y = given.ends()
    (x1,), (x0,) = (
        [level for _, level in assignment({given.names[x]: told}, given.index, scm, f"query: {field}")]
        for field, told in (
            ("x1", given.query.get("x1", scm.names(x)[1])),
            ("x0", given.query.get("x0", scm.names(x)[0])),
        )
    )
    if x1 == x0:
        raise MalformedCase("query: x1 and x0 are the same value; compare two different ones")
    parts = [
        Part(sign * Fraction(value), (World(((x, level),), ((y, place),)),))
        for sign, level in ((1, x1), (-1, x0))
        for place, value in enumerate(given.numbers(scm, y))
        if value
    ]
    group: Sequence[tuple[int, int]] = () if name == "ate" else ((x, x1 if name == "ett" else x0),)
    never = never_falls(x, y, levels=(x0, x1), size=scm.domains[y]) if given.flag("monotone") else ()
    return tuple(parts), tuple(group), never


KINDS = (
    kind("iv_bounds", _effect, first=answered, second=answered_again, check=check),
    kind("bounds", _bounded, first=answered, second=answered_again, check=check),
)
