"""What is recoverable when only units with S = 1 are observed, and nothing else is known of the others.

P(y | x) is iff Y and S are separated by X (Bareinboim, Tian and Pearl 2014, "Recovering from selection bias in causal
and statistical inference", theorem 1). P(y | do x) is iff algorithm RC finds every factor of it (Bareinboim and Tian
2015, "Recovering causal effects from selection bias"; complete by Correa, Tian and Bareinboim 2019, "Identification of
causal effects in the presence of selection bias").
"""

from __future__ import annotations

from causal_eval.causal.districts import projected, split
from causal_eval.causal.graph import Graph, closure
from causal_eval.causal.separation import reachable


def is_conditional_recoverable(g: Graph, x: int, *, y: int, s: int) -> bool:
    """Whether P(*y* | *x*) follows from P(v | *s* = 1)."""
    return not reachable(g, y, z=x) & s


def lost_factor(g: Graph, x: int, *, y: int, s: int) -> int | None:
    """A factor Q[E] of P(*y* | do *x*), as the mask E, that does not follow from P(v | *s* = 1); None: all do.

    The factors are the districts of the ancestors of *y* once *x* is removed.
    """
    plain = projected(g)
    needed = _above(plain, y, within=plain.observed & ~x)
    parts = split(plain.bidirected, needed)
    return next((part for part in parts if not _recovered(plain, part, within=plain.observed, s=s)), None)


def _recovered(g: Graph, e: int, *, within: int, s: int) -> bool:
    """Algorithm RC for the factor *e*: districts without an ancestor of *s* can be divided out of what is known."""
    within = _above(g, e | s, within=within)
    selected = _above(g, s, within=within)
    free = [part for part in split(g.bidirected, within) if not part & selected]
    for part in free:
        if not e & ~part:
            return _identified(g, e, within=part)
    return bool(free) and _recovered(g, e, within=within & ~sum(free), s=s)


def _identified(g: Graph, e: int, *, within: int) -> bool:
    """Algorithm IDENTIFY of Tian and Pearl 2002: whether Q[*e*] follows from Q[*within*]."""
    above = _above(g, e, within=within)
    if above == e:
        return True
    if above == within:
        return False
    part = next(part for part in split(g.bidirected, above) if part & e)
    return _identified(g, e, within=part)


def _above(g: Graph, nodes: int, *, within: int) -> int:
    """The ancestors of *nodes* in the subgraph over *within*."""
    return closure([mask & within for mask in g.parents], nodes & within)
