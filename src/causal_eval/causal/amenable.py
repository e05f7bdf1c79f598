"""The generalised adjustment criterion in a CPDAG, or in one with background knowledge.

Perkovic, Textor, Kalisch and Maathuis 2018, "Complete graphical characterization and construction of adjustment sets in
Markov equivalence classes of ancestral graphs", and Perkovic, Kalisch and Maathuis 2017 for background knowledge: Z is
an adjustment set in every DAG of the class iff the graph is amenable (every possibly causal path from X to Y leaves X
by an arrow), no member of Z possibly follows from a node on such a path, and Z blocks the rest, which may be seen in
any one DAG of the class.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from causal_eval.causal.adjust import minimal_separators, proper_backdoor_graph
from causal_eval.causal.classes import Mixed, completed, directed, extension, mixed
from causal_eval.causal.graph import Graph, bits, closure
from causal_eval.causal.separation import Separation, judge


class Amenability(NamedTuple):
    """What adjustment for the effect of X on Y meets with in a class."""

    edge: tuple[int, int] | None
    """An undirected edge out of X that a causal path to Y may begin with; None where the graph is amenable."""
    forbidden: int
    """Mask of the nodes that follow from a causal path in some DAG of the class."""
    dag: Graph
    """One DAG of the class."""


def judged(dag: Graph, x: int, *, y: int, z: int) -> Separation:
    """Whether *z* blocks all paths of *dag* from *x* to *y* that are not causal."""
    return judge(proper_backdoor_graph(dag, x, y), x, y, z)


def minimal_sets(
    known: Amenability, x: int, *, y: int, must_include: int = 0, must_exclude: int = 0
) -> tuple[int, ...]:
    """All sets that are valid in every DAG of the class of which no smaller one with *must_include* is."""
    dag = known.dag
    banned = known.forbidden | dag.latent | must_exclude
    if known.edge is not None or must_include & banned:
        return ()
    allowed = dag.everything & ~(banned | x | y)
    cut = proper_backdoor_graph(dag, x, y)
    found = minimal_separators(cut, x, y=y, include=must_include, allowed=allowed)
    return tuple(separator | must_include for separator in found)


def amenability(g: Graph, undirected: tuple[tuple[int, int], ...], *, x: int, y: int) -> Amenability:
    """How the class that *g* and the *undirected* edges stand for treats the effect of *x* on *y*.

    Raises:
        MalformedCase: no DAG has these edges and these immoralities only.
    """
    dag = extension(mixed(g, undirected))
    whole = completed(mixed(g, undirected))
    return Amenability(_started(whole, x, y=y), _forbidden(whole, x, y=y), dag)


def _started(whole: Mixed, x: int, *, y: int) -> tuple[int, int] | None:
    """An undirected edge from *x* to a node from which a causal path to *y* may go on."""
    for start in bits(x):
        for node in bits(whole.beside[start] & ~x):
            if _possibly(directed(whole, start, head=node), node, avoiding=x) & y:
                return start, node
    return None


def _forbidden(whole: Mixed, x: int, *, y: int) -> int:
    """What follows in some DAG of the class from a node on a causal path from *x* to *y*.

    Two parts of such a path, and what follows from it, have to be in one DAG: each part is decided before the next.
    """
    found = 0
    for first in range(whole.n):
        if not whole.parents[first] & x or x >> first & 1:
            continue
        for known in _ways(whole, first):
            for node in bits(_surely(known, first, avoiding=x)):
                found |= _behind(known, node, x=x, y=y, found=found)
    return found


def _behind(known: Mixed, node: int, *, x: int, y: int, found: int) -> int:
    """What may follow from *node* when a causal path leads on to *y*, *found* aside."""
    after = _possibly(known, node)
    if not after & ~found or not _possibly(known, node, avoiding=x) & y:
        return 0
    more = 0
    for further in _ways(known, node):
        if _surely(further, node, avoiding=x) & y:
            more |= _possibly(further, node)
    return more


def _ways(known: Mixed, node: int) -> Iterator[Mixed]:
    """*known* as it is, and with each undirected edge at *node* turned away from it."""
    yield known
    for other in bits(known.beside[node]):
        yield directed(known, node, head=other)


def _surely(known: Mixed, node: int, *, avoiding: int) -> int:
    """The nodes to which arrows lead from *node* without *avoiding*."""
    return closure([mask & ~avoiding for mask in known.children], 1 << node)


def _possibly(whole: Mixed, start: int, *, avoiding: int = 0) -> int:
    """The nodes that follow from *start* in some DAG of the class, by a causal path without *avoiding*.

    Such a path can be shortened until nodes two steps apart are not adjacent; then its first arrow forces all others
    (Meek's first rule), so it is enough to walk along edges that do not point back.
    """
    seen: set[tuple[int, int]] = set()
    stack = [(start, start)]
    found = 1 << start
    for came, node in stack:
        fresh = [(node, other) for other in _onward(whole, came, node=node) if not avoiding >> other & 1]
        for step in fresh:
            if step not in seen:
                seen.add(step)
                stack.append(step)
                found |= 1 << step[1]
    return found


def _onward(whole: Mixed, came: int, *, node: int) -> Iterator[int]:
    near = 0 if came == node else whole.adjacent[came] | 1 << came
    yield from bits((whole.children[node] | whole.beside[node]) & ~near)
