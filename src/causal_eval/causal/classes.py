"""Markov equivalence: patterns, Meek's rules, completed graphs (CPDAGs), interventions, and the size of a class.

Two DAGs are equivalent iff they have one skeleton and the same immoralities (Verma and Pearl 1990); the class is
written as the graph whose directed edges every member has (Andersson, Madigan and Perlman 1997). Meek 1995 gives the
rules that complete a pattern; with interventions (Hauser and Buehlmann 2012) edges between what a target holds and what
it does not are directed too.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import factorial

from causal_eval.causal.graph import Graph, bits, children_of, closure, find_cycle, mask_of
from causal_eval.errors import MalformedCase, TooLarge

MOST_STEPS = 20_000
"""Partial orientations that are looked at while a class is counted."""
MOST_SETS = 1 << 12
"""Sets of experiments that are tried."""


@dataclass(frozen=True, slots=True)
class Mixed:
    """A graph with directed and undirected edges."""

    n: int
    parents: tuple[int, ...]
    """Mask of the nodes with a directed edge into each node."""
    beside: tuple[int, ...]
    """Mask of the nodes to which each node has an undirected edge."""

    @property
    def children(self) -> tuple[int, ...]:
        """Mask of the nodes to which each node has a directed edge."""
        return children_of(self.parents)

    @property
    def adjacent(self) -> tuple[int, ...]:
        """Mask of the neighbours of each node along any edge."""
        return tuple(
            [up | down | side for up, down, side in zip(self.parents, self.children, self.beside, strict=True)]
        )

    def directed(self) -> tuple[tuple[int, int], ...]:
        """The directed edges (from, to), sorted."""
        return tuple(sorted((parent, node) for node, mask in enumerate(self.parents) for parent in bits(mask)))

    def undirected(self) -> tuple[tuple[int, int], ...]:
        """The undirected edges (smaller, larger), sorted."""
        return tuple((one, other) for one, mask in enumerate(self.beside) for other in bits(mask) if one < other)


def plain(g: Graph) -> None:
    """Refuse what is no DAG over observed nodes.

    Raises:
        MalformedCase: it has bidirected edges or latent nodes.
    """
    if any(g.bidirected) or g.latent:
        raise MalformedCase("graph: Markov equivalence is of DAGs; remove bidirected edges and latent nodes")


def adjacencies(g: Graph) -> tuple[int, ...]:
    """The skeleton: mask of the neighbours of each node."""
    return tuple([up | down for up, down in zip(g.parents, g.children, strict=True)])


def immoralities(g: Graph) -> frozenset[tuple[int, int, int]]:
    """Every (parent, child, parent) with parents that are not adjacent, the smaller parent first."""
    near = adjacencies(g)
    return frozenset(
        (one, child, other)
        for child, mask in enumerate(g.parents)
        for one in bits(mask)
        for other in bits(mask & ~near[one])
        if one < other
    )


def equivalent(one: Graph, other: Graph) -> bool:
    """Whether both are in one Markov equivalence class; nodes of the same number are the same."""
    return adjacencies(one) == adjacencies(other) and immoralities(one) == immoralities(other)


def cpdag(g: Graph, targets: Iterable[int] = ()) -> Mixed:
    """The completed graph of the class of *g*; with *targets* (masks of nodes set together): of its I-class."""
    parents = [0] * g.n
    for one, child, other in immoralities(g):
        parents[child] |= 1 << one | 1 << other
    for target in targets:
        for node, mask in enumerate(g.parents):
            inside = target >> node & 1
            parents[node] |= mask & (~target if inside else target)
    return completed(_oriented(g, parents))


def _oriented(g: Graph, parents: Sequence[int]) -> Mixed:
    """The skeleton of *g* with these edges directed."""
    beside = list(adjacencies(g))
    for node, mask in enumerate(parents):
        beside[node] &= ~mask
        for parent in bits(mask):
            beside[parent] &= ~(1 << node)
    return Mixed(g.n, tuple(parents), tuple(beside))


def completed(pattern: Mixed) -> Mixed:
    """*pattern* after Meek's rules R1 to R4, as often as one applies."""
    parents, beside, near = list(pattern.parents), list(pattern.beside), pattern.adjacent
    again = True
    while again:
        again = False
        now = Mixed(pattern.n, tuple(parents), tuple(beside))
        children = now.children
        ways = [way for edge in now.undirected() for way in (edge, edge[::-1])]
        for tail, head in ways:
            if beside[tail] >> head & 1 and _is_forced(now, tail, head=head, near=near, children=children):
                parents[head] |= 1 << tail
                beside[tail] &= ~(1 << head)
                beside[head] &= ~(1 << tail)
                again = True
    return Mixed(pattern.n, tuple(parents), tuple(beside))


