"""What a formula is worth in a model, exactly: factors over copies of nodes, multiplied and summed out."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from causal_eval.causal.formula.tree import Difference, Formula, Number, Prob, Product, Quotient, Ref, Sum
from causal_eval.causal.mechanism import compile_mechanism
from causal_eval.causal.query import Assignment
from causal_eval.causal.scm import Scm
from causal_eval.errors import MalformedCase, TooLarge

LARGEST_FACTOR = 1 << 18
"""Entries of a table that is held at once."""
_Rows = Mapping[tuple[int, ...], Fraction]
_NOTHING = Fraction(0)
_Some: TypeAlias = "Fraction | None"


@dataclass(frozen=True, slots=True)
class Factor:
    """A function of copies: their values, in the order of *scope*, -> a number; absent: 0 / 0, never asked for."""

    scope: tuple[Ref, ...]
    rows: _Rows

    def at(self, values: Mapping[Ref, int]) -> Fraction:
        """The number at *values*.

        Raises:
            MalformedCase: the formula divides by zero there.
        """
        key = tuple([values[ref] for ref in self.scope])
        if key not in self.rows:
            raise MalformedCase("the formula divides by a probability of zero")
        return self.rows[key]


class Laws:
    """What is known of each domain: the joint law of the observed nodes, after whatever intervention.

    Made of a model for each domain, all with the same nodes.
    """

    def __init__(self, models: Mapping[str, Scm]) -> None:
        self.models = models
        self._joints: dict[tuple[str, Assignment], _Rows] = {}
        self._margins: dict[tuple[str, Assignment, tuple[int, ...]], _Rows] = {}

    def size(self, node: int) -> int:
        """How many values *node* has."""
        return next(iter(self.models.values())).domains[node]

    def marginal(self, domain: str, nodes: tuple[int, ...], *, do: Assignment) -> _Rows:
        """P(nodes | do) by the nodes' values, kept.

        Raises:
            MalformedCase: there is no such domain. TooLarge: the model has too many joint values.
        """
        if (domain, do, nodes) not in self._margins:
            found: dict[tuple[int, ...], Fraction] = {}
            for values, p in self._joint(domain, do).items():
                key = tuple([values[node] for node in nodes])
                found[key] = found[key] + p if key in found else p
            self._margins[domain, do, nodes] = found
        return self._margins[domain, do, nodes]

    def probability(self, domain: str, values: Mapping[int, int] | None, *, do: Assignment) -> Fraction:
        """P(values | do); of None, which no world has, 0."""
        if values is None:
            return Fraction(0)
        nodes = tuple(sorted(values))
        key = tuple([values[node] for node in nodes])
        return self.marginal(domain, nodes, do=do).get(key, Fraction(0))

    def _joint(self, domain: str, do: Assignment) -> _Rows:
        if (domain, do) not in self._joints:
            if domain not in self.models:
                raise MalformedCase(f"formula: no domain {domain!r}; known are {', '.join(map(repr, self.models))}")
            self._joints[domain, do] = joint(self.models[domain], dict(do))
        return self._joints[domain, do]


def joint(scm: Scm, do: Mapping[int, int]) -> dict[tuple[int, ...], Fraction]:
    """The positive entries of the joint law of all nodes after the intervention *do*, causes drawn first.

    Raises:
        TooLarge: more than 262,144 of them.
    """
    worlds: list[tuple[dict[int, int], int]] = [({}, 1)]
    below = 1
    for node in scm.graph.topological():
        if node in do:
            worlds = [({**values, node: do[node]}, weight) for values, weight in worlds]
            continue
        law = compile_mechanism(scm, node)
        below *= law.denominator
        place = {key: row for row, key in enumerate(_keys(scm, law.parents))}
        worlds = [
            ({**values, node: value}, weight * top)
            for values, weight in worlds
            for value, top in enumerate(law.rows[place[tuple([values[parent] for parent in law.parents])]])
            if top
        ]
        if len(worlds) > LARGEST_FACTOR:
            raise TooLarge(f"the model has over {LARGEST_FACTOR:,} joint values; ask about fewer nodes")
    return {tuple([values[node] for node in range(scm.graph.n)]): Fraction(weight, below) for values, weight in worlds}


def value_of(formula: Formula, laws: Laws) -> Factor:
    """*formula* as a function of its free copies.

    Raises:
        MalformedCase: an unknown domain. TooLarge: a table would have more than 262,144 entries.
    """
    match formula:
        case Prob():
            return _probability(formula, laws)
        case Sum(over, body):
            parts = body.parts if isinstance(body, Product) else (body,)
            return _eliminated([value_of(part, laws) for part in parts], over, laws=laws)
        case Product(parts):
            return _eliminated([value_of(part, laws) for part in parts], (), laws=laws)
        case Quotient(top, bottom):
            return _both(value_of(top, laws), value_of(bottom, laws), laws=laws, how=_over)
        case Difference(first, second):
            return _both(value_of(first, laws), value_of(second, laws), laws=laws, how=_less)
        case Number(value):
            return Factor((), {(): value})


def _probability(one: Prob, laws: Laws) -> Factor:
    """P(event | given, do) where the condition is possible."""
    scope = tuple(dict.fromkeys(ref for ref in (*one.event, *one.given, *one.do) if ref.value is None))
    _bounded(scope, laws)
    if not one.do and len({ref.node for ref in (*one.event, *one.given)}) == len(one.event) + len(one.given):
        return Factor(scope, _observed(one, scope, laws=laws))
    rows: dict[tuple[int, ...], Fraction] = {}
    for key in itertools.product(*[range(laws.size(ref.node)) for ref in scope]):
        at = dict(zip(scope, key, strict=True))
        do = tuple(sorted({ref.node: _value(ref, at) for ref in one.do}.items()))
        if whole := laws.probability(one.domain, _values(one.given, at), do=do):
            rows[key] = laws.probability(one.domain, _values((*one.event, *one.given), at), do=do) / whole
    return Factor(scope, rows)


def _observed(one: Prob, scope: Sequence[Ref], *, laws: Laws) -> dict[tuple[int, ...], Fraction]:
    """The rows where nothing is done and no node is named twice: looked up, as most of a formula is of this kind."""
    both, given = (
        _Lookup.of(refs, one.domain, scope=scope, laws=laws) for refs in ((*one.event, *one.given), one.given)
    )
    keys = itertools.product(*[range(laws.size(ref.node)) for ref in scope])
    return {key: both.at(key) / whole for key in keys if (whole := given.at(key))}


@dataclass(frozen=True, slots=True)
class _Lookup:
    """P(refs) for values of free copies."""

    rows: _Rows
    places: tuple[int, ...]
    """Of each node's value among those of the free copies, which *fixed* ones follow."""
    fixed: tuple[int, ...]

    @classmethod
    def of(cls, refs: Sequence[Ref], domain: str, *, scope: Sequence[Ref], laws: Laws) -> _Lookup:
        """Of *refs*, whose nodes differ."""
        ordered = sorted(refs, key=lambda ref: ref.node)
        fixed = [ref.value for ref in ordered if ref.value is not None]
        known = {ref: place for place, ref in enumerate((*scope, *(ref for ref in ordered if ref.value is not None)))}
        rows = laws.marginal(domain, tuple([ref.node for ref in ordered]), do=())
        return cls(rows, tuple([known[ref] for ref in ordered]), tuple(fixed))

    def at(self, key: tuple[int, ...]) -> Fraction:
        """The probability there; what no world has, 0."""
        values = key + self.fixed
        return self.rows.get(tuple([values[place] for place in self.places]), _NOTHING)


