"""Optimal adjustment from its definition: every valid set compared with every other.

One valid set is at least as precise as another if the outcome is independent of what only the other has, given the
treatment and the one, and the treatment is independent of what only the one has, given the other (Rotnitzky and
Smucler 2020, lemmas 4 and 5; Henckel, Perkovic and Maathuis 2022, theorem 3.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causal_eval.causal.graph import Graph
from causal_eval.causal.second.paths import Walker, on_causal_paths
from causal_eval.causal.second.reach import causes_of, cut_off, effects_of, members


def best_sets(
    g: Graph, x: int, *, y: int, fixed: int, costs: Mapping[int, int]
) -> tuple[int | None, int | None, int | None]:
    """The best of all valid sets that contain *fixed*, of the minimal ones, and of the cheapest ones.

    Raises:
        TooLarge: more than 16 candidates.
    """
    banned = g.latent | effects_of(g, on_causal_paths(g, x, y=y))
    if fixed & banned:
        return None, None, None
    usable = ((1 << g.n) - 1) & ~(x | y | banned)
    walker = Walker(g, usable & ~fixed, fixed)
    valid = walker.all & ~walker.open_noncausal(x, y)
    minimal = [one | fixed for one in walker.sets(walker.minimal(valid))]
    least = min((_price(one, costs) for one in minimal), default=0)
    cheapest = [one for one in minimal if _price(one, costs) == least]
    all_seen = not g.latent and not any(g.bidirected)
    known = (all_seen or not usable & ~causes_of(g, x | y | fixed)) and not y & ~effects_of(g, x)
    every = [one | fixed for one in walker.sets(valid)] if known else []
    return _best(g, x, y=y, among=every), _best(g, x, y=y, among=minimal), _best(g, x, y=y, among=cheapest)


def _best(g: Graph, x: int, *, y: int, among: Sequence[int]) -> int | None:
    """The smallest set that is at least as precise as each of *among*; None where none is."""
    order = sorted(among, key=lambda one: (one.bit_count(), one))
    return next((one for one in order if all(_beats(g, x, y=y, one=one, other=other) for other in among)), None)


def _beats(g: Graph, x: int, *, y: int, one: int, other: int) -> bool:
    more, less = one & ~other, other & ~one
    return (not less or cut_off(g, y, less, x | one)) and (not more or cut_off(g, x, more, other))


def _price(chosen: int, costs: Mapping[int, int]) -> int:
    return sum(costs[node] for node in members(chosen))
