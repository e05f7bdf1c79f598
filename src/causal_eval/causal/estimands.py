"""The formula that a person would write for an effect: adjustment or front-door where they hold, else what ID gives.

All are of the latent projection, which has the same effects; none is handed out before it was tried
(:func:`causal_eval.causal.sampled.tried`).
"""

from __future__ import annotations

from typing import NamedTuple

from causal_eval.causal.adjust import forbidden, proper_backdoor_graph
from causal_eval.causal.effect_formula import formula_of
from causal_eval.causal.formula.tree import Formula, Prob, Ref, product_of, quotient_of, refs, sum_over
from causal_eval.causal.frontdoor import is_frontdoor_set, widest_frontdoor_set
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.identify import Conditional, Hedge, Step, identify, identify_conditional, lines_of
from causal_eval.causal.sampled import Effect
from causal_eval.causal.separation import minimal_separator
from causal_eval.causal.simplify import simplified


class Estimand(NamedTuple):
    """A formula for an effect, and what it rests on."""

    formula: Formula
    method: str
    by: str
    """``adjustment``, ``frontdoor`` or ``id``."""
    x: int
    """Of the treatments those that matter."""
    through: int = 0
    """What is adjusted for, or lies between; for ID the nodes whose districts are its factors."""


def estimand_of(g: Graph, asked: Effect) -> Estimand | Hedge:
    """The estimand of P(y | do x) in a graph without latent nodes but isolated ones, or the hedge that forbids any."""
    x = asked.x & g.without_incoming(asked.x).ancestors(asked.y)
    if not x:
        return Estimand(Prob(refs(bits(asked.y))), "no directed path: rule 3 of do-calculus", "adjustment", 0)
    adjusted = minimal_separator(
        proper_backdoor_graph(g, x, y=asked.y), x, asked.y, exclude=forbidden(g, x, y=asked.y) & ~(x | asked.y)
    )
    if adjusted is not None:
        return Estimand(_adjusted(x, asked.y, z=adjusted), "adjustment criterion", "adjustment", x, adjusted)
    plan = identify(g, x, y=asked.y)
    if isinstance(plan, Hedge):
        return plan
    between = _between(g, x, y=asked.y)
    if between is not None:
        return Estimand(_front_door(x, asked.y, m=between), "front-door criterion", "frontdoor", x, between)
    formula = simplified(formula_of(plan, g), g, asked=x | asked.y)
    cut = Graph(g.n, tuple([causes & ~x for causes in g.parents]), g.bidirected, g.latent)
    return Estimand(formula, _method("ID", plan), "id", x, cut.ancestors(asked.y) & ~x)


def conditional_estimand(g: Graph, asked: Effect) -> tuple[Conditional, Estimand | Hedge]:
    """The same of P(y | do x, z), with what IDC makes of the query."""
    moved = identify_conditional(g, asked.x, y=asked.y, z=asked.z)
    if not moved.z:
        return moved, estimand_of(g, Effect(moved.x, asked.y))
    if isinstance(moved.plan, Hedge):
        return moved, moved.plan
    both = simplified(formula_of(moved.plan, g), g, asked=moved.x | moved.z | asked.y)
    share = quotient_of(both, sum_over(refs(bits(asked.y)), both))
    formula = simplified(share, g, asked=moved.x | moved.z | asked.y)
    cut = Graph(g.n, tuple([causes & ~moved.x for causes in g.parents]), g.bidirected, g.latent)
    through = cut.ancestors(asked.y | moved.z) & ~moved.x
    return moved, Estimand(formula, _method("IDC", moved.plan), "id", moved.x, through)


def _adjusted(x: int, y: int, *, z: int) -> Formula:
    outcome = Prob(refs(bits(y)), refs(bits(x | z)))
    return sum_over(refs(bits(z)), product_of((outcome, Prob(refs(bits(z)))))) if z else outcome


def _between(g: Graph, x: int, *, y: int) -> int | None:
    """A front-door set from which nothing can be left out."""
    found = widest_frontdoor_set(g, x, y=y)
    if found is None:
        return None
    for node in bits(found):
        if is_frontdoor_set(g, x, y=y, m=found & ~(1 << node)):
            found &= ~(1 << node)
    return found


def _front_door(x: int, y: int, *, m: int) -> Formula:
    again = tuple([Ref(node, 1) for node in bits(x)])
    outcome = Prob(refs(bits(y)), tuple(sorted((*again, *refs(bits(m))))))
    inner = sum_over(again, product_of((outcome, Prob(again))))
    return sum_over(refs(bits(m)), product_of((Prob(refs(bits(m)), refs(bits(x))), inner)))


def _method(name: str, plan: Step) -> str:
    lines = ", ".join(map(str, lines_of(plan)))
    return f"{name} (Shpitser and Pearl 2006), lines {lines}"
