"""Transportability by sets of nodes alone: each factor from a population that shares it, by Huang and Valtorta."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from causal_eval.causal.graph import Graph
from causal_eval.causal.second.districts import districts_of, without_latents
from causal_eval.causal.second.identification import factor_identified
from causal_eval.causal.second.reach import causes_of


class Place(NamedTuple):
    """A population: its name, what was set there, and what may respond otherwise."""

    name: str
    done: int
    differs: int


def transportable(g: Graph, x: int, *, y: int, places: Sequence[Place]) -> bool:
    """Whether every factor of P(y | do x) can be had somewhere."""
    seen = without_latents(g)
    cut = Graph(seen.n, tuple([pa & ~x for pa in seen.parents]), seen.bidirected, seen.latent)
    parts = districts_of(seen.bidirected, causes_of(cut, y) & ~x & ~seen.latent)
    return all(any(_has(seen, part, place=place) for place in places) for part in parts)


def _has(seen: Graph, part: int, *, place: Place) -> bool:
    if part & place.done or part & place.differs:
        return False
    keep = ~place.done
    parents = tuple([pa & keep if keep >> node & 1 else 0 for node, pa in enumerate(seen.parents)])
    beside = tuple([mask & keep if keep >> node & 1 else 0 for node, mask in enumerate(seen.bidirected)])
    return factor_identified(Graph(seen.n, parents, beside, seen.latent | place.done), part)
