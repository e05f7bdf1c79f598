"""ID* and IDC* as they are printed (Shpitser and Pearl 2008, figures 9 and 10), values put in for what is summed over.

Parallel worlds are drawn side by side and copies of a node merged whose parents have the same values (their lemma 24).
What is left decides; no formula is made.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from causal_eval.causal.graph import Graph
from causal_eval.causal.second.reach import causal_order, causes_of, cut_off, members
from causal_eval.errors import TooLarge

Pairs: TypeAlias = "tuple[tuple[int, int], ...]"
MOST_VALUES = 1 << 12
"""Combinations of values that are put in."""


class Atom(NamedTuple):
    """A node has a value in the world after *do*."""

    node: int
    value: int | None
    """None: any."""
    do: Pairs


@dataclass(frozen=True, slots=True)
class _World:
    """The counterfactual graph of a conjunction."""

    nodes: tuple[int, ...]
    """Of every copy its node."""
    values: tuple[int | None, ...]
    causes: tuple[tuple[int, ...], ...]
    """The copies that each listens to."""
    known: tuple[Pairs, ...]
    """Of every copy those parents that are set, with their values."""
    place: dict[Atom, int]
    """The copy that each atom is about."""


def identified(g: Graph, gamma: Sequence[Atom]) -> bool:
    """Whether the probability of the conjunction is a function of experiments; *g* has no latent nodes."""
    world = _drawn(g, gamma)
    if world is None:  # lines 2 and 5: it is 0
        return True
    count = len(world.nodes)
    if not count:  # lines 1 and 3
        return True
    open_ones = [copy for copy in range(count) if world.values[copy] is None]
    ranges = [range(_values(gamma, world.nodes[copy])) for copy in open_ones]
    size = 1
    for one in ranges:
        size *= len(one)
    if size > MOST_VALUES:
        raise TooLarge(f"the second solver puts in at most {MOST_VALUES:,} combinations of values")
    parts = _components(g, world)
    for chosen in itertools.product(*ranges):
        at = list(world.values)
        for copy, value in zip(open_ones, chosen, strict=True):
            at[copy] = value
        for part in parts:  # line 6
            if not _measured(world, part, at=at):
                return False
    return True


def impossible(g: Graph, delta: Sequence[Atom]) -> bool:
    """Whether the conjunction contradicts itself."""
    return _drawn(g, delta) is None


def conditional_identified(g: Graph, gamma: Sequence[Atom], *, delta: Sequence[Atom]) -> bool:
    """Whether P(gamma | delta) is one: what is given is set instead where that is the same (line 4).

    In any order, for each may hide what another needs; and what is divided by has to be known too.
    """
    whole = _drawn(g, [*gamma, *delta])
    if whole is None:  # line 3: it is 0
        return True
    told = {whole.place[atom] for atom in delta if atom in whole.place}
    gamma = [atom for atom in gamma if atom in whole.place and whole.place[atom] not in told]
    if not gamma:
        return True
    for atom in delta:
        if atom not in whole.place:
            return conditional_identified(g, gamma, delta=[one for one in delta if one != atom])
    if identified(g, [*gamma, *delta]) and identified(g, delta):  # line 5
        return True
    open_ones = [atom._replace(value=None) for atom in gamma]
    loose = _drawn(g, [*open_ones, *delta])  # independence has to hold whatever *gamma* is
    assert loose is not None, "fewer values contradict less"
    for atom in delta:
        others = [one for one in delta if loose.place[one] != loose.place[atom]]
        if _as_if_set(g, loose, atom=atom, gamma=open_ones, others=others):
            assert atom.value is not None, "what is given has a value"
            forced = (atom.node, atom.value)
            later = [one if one.node == atom.node else _with(one, forced) for one in gamma]
            if conditional_identified(g, later, delta=others):
                return True
    return False


def _with(atom: Atom, forced: tuple[int, int]) -> Atom:
    return Atom(atom.node, atom.value, tuple(sorted({forced[0]: forced[1], **dict(atom.do)}.items())))


def _as_if_set(g: Graph, world: _World, *, atom: Atom, gamma: Sequence[Atom], others: Sequence[Atom]) -> bool:
    """Whether the copy of *atom* is independent of *gamma*, edges out of it cut, the rest of what is given seen."""
    one = world.place[atom]
    targets = sum(1 << place for place in {world.place[other] for other in gamma if other in world.place} - {one})
    count = len(world.nodes)
    parents = tuple([sum(1 << cause for cause in set(causes) if cause != one) for causes in world.causes])
    beside = tuple(
        [
            sum(1 << twin for twin in range(count) if twin != copy and _share(g, world, one=copy, other=twin))
            for copy in range(count)
        ]
    )
    seen = sum(1 << place for place in {world.place[other] for other in others})
    return cut_off(Graph(count, parents, beside), 1 << one, targets & ~seen, seen & ~targets)


def _share(g: Graph, world: _World, *, one: int, other: int) -> bool:
    first, second = world.nodes[one], world.nodes[other]
    return first == second or bool(g.bidirected[first] >> second & 1)


def _values(gamma: Sequence[Atom], node: int) -> int:
    """How many values of *node* tell anything apart: those that are spoken of, and one more."""
    spoken = {atom.value for atom in gamma if atom.node == node and atom.value is not None}
    spoken |= {value for atom in gamma for one, value in atom.do if one == node}
    return max(spoken, default=0) + 2


def _drawn(g: Graph, gamma: Sequence[Atom]) -> _World | None:
    """make-cg: None where *gamma* contradicts itself."""
    drawing = _Drawing(g, gamma)
    if all(drawing.add(number, node) for node in causal_order(g) for number in range(len(drawing.worlds))):
        return drawing.finished(gamma)
    return None


class _Drawing:
    """Parallel worlds, their copies merged as they are added, causes first."""

    def __init__(self, g: Graph, gamma: Sequence[Atom]) -> None:
        self.g = g
        self.worlds = [dict(do) for do in sorted({atom.do for atom in gamma})]
        self.stated: dict[tuple[int, int], set[int]] = {}
        for atom in gamma:
            said = self.stated.setdefault((self.worlds.index(dict(atom.do)), atom.node), set())
            said |= set() if atom.value is None else {atom.value}
        asked = [[node for at, node in self.stated if at == number] for number in range(len(self.worlds))]
        self.heard = [_heard(g, forced, asked=nodes) for forced, nodes in zip(self.worlds, asked, strict=True)]
        self.copies: list[tuple[int, tuple[int, ...]]] = []
        self.values: list[int | None] = []
        self.known: list[Pairs] = []
        self.where: dict[tuple[int, int], int] = {}
        self.merged: dict[tuple[int, tuple[tuple[int, int, int], ...]], int] = {}

    def add(self, number: int, node: int) -> bool:
        """Draw *node* in a world; False where that contradicts what is stated."""
        forced, said = self.worlds[number], self.stated.get((number, node), set())
        if node in forced:
            return said <= {forced[node]}
        if not self.heard[number] >> node & 1:
            return True
        causes = members(self.g.parents[node])
        key = node, tuple([self._seen(number, cause) for cause in causes])
        if key not in self.merged:
            self.merged[key] = len(self.copies)
            self.copies.append((node, tuple([self.where[number, cause] for cause in causes if cause not in forced])))
            self.known.append(tuple([(cause, forced[cause]) for cause in causes if cause in forced]))
            self.values.append(None)
        copy = self.where[number, node] = self.merged[key]
        value = self.values[copy]
        said = said | (set() if value is None else {value})
        self.values[copy] = next(iter(said), None)
        return len(said) <= 1

    def _seen(self, number: int, cause: int) -> tuple[int, int, int]:
        """What a parent is in a world: a value, or a copy whose value is open."""
        if cause in self.worlds[number]:
            return (cause, 0, self.worlds[number][cause])
        copy = self.where[number, cause]
        value = self.values[copy]
        return (cause, 1, copy) if value is None else (cause, 0, value)

    def finished(self, gamma: Sequence[Atom]) -> _World:
        """What the atoms listen to."""
        ends = {atom: (self.worlds.index(dict(atom.do)), atom.node) for atom in gamma}
        place = {atom: self.where[end] for atom, end in ends.items() if end in self.where}
        parents = tuple([sum(1 << cause for cause in set(causes)) for _, causes in self.copies])
        whole = Graph(len(parents), parents, (0,) * len(parents))
        kept = members(causes_of(whole, sum({1 << copy for copy in place.values()})))
        number = {copy: at for at, copy in enumerate(kept)}
        return _World(
            tuple([self.copies[copy][0] for copy in kept]),
            tuple([self.values[copy] for copy in kept]),
            tuple([tuple([number[cause] for cause in self.copies[copy][1]]) for copy in kept]),
            tuple([self.known[copy] for copy in kept]),
            {atom: number[copy] for atom, copy in place.items()},
        )


def _heard(g: Graph, forced: dict[int, int], *, asked: Sequence[int]) -> int:
    """What *asked* listens to in a world, and *asked*."""
    parents = tuple([0 if node in forced else causes for node, causes in enumerate(g.parents)])
    return causes_of(Graph(g.n, parents, g.bidirected), sum(1 << node for node in asked))


def _components(g: Graph, world: _World) -> list[list[int]]:
    """The copies that noise connects."""
    parts: list[list[int]] = []
    for copy in range(len(world.nodes)):
        near = [part for part in parts if any(_share(g, world, one=copy, other=one) for one in part)]
        parts = [part for part in parts if part not in near]
        parts.append([one for part in near for one in part] + [copy])
    return parts


def _measured(world: _World, part: Sequence[int], *, at: Sequence[int | None]) -> bool:
    """Line 8: whether no node has one value in S and is set to another by its subscripts, or set to two."""
    found: dict[int, int | None] = {}
    pairs: list[tuple[int, int | None]] = [(world.nodes[copy], at[copy]) for copy in part]
    for copy in part:
        pairs += world.known[copy]
        pairs += [(world.nodes[cause], at[cause]) for cause in world.causes[copy]]
    return all(found.setdefault(node, value) == value for node, value in pairs)
