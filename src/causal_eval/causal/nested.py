"""Counterfactuals inside counterfactuals: nodes that respond to values, or to what another world made of their causes.

A *copy* is a node with the source of each of its parents: a value that is set, or another copy. Worlds that agree on
all sources of a node share its copy, so everything is one network of copies (the counterfactual graph of Shpitser and
Pearl 2007, with nested interventions). Copies of one node share its noise; where a mere table would have to say how one
unit responds to two rows, the answer depends on what is not stated and is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from causal_eval.causal.graph import bits
from causal_eval.causal.mechanism import Compiled, compile_mechanism, is_determinate, thresholds
from causal_eval.causal.scm import Scm
from causal_eval.errors import MalformedCase, NotDetermined, TooLarge

MOST_STATES = 1 << 19
"""Joint values of the copies that are held at once."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value that is set; no tuple, so that it never equals a copy of that number."""

    level: int


class Copy(NamedTuple):
    """A copy by its number in its network."""

    number: int


Source: TypeAlias = "Value | Copy"
Literal: TypeAlias = "tuple[Source, int]"
"""That a source has a value."""
_State: TypeAlias = "dict[tuple[int, ...], int]"


@dataclass(frozen=True, slots=True)
class _Home:
    node: int
    sources: tuple[Source, ...]


class Network:
    """The copies that were asked for, of one model."""

    def __init__(self, scm: Scm, names: Sequence[str]) -> None:
        self.scm, self.names = scm, names
        self.homes: list[_Home] = []
        self._numbers: dict[tuple[int, tuple[Source, ...]], int] = {}
        self._plain: dict[int, Source] = {}

    def source(self, node: int, do: Mapping[int, Source], *, known: dict[int, Source] | None = None) -> Source:
        """*node* in the world in which the nodes of *do* have their sources; *known* holds what was found before."""
        memory = ({} if do else self._plain) if known is None else known
        if node in do:
            return do[node]
        if node not in memory:
            parents = [self.source(parent, do, known=memory) for parent in bits(self.scm.graph.parents[node])]
            memory[node] = self.copy(node, parents)
        return memory[node]

    def copy(self, node: int, sources: Sequence[Source]) -> Copy:
        """The copy of *node* whose parents, ascending, have these *sources*."""
        key = (node, tuple(sources))
        if key not in self._numbers:
            self._numbers[key] = len(self.homes)
            self.homes.append(_Home(*key))
        return Copy(self._numbers[key])

    def probability(self, asked: Sequence[Literal], given: Sequence[Literal] = ()) -> Fraction:
        """P(all of *asked* | all of *given*).

        Raises:
            MalformedCase: what is given has probability 0. NotDetermined: a table leaves it open. TooLarge: it would
                not end.
        """
        whole = self.weight(given)
        if not whole:
            raise MalformedCase("what is given has probability 0; nothing would have followed from it")
        return self.weight([*asked, *given]) / whole

    def with_model(self, scm: Scm) -> Network:
        """The same copies of another model over the same graph."""
        found = Network(scm, self.names)
        found.homes = self.homes
        return found

    def weight(self, literals: Sequence[Literal]) -> Fraction:
        """P(all of *literals*).

        Raises:
            NotDetermined: a table leaves it open. TooLarge: it would not end.
        """
        wanted: dict[int, int] = {}
        for source, level in literals:
            if isinstance(source, Value):
                if source.level != level:
                    return Fraction(0)
            elif wanted.setdefault(source.number, level) != level:
                return Fraction(0)
        return _Sum(self, wanted).total()


