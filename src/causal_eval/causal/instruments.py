"""Instruments: for the coefficient of an edge, for a total effect, and all of them with what they need given.

Brito and Pearl 2002, "Generalized instrumental variables": Z is an instrument for X -> Y given W if W holds no
descendant of Y, separates Z from Y once the edge is removed, and does not separate Z from X. To find a suitable W is
NP-complete in general; it is polynomial for W among the ancestors of Y and Z, and an instrument for an effect exists
iff one of these does (van der Zander, Textor and Liskiewicz 2015, "Efficiently finding conditional instruments for
causal inference").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from causal_eval.causal.adjust import forbidden, minimal_separators, proper_backdoor_graph
from causal_eval.causal.direct import indirect_graph
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.separation import reachable, separated


class Instrument(NamedTuple):
    """A node, and a minimal mask of nodes given which it is an instrument."""

    z: int
    given: int


def is_instrument(g: Graph, x: int, *, y: int, z: int, w: int) -> bool:
    """Whether *z* is an instrument for the coefficient of *x* -> *y* given *w*: cov(y, z | w) / cov(x, z | w)."""
    return _serves(indirect_graph(g, x, y=y), x, y=y, z=z, w=w, barred=g.latent | g.descendants(y))


def is_instrument_total(g: Graph, x: int, *, y: int, z: int, w: int) -> bool:
    """Whether *z* is an instrument for the total effect of *x* on *y* given *w*.

    The edge is replaced by the first edges of all causal paths: y minus the total effect of x is the outcome without
    them, and *w* must not lie behind any of them.
    """
    barred = g.latent | g.descendants(y) | forbidden(g, x, y)
    return _serves(proper_backdoor_graph(g, x, y), x, y=y, z=z, w=w, barred=barred)


def instruments(g: Graph, x: int, *, y: int) -> tuple[Instrument, ...]:
    """All ancestral instruments for the coefficient of *x* -> *y*, each with every minimal *w* that serves it.

    A subset of an ancestral separator leaves Z and X connected if the separator does, so the minimal separators
    decide.
    """
    cut = indirect_graph(g, x, y=y)
    candidates = g.observed & ~(x | y)
    return tuple(Instrument(z, w) for z in bits(candidates) for w in _needed(g, cut, x=x, y=y, z=1 << z))


def _needed(g: Graph, cut: Graph, *, x: int, y: int, z: int) -> Iterator[int]:
    allowed = g.observed & ~(x | y | z | g.descendants(y)) & cut.ancestors(y | z)
    for w in minimal_separators(cut, z, y=y, include=0, allowed=allowed):
        if reachable(cut, z, z=w) & x:
            yield w


def _serves(cut: Graph, x: int, *, y: int, z: int, w: int, barred: int) -> bool:
    """The three conditions in the graph *cut* from which the effect is removed."""
    return not w & barred and not z & cut.latent and separated(cut, z, y, w) and not separated(cut, z, x, w)