def _values(refs: Iterable[Ref], at: Mapping[Ref, int]) -> dict[int, int] | None:
    """Node -> value; None where one node has two."""
    found: dict[int, int] = {}
    for ref in refs:
        value = _value(ref, at)
        if found.setdefault(ref.node, value) != value:
            return None
    return found


def _value(ref: Ref, at: Mapping[Ref, int]) -> int:
    return at[ref] if ref.value is None else ref.value


def _eliminated(factors: list[Factor], over: Sequence[Ref], *, laws: Laws) -> Factor:
    """The product of *factors*, summed over *over*, cheapest first."""
    left = list(over)
    while left:
        ref = min(left, key=lambda one: _cost(factors, one, laws=laws))
        left.remove(ref)
        touched = [factor for factor in factors if ref in factor.scope]
        factors = [factor for factor in factors if ref not in factor.scope]
        factors.append(_summed(_multiplied(touched, laws=laws), ref, laws=laws))
    return _multiplied(factors, laws=laws)


def _cost(factors: Sequence[Factor], ref: Ref, *, laws: Laws) -> int:
    scope = {one for factor in factors if ref in factor.scope for one in factor.scope}
    return math.prod(laws.size(one.node) for one in scope)


def _multiplied(factors: Sequence[Factor], *, laws: Laws) -> Factor:
    if not factors:
        return Factor((), {(): Fraction(1)})
    found, *others = factors
    for factor in others:
        found = _both(found, factor, laws=laws, how=_times)
    return found


