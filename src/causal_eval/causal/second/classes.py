"""Equivalence from the definition: every orientation of the skeleton that is acyclic and has the same immoralities."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from causal_eval.causal.graph import Graph
from causal_eval.causal.second.reach import causes_of, cut_off, members
from causal_eval.errors import TooLarge

MOST_EDGES = 15
Edges = frozenset[tuple[int, int]]
Colliders = frozenset[tuple[frozenset[int], int]]
"""Pairs of causes that no edge joins, with their effect."""


def edges_of(g: Graph) -> Edges:
    """Every (cause, effect)."""
    return frozenset((cause, effect) for effect in range(g.n) for cause in members(g.parents[effect]))


def colliders(edges: Edges) -> Colliders:
    """Every pair of causes of one effect that no edge joins."""
    causes: dict[int, list[int]] = {}
    for cause, effect in edges:
        causes.setdefault(effect, []).append(cause)
    return frozenset(
        (frozenset((one, other)), effect)
        for effect, several in causes.items()
        for one, other in itertools.combinations(several, 2)
        if (one, other) not in edges and (other, one) not in edges
    )


def same_class(one: Edges, other: Edges, *, targets: Iterable[int] = ()) -> bool:
    """Whether the two have one skeleton, the same colliders, and one skeleton after every intervention of *targets*."""
    if {frozenset(edge) for edge in one} != {frozenset(edge) for edge in other} or colliders(one) != colliders(other):
        return False
    return all(_cut(one, target) == _cut(other, target) for target in targets)


@lru_cache(maxsize=64)
def whole_class(n: int, edges: Edges, *, targets: tuple[int, ...] = ()) -> tuple[Edges, ...]:
    """Every DAG that no data tell from this one.

    Raises:
        TooLarge: more than 15 edges.
    """
    cuts = [_cut(edges, target) for target in targets]
    alike = orientations(n, edges, shape=colliders(edges))
    return tuple(other for other in alike if [_cut(other, target) for target in targets] == cuts)


def telling(n: int, one: Edges, other: Edges) -> int:
    """Mask of the nodes an experiment on which tells the two graphs of one class apart."""
    both = zip(_causes(n, one), _causes(n, other), strict=True)  # of one skeleton: the edges that a cut takes
    return sum(1 << node for node, (here, there) in enumerate(both) if here != there)


def orientations(n: int, edges: Edges, *, shape: Colliders | None = None) -> Iterator[Edges]:
    """Every way round of these edges without a cycle; with *shape*, those with exactly these colliders.

    Raises:
        TooLarge: more than 15 edges.
    """
    if len(edges) > MOST_EDGES:
        raise TooLarge(f"{len(edges)} edges: the second solver tries all orientations of at most {MOST_EDGES}")
    skeleton = sorted(edges)
    ruled = [[] if shape is None else _earlier(skeleton, place, shape=shape) for place in range(len(skeleton))]
    chosen: list[tuple[int, int]] = []

    def turned(place: int) -> Iterator[Edges]:
        if place == len(skeleton):
            yield frozenset(chosen)
            return
        for edge in (skeleton[place], skeleton[place][::-1]):
            if all((chosen[other][1] == at == edge[1]) == meets for other, at, meets in ruled[place]):
                chosen.append(edge)
                yield from turned(place + 1)
                chosen.pop()

    return (other for other in turned(0) if _is_acyclic(n, other))


def _earlier(skeleton: Sequence[tuple[int, int]], place: int, *, shape: Colliders) -> list[tuple[int, int, bool]]:
    """The earlier edges that share one end with that at *place* and whose other ends no edge joins.

    Each with the end that is shared, and whether both point to it in *shape*.
    """
    joined, ends = {frozenset(edge) for edge in skeleton}, frozenset(skeleton[place])
    found = []
    for earlier, edge in enumerate(skeleton[:place]):
        outer = ends ^ frozenset(edge)
        if len(outer) == 2 and outer not in joined:  # noqa: PLR2004 - one end is shared
            (at,) = ends & frozenset(edge)
            found.append((earlier, at, (outer, at) in shape))
    return found


def shared(members_: Sequence[Edges]) -> tuple[Edges, frozenset[frozenset[int]]]:
    """The edges that all have the same way round, and the others."""
    alike = frozenset[tuple[int, int]].intersection(*members_)
    return alike, frozenset(frozenset(edge) for edge in members_[0] if edge not in alike)


def independences(g: Graph) -> frozenset[tuple[int, int, int]]:
    """Every (smaller node, larger node, mask) that are separated."""
    found = set()
    for one, other in itertools.combinations(range(g.n), 2):
        rest = [1 << node for node in range(g.n) if node not in (one, other)]
        given = [sum(chosen) for size in range(len(rest) + 1) for chosen in itertools.combinations(rest, size)]
        found |= {(one, other, z) for z in given if cut_off(g, 1 << one, 1 << other, z)}
    return frozenset(found)


def implies_exactly(g: Graph, independent: frozenset[tuple[int, int, int]]) -> bool:
    """Whether these are its :func:`independences`; looked through until the first that is not."""
    if not all(cut_off(g, 1 << one, 1 << other, z) for one, other, z in independent):
        return False
    return len(independences(g)) == len(independent)


def ancestral_graphs(n: int, independent: frozenset[tuple[int, int, int]]) -> Iterator[Graph]:
    """Every graph of arrows and double arrows, none between a node and its ancestor, with exactly these independences.

    Raises:
        TooLarge: more than 4 nodes.
    """
    if n > 4:  # noqa: PLR2004 - three ways for each of six pairs
        raise TooLarge(f"{n} nodes: the second solver tries all ancestral graphs of at most 4")
    apart = {frozenset(told[:2]) for told in independent}
    pairs = [pair for pair in itertools.combinations(range(n), 2) if frozenset(pair) not in apart]
    for both in itertools.product((False, True), repeat=len(pairs)):
        arrows = frozenset(pair for pair, twice in zip(pairs, both, strict=True) if not twice)
        doubled = [pair for pair, twice in zip(pairs, both, strict=True) if twice]
        tried = [_graph(n, edges, doubled=doubled) for edges in orientations(n, arrows)]
        ancestral = (g for g in tried if not any(_leads(g, one, other=other) for one, other in doubled))
        yield from (g for g in ancestral if implies_exactly(g, independent))


def _graph(n: int, edges: Edges, *, doubled: Iterable[tuple[int, int]]) -> Graph:
    parents, beside = [0] * n, [0] * n
    for cause, effect in edges:
        parents[effect] |= 1 << cause
    for one, other in doubled:
        beside[one] |= 1 << other
        beside[other] |= 1 << one
    return Graph(n, tuple(parents), tuple(beside))


def _leads(g: Graph, one: int, *, other: int) -> bool:
    return bool(causes_of(g, 1 << one) >> other & 1 or causes_of(g, 1 << other) >> one & 1)


def _cut(edges: Edges, target: int) -> frozenset[frozenset[int]]:
    return frozenset(frozenset(edge) for edge in edges if not target >> edge[1] & 1)


def _is_acyclic(n: int, edges: Edges) -> bool:
    causes = _causes(n, edges)
    left = (1 << n) - 1
    while left:
        ends = sum([1 << node for node in range(n) if left >> node & 1 and not causes[node] & left])
        if not ends:
            return False
        left &= ~ends
    return True


def _causes(n: int, edges: Edges) -> list[int]:
    """The mask of the causes of every node."""
    causes = [0] * n
    for cause, effect in edges:
        causes[effect] |= 1 << cause
    return causes
