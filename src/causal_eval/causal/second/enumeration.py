"""The law of a small model by going through everything, and what a formula is worth under it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from causal_eval.causal.formula.tree import Difference, Formula, Number, Prob, Product, Quotient, Ref, Sum
from causal_eval.causal.scm import Scm
from causal_eval.causal.second.network import Tables
from causal_eval.causal.second.reach import causal_order, members
from causal_eval.errors import MalformedCase, TooLarge

MOST_STATES = 1 << 16


class Enumeration:
    """All states of a model, after whatever is done."""

    def __init__(self, scm: Scm) -> None:
        self.scm = scm
        if math.prod(scm.domains) > MOST_STATES:
            raise TooLarge(f"the second solver goes through at most {MOST_STATES:,} states of a model")
        self._tables = Tables(scm)
        self._laws: dict[tuple[tuple[int, int], ...], list[tuple[tuple[int, ...], Fraction]]] = {}
        self._margins: dict[tuple[tuple[int, ...], tuple[tuple[int, int], ...]], dict[tuple[int, ...], Fraction]] = {}

    def law(self, do: Mapping[int, int]) -> list[tuple[tuple[int, ...], Fraction]]:
        """Every possible state with its probability."""
        key = tuple(sorted(do.items()))
        if key not in self._laws:
            self._laws[key] = list(self._states(do))
        return self._laws[key]

    def probability(self, at: Mapping[int, int], *, do: Mapping[int, int]) -> Fraction:
        """P(at | do)."""
        nodes = tuple(sorted(at))
        key = (nodes, tuple(sorted(do.items())))
        if key not in self._margins:
            self._margins[key] = found = dict[tuple[int, ...], Fraction]()
            for values, p in self.law(do):
                seen = tuple([values[node] for node in nodes])
                found[seen] = found.get(seen, Fraction(0)) + p
        return self._margins[key].get(tuple([at[node] for node in nodes]), Fraction(0))

    def worth(self, formula: Formula, at: Mapping[Ref, int]) -> Fraction:
        """The value of *formula* when its free copies are *at*, straight from what its signs mean."""
        match formula:
            case Prob():
                return self._share(formula, at)
            case Sum(over, body):
                ranges = [range(self.scm.domains[ref.node]) for ref in over]
                return sum(
                    (
                        self.worth(body, {**at, **dict(zip(over, values, strict=True))})
                        for values in itertools.product(*ranges)
                    ),
                    Fraction(0),
                )
            case Product(parts):
                return self._product(parts, at)
            case Quotient(top, bottom):
                below = self.worth(bottom, at)
                if not below:
                    raise MalformedCase("the formula divides by zero")
                return self.worth(top, at) / below
            case Difference(one, other):
                return self.worth(one, at) - self.worth(other, at)
            case Number(value):
                return value

    def _product(self, parts: Sequence[Formula], at: Mapping[Ref, int]) -> Fraction:
        """The product; one that is zero makes it zero, also beside what is not defined there."""
        found: list[Fraction] = []
        undefined: MalformedCase | None = None
        for part in parts:
            try:
                found.append(self.worth(part, at))
            except MalformedCase as error:
                undefined = error
        if undefined is not None and all(found):
            raise undefined
        return math.prod(found, start=Fraction(1)) if undefined is None else Fraction(0)

    def _share(self, one: Prob, at: Mapping[Ref, int]) -> Fraction:
        done, given, event = (_read(part, at) for part in (one.do, one.given, (*one.given, *one.event)))
        if done is None or given is None:
            raise MalformedCase("the formula conditions on what cannot be")
        whole = self.probability(given, do=done)
        if not whole:
            raise MalformedCase("the formula divides by a probability of zero")
        return Fraction(0) if event is None else self.probability(event, do=done) / whole

    def _states(self, do: Mapping[int, int]) -> Iterator[tuple[tuple[int, ...], Fraction]]:
        graph = self.scm.graph
        states: list[tuple[dict[int, int], Fraction]] = [({}, Fraction(1))]
        for node in causal_order(graph):
            grown: list[tuple[dict[int, int], Fraction]] = []
            for at, p in states:
                if node in do:
                    grown.append(({**at, node: do[node]}, p))
                    continue
                table = self._tables.of(node)
                row = table.rows[tuple([at[cause] for cause in members(graph.parents[node])])]
                grown += [
                    ({**at, node: value}, p * weight / table.denominator) for value, weight in enumerate(row) if weight
                ]
            states = grown
        for at, p in states:
            yield tuple([at[node] for node in range(graph.n)]), p


def _read(refs: Sequence[Ref], at: Mapping[Ref, int]) -> dict[int, int] | None:
    """Node -> value; None where a node would have two."""
    found: dict[int, int] = {}
    for ref in refs:
        value = at[ref] if ref.value is None else ref.value
        if found.setdefault(ref.node, value) != value:
            return None
    return found


def nodes_in(formula: Formula) -> int:
    """The mask of the nodes that *formula* speaks of."""
    match formula:
        case Prob(event, given, do):
            return sum({1 << ref.node for ref in (*event, *given, *do)})
        case Sum(over, body):
            return nodes_in(body) | sum({1 << ref.node for ref in over})
        case Product(parts):
            found = 0
            for part in parts:
                found |= nodes_in(part)
            return found
        case Quotient(one, other) | Difference(one, other):
            return nodes_in(one) | nodes_in(other)
    return 0


def free_in(formula: Formula) -> set[Ref]:
    """The copies in *formula* that stand for a value that no sum runs over."""
    match formula:
        case Prob(event, given, do):
            return {ref for ref in (*event, *given, *do) if ref.value is None}
        case Sum(over, body):
            return free_in(body) - {*over}
        case Product(parts):
            return {ref for part in parts for ref in free_in(part)}
        case Quotient(one, other) | Difference(one, other):
            return free_in(one) | free_in(other)
    return set()
