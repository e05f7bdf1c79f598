"""Formulas over what is observed, as trees: probabilities, products, quotients, sums; the language of estimands.

Variables are nodes. A sum binds a copy of a node, told from others by its primes: in
``sum_{Z} P(Z|X) sum_{X'} P(Y|X',Z) P(X')`` the copy X' is bound and X is free. Free copies without primes stand for
the values that are asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, TypeAlias


class Ref(NamedTuple):
    """A copy of a node, or one of its values."""

    node: int
    primes: int = 0
    value: int | None = None
    """A fixed value's position; None: a variable."""


@dataclass(frozen=True, slots=True)
class Prob:
    """P(event | given) in the world after *do*, of a domain."""

    event: tuple[Ref, ...]
    given: tuple[Ref, ...] = ()
    do: tuple[Ref, ...] = ()
    domain: str = ""
    """The name of a population in which this was measured; empty: the one that is asked about."""


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of *body* over all values of the copies *over*."""

    over: tuple[Ref, ...]
    body: Formula


@dataclass(frozen=True, slots=True)
class Product:
    """The product of *parts*; of none it is 1."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Quotient:
    """*top* / *bottom*."""

    top: Formula
    bottom: Formula


@dataclass(frozen=True, slots=True)
class Difference:
    """*first* - *second*."""

    first: Formula
    second: Formula


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: Fraction


Formula: TypeAlias = "Prob | Sum | Product | Quotient | Difference | Number"
ONE = Product(())


def refs(nodes: Iterable[int]) -> tuple[Ref, ...]:
    """The plain copies of *nodes*, ascending."""
    return tuple([Ref(node) for node in sorted(nodes)])


def product_of(parts: Iterable[Formula]) -> Formula:
    """The product, flat: a product among *parts* is taken apart, and a product of one is that one."""
    flat: list[Formula] = []
    for part in parts:
        flat += part.parts if isinstance(part, Product) else (part,)
    return flat[0] if len(flat) == 1 else Product(tuple(flat))


def sum_over(over: Iterable[Ref], body: Formula) -> Formula:
    """The sum; over nothing it is *body*, over a sum the two are one."""
    bound = tuple(sorted(over))
    if not bound:
        return body
    if isinstance(body, Sum):
        return Sum(tuple(sorted({*bound, *body.over})), body.body)
    return Sum(bound, body)


def quotient_of(top: Formula, bottom: Formula) -> Formula:
    """The quotient; by 1 it is *top*."""
    return top if bottom == ONE else Quotient(top, bottom)


def free(formula: Formula) -> frozenset[Ref]:
    """The copies in *formula* that no sum binds, fixed values left out."""
    match formula:
        case Prob(event, given, do):
            return frozenset(ref for ref in (*event, *given, *do) if ref.value is None)
        case Sum(over, body):
            return free(body) - frozenset(over)
        case Product(parts):
            return frozenset[Ref]().union(*map(free, parts))
        case Quotient(one, other) | Difference(one, other):
            return free(one) | free(other)
        case Number():
            return frozenset()


def renamed(formula: Formula, names: Mapping[Ref, Ref]) -> Formula:
    """*formula* with its free copies renamed; bound copies that would catch a new name get fresh primes."""
    match formula:
        case Prob(event, given, do, domain):
            parts = [tuple([names.get(ref, ref) for ref in part]) for part in (event, given, do)]
            return Prob(parts[0], parts[1], parts[2], domain)
        case Sum(over, body):
            inner = {ref: new for ref, new in names.items() if ref not in over and ref in free(body)}
            caught = {ref: _fresh(ref, (*inner.values(), *free(body), *over)) for ref in over if ref in inner.values()}
            bound = tuple([caught.get(ref, ref) for ref in over])
            return Sum(bound, renamed(body, {**inner, **caught}))
        case Product(parts_):
            return Product(tuple([renamed(part, names) for part in parts_]))
        case Quotient(one, other):
            return Quotient(renamed(one, names), renamed(other, names))
        case Difference(one, other):
            return Difference(renamed(one, names), renamed(other, names))
        case Number():
            return formula


def apart(formula: Formula, taken: Sequence[Ref] = ()) -> Formula:
    """*formula* with no copy that is bound inside the scope of the same copy, or free elsewhere: as it is printed."""
    match formula:
        case Sum(over, body):
            fresh: dict[Ref, Ref] = {}
            for ref in over:
                fresh[ref] = _fresh(ref, (*taken, *fresh.values())) if ref in taken else ref
            inner = renamed(body, fresh)
            return Sum(tuple(fresh.values()), apart(inner, (*taken, *fresh.values(), *free(inner))))
        case Product(parts):
            return Product(tuple([apart(part, (*taken, *free(formula))) for part in parts]))
        case Quotient(one, other):
            return Quotient(apart(one, (*taken, *free(formula))), apart(other, (*taken, *free(formula))))
        case Difference(one, other):
            return Difference(apart(one, (*taken, *free(formula))), apart(other, (*taken, *free(formula))))
    return formula


def _fresh(ref: Ref, taken: Iterable[Ref]) -> Ref:
    most = max((other.primes for other in taken if other.node == ref.node), default=-1)
    return Ref(ref.node, max(most, ref.primes) + 1)


def valued(formula: Formula, at: Mapping[Ref, int]) -> Formula:
    """*formula* with its free copies in *at* fixed at these values."""

    def fixed(copies: tuple[Ref, ...]) -> tuple[Ref, ...]:
        return tuple([Ref(ref.node, ref.primes, at[ref]) if ref in at else ref for ref in copies])

    match formula:
        case Prob(event, given, do, domain):
            return Prob(fixed(event), fixed(given), fixed(do), domain)
        case Sum(over, body):
            return Sum(over, valued(body, {ref: value for ref, value in at.items() if ref not in over}))
        case Product(parts):
            return Product(tuple([valued(part, at) for part in parts]))
        case Quotient(one, other):
            return Quotient(valued(one, at), valued(other, at))
        case Difference(one, other):
            return Difference(valued(one, at), valued(other, at))
        case Number():
            return formula
