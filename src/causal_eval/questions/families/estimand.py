"""Estimands: the formula of an effect that is identifiable, but not by plain adjustment (rung 2).

Truth: what ID and IDC (Shpitser and Pearl) derive, tried on random models; every formula is right that is equal to the
effect on hidden models. ``frontdoor`` has a front-door set and nothing to adjust for; ``general`` has neither, so that
the formula comes from districts, as in the napkin graph; ``given`` asks for the effect among cases that are seen to
have some value after the intervention.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from causal_eval.causal.adjust import forbidden, proper_backdoor_graph
from causal_eval.causal.formula import Formula, written
from causal_eval.causal.formula.tree import Prob, Ref, product_of, refs, sum_over
from causal_eval.causal.frontdoor import widest_frontdoor_set
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.identify import Step, identify_conditional
from causal_eval.causal.sampled import Effect, tried
from causal_eval.causal.separation import minimal_separator
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
    letters_of,
    matters,
    posed_effect,
    wrong_formulas,
)
from causal_eval.questions.network import graph_of
from causal_eval.questions.numbering import Arrow, hidden, linear_extension
from causal_eval.questions.question import AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

SIZES = (6, 6, 7, 7, 8)
"""Quantities per difficulty."""
HIDDEN = (2, 3, 3, 4, 4)
"""Hidden common causes per difficulty."""

_TRIES = 5000


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """One question over a random graph."""
    n, hides = SIZES[difficulty - 1], HIDDEN[difficulty - 1]
    pairs = list(itertools.combinations(range(n), 2))
    for _ in range(_TRIES):
        arrows = random_arrows(n, n + n // 3, most=3, stream=stream)
        siblings = stream.sample(pairs, hides)
        graph = Graph.build(n, arrows, bidirected=siblings)
        asked = _asked(graph, kind, stream=stream)
        if asked is not None and _fits(graph, kind, asked=asked):
            return _told(kind, n, arrows, siblings=siblings, asked=asked, stream=stream)
    raise AssertionError(f"estimand/{kind.name} at difficulty {difficulty}: no graph in {_TRIES} tries")


def _asked(graph: Graph, kind: Kind, *, stream: Stream) -> Effect | None:
    """A cause with a hidden cause in common, what it affects and, in ``given``, another quantity that is seen."""
    x, y, z = stream.sample(range(graph.n), 3)
    if not graph.bidirected[x] or not graph.descendants(1 << x) >> y & 1:
        return None
    return Effect(1 << x, 1 << y, 1 << z if kind.name == "given" else 0)


def _fits(graph: Graph, kind: Kind, *, asked: Effect) -> bool:
    """Whether the effect is identifiable, but by no formula of habit, and in the way that *kind* says."""
    moved = identify_conditional(graph, asked.x, y=asked.y, z=asked.z)
    if not isinstance(moved.plan, Step):
        return False
    if kind.name == "given":
        subtle = bool(moved.z) and matters(graph, asked)
        return subtle and not any(is_estimand(graph, asked, z=z) for z in habits(graph, asked).values())
    x, y = asked.x, asked.y
    if (
        minimal_separator(proper_backdoor_graph(graph, x, y), x, y, exclude=forbidden(graph, x, y) & ~(x | y))
        is not None
    ):
        return False
    return (widest_frontdoor_set(graph, x, y=y) is not None) is (kind.name == "frontdoor")


def _told(
    kind: Kind, n: int, arrows: Sequence[Arrow], *, siblings: Sequence[Arrow], asked: Effect, stream: Stream
) -> Group:
    number, moved = hidden(n, arrows, stream=stream)
    slots = tuple(number[index] for mask in asked for index in bits(mask))
    facts = (
        *(edge(*arrow) for arrow in moved),
        *(confounded(number[one], number[other]) for one, other in siblings),
        *letters(n, stream),
        Fact("listed"),
        Fact("ask-estimand-given" if asked.z else "ask-estimand", slots),
    )
    return Group(kind.name, n, linear_extension(n, moved, stream=stream), (facts,))


def spec(facts: Facts, _lexicon: Lexicon) -> AnswerSpec:
    """A formula."""
    return formula_spec(facts, may_be_none=False)


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """Formulas that overlook the hidden causes, and front-door formulas where they do not hold."""
    graph, asked, names = graph_of(facts, n), effect_of(facts), letters_of(facts)
    wrong = wrong_formulas(facts, n, identified=True)
    for name, formula in _through(graph, asked).items():
        if not tried(graph, formula, asked=asked, stream=Stream("through", name, *asked)).right:
            wrong[name] = {"formula": written(formula, names)}
    return wrong


def _through(graph: Graph, asked: Effect) -> dict[str, Formula]:
    """Formulas through all that lies between cause and outcome, as if nothing else mattered."""
    between = graph.descendants(asked.x) & graph.ancestors(asked.y) & ~(asked.x | asked.y | asked.z)
    if not between:
        return {}
    cause, effect, seen = (refs(bits(mask)) for mask in (asked.x, asked.y, asked.z))
    middle = refs(bits(between))
    second = tuple([Ref(ref.node, 1) for ref in cause])
    inner = sum_over(second, product_of((Prob(effect, (*second, *middle, *seen)), Prob(second, seen))))
    return {
        "multiply along the paths": sum_over(
            middle, product_of((Prob(middle, (*cause, *seen)), Prob(effect, (*middle, *seen))))
        ),
        "front-door through everything between": sum_over(middle, product_of((Prob(middle, (*cause, *seen)), inner))),
    }


FAMILY = Family(
    name="estimand",
    title="Estimands beyond adjustment",
    number=21,
    kinds=(Kind("frontdoor", rung=2), Kind("general", rung=2), Kind("given", rung=2)),
    draw=draw,
    case=posed_effect,
    spec=spec,
    answer=formula_gold,
    mistakes=mistakes,
)
