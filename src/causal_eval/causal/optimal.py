"""Adjustment sets whose estimate has the smallest asymptotic variance, with latent nodes, forced members and costs.

Smucler, Sapienza and Rotnitzky 2021, "Efficient adjustment sets in causal graphical models with hidden variables",
and Smucler and Rotnitzky 2022, "A note on efficient minimum cost adjustment sets"; without latent nodes the first is
the set of Henckel, Perkovic and Maathuis 2022. All three are vertex cuts of one undirected graph, H1 of those papers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from causal_eval.causal.adjust import contracted_moral, forbidden, proper_backdoor_graph
from causal_eval.causal.graph import Graph, bits, closure
from causal_eval.causal.mincut import minimum_cut


class Optimal(NamedTuple):
    """Masks of sets; None where there is none."""

    optimal: int | None
    """No valid set has a smaller variance; None also where no theorem says that such a set exists."""
    minimal: int | None
    """The same among the sets that are minimal by inclusion."""
    cheapest: int | None
    """The same among the sets of the smallest total cost."""


def optimal_adjustment(g: Graph, x: int, *, y: int, include: int, costs: Mapping[int, int]) -> Optimal:
    """The three sets among all adjustment sets that contain *include*; *costs*: positive, of every observed node."""
    banned = g.latent | forbidden(g, x, y)
    if include & banned:
        return Optimal(None, None, None)
    allowed = g.everything & ~(banned | include | x | y)
    h1 = contracted_moral(proper_backdoor_graph(g, x, y), x | y, include=include, allowed=allowed)
    if _around(h1, x) & y:
        return Optimal(None, None, None)
    widest = _around(h1, y)
    cheapest = minimum_cut(h1, x, far=y, costs={node: costs[node] for node in bits(allowed)})
    assert cheapest is not None
    exists = not y & ~g.descendants(x) and _known(g, x | y | include, usable=g.observed & ~banned)
    return Optimal(
        optimal=widest | include if exists else None,
        minimal=_nearest(h1, x, widest=widest) | include,
        cheapest=cheapest | include,
    )


def _known(g: Graph, ends: int, *, usable: int) -> bool:
    """Whether theorem 1 or 2 of Smucler et al. applies: nothing is hidden, or all that is usable are ancestors."""
    return not (g.latent or any(g.bidirected)) or not usable & ~g.ancestors(ends)


def _nearest(h1: Sequence[int], x: int, *, widest: int) -> int:
    """The members of *widest*, the neighbours of Y, that X reaches without passing through another one."""
    return _around([mask & ~widest for mask in h1], x, through=h1) & widest


def _around(adjacent: Sequence[int], side: int, *, through: Sequence[int] | None = None) -> int:
    """The neighbours, by *through* or else *adjacent*, of all that hangs together with *side* by *adjacent*."""
    inner = side if through is None else closure(adjacent, side)
    found = 0
    for node in bits(inner):
        found |= (through or adjacent)[node]
    return found & ~inner
