"""Recoverability from selection by rank: what does not move the selected distribution must not move the quantity.

A model of the graph has two-valued variables, one of them for each bidirected edge. If at a random model of a subgraph,
over a prime field, the differential of the quantity is not in the span of those of P(v | S = 1), some change of the
model moves the quantity alone, and it is not recoverable. All subgraphs are tried: models of the whole graph may be
told apart by independences that hold almost everywhere, and those of a part not.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from causal_eval.causal.graph import Graph
from causal_eval.causal.second.reach import causal_order, cut_off, members
from causal_eval.errors import TooLarge

PRIME = 2**31 - 1
MOST_EDGES = 10
MOST_VARIABLES = 12

Numbers: TypeAlias = "NDArray[np.int64]"
Parents: TypeAlias = list[tuple[int, ...]]
"""The causes of every variable, latent ones behind the nodes."""


def says_conditional(g: Graph, x: int, *, y: int, s: int) -> bool:
    """Whether selection is no news about *y* given *x*."""
    return cut_off(g, y, s & ~(x | y), x)


def moves_alone(g: Graph, x: int, *, y: int, s: int) -> bool:
    """Whether P(*y* | do *x*) can move while P(v | *s* = 1) stays; latent nodes count like all others that are hidden.

    Raises:
        TooLarge: more than 10 edges or 12 variables.
    """
    edges = sum(mask.bit_count() for mask in g.parents) + sum(mask.bit_count() for mask in g.bidirected) // 2
    hidden = sum(mask.bit_count() for mask in g.bidirected) // 2
    if edges > MOST_EDGES or g.n + hidden > MOST_VARIABLES:
        raise TooLarge(f"{edges} edges: the second solver tries all subgraphs of at most {MOST_EDGES}")
    return any(_moves(g, parents, x=x, y=y, s=s) for parents in _subgraphs(g))


def _subgraphs(g: Graph) -> Iterator[Parents]:
    """Every part of the edges, the whole first."""
    arrows = [((cause,), (node,)) for node in causal_order(g) for cause in members(g.parents[node])]
    doubled = [(one, other) for one in range(g.n) for other in members(g.bidirected[one]) if one < other]
    both = [((g.n + place,), pair) for place, pair in enumerate(doubled)]
    edges = [*arrows, *both]
    for size in range(len(edges), -1, -1):
        for kept in itertools.combinations(edges, size):
            yield _causes(g.n + len(doubled), [(cause, end) for (cause,), ends in kept for end in ends])


def _causes(size: int, arrows: Iterable[tuple[int, int]]) -> Parents:
    parents: Parents = [() for _ in range(size)]
    for cause, end in arrows:
        parents[end] = (*parents[end], cause)
    return parents


def _moves(g: Graph, parents: Parents, *, x: int, y: int, s: int) -> bool:
    hidden = g.latent | ((1 << len(parents)) - (1 << g.n))
    seen = ((1 << len(parents)) - 1) & ~hidden
    rows = _grouped(*_differentials(parents, done=0), by=seen, where=s)
    total = rows.sum(axis=0) % PRIME
    shift = total[1:] * pow(int(total[0]), -1, PRIME) % PRIME
    known = (rows[:, 1:] - rows[:, :1] * shift % PRIME) % PRIME
    asked = _grouped(*_differentials(parents, done=x), by=x | y, where=0)[:, 1:]
    return _rank(np.vstack([known, asked])) > _rank(known)


def _differentials(parents: Parents, *, done: int) -> tuple[Numbers, Numbers]:
    """The worlds, and for each its probability and then its change with every parameter; *done* are set."""
    worlds = np.arange(1 << len(parents), dtype=np.int64)
    chances = np.ones_like(worlds)
    rates = []
    for node, causes in enumerate(parents):
        row = sum(((worlds >> cause & 1) << place for place, cause in enumerate(causes)), np.zeros_like(worlds))
        for number in range(1 << len(causes)):
            level = _some(f"{node} {number}")
            here, one = row == number, worlds >> node & 1 == 1
            if done >> node & 1:
                rates.append(np.zeros_like(worlds))
                continue
            chances = np.where(here, chances * np.where(one, level, (1 - level) % PRIME) % PRIME, chances)
            up, down = pow(level, -1, PRIME), -pow(1 - level, -1, PRIME) % PRIME
            rates.append(np.where(here, np.where(one, up, down), 0))
    return worlds, np.column_stack([chances, *(chances * rate % PRIME for rate in rates)])


def _grouped(worlds: Numbers, rows: Numbers, *, by: int, where: int) -> Numbers:
    """The sums of *rows* over the worlds with *where* that agree on *by*."""
    kept = worlds & where == where
    _, place = np.unique(worlds[kept] & by, return_inverse=True)
    found = np.zeros((int(place.max()) + 1, rows.shape[1]), dtype=np.int64)
    np.add.at(found, place, rows[kept])
    return found % PRIME


def _some(name: str) -> int:
    return 2 + int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % (PRIME - 3)


def _rank(rows: Numbers) -> int:
    whole, rank = rows.copy(), 0
    for column in range(whole.shape[1]):
        below = np.flatnonzero(whole[rank:, column]) + rank
        if not below.size:
            continue
        whole[[rank, below[0]]] = whole[[below[0], rank]]
        whole[rank] = whole[rank] * pow(int(whole[rank, column]), -1, PRIME) % PRIME
        factors = whole[rank + 1 :, column].copy()
        whole[rank + 1 :] = (whole[rank + 1 :] - factors[:, None] * whole[rank] % PRIME) % PRIME
        rank += 1
        if rank == len(whole):
            break
    return rank
