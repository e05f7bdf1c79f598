"""Ancestors and separation from the definitions: repeated passes, and the moralised ancestral graph."""

from __future__ import annotations

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


def moral_neighbours(g: Graph, keep: int) -> dict[int, set[int]]:
    """The moral graph of the ancestral set *keep*; a bidirected edge counts as a hidden parent of both ends."""
    hidden = [(one, other) for one in members(keep) for other in members(g.bidirected[one] & keep) if one < other]
    families = {node: {node, *members(g.parents[node] & keep)} for node in members(keep)}
    neighbours: dict[int, set[int]] = {node: set() for node in members(keep)}
    for place, (one, other) in enumerate(hidden):
        for end in (one, other):
            families[end].add(g.n + place)
        neighbours[g.n + place] = set()
    for family in families.values():
        for node in family:
            neighbours[node] |= family - {node}
    return neighbours


def cut_off(g: Graph, x: int, y: int, z: int) -> bool:
    """Whether *z* separates *x* from *y*: no path between them in the moral graph of their ancestors avoids it."""
    neighbours = moral_neighbours(g, causes_of(g, x | y | z))
    seen = set(members(x))
    stack = list(seen)
    while stack:
        for other in neighbours[stack.pop()]:
            if other not in seen and not z >> other & 1:
                seen.add(other)
                stack.append(other)
    return not seen & set(members(y))


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
