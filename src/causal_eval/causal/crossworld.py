"""Probabilities of counterfactual events from experiments: ID* and IDC* by counterfactual factors.

Shpitser and Pearl 2008, "Complete identification methods for the causal hierarchy" (ID*, figure 9; IDC*, figure 10),
in the form of Correa, Lee and Bareinboim 2021, "Nested counterfactual identification from arbitrary surrogate
experiments" (theorems 1 to 4): every copy of a node is what it does when its parents have the values of their own
copies; copies with one node and one set of parents' values are the same; the factors are the districts of what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from causal_eval.causal.estimands import estimand_of
from causal_eval.causal.formula.tree import (
    Formula,
    Number,
    Prob,
    Product,
    Quotient,
    Ref,
    Sum,
    free,
    product_of,
    quotient_of,
    renamed,
    sum_over,
)
from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.identify import Hedge
from causal_eval.causal.query import Assignment
from causal_eval.causal.sampled import Effect


class Term(NamedTuple):
    """A node has a value in the world after an intervention; without a value it may have any."""

    node: int
    value: int | None
    do: Assignment = ()


class Conflict(NamedTuple):
    """A factor that no experiment measures: it asks one node for two values at once."""

    node: int
    district: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Copy:
    """What a node does in one or several worlds that agree on its parents."""

    node: int
    ref: Ref
    """Its value: a fixed one, or the name by which it is summed over."""
    causes: Mapping[int, Ref]
    """The values of its parents."""
    parents: tuple[int, ...]
    """The places of the copies among them that were not set."""
    places: frozenset[int]
    """The places of the terms that are about it."""


def counterfactual(g: Graph, event: Sequence[Term], *, given: Sequence[Term] = ()) -> Formula | Conflict:
    """P(event | given) over interventional distributions, 0 where it cannot be, or what forbids a formula.

    Raises:
        ZeroDivisionError: what is given contradicts itself.
    """
    if copies_of(g, given) is None:
        raise ZeroDivisionError
    copies = copies_of(g, (*event, *given))
    if copies is None:
        return Number(Fraction(0))
    told = {place for copy in copies if max(copy.places, default=0) >= len(event) for place in copy.places}
    if any(place in told for place in range(len(event))):  # what is asked about is given in other words
        rest = [term for place, term in enumerate(event) if place not in told]
        return counterfactual(g, rest, given=given) if rest else Number(Fraction(1))
    parts = _about(g, copies, outcomes=range(len(event)), count=len(event) + len(given))
    top = _factors(g, [copies[place] for place in parts])
    if isinstance(top, Conflict) or not given:
        return top
    free = [term._replace(value=None) for term in event]
    loose = copies_of(g, (*free, *given))
    assert loose is not None, "fewer values contradict less"
    kept = _about(g, loose, outcomes=range(len(event)), count=len(event) + len(given))
    bottom = _factors(g, [loose[place] for place in _above(loose, kept, least=len(event))])
    return bottom if isinstance(bottom, Conflict) else quotient_of(top, bottom)


def copies_of(g: Graph, terms: Sequence[Term]) -> list[Copy] | None:
    """The counterfactual ancestors of *terms*, causes first; None where they contradict themselves."""
    wanted: dict[tuple[int, Assignment], set[int]] = {}
    for place, term in enumerate(terms):
        forced = dict(term.do)
        if term.node in forced:  # effectiveness
            if term.value not in (None, forced[term.node]):
                return None
            continue
        _collect(g, term.node, do=term.do, wanted=wanted)
        wanted[term.node, _minimal(g, term.node, do=term.do)].add(place)
    copies: list[Copy] = []
    at: dict[tuple[int, Assignment], int] = {}
    for node in g.topological():
        groups: dict[tuple[tuple[int, Ref], ...], list[tuple[int, Assignment]]] = {}
        for key in sorted(one for one in wanted if one[0] == node):
            groups.setdefault(_inputs(g, key, copies=copies, at=at), []).append(key)
        summed = 0
        for inputs, keys in groups.items():
            places = frozenset().union(*(wanted[key] for key in keys))
            values = {terms[place].value for place in places} - {None}
            if len(values) > 1:
                return None
            ref = Ref(node, 0, values.pop()) if values else Ref(node, summed)
            summed += ref.value is None
            parents = {at[cause, _minimal(g, cause, do=do)] for _, do in keys for cause in _unset(g, node, do=do)}
            for key in keys:
                at[key] = len(copies)
            copies.append(Copy(node, ref, dict(inputs), tuple(sorted(parents)), places))
    return copies


def _collect(g: Graph, node: int, *, do: Assignment, wanted: dict[tuple[int, Assignment], set[int]]) -> None:
    """Note *node* in the world after *do*, and everything that it listens to there."""
    key = (node, _minimal(g, node, do=do))
    if key in wanted:
        return
    wanted[key] = set()
    for cause in _unset(g, node, do=do):
        _collect(g, cause, do=do, wanted=wanted)


def _minimal(g: Graph, node: int, *, do: Assignment) -> Assignment:
    """The part of *do* that *node* hears of."""
    forced = dict(do)
    reached = stack = 1 << node
    while stack:
        one = bits(stack)[0]
        stack ^= 1 << one
        if one not in forced:
            stack |= g.parents[one] & ~reached
            reached |= g.parents[one]
    return tuple([pair for pair in do if reached >> pair[0] & 1])


def _unset(g: Graph, node: int, *, do: Assignment) -> list[int]:
    forced = dict(do)
    return [cause for cause in bits(g.parents[node]) if cause not in forced]


def _inputs(
    g: Graph, key: tuple[int, Assignment], *, copies: Sequence[Copy], at: Mapping[tuple[int, Assignment], int]
) -> tuple[tuple[int, Ref], ...]:
    """The values of the parents of a copy."""
    node, do = key
    forced = dict(do)
    found = []
    for cause in bits(g.parents[node]):
        if cause in forced:
            found.append((cause, Ref(cause, 0, forced[cause])))
        else:
            found.append((cause, copies[at[cause, _minimal(g, cause, do=do)]].ref))
    return tuple(found)


def _about(g: Graph, copies: Sequence[Copy], *, outcomes: range, count: int) -> list[int]:
    """The places of the copies in the ancestral components of the outcomes: edges out of what is given are cut."""
    seen = range(outcomes.stop, count)
    fixed = {place for place, copy in enumerate(copies) if copy.places & {*seen}}
    linked: list[set[int]] = [set() for _ in copies]
    for place, copy in enumerate(copies):
        near = {other for other in copy.parents if other not in fixed}
        near |= {other for other, twin in enumerate(copies[:place]) if _together(g, copy, other=twin)}
        for other in near:
            linked[place].add(other)
            linked[other].add(place)
    reached = {place for place, copy in enumerate(copies) if copy.places & {*outcomes}}
    stack = list(reached)
    while stack:
        fresh = linked[stack.pop()] - reached
        reached |= fresh
        stack += fresh
    return sorted(reached)


def _above(copies: Sequence[Copy], kept: Iterable[int], *, least: int) -> list[int]:
    """Of *kept* what the copies of terms from place *least* on listen to, and those copies."""
    inside = set(kept)
    fixed = {place for place in inside if any(one >= least for one in copies[place].places)}
    reached, stack = set(fixed), list(fixed)
    while stack:
        fresh = {one for one in copies[stack.pop()].parents if one in inside} - reached
        reached |= fresh
        stack += fresh
    return sorted(reached)


def _together(g: Graph, one: Copy, *, other: Copy) -> bool:
    """Whether two copies share noise."""
    return one.node == other.node or bool(g.bidirected[one.node] >> other.node & 1)


def _factors(g: Graph, copies: Sequence[Copy]) -> Formula | Conflict:
    """The sum over what has no value of the product of the districts' factors."""
    parts: list[Formula] = []
    for district in _districts(g, copies):
        factor = _factor(district)
        if isinstance(factor, Conflict):
            return factor
        parts.append(factor)
    return sum_over([copy.ref for copy in copies if copy.ref.value is None], product_of(parts))


