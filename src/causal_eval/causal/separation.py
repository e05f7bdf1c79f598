"""d- and m-separation by reachability, with the open path as evidence; minimal separators and Markov blankets.

A walk is open given Z when every collider on it is an ancestor of Z (or in it) and no other inner node is in Z
(Richardson 2003, "Markov properties for acyclic directed mixed graphs"). The search runs over (node, how it was
entered), as in Koller and Friedman 2009, algorithm 3.1; every answer costs O(nodes + edges).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from causal_eval.causal.graph import Graph, bits, closure
from causal_eval.errors import MalformedCase

_State: TypeAlias = tuple[int, bool]
"""(node, entered by an arrowhead)."""


class Separation(NamedTuple):
    """Whether two sets are separated, and an open path when they are not."""

    separated: bool
    open_path: tuple[int, ...] | None
    """Nodes from X to Y along an open path; None when separated."""

    def __bool__(self) -> bool:
        return self.separated


def separated(g: Graph, x: int, y: int, z: int) -> bool:
    """Whether the node masks *x* and *y* are m-separated given *z* (d-separated when no edge is bidirected)."""
    _check_disjoint(x, y, z=z)
    return not reachable(g, x, z=z) & y


def reachable(g: Graph, x: int, *, z: int) -> int:
    """Mask of the nodes to which an open path leads from *x* given *z*, those of *x* included."""
    active = closure(g.parents, z)  # a collider is open iff it is here
    parents, siblings, children = g.parents, g.bidirected, g.children
    tails, heads = x, 0  # entered along an edge whose end here is a tail (or start), or an arrowhead
    new_tails, new_heads = tails, heads
    while new_tails or new_heads:
        up = down = side = 0
        for node in bits(new_tails & ~z):
            up |= parents[node]
            side |= siblings[node]
            down |= children[node]
        for node in bits(new_heads & ~z):
            down |= children[node]
        for node in bits(new_heads & active):
            up |= parents[node]
            side |= siblings[node]
        new_tails, new_heads = up & ~tails, (down | side) & ~heads
        tails |= new_tails
        heads |= new_heads
    return (tails | heads) & ~(z & ~x)


def judge(g: Graph, x: int, y: int, z: int) -> Separation:
    """The verdict of :func:`separated` with a shortest open path as evidence."""
    _check_disjoint(x, y, z=z)
    active = closure(g.parents, z)
    came_from: dict[_State, _State | None] = {(node, False): None for node in bits(x)}
    tails, heads = x, 0  # the states that have been found, as in :func:`reachable`
    queue = list(came_from)
    parents, siblings, children = g.parents, g.bidirected, g.children
    for state in queue:
        node, head = state
        if y >> node & 1:
            return Separation(separated=False, open_path=_trace(came_from, state))
        blocked = z >> node & 1
        up = (active >> node & 1) if head else not blocked
        down = (0 if blocked else children[node]) & ~heads
        heads |= down
        above = (parents[node] if up else 0) & ~tails
        tails |= above
        aside = (siblings[node] if up else 0) & ~heads
        heads |= aside
        for mask, entered in ((down, True), (above, False), (aside, True)):
            for other in bits(mask) if mask else ():
                came_from[other, entered] = state
                queue.append((other, entered))
    return Separation(separated=True, open_path=None)


def minimal_separator(g: Graph, x: int, y: int, *, include: int = 0, exclude: int = 0) -> int | None:
    """One inclusion-minimal separator that contains *include* and avoids latent nodes and *exclude*; None if none.

    The one nearest to *y* (van der Zander, Liskiewicz and Textor 2019, "Separators and adjustment sets in causal
    graphs", algorithm FINDMINSEP): reduce the largest candidate to what is reached from either side.
    """
    _check_disjoint(x, y, z=include)
    candidates = g.ancestors(x | y | include) & ~(x | y | exclude | g.latent) | include
    if not separated(g, x, y, candidates):
        return None
    for side in (y, x):
        candidates = candidates & _touched(g, side, z=candidates, relevant=x | y | include) | include
    return candidates


def markov_blanket(g: Graph, x: int) -> int:
    """The smallest set of observed nodes that separates node mask *x* from all other observed nodes."""
    observed = g.observed & ~x
    adjacent = moral(g, g.ancestors(g.observed | x))
    reached = closure([mask & g.latent & ~x for mask in adjacent], x)
    found = 0
    for node in bits(x | (reached & g.latent)):
        found |= adjacent[node]
    return found & observed


def moral(g: Graph, within: int) -> list[int]:
    """Neighbour masks of the augmented graph of the ancestral set *within* (Richardson 2003).

    Two nodes are neighbours iff a path between them has colliders only: both lie in one district or among its parents.
    """
    adjacent = [0] * g.n
    left = within
    while left:
        seed = left & -left
        district = closure([mask & within for mask in g.bidirected], seed)
        left &= ~district
        clique = district
        for node in bits(district):
            clique |= g.parents[node]
        for node in bits(clique):
            adjacent[node] |= clique & ~(1 << node)
    return adjacent


def _touched(g: Graph, side: int, *, z: int, relevant: int) -> int:
    """The part of *z* that some path from *side* reaches in the moral graph without passing through *z*."""
    adjacent = moral(g, g.ancestors(relevant))
    inner = closure([mask & ~z for mask in adjacent], side)
    found = 0
    for node in bits(inner):
        found |= adjacent[node]
    return found & z


def _trace(came_from: Mapping[_State, _State | None], state: _State | None) -> tuple[int, ...]:
    path: list[int] = []
    while state is not None:
        path.append(state[0])
        state = came_from[state]
    return tuple(reversed(path))


def _check_disjoint(x: int, y: int, *, z: int) -> None:
    if x & y or x & z or y & z:
        raise MalformedCase(f"node sets must not meet, got the masks {x:#b}, {y:#b} and {z:#b}")