def _is_forced(g: Mixed, a: int, *, head: int, near: Sequence[int], children: Sequence[int]) -> bool:
    """Whether a - b becomes a -> b (Meek 1995, rules R1 to R4)."""
    b = head
    if g.parents[a] & ~near[b]:  # R1: c -> a - b, c and b not adjacent
        return True
    if children[a] & g.parents[b]:  # R2: a -> c -> b
        return True
    sides = g.beside[a] & g.parents[b]  # R3: a - c -> b and a - d -> b, c and d not adjacent
    if sides & sides - 1:  # mostly there are not two
        through = bits(sides)
        if any(not near[c] >> d & 1 for place, c in enumerate(through) for d in through[place + 1 :]):
            return True
    last = bits(g.parents[b] & near[a])  # R4: a - k -> l -> b, a and l adjacent, k and b not
    return bool(last) and any(g.parents[end] & g.beside[a] & ~near[b] & ~(1 << b) for end in last)


def strongly_protected(g: Mixed, tail: int, *, head: int) -> bool:
    """Whether the edge is strongly protected in *g* itself (Andersson, Madigan and Perlman 1997, definition 3.3)."""
    near, a, b = g.adjacent, tail, head
    if g.parents[a] & ~near[b]:  # (a) c -> a -> b
        return True
    if g.parents[b] & ~near[a] & ~(1 << a):  # (b) a -> b <- c
        return True
    if g.children[a] & g.parents[b]:  # (c) a -> c -> b
        return True
    between = bits(g.beside[a] & g.parents[b])  # (d) a - c -> b and a - d -> b, c and d not adjacent
    return any(not near[c] >> d & 1 for place, c in enumerate(between) for d in between[place + 1 :])


def size(g: Mixed) -> int:
    """How many DAGs the class has: the product over its undirected components (He, Jia and Yu 2015).

    Raises:
        TooLarge: a component has too many partial orientations.
    """
    whole, counter = 1, _Counter()
    for component in components(g.beside):
        whole *= counter.orientations(tuple([mask & component for mask in g.beside]), component)
    return whole


def components(beside: Sequence[int]) -> Iterator[int]:
    """The masks of what hangs together, single nodes left out."""
    left = mask_of(node for node, mask in enumerate(beside) if mask)
    while left:
        found = closure(beside, left & -left)
        left &= ~found
        yield found