def _districts(g: Graph, copies: Sequence[Copy]) -> list[list[Copy]]:
    groups: list[list[Copy]] = []
    for copy in copies:
        near = [group for group in groups if any(_together(g, copy, other=other) for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append([one for group in near for one in group] + [copy])
    return groups


def _factor(district: Sequence[Copy]) -> Prob | Conflict:
    """P(what the copies are | do what their parents are), unless a node would have two values."""
    asked = {copy.node: copy.ref for copy in district}
    where = tuple(sorted({copy.node for copy in district}))
    known = dict(asked)
    for copy in district:
        if asked[copy.node] != copy.ref:
            return Conflict(copy.node, where)
        for cause, ref in copy.causes.items():
            if known.setdefault(cause, ref) != ref:
                return Conflict(cause, where)
    done = tuple([known[node] for node in sorted(known) if node not in asked])
    return Prob(tuple([asked[node] for node in where]), (), done)


def nodes_of(terms: Iterable[Term]) -> int:
    """The nodes that *terms* are about or set."""
    return mask_of({node for term in terms for node in (term.node, *dict(term.do))})


def in_observation(g: Graph, formula: Formula) -> Formula | None:
    """*formula* with every experiment in it replaced by an estimand from what is observed; None where one has none."""
    match formula:
        case Prob():
            return _observed(g, formula) if formula.do else formula
        case Sum(over, body):
            inner = in_observation(g, body)
            return None if inner is None else sum_over(over, inner)
        case Product(parts):
            whole = [in_observation(g, part) for part in parts]
            return None if None in whole else product_of(part for part in whole if part is not None)
        case Quotient(top, bottom):
            one, other = in_observation(g, top), in_observation(g, bottom)
            return None if one is None or other is None else quotient_of(one, other)
    return formula


def _observed(g: Graph, one: Prob) -> Formula | None:
    """An interventional probability from what is observed; what any value may be put in for is 0."""
    values = {Ref(ref.node): ref for ref in (*one.event, *one.do)}
    asked = Effect(mask_of(ref.node for ref in one.do), mask_of(ref.node for ref in one.event))
    found = estimand_of(g, asked)
    if isinstance(found, Hedge):
        return None
    values |= {ref: Ref(ref.node, 0, 0) for ref in free(found.formula) if ref not in values}
    return renamed(found.formula, values)
