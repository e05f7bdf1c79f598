"""Sharp bounds: the least and the greatest value of a counterfactual over every model that fits what is stated.

What is open are *districts*: nodes that share a latent common cause, and single nodes whose table does not say how one
unit responds to two rows. A model gives each district a law over its response functions (Balke and Pearl 1994); what is
stated are linear equations of that law, and a counterfactual is linear in the law of each district. One open district
makes it a linear programme; of several, all but one are put into every corner in turn, which is enough because the
extremes of a function that is linear in each lie in corners.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.mechanism import is_determinate
from causal_eval.causal.nested import Copy, Literal, Network, Value
from causal_eval.causal.scm import Mechanism, Scm, Table
from causal_eval.causal.simplex import Optimum, Programme, corners, minimum
from causal_eval.errors import MalformedCase, TooLarge

MOST_TYPES = 1 << 10
"""Response functions of one district."""
MOST_COMBINATIONS = 1 << 13
"""Response functions of all open districts together."""
MOST_CORNERS = 500
"""Corners of all open districts but the largest, together: each is a linear programme."""

Key: TypeAlias = "tuple[int, ...]"
Law: TypeAlias = "Mapping[Key, Fraction]"
Response: TypeAlias = "Mapping[Key, int]"
"""Values of the parents -> value."""


@dataclass(frozen=True, slots=True)
class District:
    """Nodes whose response to their parents is open, and what is stated of it."""

    nodes: tuple[int, ...]
    types: tuple[tuple[Response, ...], ...]
    """For every type the response of every node."""
    rows: tuple[tuple[Fraction, ...], ...]
    right: tuple[Fraction, ...]
    """Equations of the types' probabilities."""


class Term(NamedTuple):
    """A weight times the probability that all literals hold."""

    weight: Fraction
    literals: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """The sum of *terms*, given that *given* holds, where what is in *never* has probability 0."""

    network: Network
    terms: tuple[Term, ...]
    given: tuple[Literal, ...] = ()
    never: tuple[tuple[Literal, ...], ...] = ()

    @property
    def events(self) -> Iterator[tuple[Literal, ...]]:
        """What has to hold together, of each probability that matters."""
        for term in self.terms:
            yield (*term.literals, *self.given)
        yield from self.never


