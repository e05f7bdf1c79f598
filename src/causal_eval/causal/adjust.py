"""Adjustment sets: the complete criterion, Pearl's back-door criterion, and all minimal sets.

The complete criterion (Shpitser, VanderWeele and Robins 2010; van der Zander, Liskiewicz and Textor 2019): Z contains
no descendant of a node on a proper causal path from X to Y, and separates X and Y once the first edges of those paths
are removed. Minimal sets are enumerated with polynomial delay, never by trying all subsets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from causal_eval.causal.graph import Graph, bits, children_of, closure
from causal_eval.causal.separation import moral, reachable, separated
from causal_eval.errors import MalformedCase, TooLarge

MOST_LISTED = 20_000
"""Minimal sets that are listed: there may be exponentially many."""
LARGEST_LISTING = 16
"""All valid sets are listed for at most this many candidates."""


def forbidden(g: Graph, x: int, y: int) -> int:
    """Mask of the descendants of the nodes, other than *x*, on proper causal paths from *x* to *y*."""
    return g.descendants(_on_causal_paths(g.parents, x, y=y))


def proper_backdoor_graph(g: Graph, x: int, y: int) -> Graph:
    """The graph without the first edge of every proper causal path from *x* to *y*."""
    causal = _on_causal_paths(g.parents, x, y=y)
    parents = tuple([pa & ~x if causal >> node & 1 else pa for node, pa in enumerate(g.parents)])
    return Graph(g.n, parents, g.bidirected, g.latent)


def is_adjustment_set(g: Graph, x: int, y: int, z: int) -> bool:
    """Whether adjusting for *z* gives P(y | do x) in every model of the graph; latent nodes may not be adjusted for."""
    _check(x, y, z=z)
    if z & (g.latent | forbidden(g, x, y)):
        return False
    return separated(proper_backdoor_graph(g, x, y), x, y, z)


def is_backdoor_set(g: Graph, x: int, y: int, z: int) -> bool:
    """Whether *z* satisfies Pearl's back-door criterion (Causality, definition 3.3.1) for every pair of *x* and *y*.

    No member of *z* descends from the treatment, and *z* blocks every path that enters the treatment by an arrow.
    """
    _check(x, y, z=z)
    if z & (g.latent | g.descendants(x)):
        return False
    return all(not reachable(g.without_outgoing(1 << node), 1 << node, z=z) & y for node in bits(x))


def minimal_backdoor_sets(g: Graph, x: int, *, y: int, must_include: int = 0, must_exclude: int = 0) -> tuple[int, ...]:
    """All sets of Pearl's back-door criterion for the one node *x* that have no smaller one with *must_include*."""
    _check(x, y, z=must_include)
    banned = g.latent | must_exclude | g.descendants(x)
    if must_include & banned:
        return ()
    allowed = g.everything & ~(banned | x | y)
    found = minimal_separators(g.without_outgoing(x), x, y=y, include=must_include, allowed=allowed)
    return tuple(separator | must_include for separator in found)


@lru_cache(maxsize=64)  # a question asks it for its answer and again for the mistakes that would miss it
def minimal_adjustment_sets(
    g: Graph, x: int, y: int, *, must_include: int = 0, must_exclude: int = 0
) -> tuple[tuple[int, ...], ...]:
    """All valid adjustment sets of which no proper subset that contains *must_include* is valid.

    Sorted by size, then by members; ``()`` when there is none, ``((),)`` when nothing need be adjusted for.
    """
    _check(x, y, z=must_include)
    banned = g.latent | must_exclude | forbidden(g, x, y)
    if must_include & banned:
        return ()
    found = minimal_separators(
        proper_backdoor_graph(g, x, y), x, y=y, include=must_include, allowed=g.everything & ~(banned | x | y)
    )
    sets = (bits(separator | must_include) for separator in found)
    return tuple(sorted(sets, key=lambda members: (len(members), members)))


def adjustment_sets(
    g: Graph, x: int, *, y: int, must_include: int = 0, must_exclude: int = 0
) -> tuple[tuple[int, ...], ...]:
    """All valid adjustment sets, sorted by size, then by members.

    Raises:
        TooLarge: more than 16 candidates, hence more than 65,536 subsets.
    """
    _check(x, y, z=must_include)
    banned = g.latent | must_exclude | forbidden(g, x, y)
    if must_include & banned:
        return ()
    candidates = list(bits(g.everything & ~(banned | x | y | must_include)))
    if len(candidates) > LARGEST_LISTING:
        raise TooLarge(f"{len(candidates)} candidates have too many subsets; ask for the minimal adjustment sets")
    cut = proper_backdoor_graph(g, x, y)
    sets = [must_include | z for z in _subsets(candidates) if not reachable(cut, x, z=must_include | z) & y]
    return tuple(sorted((bits(z) for z in sets), key=lambda members: (len(members), members)))


