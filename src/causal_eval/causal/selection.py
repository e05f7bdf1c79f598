"""Adjustment when only selected units are observed: every quantity is one given S = 1.

The total effect: Z satisfies the complete criterion for X and Y with S given too, and Y is independent of S in the
proper back-door graph, without Z, since P(z) comes from the selected as well (Correa, Tian and Bareinboim 2018,
"Generalized adjustment under confounding and selection biases", theorem 1). The causal odds ratio of X and Y within
levels of Z also survives a selection that depends on the outcome, if X is independent of S given Y and Z (Didelez,
Kreiner and Keiding 2010, "Graphical models for inference under outcome-dependent sampling", theorem 3).
"""

from __future__ import annotations

from causal_eval.causal.adjust import forbidden, is_adjustment_set, minimal_separators, proper_backdoor_graph
from causal_eval.causal.graph import Graph
from causal_eval.causal.separation import reachable, separated


def is_adjustment_set_selection(g: Graph, x: int, *, y: int, z: int, s: int) -> bool:
    """Whether adjusting for *z* among those selected by *s* gives P(y | do x) of everybody."""
    if z & (g.latent | forbidden(g, x, y)) or not representative(g, x, y=y, s=s):
        return False
    return separated(proper_backdoor_graph(g, x, y), x, y, z | s)


def representative(g: Graph, x: int, *, y: int, s: int) -> bool:
    """Whether *y* is independent of the selection *s* but for the effect of *x*."""
    return not reachable(proper_backdoor_graph(g, x, y), s, z=0) & y


def minimal_sets_selection(
    g: Graph, x: int, *, y: int, s: int, must_include: int = 0, must_exclude: int = 0
) -> tuple[int, ...]:
    """All sets of :func:`is_adjustment_set_selection` without a smaller one that contains *must_include*."""
    banned = g.latent | must_exclude | forbidden(g, x, y)
    if must_include & banned or not representative(g, x, y=y, s=s):
        return ()
    found = minimal_separators(
        proper_backdoor_graph(g, x, y), x, y=y, include=must_include | s, allowed=g.everything & ~(banned | x | y | s)
    )
    return tuple(separator | must_include for separator in found)


def odds_ratio_recoverable(g: Graph, x: int, *, y: int, z: int, s: int) -> bool:
    """Whether the odds ratio of *x* and *y* given *z* among those selected by *s* is the causal one."""
    return not reachable(g, x, z=y | z) & s and is_adjustment_set(g, x, y, z)