class _Sum:
    """A sum over all values of the copies that matter, node by node in causal order."""

    def __init__(self, network: Network, wanted: Mapping[int, int]) -> None:
        self.network, self.wanted = network, wanted
        needed: set[int] = set()
        stack = list(wanted)
        while stack:
            number = stack.pop()
            if number not in needed:
                needed.add(number)
                stack += [one.number for one in network.homes[number].sources if isinstance(one, Copy)]
        self.by_node: dict[int, list[int]] = {}
        for number in sorted(needed):
            self.by_node.setdefault(network.homes[number].node, []).append(number)
        self.order = [node for node in network.scm.graph.topological() if node in self.by_node]
        self.last = {number: node for node in self.order for number in self._read_by(node)}

    def total(self) -> Fraction:
        """The weight of everything that is wanted."""
        held: list[int] = []
        states: _State = {(): 1}
        below = 1
        for node in self.order:
            law = compile_mechanism(self.network.scm, node, names=self.network.names)
            copies = self.by_node[node]
            states = self._extended(states, held, node=node, law=law)
            held += copies
            below *= law.denominator
            keep = [place for place, number in enumerate(held) if self._is_read_after(number, node)]
            states, held = _projected(states, keep), [held[place] for place in keep]
        return Fraction(sum(states.values()), below)

    def _extended(self, states: _State, held: Sequence[int], *, node: int, law: Compiled) -> _State:
        """Every state with the values of the copies of *node*."""
        copies = self.by_node[node]
        if len(copies) > 1 and not is_determinate(self.network.scm, node):
            raise NotDetermined(
                f"the table of {self.network.names[node]!r} does not say how one unit responds to different causes, "
                "and the answer depends on it; state an equation with its noise, or a threshold"
            )
        place = {number: at for at, number in enumerate(held)}
        _, lengths, values = thresholds(law) if len(copies) > 1 else ((), (), ())
        found: _State = {}
        for state, weight in states.items():
            rows = [self._row(number, state, place=place, law=law) for number in copies]
            ways: list[tuple[tuple[int, ...], int]]
            if len(copies) == 1:
                ways = [((level,), top) for level, top in enumerate(law.rows[rows[0]]) if top]
            else:
                ways = [(tuple([values[row][at] for row in rows]), length) for at, length in enumerate(lengths)]
            for levels, top in ways:
                if all(self.wanted.get(number, level) == level for number, level in zip(copies, levels, strict=True)):
                    key = (*state, *levels)
                    found[key] = found.get(key, 0) + weight * top
        if len(found) > MOST_STATES:
            raise TooLarge(f"over {MOST_STATES:,} joint values have to be held at once; ask about fewer nodes")
        return found

    def _row(self, number: int, state: tuple[int, ...], *, place: Mapping[int, int], law: Compiled) -> int:
        """The row of the mechanism in which the copy finds itself."""
        row = 0
        for parent, source in zip(law.parents, self.network.homes[number].sources, strict=True):
            level = source.level if isinstance(source, Value) else state[place[source.number]]
            row = row * self.network.scm.domains[parent] + level
        return row

    def _read_by(self, node: int) -> list[int]:
        homes = [self.network.homes[number] for number in self.by_node[node]]
        return [source.number for home in homes for source in home.sources if isinstance(source, Copy)]

    def _is_read_after(self, number: int, node: int) -> bool:
        reader = self.last.get(number)
        return reader is not None and self.order.index(reader) > self.order.index(node)


def _projected(states: _State, keep: Sequence[int]) -> _State:
    found: _State = {}
    for state, weight in states.items():
        key = tuple([state[place] for place in keep])
        found[key] = found.get(key, 0) + weight
    return found


def path_source(
    network: Network, y: int, *, paths: frozenset[tuple[int, ...]], active: Source, base: Mapping[int, Source]
) -> Source:
    """*y* when its cause is *active* along *paths* (each from the cause to *y*) and as in *base* along all others.

    Avin, Shpitser and Pearl 2005, "Identifiability of path-specific effects", definition of the effect; a copy for each
    set of ways in which the cause is active before it.
    """
    if not paths:
        return network.source(y, base)
    if any(len(path) == 1 for path in paths):
        return active
    parents = []
    for parent in bits(network.scm.graph.parents[y]):
        before = frozenset(path[:-1] for path in paths if path[-2] == parent)
        parents.append(path_source(network, parent, paths=before, active=active, base=base))
    return network.copy(y, parents)


def directed_paths(scm: Scm, x: int, *, y: int, most: int = 4096) -> list[tuple[int, ...]]:
    """Every directed path from *x* to *y*.

    Raises:
        TooLarge: more than *most*.
    """
    graph, found = scm.graph, []
    leading = graph.ancestors(1 << y)
    stack: list[tuple[int, ...]] = [(x,)]
    while stack:
        path = stack.pop()
        if path[-1] == y:
            found.append(path)
            if len(found) > most:
                raise TooLarge(f"over {most:,} directed paths; name the ones that are meant")
            continue
        stack += [(*path, child) for child in bits(graph.children[path[-1]] & leading)]
    return sorted(found)
