"""Ancestors and separation from the definitions: repeated passes, and the moralised ancestral graph."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from causal_eval.causal.graph import Graph


@lru_cache(maxsize=8192)
def members(mask: int) -> tuple[int, ...]:
    """The nodes of *mask*, ascending."""
    return tuple([node for node in range(mask.bit_length()) if mask >> node & 1])


def mask_from(nodes: tuple[int, ...] | list[int]) -> int:
    """The mask of *nodes*."""
    return sum(1 << node for node in set(nodes))


def causes_of(g: Graph, mask: int) -> int:
    """*mask* and everything with a directed path into it."""
    while True:
        larger = mask
        for node in range(g.n):
            if mask >> node & 1:
                larger |= g.parents[node]
        if larger == mask:
            return mask
        mask = larger


def effects_of(g: Graph, mask: int) -> int:
    """*mask* and everything to which a directed path leads from it."""
    while True:
        larger = mask
        for node in range(g.n):
            if g.parents[node] & mask:
                larger |= 1 << node
        if larger == mask:
            return mask
        mask = larger


def causal_order(g: Graph) -> list[int]:
    """All nodes, causes first."""
    order: list[int] = []
    placed = 0
    while len(order) < g.n:
        for node in range(g.n):
            if not placed >> node & 1 and g.parents[node] & ~placed == 0:
                order.append(node)
                placed |= 1 << node
    return order


@lru_cache(maxsize=1 << 10)  # many conditions have the same ancestors
def moral_neighbours(g: Graph, keep: int) -> Mapping[int, int]:
    """The moral graph of the ancestral set *keep*: node -> mask of its neighbours and itself.

    A bidirected edge counts as a hidden parent of both ends, with numbers from ``g.n`` on.
    """
    families = {node: 1 << node | g.parents[node] & keep for node in members(keep)}
    neighbours = dict.fromkeys(families, 0)
    for one in members(keep):
        for other in members(g.bidirected[one] & keep):
            if one < other:
                hidden = 1 << g.n + len(neighbours) - len(families)
                families[one] |= hidden
                families[other] |= hidden
                neighbours[hidden.bit_length() - 1] = 0
    for family in families.values():
        for node in members(family):
            neighbours[node] |= family
    return neighbours


def cut_off(g: Graph, x: int, y: int, z: int) -> bool:
    """Whether *z* separates *x* from *y*: no path between them in the moral graph of their ancestors avoids it."""
    return not around(moral_neighbours(g, causes_of(g, x | y | z)), x, without=z) & y


def around(neighbours: Mapping[int, int], start: int, *, without: int) -> int:
    """The mask of *start* and what hangs together with it once *without* is removed."""
    seen = fresh = start
    while fresh:
        reached = 0
        for node in members(fresh):
            reached |= neighbours[node]
        fresh = reached & ~(seen | without)
        seen |= fresh
    return seen


def blanket(g: Graph, x: int) -> int:
    """The observed nodes that stay dependent on node mask *x* when all other observed nodes are known."""
    everyone = ((1 << g.n) - 1) & ~g.latent & ~x
    found = 0
    for node in members(everyone):
        if not cut_off(g, x, 1 << node, everyone & ~(1 << node)):
            found |= 1 << node
    return found


def labels(g: Graph, y: int) -> list[str]:
    """How every node relates to *y*: is there a directed path either way, else a path without colliders?"""
    above = [0] * g.n
    for node in causal_order(g):
        above[node] = 1 << node
        for cause in members(g.parents[node]):
            above[node] |= above[cause]
    return [_label(g, above, node=node, y=y) for node in range(g.n)]


def _label(g: Graph, above: list[int], *, node: int, y: int) -> str:
    """The relation of *node* to *y*; *above* holds for every node those with a directed path into it, and itself."""
    if above[y] >> node & 1:
        return "cause"
    if above[node] >> y & 1:
        return "effect"
    if above[node] & above[y]:
        return "common cause"
    if any(g.bidirected[one] & above[y] for one in members(above[node])):
        return "common cause"
    return "unrelated"
