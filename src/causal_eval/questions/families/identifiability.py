"""Identifiability: does what is observed determine an effect in spite of hidden common causes, and how (rung 2)?

Truth: the algorithms ID and IDC (Shpitser and Pearl), with a formula that is tried on random models, or a hedge with
two models that agree on all that is observed and differ on the effect. The twins have the same influences and as many
hidden common causes; one of these lies elsewhere, which leaves a formula in one twin and none in the other.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.identify import Step, identify_conditional
from causal_eval.causal.sampled import Effect
from causal_eval.questions.facts import Fact, Facts, confounded, edge
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.graphs import random_arrows
from causal_eval.questions.letters import (
    effect_of,
    formula_gold,
    formula_spec,
    habits,
    is_estimand,
    letters,
    matters,
    posed_effect,
    wrong_formulas,
)
from causal_eval.questions.network import graph_of
from causal_eval.questions.numbering import Arrow, hidden, linear_extension
from causal_eval.questions.question import AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

SIZES = (5, 6, 6, 7, 8)
"""Quantities per difficulty."""
HIDDEN = (2, 2, 3, 3, 4)
"""Hidden common causes per difficulty."""

_TRIES = 5000


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """Twins that differ in the place of one hidden common cause: a formula in one, none in the other."""
    n, hides = SIZES[difficulty - 1], HIDDEN[difficulty - 1]
    pairs = list(itertools.combinations(range(n), 2))
    for _ in range(_TRIES):
        arrows = random_arrows(n, n + n // 3, most=3, stream=stream)
        shared = stream.sample(pairs, hides - 1)
        asked = _asked(Graph.build(n, arrows), kind, stream=stream)
        if asked is None:
            continue
        left = stream.shuffled([pair for pair in pairs if pair not in shared])
        twins = _twins(n, arrows, candidates=[[*shared, pair] for pair in left], asked=asked)
        if twins is not None:
            return _told(kind, n, arrows, asked=asked, twins=stream.shuffled(twins), stream=stream)
    raise AssertionError(f"identifiability/{kind.name} at difficulty {difficulty}: no graph in {_TRIES} tries")


def _asked(graph: Graph, kind: Kind, *, stream: Stream) -> Effect | None:
    """A cause, something that it affects and, in ``conditional``, another quantity that is seen."""
    x, y = stream.sample(range(graph.n), 2)
    if not graph.descendants(1 << x) >> y & 1:
        return None
    others = [index for index in range(graph.n) if index not in (x, y)]
    return Effect(1 << x, 1 << y, 1 << stream.choice(others) if kind.name == "conditional" else 0)


def _twins(
    n: int, arrows: Sequence[Arrow], *, candidates: Sequence[Sequence[Arrow]], asked: Effect
) -> list[Sequence[Arrow]] | None:
    """Hidden common causes that leave a formula, none of those written by habit, and others that leave none."""
    graphs = [(pairs, Graph.build(n, arrows, bidirected=pairs)) for pairs in candidates]
    open_ones = (pairs for pairs, graph in graphs if not _identified(graph, asked) and matters(graph, asked))
    without = next(open_ones, None)
    if without is None:
        return None
    known = (pairs for pairs, graph in graphs if _identified(graph, asked) and _is_subtle(graph, asked))
    with_one = next(known, None)
    return None if with_one is None else [with_one, without]


def _identified(graph: Graph, asked: Effect) -> bool:
    return isinstance(identify_conditional(graph, asked.x, y=asked.y, z=asked.z).plan, Step)


def _is_subtle(graph: Graph, asked: Effect) -> bool:
    """Whether no formula written by habit is the effect."""
    return matters(graph, asked) and not any(is_estimand(graph, asked, z=z) for z in habits(graph, asked).values())


def _told(
    kind: Kind, n: int, arrows: Sequence[Arrow], *, asked: Effect, twins: Sequence[Sequence[Arrow]], stream: Stream
) -> Group:
    number, moved = hidden(n, arrows, stream=stream)
    slots = tuple(number[index] for mask in asked for index in bits(mask))
    shared = (
        *(edge(*arrow) for arrow in moved),
        *letters(n, stream),
        Fact("listed"),
        Fact("ask-identifiable-given" if asked.z else "ask-identifiable", slots),
    )
    members = tuple((*(confounded(number[one], number[other]) for one, other in pairs), *shared) for pairs in twins)
    return Group(kind.name, n, linear_extension(n, moved, stream=stream), members)


def spec(facts: Facts, _lexicon: Lexicon) -> AnswerSpec:
    """A formula, or none."""
    return formula_spec(facts, may_be_none=True)


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """Formulas that overlook the hidden causes, and giving up because there are any."""
    identified = _identified(graph_of(facts, n), effect_of(facts))
    wrong = wrong_formulas(facts, n, identified=identified)
    if identified:
        wrong["a hidden common cause forbids any formula"] = {"formula": None}
    return wrong


FAMILY = Family(
    name="identifiability",
    title="Identifiability of effects",
    number=20,
    kinds=(Kind("effect", rung=2, size=2, joint=True), Kind("conditional", rung=2, size=2, joint=True)),
    draw=draw,
    case=posed_effect,
    spec=spec,
    answer=formula_gold,
    mistakes=mistakes,
)