class _Counter:
    """Counts orientations of connected chordal graphs without immoralities, each graph once."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, ...], int] = {}
        self.steps = 0

    def orientations(self, beside: tuple[int, ...], component: int) -> int:
        """The sum over the possible sources; what is left undirected behind a source is counted the same way."""
        nodes, edges = component.bit_count(), sum(mask.bit_count() for mask in beside) // 2
        if edges == nodes - 1:  # a tree: its root decides
            return nodes
        if edges == nodes * (nodes - 1) // 2:
            return factorial(nodes)
        if beside not in self.known:
            self.steps += nodes
            if self.steps > MOST_STEPS:
                raise TooLarge(f"the class has a component of {nodes} nodes that is too tangled to be counted")
            self.known[beside] = sum(self._from(beside, source) for source in bits(component))
        return self.known[beside]

    def _from(self, beside: tuple[int, ...], source: int) -> int:
        """Orientations with *source* as the only source: layer by layer away from it."""
        rooted = completed_from(beside, source)
        whole = 1
        for part in components(rooted):
            whole *= self.orientations(tuple([mask & part for mask in rooted]), part)
        return whole


def completed_from(beside: tuple[int, ...], source: int) -> tuple[int, ...]:
    """The edges of a connected chordal graph that stay undirected once *source* is its only source."""
    n = len(beside)
    parents, left = [0] * n, list(beside)
    for node in bits(beside[source]):
        parents[node] |= 1 << source
        left[node] &= ~(1 << source)
    left[source] = 0
    return completed(Mixed(n, tuple(parents), tuple(left))).beside


def members(g: Mixed) -> Iterator[Graph]:
    """Every DAG of the class: oriented edge by edge and completed again, so that no way is a dead end (Meek 1995)."""
    edges = g.undirected()
    if not edges:
        yield Graph(g.n, g.parents, (0,) * g.n)
        return
    for tail, head in (edges[0], edges[0][::-1]):
        yield from members(directed(g, tail, head=head))


def directed(g: Mixed, tail: int, *, head: int) -> Mixed:
    """*g* with tail - head turned into an arrow, and what follows from it."""
    parents, beside = list(g.parents), list(g.beside)
    parents[head] |= 1 << tail
    beside[head] &= ~(1 << tail)
    beside[tail] &= ~(1 << head)
    return completed(Mixed(g.n, tuple(parents), tuple(beside)))


def mixed(g: Graph, undirected: Iterable[tuple[int, int]]) -> Mixed:
    """The directed edges of *g* and the *undirected* ones."""
    beside = [0] * g.n
    for one, other in undirected:
        beside[one] |= 1 << other
        beside[other] |= 1 << one
    return Mixed(g.n, g.parents, tuple(beside))


def extension(g: Mixed) -> Graph:
    """One DAG with the edges and the immoralities of *g*: of a completed graph any edge may be turned either way.

    Raises:
        MalformedCase: there is none.
    """
    whole = completed(g)
    while edge := next(iter(whole.undirected()), None):
        whole = directed(whole, edge[0], head=edge[1])
    dag = Graph(g.n, whole.parents, (0,) * g.n)
    if find_cycle(dag.parents) or any(
        not (g.parents[child] >> one & 1 and g.parents[child] >> other & 1) for one, child, other in immoralities(dag)
    ):
        raise MalformedCase("graph: no DAG has these edges and no other immoralities; it is no CPDAG")
    return dag


def essential(g: Mixed) -> Mixed:
    """What all DAGs with the edges and the immoralities of *g* share; arrows that are merely known stay (Meek 1995).

    Raises:
        MalformedCase: there is no such DAG.
    """
    extension(g)
    return completed(g)


def size_of(g: Mixed) -> int:
    """How many DAGs have the edges and the immoralities of *g*.

    Raises:
        MalformedCase: none. TooLarge: too many to be counted.
    """
    whole = essential(g)
    if whole == cpdag(extension(g)):
        return size(whole)
    count = 0  # with known arrows the undirected components hang together
    for count, _ in enumerate(members(whole), 1):
        if count > MOST_STEPS:
            raise TooLarge(f"over {MOST_STEPS:,} DAGs with known arrows, which are counted one by one")
    return count


@functools.lru_cache(maxsize=64)  # a question is drawn, answered and read for its mistakes
def orienting_targets(g: Graph) -> tuple[tuple[int, ...], ...]:
    """Every smallest set of nodes which, each set alone in an experiment, leave no edge of *g*'s class undirected.

    Raises:
        TooLarge: more than 4,096 sets would have to be tried.
    """
    seen = cpdag(g)
    open_nodes = bits(mask_of(node for node, mask in enumerate(seen.beside) if mask))
    tried = 0
    for count in range(len(open_nodes) + 1):
        found = []
        for chosen in _choices(open_nodes, count):
            tried += 1
            if tried > MOST_SETS:
                raise TooLarge(f"over {MOST_SETS:,} sets of experiments would have to be tried; ask about fewer nodes")
            if not any(_after_experiments(g, seen, nodes=mask_of(chosen)).beside):
                found.append(chosen)
        if found:
            return tuple(found)
    raise AssertionError("experiments on every node orient every edge")


def _after_experiments(g: Graph, seen: Mixed, *, nodes: int) -> Mixed:
    """What is known of *g* after an experiment on each of *nodes* alone, when *seen* is known before: all at them."""
    parents, beside = list(seen.parents), list(seen.beside)
    for head in range(g.n):
        shown = g.parents[head] & seen.beside[head] & (-1 if nodes >> head & 1 else nodes)
        parents[head] |= shown
        beside[head] &= ~shown
        for tail in bits(shown):
            beside[tail] &= ~(1 << head)
    return completed(Mixed(g.n, tuple(parents), tuple(beside)))


def _choices(nodes: Sequence[int], count: int) -> Iterator[tuple[int, ...]]:
    if not count:
        yield ()
        return
    for place, node in enumerate(nodes):
        for rest in _choices(nodes[place + 1 :], count - 1):
            yield (node, *rest)
