"""Random systems of strict rules over independent roots, one quantity of which may be changed.

Columns are masks of settings of the roots, as in :mod:`causal_eval.questions.circuit`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from causal_eval.questions.abduction import Unit
from causal_eval.questions.circuit import Circuit, Gate, root_column
from causal_eval.questions.facts import Literal
from causal_eval.questions.tables import PERCENT, SHARES
from causal_eval.seeds import Stream

_EVEN = Fraction(1, 2)
_ODDS = tuple(p for p in SHARES[10 : PERCENT - 9] if abs(p - _EVEN) >= Fraction(1, 20))
"""Probabilities of roots: one state is always the likelier one."""
_MOST = 3
"""Direct causes a rule has at most."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Who depends on whom: nodes 0..roots-1 are roots, the others follow in causal order."""

    roots: int
    causes: tuple[tuple[int, ...], ...]
    """Direct causes of nodes roots, roots + 1, ..."""
    x: int
    y: int
    below: tuple[int, ...]
    """What *x* affects."""

    @property
    def n(self) -> int:
        """Number of nodes."""
        return self.roots + len(self.causes)


@dataclass(frozen=True, slots=True)
class Ruled:
    """A shape with rules, before its roots have probabilities."""

    shape: Shape
    gates: Mapping[int, Gate]
    actual: Sequence[int]
    """Per node the settings in which it is 1."""
    changed: tuple[Sequence[int], Sequence[int]]
    """The same when the changed quantity is held at 0 and at 1."""

    @classmethod
    def draw(cls, shape: Shape, stream: Stream) -> Ruled:
        """A model of *shape* with random rules."""
        return cls.of(shape, _gates(shape, stream))

    @classmethod
    def of(cls, shape: Shape, gates: Mapping[int, Gate]) -> Ruled:
        """The model of *shape* with these rules."""
        full = (1 << (1 << shape.roots)) - 1
        actual = [root_column(root, shape.roots) for root in range(shape.roots)]
        for gate in gates.values():
            actual.append(gate.column(actual, full))
        changed = actual.copy(), actual.copy()
        for value, columns in enumerate(changed):
            columns[shape.x] = full * value
            for node in shape.below:
                columns[node] = gates[node].column(columns, full)
        return cls(shape, gates, actual, changed)

    def renamed(self, nodes: Collection[int]) -> Ruled:
        """The same model once the two states of each of *nodes*, which have rules, have changed names."""
        gates = {
            node: Gate(gate.value ^ (node in nodes), gate.needed, gate.flipped(nodes).literals)
            for node, gate in self.gates.items()
        }
        return Ruled.of(self.shape, gates)

    @property
    def full(self) -> int:
        """The mask of all settings."""
        return (1 << (1 << self.shape.roots)) - 1

    def unit(self, evidence: Iterable[Literal], odds: Mapping[int, Fraction]) -> Unit:
        """The case in which *evidence* was seen and the quantity to change is the other way round."""
        seen = tuple(sorted(evidence))
        held = 1 - dict(seen)[self.shape.x]
        circuit = Circuit(self.shape.n, odds, self.gates)
        return Unit(circuit, seen, (self.shape.x, held), tuple(self.actual), tuple(self.changed[held]))


class Found(NamedTuple):
    """Observations that can be made, and what they say about the outcome after the change."""

    evidence: tuple[Literal, ...]
    support: int
    then: int
    """The settings in which the outcome would be 1."""
    blind: int
    """The settings that fit what was seen of quantities that the change does not reach."""

    @property
    def open(self) -> bool:
        """Two settings or more fit, and they disagree about the outcome."""
        return self.then & self.support not in (0, self.support)

    @property
    def telling(self) -> bool:
        """What was seen of effects of the change matters: without it the outcome is open."""
        return self.then & self.blind not in (0, self.blind) and self.blind != self.support


