"""Adjustment from the definition: every path, against all candidate sets at once.

A *family* is an integer with one bit for each subset of the candidates: bit s stands for the subset whose members are
the set bits of s. Walking every simple path while intersecting the family of the sets that leave it open decides all
2^m sets together.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

from causal_eval.causal.graph import Graph
from causal_eval.causal.second.reach import causes_of, effects_of, members
from causal_eval.errors import TooLarge

MOST_CANDIDATES = 16

Step: TypeAlias = "tuple[int, bool, bool]"
"""(next node, arrowhead at this node, arrowhead at the next node)."""


class Walker:
    """Walks the paths of one graph with *fixed* always conditioned on and *candidates* free to be."""

    def __init__(self, g: Graph, candidates: int, fixed: int) -> None:
        self.g = g
        free = members(candidates)
        if len(free) > MOST_CANDIDATES:
            raise TooLarge(f"{len(free)} candidates: the second solver tries all sets of at most {MOST_CANDIDATES}")
        self.free = free
        self.all, with_member = patterns(len(free))
        holding = dict(zip(free, with_member, strict=True))
        self.through = [self._through(node, holding, fixed=fixed) for node in range(g.n)]
        self.collider = [self._collider(node, holding, fixed=fixed) for node in range(g.n)]
        self.steps = [list(self._steps(node)) for node in range(g.n)]

    def open_noncausal(self, x: int, y: int) -> int:
        """The family of the sets that leave some proper path from *x* to *y* open that is not directed."""
        found = 0
        for start in members(x):
            for node, head_here, head_there in self.steps[start]:
                if not x >> node & 1:
                    seen, directed = x | 1 << node, head_there and not head_here
                    found |= self._walk(node, seen, head=head_there, y=y, left_open=self.all, directed=directed)
        return found

    def open_into(self, start: int, y: int) -> int:
        """The family of the sets that leave some path from *start* to *y* open that begins with an arrow into it."""
        found = 0
        for node, head_here, head_there in self.steps[start]:
            if head_here:
                seen = 1 << start | 1 << node
                found |= self._walk(node, seen, head=head_there, y=y, left_open=self.all, directed=False)
        return found

    def open_any(self, x: int, y: int) -> int:
        """The family of the sets that leave any path from *x* to *y* open."""
        found = 0
        for start in members(x):
            for node, _, head_there in self.steps[start]:
                if not x >> node & 1:
                    seen = x | 1 << node
                    found |= self._walk(node, seen, head=head_there, y=y, left_open=self.all, directed=False)
        return found

    def minimal(self, family: int) -> int:
        """The sets of *family* that contain no other one of it."""
        holding = patterns(len(self.free))[1]
        upward = family
        for place, pattern in enumerate(holding):
            upward |= (upward & ~pattern) << (1 << place)
        above = 0
        for place, pattern in enumerate(holding):
            above |= (upward & ~pattern) << (1 << place)
        return family & ~above

    def sets(self, family: int) -> Iterator[int]:
        """The node masks of the sets in *family*."""
        for chosen in members(family):
            yield sum(1 << self.free[place] for place in members(chosen))

    def _walk(self, node: int, seen: int, *, head: bool, y: int, left_open: int, directed: bool) -> int:
        """The sets of *left_open* that leave some way on from *node* to *y* open; *head*: entered by an arrowhead."""
        found = left_open if y >> node & 1 and not directed else 0
        for following, head_here, head_there in self.steps[node]:
            if seen >> following & 1:
                continue
            still = left_open & (self.collider[node] if head and head_here else self.through[node])
            if still & ~found:
                onward = directed and head_there and not head_here
                found |= self._walk(
                    following, seen | 1 << following, head=head_there, y=y, left_open=still, directed=onward
                )
        return found

    def _steps(self, node: int) -> Iterator[Step]:
        for other in range(self.g.n):
            if self.g.parents[other] >> node & 1:
                yield other, False, True
            if self.g.parents[node] >> other & 1:
                yield other, True, False
            if self.g.bidirected[node] >> other & 1:
                yield other, True, True

    def _through(self, node: int, holding: dict[int, int], *, fixed: int) -> int:
        """The sets that leave a path open at *node* when it is no collider there."""
        return 0 if fixed >> node & 1 else self.all & ~holding.get(node, 0)

    def _collider(self, node: int, holding: dict[int, int], *, fixed: int) -> int:
        """The sets that leave a path open at the collider *node*: they hold one of its descendants."""
        below = effects_of(self.g, 1 << node)
        if below & fixed:
            return self.all
        family = 0
        for other in members(below):
            family |= holding.get(other, 0)
        return family


def on_causal_paths(g: Graph, x: int, *, y: int) -> int:
    """The nodes outside *x* on some directed path from *x* to *y* whose only node in *x* is its first."""
    found = 0
    for node in members(((1 << g.n) - 1) & ~x):
        started = bool(_without(g, x, node=node) & x)
        found |= (1 << node) if started and _ends(g, x, y=y, node=node) else 0
    return found


@lru_cache(maxsize=32)
def patterns(count: int) -> tuple[int, tuple[int, ...]]:
    """The family of all subsets of *count* candidates, and for each candidate the family of those that hold it."""
    size = 1 << count
    everything = (1 << size) - 1
    holding = []
    for place in range(count):
        block = ((1 << (1 << place)) - 1) << (1 << place)
        repeats = everything // ((1 << (2 << place)) - 1)
        holding.append(block * repeats)
    return everything, tuple(holding)


def _without(g: Graph, x: int, *, node: int) -> int:
    """The causes of *node*, members of *x* included but not passed through."""
    found = 1 << node
    for _ in range(g.n):
        for other in members(found & ~x):
            found |= g.parents[other]
    return found


def _ends(g: Graph, x: int, *, y: int, node: int) -> bool:
    """Whether a directed path that avoids *x* leads from *node* into *y*."""
    cut = Graph(g.n, tuple(pa & ~x for pa in g.parents), g.bidirected, g.latent)
    return bool(causes_of(cut, y) >> node & 1)
