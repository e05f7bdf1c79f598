"""Formulas made shorter without changing their value in any model of a graph.

By laws of probability (a sum over all values of an event, the chain rule, equal factors above and below a line) and by
the independences of what is observed. Every rule leaves the function of the free copies as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from causal_eval.causal.formula.tree import (
    ONE,
    Difference,
    Formula,
    Prob,
    Product,
    Quotient,
    Ref,
    Sum,
    apart,
    free,
    product_of,
    refs,
    renamed,
    sum_over,
)
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.separation import reachable

ROUNDS = 8
"""How often the rules are gone through; parts of a sum may come back in another order for ever."""


def simplified(formula: Formula, g: Graph, *, asked: int) -> Formula:
    """*formula*, whose probabilities are of the nodes of *g* as they are observed, as short as the rules make it.

    The plain copies of the nodes in *asked* are free in what asks for it, so that no sum binds them.
    """
    for _ in range(ROUNDS):
        shorter = primed(_Rules(g).of(apart(formula)), asked=asked)
        if shorter == formula:
            break
        formula = shorter
    return formula


def primed(formula: Formula, *, asked: int) -> Formula:
    """*formula* with the fewest primes on its bound copies."""
    taken = refs(bits(asked))
    return apart(_bare(formula, frozenset(taken)), taken)


def _bare(formula: Formula, taken: frozenset[Ref]) -> Formula:
    """Bound copies take the plain copy of their node, or the first that is neither *taken* nor free inside."""
    match formula:
        case Sum(over, body):
            inner = _bare(body, taken)
            used = set(taken | free(inner) - set(over))
            names: dict[Ref, Ref] = {}
            for ref in sorted(over):
                names[ref] = next(one for one in _copies(ref.node) if one not in used)
                used.add(names[ref])
            return Sum(tuple(sorted(names.values())), renamed(inner, names))
        case Product(parts):
            return Product(tuple([_bare(part, taken) for part in parts]))
        case Quotient(one, other):
            return Quotient(_bare(one, taken), _bare(other, taken))
        case Difference(one, other):
            return Difference(_bare(one, taken), _bare(other, taken))
    return formula


def _copies(node: int) -> Iterable[Ref]:
    primes = 0
    while True:
        yield Ref(node, primes)
        primes += 1


class _Group(NamedTuple):
    """Factors that copies to be summed connect."""

    over: frozenset[Ref]
    parts: list[Formula]


class _Rules:
    def __init__(self, g: Graph) -> None:
        self.g = g

    def of(self, formula: Formula) -> Formula:
        match formula:
            case Prob():
                return self.pruned(formula)
            case Sum(over, body):
                return self.sum(over, self.of(body))
            case Product(parts):
                return self.product(list(map(self.of, parts)))
            case Quotient(top, bottom):
                return self.product([Quotient(self.of(top), self.of(bottom))])
            case Difference(one, other):
                return Difference(self.of(one), self.of(other))
        return formula

    def pruned(self, one: Prob) -> Prob:
        """Conditions that do not matter are dropped, those that come first first."""
        if one.do or one.domain:
            return one
        event, given = _mask(one.event), list(one.given)
        for node in self.g.topological():
            rest = [ref for ref in given if ref.node != node]
            if len(rest) < len(given) and self.apart(1 << node, event, given=_mask(rest)):
                given = rest
        return Prob(one.event, tuple(given))

    def apart(self, one: int, other: int, *, given: int) -> bool:
        """Whether the graph makes the two independent."""
        return not reachable(self.g, one, z=given) & other

    def sum(self, over: Sequence[Ref], body: Formula) -> Formula:
        """Effects are summed out before their causes; what a copy does not occur in is taken out of its sum."""
        place = {node: at for at, node in enumerate(self.g.topological())}
        top, bottom = _halves(body)
        parts = [*top, *[Quotient(ONE, part) for part in bottom]]
        left: list[Ref] = []
        for ref in sorted(over, key=lambda one: -place[one.node]):
            inside = [part for part in parts if ref in free(part)]
            gone = self.summed(ref, inside)
            if gone is None:
                left.append(ref)
            else:
                parts = [part for part in parts if part not in inside] + gone
        return self.nested(left, parts)

    def nested(self, over: Sequence[Ref], parts: Sequence[Formula]) -> Formula:
        """The sum with everything outside that need not be inside, and apart what shares no copy."""
        groups: list[_Group] = []
        for part in parts:
            group = _Group(free(part) & set(over), [part])
            for other in [one for one in groups if one.over & group.over]:
                groups.remove(other)
                group = _Group(group.over | other.over, other.parts + group.parts)
            groups.append(group)
        idle = set(over).difference(*(group.over for group in groups))
        return sum_over(tuple(idle), self.product(sum_over(tuple(one.over), self.product(one.parts)) for one in groups))

    def summed(self, ref: Ref, parts: Sequence[Formula]) -> list[Formula] | None:
        """*parts*, which hold *ref*, summed over it where that leaves no sum."""
        if len(parts) == 1 and isinstance(parts[0], Prob) and ref in parts[0].event:
            return _without(parts[0], ref)
        if len(parts) == 2 and all(isinstance(part, Prob) for part in parts):  # noqa: PLR2004 - a pair
            both = self.joined(parts[0], parts[1]) or self.joined(parts[1], parts[0])
            if both is not None and ref in both.event:
                return [self.of(one) for one in _without(both, ref)]
        return None

    def joined(self, one: Formula, other: Formula) -> Prob | None:
        """P(a | b, c) P(b | d) as P(a, b | c, d), where that is what it is."""
        if not (isinstance(one, Prob) and isinstance(other, Prob)) or one.do or other.do or one.domain != other.domain:
            return None
        everything = {*one.event, *one.given, *other.event, *other.given}
        if len({ref.node for ref in everything}) < len(everything) or {*one.event} & {*other.event, *other.given}:
            return None
        given = {*one.given, *other.given} - {*other.event}
        more, wider = _mask(given | {*other.event}) & ~_mask(one.given), _mask(given) & ~_mask(other.given)
        if more and not self.apart(more, _mask(one.event), given=_mask(one.given)):
            return None
        if wider and not self.apart(wider, _mask(other.event), given=_mask(other.given)):
            return None
        return Prob(tuple(sorted({*one.event, *other.event})), tuple(sorted(given)))

    def merged(self, parts: Sequence[Formula]) -> list[Formula]:
        """*parts* with pairs of probabilities joined by the chain rule."""
        kept = list(parts)
        for one in parts:
            for other in parts:
                if one is other or one not in kept or other not in kept:
                    continue
                both = self.joined(one, other)
                if both is not None:
                    kept = [part for part in kept if part is not one and part is not other]
                    return self.merged([*kept, self.pruned(both)])
        return kept

    def product(self, parts: Iterable[Formula]) -> Formula:
        """One line under all that is divided by."""
        halves = [_halves(part) for part in parts]
        return self.quotient([one for top, _ in halves for one in top], [one for _, below in halves for one in below])

    def quotient(self, top: Sequence[Formula], bottom: Sequence[Formula]) -> Formula:
        """What stands on both sides is cancelled; P(a, b) / P(b) is P(a | b)."""
        over, under = self.merged(top), self.merged(bottom)
        for part in tuple(under):
            if part in over:
                over.remove(part)
                under.remove(part)
                continue
            shares = [(whole, share) for whole in over if (share := self.share(whole, part)) is not None]
            if shares:
                over[over.index(shares[0][0])] = shares[0][1]
                under.remove(part)
        return Quotient(product_of(over), product_of(under)) if under else product_of(over)

    def share(self, whole: Formula, part: Formula) -> Formula | None:
        """*whole* / *part* without a line, where a factor of *whole*, inside its sum if it is one, gives it."""
        if not isinstance(whole, Sum):
            return self.ratio(whole, part)
        inside = _halves(whole.body)
        if inside.bottom or free(part) & set(whole.over):
            return None
        for place, factor in enumerate(inside.top):
            less = self.ratio(factor, part)
            if less is not None:
                return self.sum(whole.over, product_of([*inside.top[:place], less, *inside.top[place + 1 :]]))
        return None

    def ratio(self, whole: Formula, part: Formula) -> Prob | None:
        """P(a, b | c) / P(b | c) as P(a | b, c), and P(a, b | c) / P(a | b, c) as P(b | c)."""
        if not (isinstance(whole, Prob) and isinstance(part, Prob)) or whole.do or part.do:
            return None
        if whole.domain != part.domain:
            return None
        if {*part.event, *part.given} == {*whole.event, *whole.given} and {*whole.given} < {*part.given}:
            return Prob(tuple(sorted({*part.given} - {*whole.given})), whole.given)
        if not {*part.event} < {*whole.event}:
            return None
        extra = _mask(whole.given) & ~_mask(part.given)
        if not {*part.given} <= {*whole.given} or (
            extra and not self.apart(extra, _mask(part.event), given=_mask(part.given))
        ):
            return None
        event = [ref for ref in whole.event if ref not in part.event]
        return self.pruned(Prob(tuple(event), tuple(sorted({*whole.given, *part.event}))))


class _Halves(NamedTuple):
    """Factors above and below the line."""

    top: list[Formula]
    bottom: list[Formula]


def _halves(formula: Formula) -> _Halves:
    if isinstance(formula, Quotient):
        one, other = _halves(formula.top), _halves(formula.bottom)
        return _Halves(one.top + other.bottom, one.bottom + other.top)
    if not isinstance(formula, Product):
        return _Halves([formula], [])
    halves = [_halves(part) for part in formula.parts]
    return _Halves([one for top, _ in halves for one in top], [one for _, below in halves for one in below])


def _without(one: Prob, ref: Ref) -> list[Formula]:
    """*one* summed over a copy in its event."""
    left = tuple([other for other in one.event if other != ref])
    return [Prob(left, one.given, one.do, one.domain)] if left else []


def _mask(refs: Iterable[Ref]) -> int:
    mask = 0
    for ref in refs:
        mask |= 1 << ref.node
    return mask