def _summed(factor: Factor, ref: Ref, *, laws: Laws) -> Factor:
    """A sum over a copy that nothing depends on counts its values."""
    if ref not in factor.scope:
        times = laws.size(ref.node)
        return Factor(factor.scope, {key: value * times for key, value in factor.rows.items()})
    place = factor.scope.index(ref)
    rows: dict[tuple[int, ...], Fraction] = {}
    parts: dict[tuple[int, ...], int] = {}
    for key, value in factor.rows.items():
        rest = key[:place] + key[place + 1 :]
        rows[rest] = rows[rest] + value if rest in rows else value
        parts[rest] = parts.get(rest, 0) + 1
    whole = laws.size(ref.node)
    kept = {key: value for key, value in rows.items() if parts[key] == whole}
    return Factor(factor.scope[:place] + factor.scope[place + 1 :], kept)


def _both(one: Factor, other: Factor, *, laws: Laws, how: Callable[[_Some, _Some], _Some]) -> Factor:
    """The two put together wherever *how* says a number."""
    scope = tuple(dict.fromkeys((*one.scope, *other.scope)))
    _bounded(scope, laws)
    rows: dict[tuple[int, ...], Fraction] = {}
    own, others = ([scope.index(ref) for ref in factor.scope] for factor in (one, other))
    for key in itertools.product(*[range(laws.size(ref.node)) for ref in scope]):
        first = one.rows.get(tuple([key[place] for place in own]))
        found = how(first, other.rows.get(tuple([key[place] for place in others])))
        if found is not None:
            rows[key] = found
    return Factor(scope, rows)


def _times(one: _Some, other: _Some) -> _Some:
    """0 times what is conditioned on the impossible is 0."""
    if one is None or other is None:
        return Fraction(0) if 0 in (one, other) else None
    return one * other


def _over(one: _Some, other: _Some) -> _Some:
    return one / other if one is not None and other else None


def _less(one: _Some, other: _Some) -> _Some:
    return None if one is None or other is None else one - other


def _bounded(scope: Sequence[Ref], laws: Laws) -> None:
    if (size := math.prod(laws.size(ref.node) for ref in scope)) > LARGEST_FACTOR:
        raise TooLarge(f"the formula needs a table of {size:,} entries; the most is {LARGEST_FACTOR:,}")


def _keys(scm: Scm, parents: Sequence[int]) -> Iterable[tuple[int, ...]]:
    return itertools.product(*[range(scm.domains[parent]) for parent in parents])