@dataclass(frozen=True, slots=True)
class Extreme:
    """One end of the bounds: its value, and the law of every district that takes it."""

    value: Fraction
    laws: tuple[tuple[Fraction, ...], ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Both ends, and the districts that were open."""

    low: Extreme
    high: Extreme
    districts: tuple[District, ...]


def bounds(question: Question, districts: Sequence[District]) -> Bounds:
    """The sharp bounds.

    Raises:
        MalformedCase: no model fits what is stated, or what is given has probability 0. TooLarge: too many responses.
    """
    if math.prod(len(one.types) for one in districts) > MOST_COMBINATIONS:
        raise TooLarge(f"over {MOST_COMBINATIONS:,} joint responses; ask about fewer nodes, or state equations")
    table = _Coefficients(question, districts)
    low, high = (table.extreme(sign) for sign in (1, -1))
    return Bounds(low, high, tuple(districts))


def worth(question: Question, districts: Sequence[District], *, laws: Sequence[Sequence[Fraction]]) -> Fraction | None:
    """The value when the districts have these *laws*; None: what is given, or never happens, is not as it should be."""
    table = _Coefficients(question, districts)
    sums = [Fraction(0)] * len(table.weights[0])
    for chosen, weights in zip(table.combinations, table.weights, strict=True):
        share = math.prod((law[at] for law, at in zip(laws, chosen, strict=True)), start=Fraction(1))
        sums = [total + share * weight for total, weight in zip(sums, weights, strict=True)]
    value, whole, *never = sums
    return value / whole if whole and not any(never) else None


def coupled_nodes(question: Question) -> list[tuple[int, tuple[Key, ...]]]:
    """The nodes with a mere table of which one event needs several copies, each with the rows that these may read."""
    network, several = question.network, set[int]()
    rows: dict[int, set[Key]] = {}
    for event in question.events:
        copies = _copies_of(network, event)
        for number in copies:
            rows.setdefault(network.homes[number].node, set()).update(_rows_of(network, number))
        count = Counter(network.homes[number].node for number in copies)
        several |= {node for node, times in count.items() if times > 1 and not is_determinate(network.scm, node)}
    return [(node, tuple(sorted(rows[node]))) for node in sorted(several)]


def _copies_of(network: Network, event: Sequence[Literal]) -> set[int]:
    """The copies on which the event depends."""
    found: set[int] = set()
    stack = [source.number for source, _ in event if isinstance(source, Copy)]
    while stack:
        number = stack.pop()
        if number not in found:
            found.add(number)
            stack += [source.number for source in network.homes[number].sources if isinstance(source, Copy)]
    return found


def _rows_of(network: Network, number: int) -> Iterator[Key]:
    """The rows of its table that the copy may read."""
    home = network.homes[number]
    parents = bits(network.scm.graph.parents[home.node])
    levels = [
        (source.level,) if isinstance(source, Value) else range(network.scm.domains[parent])
        for parent, source in zip(parents, home.sources, strict=True)
    ]
    return itertools.product(*levels)


def single(scm: Scm, node: int, *, rows: Sequence[Key]) -> District:
    """The district of one node whose table states the law of each of *rows* alone.

    Raises:
        TooLarge: more than 1,024 response functions.
    """
    mechanism = scm.mechanisms[node]
    assert isinstance(mechanism, Table), "only a table leaves its responses open"
    size = scm.domains[node]
    _bounded(size ** len(rows))
    types = tuple((dict(zip(rows, way, strict=True)),) for way in itertools.product(range(size), repeat=len(rows)))
    told = [(row, level) for row in rows for level in range(size)]
    equations = tuple(tuple(Fraction(one[0][row] == level) for one in types) for row, level in told)
    return District((node,), types, equations, tuple(mechanism.rows[row][level] for row, level in told))


def confounded(graph: Graph, domains: Sequence[int], *, nodes: int, law: Law) -> District:
    """The district *nodes* of which the joint law of all observed nodes is known (Tian and Pearl 2002, lemma 1).

    Raises:
        TooLarge: more than 1,024 joint response functions. MalformedCase: the law contradicts the graph.
    """
    inside = [node for node in graph.topological() if nodes >> node & 1]
    parents = [bits(graph.parents[node]) for node in inside]
    keys = [list(itertools.product(*[range(domains[parent]) for parent in one])) for one in parents]
    _bounded(math.prod(domains[node] ** len(one) for node, one in zip(inside, keys, strict=True)))
    ways = [
        [dict(zip(one, way, strict=True)) for way in itertools.product(range(domains[node]), repeat=len(one))]
        for node, one in zip(inside, keys, strict=True)
    ]
    types = tuple(itertools.product(*ways))
    outer = sorted({parent for one in parents for parent in one if not nodes >> parent & 1})
    factor = _factor(graph, domains, inside=inside, outer=outer, law=law)
    equations, right = [], []
    for (given, own), p in sorted(factor.items()):
        fixed = dict(zip(outer, given, strict=True))
        equations.append(tuple(Fraction(_responds(inside, parents, one=one, fixed=fixed) == own) for one in types))
        right.append(p)
    if not equations:  # nothing was seen: that it is a law is all that is known
        equations, right = [(Fraction(1),) * len(types)], [Fraction(1)]
    return District(tuple(inside), types, tuple(equations), tuple(right))


def with_experiments(
    network: Network, districts: Sequence[District], *, told: Sequence[tuple[tuple[Literal, ...], Fraction]]
) -> list[District]:
    """*districts* with an equation for each probability of literals that an experiment told.

    Raises:
        TooLarge: one of them hangs on two districts, of whose laws it is no linear equation.
        MalformedCase: one contradicts what is stated.
    """
    found = list(districts)
    for event, p in told:
        nodes = {network.homes[number].node for number in _copies_of(network, event)}
        touched = [place for place, one in enumerate(found) if nodes & {*one.nodes}]
        if len(touched) > 1:
            raise TooLarge(
                "an experiment's outcome hangs on two open districts; experiments are taken where one is open"
            )
        part = [found[place] for place in touched]
        row = tuple(
            [weight[0] for weight in _Coefficients(Question(network, (Term(Fraction(1), event),)), part).weights]
        )
        if not touched and row != (p,):
            raise MalformedCase(f"an experiment is said to give {p}, from the rest of the case follows {row[0]}")
        for place, one in zip(touched, part, strict=True):
            found[place] = replace(one, rows=(*one.rows, row), right=(*one.right, p))
    return found


def _responds(
    inside: Sequence[int], parents: Sequence[Sequence[int]], *, one: Sequence[Response], fixed: Mapping[int, int]
) -> Key:
    """The values of the district's nodes, in causal order, when its outer parents are *fixed*."""
    values = dict(fixed)
    for node, above, response in zip(inside, parents, one, strict=True):
        values[node] = response[tuple([values[parent] for parent in above])]
    return tuple([values[node] for node in inside])


def _factor(
    graph: Graph, domains: Sequence[int], *, inside: Sequence[int], outer: Sequence[int], law: Law
) -> dict[tuple[Key, Key], Fraction]:
    """Q[inside] for the values of *outer*: the product of P(v | all before v) over its nodes."""
    order = [node for node in graph.topological() if graph.observed >> node & 1]
    before = {node: order[: order.index(node)] for node in inside}
    known: dict[tuple[int, ...], dict[Key, Fraction]] = {}

    def margin(nodes: Sequence[int], values: Key) -> Fraction:
        names = tuple(nodes)
        if names not in known:
            table = known.setdefault(names, {})
            for whole, p in law.items():
                key = tuple([whole[node] for node in names])
                table[key] = table.get(key, Fraction(0)) + p
        return known[names].get(tuple([values[node] for node in names]), Fraction(0))

    found: dict[tuple[Key, Key], Fraction] = {}
    known_values: list[tuple[Key, Fraction]] = []
    last = max(order.index(node) for node in inside) + 1
    for values in _assignments(graph, domains):
        p = Fraction(1)
        for node in inside:
            if p and (whole := margin(before[node], values)):
                p *= margin((*before[node], node), values) / whole
            elif p:
                break  # never seen: nothing is known of it
        else:
            known_values.append((values, p))
    for values, p in known_values:
        key = (tuple([values[node] for node in outer]), tuple([values[node] for node in inside]))
        if found.setdefault(key, p) != p:
            raise MalformedCase(f"the probabilities contradict the graph: nodes {order[:last]} are not as it says")
    return found


def _assignments(graph: Graph, domains: Sequence[int]) -> Iterator[Key]:
    """Every joint value of the observed nodes, also of those that never take it; latent places hold 0."""
    return itertools.product(*[range(domains[node] if graph.observed >> node & 1 else 1) for node in range(graph.n)])


class _Coefficients:
    """The probability of each part of a question for every combination of types."""

    def __init__(self, question: Question, districts: Sequence[District]) -> None:
        self.question, self.districts = question, districts
        self.combinations = list(itertools.product(*[range(len(one.types)) for one in districts]))
        self.weights = [self._weights(chosen) for chosen in self.combinations]

    def _weights(self, chosen: Sequence[int]) -> tuple[Fraction, ...]:
        """The sum of the terms, what is given, and each that never is, when the districts have the *chosen* types."""
        scm = self.question.network.scm
        mechanisms: list[Mechanism] = list(scm.mechanisms)
        for district, number in zip(self.districts, chosen, strict=True):
            for node, response in zip(district.nodes, district.types[number], strict=True):
                mechanisms[node] = _sure(scm, node, response=response)
        network = self.question.network.with_model(replace(scm, mechanisms=tuple(mechanisms)))
        given = network.weight(self.question.given)
        terms = [term.weight * network.weight((*term.literals, *self.question.given)) for term in self.question.terms]
        return (sum(terms, Fraction(0)), given, *[network.weight(one) for one in self.question.never])

    def extreme(self, sign: int) -> Extreme:
        """The least (*sign* 1) or greatest (-1) value."""
        if not self.districts:
            value, whole, *never = self.weights[0]
            if any(never):
                raise _contradicted()
            if not whole:
                raise _impossible()
            return Extreme(value / whole, ())
        main = max(range(len(self.districts)), key=lambda place: len(self.districts[place].types))
        others = [one for place, one in enumerate(self.districts) if place != main]
        every = [_corners(district) for district in others]
        if (count := math.prod(map(len, every))) > MOST_CORNERS:
            raise TooLarge(f"{count:,} corners of what is open; the most is {MOST_CORNERS:,}: ask about fewer nodes")
        found = [one for laws in itertools.product(*every) if (one := self._within(sign, laws, main=main)) is not None]
        if not found:
            raise _contradicted()
        return min(found, key=lambda one: sign * one.value)

    def _within(self, sign: int, laws: Sequence[Sequence[Fraction]], *, main: int) -> Extreme | None:
        """The extreme when all districts but the *main* one have these *laws*."""
        district = self.districts[main]
        size = len(district.types)
        parts = [[Fraction(0)] * size for _ in self.weights[0]]
        for chosen, weights in zip(self.combinations, self.weights, strict=True):
            rest = [number for place, number in enumerate(chosen) if place != main]
            share = math.prod((law[number] for law, number in zip(laws, rest, strict=True)), start=Fraction(1))
            if share:
                for part, weight in zip(parts, weights, strict=True):
                    part[chosen[main]] += share * weight
        optimum = _optimum(district, [sign * value for value in parts[0]], whole=parts[1], never=parts[2:])
        if optimum is None:
            return None
        value, law = optimum
        every = [*laws[:main], law, *laws[main:]]
        return Extreme(sign * value, tuple(tuple(one) for one in every))


def _optimum(
    district: District, cost: Sequence[Fraction], *, whole: Sequence[Fraction], never: Sequence[Sequence[Fraction]]
) -> tuple[Fraction, tuple[Fraction, ...]] | None:
    """The least cost / whole and its law: with x = t law and whole x = 1 it is linear (Charnes and Cooper 1962)."""
    zero, one = Fraction(0), Fraction(1)
    rows = [[*row, -b] for row, b in zip(district.rows, district.right, strict=True)]
    rows += [[*row, zero] for row in never if any(row)]
    rows.append([*whole, zero])
    right = [zero] * (len(rows) - 1) + [one]
    found: Optimum | None = minimum(Programme(rows, right, [*cost, zero]))
    if found is None:
        return None
    scale = found.point[-1]
    return found.value, tuple([x / scale for x in found.point[:-1]])


def _corners(district: District) -> list[tuple[Fraction, ...]]:
    return corners(district.rows, district.right, most=MOST_CORNERS)


def _sure(scm: Scm, node: int, *, response: Response) -> Table:
    """The table of a node that always responds so; rows that nothing reads respond with 0."""
    keys = itertools.product(*[range(scm.domains[parent]) for parent in bits(scm.graph.parents[node])])
    size = scm.domains[node]
    return Table(
        {key: tuple([Fraction(level == response.get(key, 0)) for level in range(size)]) for key in keys}, threshold=True
    )


def _bounded(types: int) -> None:
    if types > MOST_TYPES:
        raise TooLarge(f"{types:,} response functions; the most is {MOST_TYPES:,}: ask about fewer or simpler nodes")


def _impossible() -> MalformedCase:
    return MalformedCase("what is given has probability 0; nothing would have followed from it")


def _contradicted() -> MalformedCase:
    return MalformedCase("no model fits all that is stated: something contradicts, or what is given never happens")
