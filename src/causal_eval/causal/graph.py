"""Causal graphs as integers: node *i* is bit *i*; names live elsewhere.

A graph is directed and acyclic, may carry bidirected edges (a latent common cause of both ends) and may mark nodes
as latent. Bitmasks have any width, so structural questions have no size limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from causal_eval.errors import MalformedCase


@lru_cache(maxsize=1 << 14)  # the masks of small graphs come again and again
def bits(mask: int) -> tuple[int, ...]:
    """The set bits of *mask*, ascending."""
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return tuple(found)


def mask_of(indices: Iterable[int]) -> int:
    """The mask whose set bits are *indices*."""
    mask = 0
    for index in indices:
        mask |= 1 << index
    return mask


@dataclass(frozen=True, slots=True)
class Graph:
    """An acyclic directed mixed graph; :meth:`build` validates, the bare constructor trusts its caller."""

    n: int
    parents: tuple[int, ...]
    """Mask of the parents of each node."""
    bidirected: tuple[int, ...]
    """Mask of the nodes with which each node shares a latent common cause."""
    latent: int = 0
    """Mask of the unobserved nodes."""

    @classmethod
    def build(
        cls,
        n: int,
        directed: Iterable[tuple[int, int]],
        *,
        bidirected: Iterable[tuple[int, int]] = (),
        latent: int = 0,
    ) -> Graph:
        """The graph with these edges, each directed one as (cause, effect).

        Raises:
            MalformedCase: an end out of range, a self-loop, a duplicate edge or a cycle, which is named.
        """
        parents, siblings = [0] * n, [0] * n
        for cause, effect in directed:
            if not (0 <= cause < n and 0 <= effect < n and cause != effect and not parents[effect] >> cause & 1):
                raise _bad_edge(n, cause, other=effect)
            parents[effect] |= 1 << cause
        for one, other in bidirected:
            if not (0 <= one < n and 0 <= other < n and one != other and not siblings[other] >> one & 1):
                raise _bad_edge(n, one, other=other, arrow="<->")
            siblings[one] |= 1 << other
            siblings[other] |= 1 << one
        if latent >> n:
            raise MalformedCase(f"latent mask {latent:#b} names nodes beyond the {n} of the graph")
        graph = cls(n, tuple(parents), tuple(siblings), latent)
        graph.topological()
        return graph

    @property
    def children(self) -> tuple[int, ...]:
        """Mask of the children of each node."""
        return children_of(self.parents)

    @property
    def everything(self) -> int:
        """Mask of all nodes."""
        return (1 << self.n) - 1

    @property
    def observed(self) -> int:
        """Mask of the nodes that are not latent."""
        return self.everything & ~self.latent

    def topological(self) -> tuple[int, ...]:
        """All nodes, causes before effects; of the nodes that could come next always the smallest.

        Raises:
            MalformedCase: the directed edges form a cycle, which is named.
        """
        return _topological(self.parents)

    def edges(self) -> tuple[tuple[int, int], ...]:
        """The directed edges (cause, effect), sorted."""
        return tuple((cause, effect) for cause, mask in enumerate(self.children) for effect in bits(mask))

    def bidirected_edges(self) -> tuple[tuple[int, int], ...]:
        """The bidirected edges (smaller, larger), sorted."""
        return tuple((one, other) for one, mask in enumerate(self.bidirected) for other in bits(mask) if one < other)

    def ancestors(self, mask: int) -> int:
        """The nodes from which a directed path leads into *mask*, and *mask* itself."""
        return closure(self.parents, mask)

    def descendants(self, mask: int) -> int:
        """The nodes to which a directed path leads from *mask*, and *mask* itself."""
        return closure(self.children, mask)

    def without_incoming(self, mask: int) -> Graph:
        """The graph after an intervention on *mask*: no edge of either kind points into it."""
        parents = tuple([0 if mask >> node & 1 else pa for node, pa in enumerate(self.parents)])
        siblings = tuple([0 if mask >> node & 1 else sib & ~mask for node, sib in enumerate(self.bidirected)])
        return Graph(self.n, parents, siblings, self.latent)

    def without_outgoing(self, mask: int) -> Graph:
        """The graph without the directed edges that leave *mask*."""
        return Graph(self.n, tuple(pa & ~mask for pa in self.parents), self.bidirected, self.latent)

    def relabel(self, perm: Sequence[int]) -> Graph:
        """The same graph with node *i* renamed to ``perm[i]``."""
        if sorted(perm) != list(range(self.n)):
            raise ValueError(f"perm must be a permutation of 0..{self.n - 1}, got {list(perm)}")
        parents, siblings = [0] * self.n, [0] * self.n
        for node, new in enumerate(perm):
            parents[new] = mask_of(perm[other] for other in bits(self.parents[node]))
            siblings[new] = mask_of(perm[other] for other in bits(self.bidirected[node]))
        latent = mask_of(perm[node] for node in bits(self.latent))
        return Graph(self.n, tuple(parents), tuple(siblings), latent)


def closure(step: Sequence[int], mask: int) -> int:
    """Everything reachable from *mask* along *step* (a mask of successors for each node), *mask* included."""
    reached = frontier = mask
    while frontier:
        low = frontier & -frontier
        frontier ^= low
        fresh = step[low.bit_length() - 1] & ~reached
        reached |= fresh
        frontier |= fresh
    return reached


def _bad_edge(n: int, one: int, *, other: int, arrow: str = "->") -> MalformedCase:
    """What is wrong with an edge that cannot be added."""
    edge = f"edge {one} {arrow} {other}"
    if not (0 <= one < n and 0 <= other < n):
        return MalformedCase(f"{edge}: nodes are 0 to {n - 1}")
    if one == other:
        return MalformedCase(f"{edge}: a node cannot be joined to itself; remove the self-loop")
    return MalformedCase(f"{edge} is listed twice; remove the duplicate")


# Both caches are keyed by the parents alone, so all graphs that differ in bidirected edges or latents share an entry.
@lru_cache(maxsize=8192)
def children_of(parents: tuple[int, ...]) -> tuple[int, ...]:
    """The masks of children that belong to these masks of parents."""
    children = [0] * len(parents)
    for effect, mask in enumerate(parents):
        for cause in bits(mask):
            children[cause] |= 1 << effect
    return tuple(children)


@lru_cache(maxsize=8192)
def _topological(parents: tuple[int, ...]) -> tuple[int, ...]:
    order: list[int] = []
    left = (1 << len(parents)) - 1
    while left:
        for ready in bits(left):
            if not parents[ready] & left:
                order.append(ready)
                left ^= 1 << ready
                break
        else:
            raise MalformedCase(f"the graph has a cycle: {' -> '.join(map(str, find_cycle(parents)))}")
    return tuple(order)


def find_cycle(parents: Sequence[int]) -> tuple[int, ...]:
    """One directed cycle, its first node repeated at the end; () when there is none."""
    core = (1 << len(parents)) - 1
    while ends := [node for node in bits(core) if not parents[node] & core]:
        core &= ~mask_of(ends)
    if not core:
        return ()
    walk = [(core & -core).bit_length() - 1]
    while True:
        cause = bits(parents[walk[-1]] & core)[0]
        if cause in walk:
            return tuple(reversed([*walk[walk.index(cause) :], cause]))
        walk.append(cause)
