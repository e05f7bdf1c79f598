"""Hedges: why an effect is not identifiable (Shpitser and Pearl 2006, definition 6 and theorem 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from causal_eval.causal.districts import split
from causal_eval.causal.graph import Graph, bits, closure, mask_of
from causal_eval.causal.identify import Hedge


@dataclass(frozen=True, slots=True)
class Forest:
    """Two R-rooted C-forests F' in F that form a hedge for P(y | do x), and paths from R to what is asked about."""

    f: int
    f_prime: int
    roots: int
    child: Mapping[int, int]
    """Of every node of F but the roots the one child that it keeps; that of a node of F' is in F'."""
    tree: tuple[tuple[int, int], ...]
    """Bidirected edges that span F; those that span F' come first."""
    onward: Mapping[int, int]
    """The next node on the path from a root to what is asked about; none enters X by an arrow."""
    ends: int
    """Where those paths end."""


def smaller(g: Graph, hedge: Hedge, *, x: int) -> Hedge:
    """A hedge inside *hedge* from which no single node can be left out.

    Whatever connected part of F' serves as the new F': all of it are ancestors of Y once the edges into X are cut.
    """
    for node in bits(hedge.f):
        left = hedge.f & ~(1 << node)
        for part in split(g.bidirected, hedge.f_prime & left):
            around = _around(g, part, within=left)
            if around & x:
                return smaller(g, Hedge(around, part), x=x)
    return hedge


def _around(g: Graph, part: int, *, within: int) -> int:
    """The largest set in *within* that bidirected edges connect to *part* and directed paths lead from into it."""
    while True:
        above = closure([mask & within for mask in g.parents], part)
        (connected,) = [one for one in split(g.bidirected, above) if one & part]
        if connected == within:
            return within
        within = connected


def forest_of(g: Graph, hedge: Hedge, *, x: int, targets: tuple[int, ...]) -> Forest:
    """The forests of what ID fails on, with paths to the first of *targets* that each root reaches."""
    children = g.children
    roots = mask_of(node for node in bits(hedge.f_prime) if not children[node] & hedge.f_prime)
    child = {}
    for node in bits(hedge.f & ~roots):
        within = children[node] & (hedge.f_prime if hedge.f_prime >> node & 1 else hedge.f)
        child[node] = bits(within)[0]
    small = _spanning(g, bits(hedge.f_prime)[0], within=hedge.f_prime)
    large = _spanning(g, hedge.f_prime, within=hedge.f, seeds=True)
    onward: dict[int, int] = {}
    ends = 0
    for root in bits(roots):
        path = _path(g, root, goals=ends | mask_of(onward), x=x, targets=targets)
        onward |= {one: path[place + 1] for place, one in enumerate(path[:-1])}
        if path[-1] not in onward:
            ends |= 1 << path[-1]
    return Forest(hedge.f, hedge.f_prime, roots, child, (*small, *large), onward, ends)


def _spanning(g: Graph, start: int, *, within: int, seeds: bool = False) -> list[tuple[int, int]]:
    """Bidirected edges that join all of *within* to *start*: a node, or with *seeds* a mask of nodes."""
    reached = start if seeds else 1 << start
    edges = []
    grown = True
    while grown:
        grown = False
        for node in bits(reached):
            for other in bits(g.bidirected[node] & within & ~reached):
                reached |= 1 << other
                edges.append((min(node, other), max(node, other)))
                grown = True
    return edges


def _path(g: Graph, root: int, *, goals: int, x: int, targets: tuple[int, ...]) -> list[int]:
    """A shortest directed path from *root* to the first of *targets* that it reaches, or into *goals* before."""
    before = {root: root}
    queue = [root]
    for node in queue:
        for other in bits(g.children[node] & ~x):
            if other not in before:
                before[other] = node
                queue.append(other)
    for wanted in (*targets, goals):
        found = [node for node in queue if wanted >> node & 1]
        if found:
            break
    path = [found[0]]
    while path[-1] != root:
        path.append(before[path[-1]])
    path.reverse()
    for place, node in enumerate(path):
        if goals >> node & 1:
            return path[: place + 1]
    return path
