"""From a model and its worlds to factors: mutilated for an intervention, twin copies where worlds differ.

A world is (what is set, what is seen). Nodes that no intervention of a world touches are the same variable as in the
untouched world; the others get a copy. Copies of one node respond to their own parents with one noise, whose law is
summed out in the factor: for the rank-preserving noise by the overlap of the intervals.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from causal_eval.causal.graph import Graph
from causal_eval.causal.scm import Rule, Scm, Table
from causal_eval.causal.second.elimination import BITS, FIELD, MOST_VALUES, Factor, field
from causal_eval.causal.second.evaluate import table_of
from causal_eval.causal.second.reach import effects_of, members
from causal_eval.errors import MalformedCase, TooLarge

Pairs: TypeAlias = tuple[tuple[int, int], ...]
World: TypeAlias = tuple[Pairs, Pairs]
"""What is set, what is seen."""
Inputs: TypeAlias = tuple[tuple[int, int], ...]
"""For every parent its variable, or -1 and the value it is known to have."""
Chosen: TypeAlias = tuple[tuple[int, ...], ...]
"""The row in which every copy of a node finds itself."""
Coupling: TypeAlias = Callable[[Chosen, Sequence[int]], int]
"""(the row of every copy, the value of every copy) -> weight of that joint response, over denominator^copies."""


def factors_of(tables: Tables, worlds: Sequence[World], *, coupling: Coupling) -> list[Factor]:
    """The factors whose sum over everything is P(all that is seen in all worlds)."""
    net = _Network(tables, worlds)
    if net.impossible:
        return [Factor(0, {})]
    factors = [net.factor(node, coupling) for node in range(tables.scm.graph.n)]
    return [factor for factor in factors if factor is not None]


def depends_on_coupling(tables: Tables, worlds: Sequence[World]) -> bool:
    """Whether some table must respond in two worlds at once, so that how its rows are coupled may matter."""
    open_nodes = [node for node in range(tables.scm.graph.n) if not certain(tables.scm, node)]
    if not open_nodes:
        return False
    net = _Network(tables, worlds)
    return any(len(net.copies(node)) > 1 for node in open_nodes)


def rank_preserving(rows: Chosen, values: Sequence[int]) -> int:
    """One uniform noise for all copies: the overlap of the intervals in which each takes its value."""
    low = max(sum(row[:value]) for row, value in zip(rows, values, strict=True))
    high = min(sum(row[: value + 1]) for row, value in zip(rows, values, strict=True))
    return max(0, high - low) * int(sum(rows[0]) ** (len(rows) - 1))


def independent_rows(rows: Chosen, values: Sequence[int]) -> int:
    """A separate draw for every different row: another model with the very same tables."""
    drawn: dict[tuple[int, ...], int] = {}
    for row, value in zip(rows, values, strict=True):
        if drawn.setdefault(row, value) != value:
            return 0
    weight = math.prod(row[value] for row, value in drawn.items())
    return weight * int(sum(rows[0]) ** (len(rows) - len(drawn)))


class _Network:
    """The variables of several worlds: variable ``world * n + node``; world 0 is the untouched one."""

    def __init__(self, tables: Tables, worlds: Sequence[World]) -> None:
        self.tables, self.scm, self.graph = tables, tables.scm, tables.scm.graph
        self.forced = [{}, *(dict(done) for done, _ in worlds)]
        self.touched = [effects_of(self.graph, sum(1 << node for node in done)) for done in self.forced]
        self.pins: dict[int, int] = {}
        self.impossible = False
        self.needed: set[int] = set()
        for world, (_, seen) in enumerate(worlds, 1):
            for node, value in seen:
                self._see(world, node, value=value)

    def copies(self, node: int) -> list[int]:
        """The variables of *node* that matter."""
        return [v for v in range(node, len(self.forced) * self.graph.n, self.graph.n) if v in self.needed]

    def factor(self, node: int, coupling: Coupling) -> Factor | None:
        """The joint law of the copies of *node* given their parents' values; None when no copy matters."""
        copies = self.copies(node)
        if len(copies) > 1:
            return self._twins(node, copies, coupling=coupling)
        return self._alone(node, copies[0]) if copies else None

    def _alone(self, node: int, copy: int) -> Factor:
        """The law of a single copy, which worlds that are asked about together have in common."""
        asked = copy, self._inputs(copy, node), self.pins.get(copy)
        laws = self.tables.laws
        if asked not in laws:
            laws[asked] = _law(self.tables.of(node), copy, inputs=asked[1], pin=asked[2])
        return laws[asked]

    def _twins(self, node: int, copies: Sequence[int], *, coupling: Coupling) -> Factor:
        """The joint law of several copies that respond with one noise."""
        table = self.tables.of(node)
        inputs = [self._inputs(copy, node) for copy in copies]
        free = sorted({variable for causes in inputs for variable, _ in causes if variable >= 0})
        picks = [[(free.index(variable) if variable >= 0 else -1, known) for variable, known in one] for one in inputs]
        scope = sum([field(variable) for variable in {*free, *copies} if variable not in self.pins])
        shifts = [BITS * variable for variable in free]
        replies: dict[Chosen, list[tuple[int, int]]] = {}
        weights: dict[int, int] = {}
        for values in itertools.product(*[range(self.scm.domains[variable % self.graph.n]) for variable in free]):
            rows = tuple([table.rows[tuple([values[i] if i >= 0 else known for i, known in pick])] for pick in picks])
            if rows not in replies:
                replies[rows] = self._replies(copies, rows, coupling)
            key = sum(map(operator.lshift, values, shifts))
            for code, weight in replies[rows]:
                weights[key | code] = weight
        return Factor(scope, weights, table.denominator ** len(copies))

    def _replies(self, copies: Sequence[int], rows: Chosen, coupling: Coupling) -> list[tuple[int, int]]:
        """The (values of the copies that are not known, weight) pairs that can happen in these rows."""
        found = []
        for own in itertools.product(*map(self._possible, copies, rows)):
            if weight := coupling(rows, own):
                unknown = [
                    value << BITS * copy for copy, value in zip(copies, own, strict=True) if copy not in self.pins
                ]
                found.append((sum(unknown), weight))
        return found

    def _possible(self, copy: int, row: tuple[int, ...]) -> list[int]:
        """The values that *copy* can take in *row*."""
        if copy in self.pins:
            return [self.pins[copy]]
        return [value for value, weight in enumerate(row) if weight]

    def _inputs(self, copy: int, node: int) -> Inputs:
        """What the parents of a copy are."""
        found = []
        world = copy // self.graph.n
        for cause in members(self.graph.parents[node]):
            variable = self._variable(world, cause)
            if cause in self.forced[world]:
                found.append((-1, self.forced[world][cause]))
            elif variable in self.pins:
                found.append((-1, self.pins[variable]))
            else:
                found.append((variable, 0))
        return tuple(found)

    def _variable(self, world: int, node: int) -> int:
        return world * self.graph.n + node if self.touched[world] >> node & 1 else node

    def _see(self, world: int, node: int, *, value: int) -> None:
        if node in self.forced[world]:
            self.impossible |= self.forced[world][node] != value
            return
        variable = self._variable(world, node)
        self.impossible |= self.pins.setdefault(variable, value) != value
        self._need(world, node)

    def _need(self, world: int, node: int) -> None:
        """Mark the variable and all its causes as relevant; nothing else can change the answer."""
        if node in self.forced[world]:
            return
        variable = self._variable(world, node)
        if variable in self.needed:
            return
        self.needed.add(variable)
        for cause in members(self.graph.parents[node]):
            self._need(variable // self.graph.n, cause)


class Rows(NamedTuple):
    """Parents' values -> numerators of the node's values, over one denominator."""

    rows: Mapping[tuple[int, ...], tuple[int, ...]]
    denominator: int


def _law(table: Rows, variable: int, *, inputs: Inputs, pin: int | None) -> Factor:
    """The rows of *table* that fit what is known of the parents, and, with a *pin*, of the variable itself."""
    known = {place: value for place, (cause, value) in enumerate(inputs) if cause < 0}
    fixed = list(known.values())
    free = [(place, BITS * cause) for place, (cause, _) in enumerate(inputs) if cause >= 0]
    own = BITS * variable
    weights: dict[int, int] = {}
    for key, row in table.rows.items():
        if known and [key[place] for place in known] != fixed:
            continue
        code = 0
        for place, shift in free:
            code |= key[place] << shift
        if pin is not None:
            if row[pin]:
                weights[code] = row[pin]
            continue
        for value, weight in enumerate(row):
            if weight:
                weights[code | value << own] = weight
    scope = sum([FIELD << shift for _, shift in free])
    return Factor(scope | field(variable) if pin is None else scope, weights, table.denominator)


class Tables:
    """The mechanisms of one model as rows, each worked out once."""

    def __init__(self, scm: Scm) -> None:
        self.scm = scm
        self.totals: dict[tuple[World, ...], Fraction] = {}
        self.laws: dict[tuple[int, Inputs, int | None], Factor] = {}
        """(variable, its inputs, its value if that is known) -> its law."""
        self._found: dict[int, Rows] = {}
        if max(scm.domains, default=0) > MOST_VALUES:
            raise TooLarge(f"the second solver takes at most {MOST_VALUES} values a variable")

    def of(self, node: int) -> Rows:
        """The rows of *node*."""
        if node not in self._found:
            self._found[node] = self._rows(node)
        return self._found[node]

    def _rows(self, node: int) -> Rows:
        mechanism = self.scm.mechanisms[node]
        if isinstance(mechanism, Table):
            ratios = {key: [p.as_integer_ratio() for p in row] for key, row in mechanism.rows.items()}
            common = math.lcm(*[low for row in ratios.values() for _, low in row])
            rows = {key: tuple([high * common // low for high, low in row]) for key, row in ratios.items()}
            return Rows(rows, common)
        if not isinstance(mechanism, Rule):
            raise MalformedCase(f"node {node} has no probabilities for its values; state them")
        return Rows(table_of(self.scm, node), 1)


def certain(scm: Scm, node: int) -> bool:
    """Whether any two couplings of the rows of *node* are one: an equation, a root, a stated threshold."""
    mechanism = scm.mechanisms[node]
    return not isinstance(mechanism, Table) or mechanism.threshold or not scm.graph.parents[node]


def linear_effect(graph: Graph, coefficients: Mapping[tuple[int, int], Fraction], *, x: int, y: int) -> Fraction:
    """The sum over all directed paths from *x* to *y* of the product of the coefficients along each."""
    if x == y:
        return Fraction(1)
    return sum(
        (
            coefficients[cause, y] * linear_effect(graph, coefficients, x=x, y=cause)
            for cause in members(graph.parents[y])
        ),
        Fraction(0),
    )
