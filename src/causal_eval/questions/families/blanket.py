"""Blanket: which quantities shield one from the rest, or two from each other (rung 1).

Truth: the Markov blanket (causes, effects, and the other causes of effects), and all inclusion-minimal d-separators of
two quantities, any one of which is right. Graphs are random and in one piece; the two of ``separator`` are connected by
open paths, and of 28 sets of a size at most one separates them, so that neither the empty set nor a guess will do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from causal_eval.causal.adjust import minimal_separators
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.separation import markov_blanket, separated
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, of_form, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.graphs import random_arrows, told
from causal_eval.questions.network import graph_of, node
from causal_eval.questions.posing import Posed, about_graph, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

SIZES = (10, 11, 12, 13, 14)
"""Quantities per difficulty."""

_TRIES = 500
_FEWEST = 2
"""A blanket has more members."""
_ODDS = 28
"""Of so many sets of its size at most one separates."""


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """One question over a random graph."""
    n = SIZES[difficulty - 1]
    for _ in range(_TRIES):
        arrows = random_arrows(n, n + n // 2, most=3, stream=stream)
        ask = _ask(Graph.build(n, arrows), kind, stream=stream)
        if ask is not None:
            return told(kind, n, arrows, asks=(ask,), stream=stream)
    raise AssertionError(f"blanket/{kind.name} at difficulty {difficulty}: no graph in {_TRIES} tries")


def _ask(graph: Graph, kind: Kind, *, stream: Stream) -> Fact | None:
    """What is asked of *graph*, or nothing where a guess would do too often."""
    if kind.name == "blanket":
        target = stream.below(graph.n)
        blanket = markov_blanket(graph, 1 << target)
        partners = blanket & ~(graph.parents[target] | graph.children[target])
        fits = partners and _FEWEST < blanket.bit_count() < graph.n - 2
        return Fact("ask-blanket", (target,)) if fits and blanket != _busiest(graph, 1 << target) else None
    one, other = sorted(stream.sample(range(graph.n), 2))
    ends = 1 << one | 1 << other
    if (graph.parents[other] | graph.children[other]) >> one & 1:
        return None
    free = graph.everything & ~ends
    found = list(minimal_separators(graph, 1 << one, y=1 << other, include=0, allowed=free))
    rare = all(
        sum(one.bit_count() == size for one in found) * _ODDS <= math.comb(graph.n - 2, size)
        for size in {one.bit_count() for one in found}
    )
    return Fact("ask-separator", (one, other)) if found and rare and _busiest(graph, ends) not in found else None


def _busiest(graph: Graph, ends: int) -> int:
    """The quantities that are named more often than the others: what a look at the words alone would take."""
    named = [(graph.parents[node] | graph.children[node]).bit_count() for node in range(graph.n)]
    others = [node for node in range(graph.n) if not ends >> node & 1]
    average = sum(named[node] for node in others) / len(others)
    return sum(1 << node for node in others if named[node] > average)


def case(facts: Facts, n: int) -> Posed:
    """The Markov blanket, or all minimal separators, in the graph of the printed edges.

    Raises:
        VerificationMismatch: the list of influences is not said to be complete.
    """
    if len(of_form(facts, "closed")) != 1:
        raise VerificationMismatch("the prompt must say once that its list of direct influences is complete")
    graph = graph_of(facts, n)
    match [symbol(node(slot)) for slot in the_ask(facts).slots]:
        case [target]:
            return about_graph(
                graph, {"kind": "markov_blanket", "X": target}, estimand=f"the Markov blanket of {target}"
            )
        case [one, other]:
            query = {"kind": "minimal_separators", "X": one, "Y": other}
            return about_graph(graph, query, estimand=f"a minimal Z with {one} _||_ {other} | Z")
    raise VerificationMismatch("the question names one or two quantities")


def spec(facts: Facts, lexicon: Lexicon) -> AnswerSpec:
    """A set of quantities, those asked about left out."""
    asked = {node(slot) for slot in the_ask(facts).slots}
    items = tuple([name for index, name in enumerate(lexicon.names) if index not in asked])
    return AnswerSpec(AnswerKind.SET, items=items)


def answer(facts: Facts, value: Value) -> Value:
    """The one blanket, or every minimal separator."""
    (found,) = parts_of(value)
    return (found,) if the_ask(facts).form == "ask-blanket" else found


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What a look at neighbours alone, or at one side only, would give."""
    graph = graph_of(facts, n)
    asked = [node(slot) for slot in the_ask(facts).slots]
    ends = sum(1 << index for index in asked)
    if len(asked) == 1:
        (target,) = asked
        wrong = {
            "causes only": graph.parents[target],
            "neighbours only": graph.parents[target] | graph.children[target],
            "everything before it": graph.ancestors(ends) & ~ends,
        }
        right = markov_blanket(graph, ends)
        return {name: (tuple(bits(mask)),) for name, mask in wrong.items() if mask != right}
    one, other = asked
    wrong = {
        "adjust for nothing": 0,
        "condition on everything": (1 << n) - 1 & ~ends,
        "condition on common effects": graph.descendants(1 << one) & graph.descendants(1 << other) & ~ends,
        "all causes of both": graph.ancestors(ends) & ~ends,
    }
    return {name: (tuple(bits(mask)),) for name, mask in wrong.items() if not _is_minimal(graph, asked, z=mask)}


def _is_minimal(graph: Graph, asked: list[int], *, z: int) -> bool:
    x, y = (1 << index for index in asked)
    return separated(graph, x, y, z) and not any(separated(graph, x, y, z & ~(1 << index)) for index in bits(z))


FAMILY = Family(
    name="blanket",
    title="Markov blanket and minimal separator",
    number=4,
    kinds=(Kind("blanket", rung=1), Kind("separator", rung=1)),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
