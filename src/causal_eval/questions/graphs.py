"""Random graphs for questions about structure: every draw follows from a stream."""

from __future__ import annotations

from collections.abc import Sequence

from causal_eval.causal.graph import Graph, bits
from causal_eval.questions.facts import Fact, confounded, edge
from causal_eval.questions.family import Group, Kind
from causal_eval.questions.numbering import Arrow, hidden, linear_extension
from causal_eval.seeds import Stream


def random_arrows(n: int, count: int, *, most: int, stream: Stream) -> list[Arrow]:
    """About *count* arrows among nodes 0..n-1, each to a higher number, in one piece; at most *most* causes a node."""
    causes: list[set[int]] = [set() for _ in range(n)]
    for node in range(1, n):
        causes[node].add(stream.between(max(0, node - 4), node - 1))
    for _ in range(4 * count):
        if sum(map(len, causes)) >= count:
            break
        effect = stream.between(1, n - 1)
        if len(causes[effect]) < most:
            causes[effect].add(stream.below(effect))
    return [(cause, effect) for effect in range(n) for cause in sorted(causes[effect])]


def told(
    kind: Kind, n: int, arrows: Sequence[Arrow], *, asks: Sequence[Fact], stream: Stream, siblings: Sequence[Arrow] = ()
) -> Group:
    """A group over one graph, told completely: a question for each of *asks*, which are in the graph's own numbers.

    The numbers of the questions are random, so that they give no role away; slots of the asks that are nodes or tuples
    of nodes are renumbered.
    """
    number, moved = hidden(n, arrows, stream=stream)
    pairs = [confounded(number[one], number[other]) for one, other in siblings]
    closing = Fact("listed" if siblings else "closed")
    shared = (*(edge(*arrow) for arrow in moved), *pairs, closing)
    members = tuple((*shared, renumbered(ask, number)) for ask in asks)
    return Group(kind.name, n, linear_extension(n, moved, stream=stream), members)


def renumbered(fact: Fact, number: Sequence[int]) -> Fact:
    """*fact*, all of whose slots are nodes or tuples of nodes, in new numbers."""
    return Fact(
        fact.form,
        tuple(
            tuple(number[part] for part in slot if isinstance(part, int)) if isinstance(slot, tuple) else number[slot]
            for slot in fact.slots
            if isinstance(slot, int | tuple)
        ),
    )


def random_siblings(graph: Graph, count: int, *, stream: Stream) -> list[Arrow]:
    """*count* pairs of nodes (fewer where there are not enough) that no arrow joins, for hidden common causes."""
    apart = [
        (one, other)
        for one in range(graph.n)
        for other in range(one + 1, graph.n)
        if not (graph.parents[other] | graph.children[other]) >> one & 1
    ]
    return stream.sample(apart, min(count, len(apart)))


def arrows_of(graph: Graph) -> list[Arrow]:
    """Its arrows, by effect."""
    return [(cause, effect) for effect, mask in enumerate(graph.parents) for cause in bits(mask)]


def is_covered(graph: Graph, arrow: Arrow) -> bool:
    """Whether the effect has the cause and the cause's own causes for causes, and no others (Chickering 1995)."""
    cause, effect = arrow
    return graph.parents[effect] == graph.parents[cause] | 1 << cause


def reversed_arrow(graph: Graph, arrow: Arrow) -> Graph:
    """The graph with *arrow* turned round, which must not make a cycle."""
    cause, effect = arrow
    parents = list(graph.parents)
    parents[effect] &= ~(1 << cause)
    parents[cause] |= 1 << effect
    return Graph(graph.n, tuple(parents), graph.bidirected)