def minimal_separators(g: Graph, x: int, *, y: int, include: int, allowed: int) -> Iterator[int]:
    """Every inclusion-minimal Z within *allowed* such that Z and *include* together separate *x* from *y*.

    Listed with polynomial delay (Takata 2010, "Space-optimal, backtracking algorithms to list the minimal vertex
    separators of a graph") in :func:`contracted_moral`.

    Raises:
        TooLarge: there are more than 20,000.
    """
    adjacent = contracted_moral(g, x | y, include=include, allowed=allowed)
    if _spread(adjacent, x, cut=0, only=x)[1] & y:
        return
    for count, found in enumerate(_list_separators(adjacent, near=x, far=y, fixed=0)):
        if count >= MOST_LISTED:
            raise TooLarge(f"over {MOST_LISTED:,} minimal sets; ask for a smallest one, or require and exclude nodes")
        yield found


def contracted_moral(g: Graph, ends: int, *, include: int, allowed: int) -> list[int]:
    """The moral graph of the ancestors of *ends* and *include* in which *include* is given and only *allowed* cuts.

    *include* is removed, every other node that is neither an end nor allowed is contracted: a set of allowed nodes
    separates parts of *ends* given *include* iff it cuts them here.
    """
    relevant = g.ancestors(ends | include)
    adjacent = moral(g, relevant)
    relevant &= ~include
    adjacent = [mask & relevant if relevant >> node & 1 else 0 for node, mask in enumerate(adjacent)]
    for node in bits(relevant & ~(allowed | ends)):
        _contract(adjacent, node)
    return adjacent


def _list_separators(adjacent: Sequence[int], *, near: int, far: int, fixed: int) -> Iterator[int]:
    """The minimal separators with *near* on the side of x and *fixed* not on it."""
    _, around = _spread(adjacent, near, cut=0, only=near)
    _, separator = _spread(adjacent, far, cut=around)
    side, _ = _spread(adjacent, near, cut=separator)
    if side & fixed:
        return
    open_nodes = separator & ~fixed
    if not open_nodes:
        yield separator
        return
    node = open_nodes & -open_nodes
    if not adjacent[node.bit_length() - 1] & far:
        yield from _list_separators(adjacent, near=side | node, far=far, fixed=fixed)
    yield from _list_separators(adjacent, near=side, far=far, fixed=fixed | node)


def _spread(adjacent: Sequence[int], start: int, *, cut: int, only: int = -1) -> tuple[int, int]:
    """What hangs together with *start* within *only* once *cut* is removed, and the neighbours of all that."""
    reached = frontier = start
    around = 0
    while frontier:
        low = frontier & -frontier
        frontier ^= low
        neighbours = adjacent[low.bit_length() - 1]
        around |= neighbours
        fresh = neighbours & only & ~(reached | cut)
        reached |= fresh
        frontier |= fresh
    return reached, around & ~reached


def _contract(adjacent: list[int], node: int) -> None:
    """Remove *node* and join its neighbours with each other: paths through it remain, it can no longer be cut."""
    around = adjacent[node]
    for other in bits(around):
        adjacent[other] = (adjacent[other] | around) & ~(1 << other | 1 << node)
    adjacent[node] = 0


@lru_cache(maxsize=1024)  # every claim of a derivation asks it of the same graph
def _on_causal_paths(parents: tuple[int, ...], x: int, *, y: int) -> int:
    """The nodes other than *x* on directed paths from *x* to *y* that meet *x* only at their start."""
    after = closure([mask & ~x for mask in children_of(parents)], x) & ~x
    before = closure([mask & ~x for mask in parents], y)
    return after & before


def _subsets(candidates: Sequence[int]) -> Iterator[int]:
    for chosen in range(1 << len(candidates)):
        mask = 0
        for place in bits(chosen):
            mask |= 1 << candidates[place]
        yield mask


def _check(x: int, y: int, *, z: int) -> None:
    if not x or not y:
        raise MalformedCase("treatment and outcome need at least one node each")
    if x & y or x & z or y & z:
        raise MalformedCase(f"node sets must not meet, got the masks {x:#b}, {y:#b} and {z:#b}")