def shape_of(roots: int, ruled: int, *, reach: int, stream: Stream) -> Shape | None:
    """Random rules' causes, two or three each, in which roots are shared.

    The changed quantity affects the last one, which is the outcome, and at least *reach* in all; None where none does.
    """
    unused = stream.shuffled(range(roots))
    causes = [tuple(sorted((unused.pop(), unused.pop())))]
    takes = dict(zip(stream.sample(range(1, ruled), len(unused)), unused, strict=True))
    for place in range(1, ruled):
        chosen = {roots + (place - 1 if stream.chance(3, 5) else stream.below(place))}
        if place > 1 and stream.chance(1, 3):
            chosen.add(roots + stream.below(place))
        if place in takes:
            chosen.add(takes[place])
        while len(chosen) < 2 or (len(chosen) < _MOST and stream.chance(1, 2)):  # noqa: PLR2004 - a rule of one cause is a name
            chosen.add(stream.choice(causes[0]) if stream.chance(1, 2) else stream.below(roots))
        causes.append(tuple(sorted(chosen)))
    y = roots + ruled - 1
    shapes = [Shape(roots, tuple(causes), x, y, _below(x, causes, roots=roots)) for x in (roots, roots + 1) if x < y]
    fitting = [shape for shape in shapes if len(shape.below) >= reach and shape.below[-1] == y]
    return stream.choice(fitting) if fitting else None


def tied(shape: Shape, among: Collection[int], *, stream: Stream) -> Shape:
    """The shape with a cause out of reach of *x* for two quantities *among* these: one then tells about the other."""
    reach = {shape.x, *shape.below}
    rules = {node: shape.causes[node - shape.roots] for node in among}
    outer = [cause for causes in rules.values() for cause in causes if cause not in reach]
    pairs = [
        (node, cause)
        for node, causes in rules.items()
        for cause in sorted({*outer})
        if node != shape.x and cause < node and cause not in causes and len(causes) < _MOST
    ]
    if len({*outer}) < len(outer) or not pairs:
        return shape
    node, cause = stream.choice(pairs)
    wider = list(shape.causes)
    wider[node - shape.roots] = tuple(sorted((*rules[node], cause)))
    return replace(shape, causes=tuple(wider))


def _below(x: int, causes: Sequence[tuple[int, ...]], *, roots: int) -> tuple[int, ...]:
    """What *x* affects, ascending."""
    below = [x]
    for node in range(x + 1, roots + len(causes)):
        if not set(below).isdisjoint(causes[node - roots]):
            below.append(node)
    return tuple(below[1:])


def _gates(shape: Shape, stream: Stream) -> dict[int, Gate]:
    """Random rules for *shape*: all, any, or two of three, with random states."""
    gates: dict[int, Gate] = {}
    for node, causes in enumerate(shape.causes, shape.roots):
        needed = (1, 2, 2, 3)[stream.below(4)] if len(causes) == _MOST else 1 + stream.below(2)
        flips = stream.bits(len(causes) + 1)
        literals = tuple((cause, flips >> place & 1) for place, cause in enumerate(causes))
        gates[node] = Gate(flips >> len(causes), needed, literals)
    return gates


def odds_of(shape: Shape, stream: Stream) -> dict[int, Fraction]:
    """Random probabilities of the roots."""
    return {root: _ODDS[stream.below(len(_ODDS))] for root in range(shape.roots)}


def cases_of(model: Ruled, seen: Sequence[int]) -> Iterator[Found]:
    """Everything that could be seen of *seen*: of the changed quantity first, then of what it does not affect."""
    low, high = model.changed
    reached = {node for node in seen if node != model.shape.x and low[node] != high[node]}
    parts: list[tuple[tuple[Literal, ...], int, int]] = [((), model.full, model.full)]
    for node in sorted(seen, key=reached.__contains__):
        column = model.actual[node]
        split = [
            ((*evidence, (node, value)), mask & side, blind if node in reached else mask & side)
            for evidence, mask, blind in parts
            for value, side in enumerate((~column, column))
        ]
        parts = [part for part in split if part[1]]
    for evidence, support, blind in parts:
        yield Found(evidence, support, model.changed[1 - evidence[0][1]][model.shape.y], blind)


def seen_in(shape: Shape, stream: Stream) -> list[int]:
    """What is observed: the changed quantity, at times one out of its reach, and one or two that it affects."""
    others = list(range(shape.roots, shape.x))
    other = stream.sample(others, 1) if others and stream.chance(1, 2) else []
    return [shape.x, *other, *stream.sample(shape.below, min(len(shape.below), stream.between(1, 2)))]
