"""What a complete list of conditional independences says of the graph (Spirtes, Glymour and Scheines's SGS)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from causal_eval.causal.classes import Mixed, completed, members
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.separation import reachable
from causal_eval.errors import NotDetermined, TooLarge

Statements = frozenset[tuple[int, int, int]]
"""(smaller node, larger node, mask of what is given): independent."""
LARGEST = 9
"""Nodes whose independences are listed: at ten there are 11,520 statements."""


def statements(g: Graph) -> Statements:
    """Every conditional independence of single observed nodes that *g* implies.

    Raises:
        TooLarge: more than 9 observed nodes.
    """
    seen = bits(g.observed)
    if len(seen) > LARGEST:
        raise TooLarge(f"{len(seen)} nodes have too many independences to be listed; the most is {LARGEST}")
    return frozenset(
        (one, other, z)
        for one, other in itertools.combinations(seen, 2)
        for z in _subsets(g.observed & ~(1 << one | 1 << other))
        if not reachable(g, 1 << one, z=z) >> other & 1
    )


def cpdag_of(n: int, independent: Statements) -> Mixed:
    """The CPDAG of the DAGs over *n* nodes that have exactly the independences *independent*.

    Raises:
        NotDetermined: no DAG has exactly these. TooLarge: more than 9 nodes.
    """
    separators: dict[tuple[int, int], int] = {}
    for one, other, z in sorted(independent, key=lambda told: (told[2].bit_count(), told)):
        separators.setdefault((one, other), z)
    near = [0] * n
    for one, other in itertools.combinations(range(n), 2):
        if (one, other) not in separators:
            near[one] |= 1 << other
            near[other] |= 1 << one
    parents = [0] * n
    for (one, other), z in separators.items():
        for child in bits(near[one] & near[other] & ~z):
            parents[child] |= 1 << one | 1 << other
    if any(parents[node] >> parent & parents[parent] >> node & 1 for node in range(n) for parent in bits(near[node])):
        raise _unfaithful()
    beside = [near[node] & ~parents[node] for node in range(n)]
    for node in range(n):
        for parent in bits(parents[node]):
            beside[parent] &= ~(1 << node)
    found = completed(Mixed(n, tuple(parents), tuple(beside)))
    member = next((one for one in members(found) if _is_acyclic(one)), None)
    if member is None or statements(member) != independent:
        raise _unfaithful()
    return found


def mags(n: int, independent: Statements) -> Iterator[Graph]:
    """Every maximal ancestral graph over *n* nodes, without selection, that has exactly these independences.

    Raises:
        TooLarge: more than 4 nodes.
    """
    if n > 4:  # noqa: PLR2004 - 4^10 graphs of five nodes
        raise TooLarge(f"{n} nodes: with unobserved common causes at most 4 are looked through")
    apart = {(one, other) for one, other, _ in independent}
    pairs = [pair for pair in itertools.combinations(range(n), 2) if pair not in apart]
    for kinds in itertools.product(("->", "<-", "<->"), repeat=len(pairs)):
        parents, siblings = [0] * n, [0] * n
        for (one, other), kind in zip(pairs, kinds, strict=True):
            if kind == "<->":
                siblings[one] |= 1 << other
                siblings[other] |= 1 << one
            else:
                cause, effect = (one, other) if kind == "->" else (other, one)
                parents[effect] |= 1 << cause
        g = Graph(n, tuple(parents), tuple(siblings))
        if _is_acyclic(g) and _is_ancestral(g) and statements(g) == independent:
            yield g


def _is_ancestral(g: Graph) -> bool:
    """Whether no node has a bidirected edge with an ancestor."""
    return not any(g.ancestors(1 << node) & g.bidirected[node] for node in range(g.n))


def _is_acyclic(g: Graph) -> bool:
    return all(not g.ancestors(g.parents[node]) >> node & 1 for node in range(g.n))


def _unfaithful() -> NotDetermined:
    return NotDetermined("no DAG over these nodes has exactly these independences; complete the list, or allow latents")


def _subsets(mask: int) -> Iterator[int]:
    chosen = 0
    while True:
        yield chosen
        if chosen == mask:
            return
        chosen = (chosen - mask) & mask
