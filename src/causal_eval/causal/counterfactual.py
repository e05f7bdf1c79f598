"""Rung 3: what would have happened, given what did; several worlds that share their noise.

Abduction keeps the joint posterior of the noise: evidence is a mask over the rows of one exogenous grid. Before that,
the graph decides whether mere tables determine the answer: in the counterfactual graph (Shpitser and Pearl 2007, "What
counterfactuals can be tested", section 4) copies of a node that must agree are merged; if every node that matters is
left with one copy, the answer factorises over single rows of the tables and every model that fits them agrees. A table
with two copies left makes the answer depend on how its rows are coupled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.intervene import Worlds, nodes_of
from causal_eval.causal.mechanism import as_fraction, is_determinate
from causal_eval.causal.query import Assignment
from causal_eval.causal.scm import Scm
from causal_eval.errors import MalformedCase, NotDetermined


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen, or asked about, in the world after the intervention *do*."""

    do: Assignment
    seen: Assignment


def joint(worlds: Worlds, asked: Sequence[Seen], evidence: Sequence[Seen] = ()) -> Fraction:
    """P(everything in *asked* | everything in *evidence*), each in its own world, all worlds sharing the noise.

    Raises:
        NotDetermined: the tables leave open how a node would have responded; the message names it.
        MalformedCase: the evidence has probability 0.
    """
    every = [*asked, *evidence]
    grid = worlds.grid_over(_relevant(worlds.scm.graph, every))
    common = _common(every)
    solved = [grid.after(one.do, common) for one in every]
    masks = [grid.holds(world, one.seen) for world, one in zip(solved, every, strict=True)]
    condition = grid.all_of(masks[len(asked) :])
    whole = grid.total(condition)
    if not whole:
        told = "; ".join(worlds.describe(one.seen) for one in evidence)
        raise MalformedCase(f"the evidence {told} has probability 0; nothing would have followed from it")
    if (node := undetermined(worlds.scm, every)) is None and len(evidence) > 1:
        node = undetermined(worlds.scm, evidence)
    if node is not None:
        raise NotDetermined(
            f"the table of {worlds.label(node)} does not say how one unit responds to different causes, and the answer "
            "depends on it; state an equation with its noise, or a threshold"
        )
    return as_fraction(grid.total(grid.all_of([condition, *masks[: len(asked)]])), whole)


def undetermined(scm: Scm, every: Sequence[Seen]) -> int | None:
    """A node whose table must answer for two different rows at once, or None when the tables determine the answer."""
    if all(is_determinate(scm, node) for node in range(scm.graph.n)):
        return None
    copies = copies_of(scm.graph, every)
    found: dict[int, int] = {}
    for one, world in zip(every, copies, strict=True):
        forced = nodes_of(one.do)
        for node in bits(scm.graph.without_incoming(forced).ancestors(nodes_of(one.seen)) & ~forced):
            if found.setdefault(node, world[node]) != world[node] and not is_determinate(scm, node):
                return node
    return None


def copies_of(graph: Graph, every: Sequence[Seen]) -> list[dict[int, int]]:
    """For every world the copy of each node; equal numbers are one node of the counterfactual graph.

    Two copies are one when their parents are the same copies, or copies known to have the same value.
    """
    copies: list[dict[int, int]] = [{} for _ in every]
    forced, seen = [dict(one.do) for one in every], [dict(one.seen) for one in every]
    numbers: dict[tuple[object, ...], int] = {}
    known: dict[int, int] = {}

    def stand_in(world: Mapping[int, int], parent: int) -> object:
        copy = world[parent]
        return (parent, known[copy]) if copy in known else copy

    for node in graph.topological():
        for world, force in zip(copies, forced, strict=True):
            inputs = ("set", force[node]) if node in force else (stand_in(world, p) for p in bits(graph.parents[node]))
            world[node] = numbers.setdefault((node, *inputs), len(numbers))
            if node in force:
                known[world[node]] = force[node]
        for world, values in zip(copies, seen, strict=True):
            if node in values:
                known[world[node]] = values[node]
    return copies


def _common(every: Sequence[Seen]) -> Assignment:
    """The nodes that all worlds force, with a value: they need no mechanism."""
    shared = -1
    for one in every:
        shared &= nodes_of(one.do)
    return tuple([(node, value) for node, value in every[0].do if shared >> node & 1])


def _relevant(graph: Graph, every: Sequence[Seen]) -> int:
    """The nodes whose noise can matter: ancestors of what is looked at, cut where every world intervenes."""
    everywhere = nodes_of(_common(every))
    looked_at = 0
    for one in every:
        looked_at |= nodes_of(one.seen)
    return graph.without_incoming(everywhere).ancestors(looked_at) & ~everywhere
