"""Transportability: an effect in one population from experiments in others that differ from it in stated places.

Every district of what the outcome depends on has to be computable from one population in which none of its nodes
behaves otherwise and none is set (Bareinboim and Pearl 2014, "Transportability from multiple environments with limited
experiments: completeness results"; Lee, Correa and Bareinboim 2020, "General transportability", algorithm gTR).
Surrogate outcomes become such a problem by Tikka and Karvanen 2019, "Surrogate outcomes and transportability".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from causal_eval.causal.districts import districts
from causal_eval.causal.effect_formula import formula_of
from causal_eval.causal.formula.tree import (
    Difference,
    Formula,
    Number,
    Prob,
    Product,
    Quotient,
    Sum,
    product_of,
    refs,
    sum_over,
)
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.identify import Step, identify
from causal_eval.causal.simplify import simplified


@dataclass(frozen=True, slots=True)
class Population:
    """Where something was measured: all observed nodes, after an intervention."""

    name: str
    """Empty: the one that is asked about."""
    done: int = 0
    """Mask of the nodes that were set."""
    differs: int = 0
    """Mask of the nodes that may respond otherwise there: selection nodes point at them."""


class Source(NamedTuple):
    """A district and the population from which it is computed."""

    district: int
    population: Population


class Transported(NamedTuple):
    """A formula, and where each of its factors comes from."""

    formula: Formula
    sources: tuple[Source, ...]


def transported(g: Graph, x: int, *, y: int, populations: Sequence[Population]) -> Transported | int:
    """The formula of P(y | do x) from the first of *populations* that gives each district; else one that none gives.

    *g* has no latent node but isolated ones.
    """
    wanted = Graph(g.n, tuple([causes & ~x for causes in g.parents]), g.bidirected, g.latent).ancestors(y) & ~x
    found, sources = [], []
    for district in districts(g, wanted):
        one = next(filter(None, (_factor(g, district, population=one) for one in populations)), None)
        if one is None:
            return district
        found.append(one[0])
        sources.append(Source(district, one[1]))
    return Transported(sum_over(refs(bits(wanted & ~y)), product_of(found)), tuple(sources))


def _factor(g: Graph, district: int, *, population: Population) -> tuple[Formula, Population] | None:
    """Q[district] from *population*; None: it cannot be had there."""
    if district & (population.done | population.differs):
        return None
    rest = without(g, population.done)
    plan = identify(rest, rest.observed & ~district, y=district)
    if not isinstance(plan, Step):
        return None
    formula = simplified(formula_of(plan, rest), rest, asked=g.observed)
    done = bits(population.done)
    return _measured(formula, lambda one: Prob(one.event, one.given, refs(done), population.name)), population


def without(g: Graph, nodes: int) -> Graph:
    """The graph of the nodes but *nodes*, which are set: they stand apart as latent ones do."""
    parents = tuple([0 if nodes >> node & 1 else causes & ~nodes for node, causes in enumerate(g.parents)])
    siblings = tuple([0 if nodes >> node & 1 else beside & ~nodes for node, beside in enumerate(g.bidirected)])
    return Graph(g.n, parents, siblings, g.latent | nodes)


def _measured(formula: Formula, change: Callable[[Prob], Prob]) -> Formula:
    """*formula* with each of its probabilities changed."""
    match formula:
        case Prob():
            return change(formula)
        case Sum(over, body):
            return Sum(over, _measured(body, change))
        case Product(parts):
            return Product(tuple([_measured(part, change) for part in parts]))
        case Quotient(one, other):
            return Quotient(_measured(one, change), _measured(other, change))
        case Difference(one, other):
            return Difference(_measured(one, change), _measured(other, change))
        case Number():
            return formula


def surrogate(g: Graph, name: str, *, done: int, seen: int) -> Population:
    """The population of an experiment on *done* in which only *seen* was measured (Tikka and Karvanen 2019).

    What descends from the intervention and was not measured, and what shares a district with what was measured without
    being its cause, may as well behave otherwise there.
    """
    near = 0
    for part in districts(g, g.observed):
        near |= part if part & seen else 0
    causes = g.without_incoming(done).ancestors(seen)
    return Population(name, done, (g.descendants(done) & ~seen) | (near & ~causes))
