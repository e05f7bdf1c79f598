"""Identification of P(y | do x) and P(y | do x, z): the algorithms ID and IDC of Shpitser and Pearl, on masks alone.

ID: Shpitser and Pearl 2006, "Identification of joint interventional distributions in recursive semi-Markovian causal
models", figure 3, whose symbols and line numbers stand below. IDC: their "Identification of conditional interventional
distributions" of the same year, figure 6. Both take the latent projection. What is returned is the plan of the
recursion; :mod:`causal_eval.causal.effect_formula` reads a formula off it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from causal_eval.causal.districts import split
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.separation import reachable


class Step(NamedTuple):
    """One call of ID that succeeds: the line that fired, its arguments, and the calls that it led to."""

    line: int
    y: int
    x: int
    v: int
    """The nodes of G."""
    s: int = 0
    """S of line 6, S' of line 7."""
    inner: tuple[Step, ...] = ()


class Hedge(NamedTuple):
    """Line 5: F and F' are districts of these nodes, F' what the interventions leave of F."""

    f: int
    f_prime: int


Plan: TypeAlias = "Step | Hedge"


class Conditional(NamedTuple):
    """What IDC makes of P(y | do x, z): *z* is moved into *x* as far as it goes, and ID plans for (y, z)."""

    x: int
    z: int
    plan: Plan
    moves: tuple[int, ...] = ()
    """The nodes that were moved, in order."""


def identifiable(g: Graph, x: int, *, y: int) -> bool:
    """Whether P(y | do x) is a function of P(v); *g* has no latent node but isolated ones."""
    return isinstance(identify(g, x, y=y), Step)


def identify(g: Graph, x: int, *, y: int) -> Plan:
    """ID's plan for P(y | do x), or the hedge that it fails on; *g* has no latent node but isolated ones."""
    return _id(g.parents, g.bidirected, y=y, x=x, v=g.everything & ~g.latent)


def identify_conditional(g: Graph, x: int, *, y: int, z: int) -> Conditional:
    """IDC's plan for P(y | do x, z).

    Line 1: as long as some Z is such that (Y _||_ Z | X, z without Z) once the edges into X and out of Z are cut,
    observing it is as good as setting it (rule 2). Line 2: the rest is ID's.
    """
    moves: list[int] = []
    while (node := _movable(g, x, y=y, z=z)) is not None:
        moves.append(node)
        x, z = x | 1 << node, z & ~(1 << node)
    return Conditional(x, z, identify(g, x, y=y | z), tuple(moves))


def _movable(g: Graph, x: int, *, y: int, z: int) -> int | None:
    """The first node of *z* that rule 2 moves into *x*."""
    cut = g.without_incoming(x)
    for node in bits(z):
        one = 1 << node
        if not reachable(cut.without_outgoing(one), one, z=x | z & ~one) & y:
            return node
    return None


def _id(parents: Sequence[int], siblings: Sequence[int], *, y: int, x: int, v: int) -> Plan:
    # line 1: if x is empty, the sum of P(v) over what is not in y
    if not x:
        return Step(1, y, x, v)
    # line 2: if V is more than An(Y)_G, ID(y, x in An(Y)_G, P(An(Y)), An(Y)_G)
    above = _ancestors(parents, y, within=v, cut=0)
    if above != v:
        found = _id(parents, siblings, y=y, x=x & above, v=above)
        return Step(2, y, x, v, 0, (found,)) if isinstance(found, Step) else found
    # line 3: W = (V - X) - An(Y) without edges into X; if it is not empty, ID(y, x and w, P, G)
    if w := v & ~x & ~_ancestors(parents, y, within=v, cut=x):
        found = _id(parents, siblings, y=y, x=x | w, v=v)
        return Step(3, y, x, v, 0, (found,)) if isinstance(found, Step) else found
    # line 4: if C(G - X) = {S1, ..., Sk}, the sum over v - (y and x) of the product of all ID(si, v - si, P, G)
    parts = split(siblings, v & ~x)
    if len(parts) > 1:
        inner = []
        for s in parts:
            found = _id(parents, siblings, y=s, x=v & ~s, v=v)
            if not isinstance(found, Step):
                return found
            inner.append(found)
        return Step(4, y, x, v, 0, tuple(inner))
    (s,) = parts
    whole = split(siblings, v)
    # line 5: if C(G) = {G}, fail: G and S form a hedge
    if len(whole) == 1:
        return Hedge(v, s)
    # line 6: if S is in C(G), the sum over s - y of the product of P(vi | what comes before vi) for Vi in S
    if s in whole:
        return Step(6, y, x, v, s)
    # line 7: S is in some S' of C(G): ID(y, x in S', the product of P(Vi | what comes before) for Vi in S', G over S')
    (around,) = [part for part in whole if s & part]
    found = _id(parents, siblings, y=y, x=x & around, v=around)
    return Step(7, y, x, v, around, (found,)) if isinstance(found, Step) else found


def _ancestors(parents: Sequence[int], y: int, *, within: int, cut: int) -> int:
    """An(y) in the subgraph over *within* without edges into *cut*."""
    reached = frontier = y
    frontier &= ~cut
    while frontier:
        low = frontier & -frontier
        fresh = parents[low.bit_length() - 1] & within & ~reached
        reached |= fresh
        frontier = (frontier ^ low) | (fresh & ~cut)
    return reached


def lines_of(step: Step) -> list[int]:
    """The numbers of the lines that fired, ascending."""
    found, stack = {step.line}, [step]
    while stack:
        stack.extend(stack.pop().inner)
        found |= {one.line for one in stack}
    return sorted(found)
