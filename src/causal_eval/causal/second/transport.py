"""Transportability by sets of nodes alone: each factor from a population that shares it, by Huang and Valtorta."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from causal_eval.causal.formula.tree import Formula, Ref, free
from causal_eval.causal.formula.value import Laws, value_of
from causal_eval.causal.graph import Graph
from causal_eval.causal.scm import Scm
from causal_eval.causal.second.districts import districts_of, without_latents
from causal_eval.causal.second.identification import factor_identified
from causal_eval.causal.second.reach import causes_of, members
from causal_eval.causal.second.witness import random_scm
from causal_eval.seeds import Stream


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


def holds(g: Graph, formula: Formula, *, x: int, y: int, places: Sequence[Place], seed: int) -> bool:
    """Whether *formula* is P(y | do x) in random models that differ between populations just where they may.

    Raises:
        TooLarge: more than 13 nodes and common causes.
    """
    stream = Stream("transport", seed)
    whole = (1 << g.n) - 1
    here = random_scm(g, stream, keep=whole)
    models = {"": here}
    for place in places:
        other = random_scm(g, stream, keep=whole)
        mechanisms = [
            other.mechanisms[node] if place.differs >> node & 1 else mechanism
            for node, mechanism in enumerate(here.mechanisms)
        ]
        models[place.name] = here if not place.name else Scm(here.graph, here.domains, tuple(mechanisms))
    laws = Laws(models)
    found = value_of(formula, laws)
    refs = [*map(Ref, members(x | y)), *sorted(free(formula) - set(map(Ref, members(x | y))))]
    for number in range(1 << len(refs)):
        at = {ref: number >> place & 1 for place, ref in enumerate(refs)}
        do = tuple((node, at[Ref(node)]) for node in members(x))
        truth = laws.probability("", {node: at[Ref(node)] for node in members(y)}, do=do)
        if found.at(at) != truth:
            return False
    return True
