"""Experiment: on which quantities to intervene, one at a time, to learn every direction (rung 2).

Truth: the smallest sets of single-variable interventions that leave one graph in the interventional Markov equivalence
class (Hauser and Buehlmann 2012). Graphs are mostly without common effects of unlinked causes, so that much is open;
two experiments are needed at least, and few of the sets of that size will do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from causal_eval.causal.classes import adjacencies, cpdag, orienting_targets
from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, of_form, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.graphs import told
from causal_eval.questions.network import graph_of
from causal_eval.questions.numbering import Arrow
from causal_eval.questions.posing import Posed, about_graph, parts_of
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

SIZES = {"one": (8, 8, 9, 9, 10), "all": (7, 8, 8, 9, 9)}
"""Quantities per kind and difficulty: of six there are about a hundred such graphs, too few."""
MOST_LINKS = 12
"""Direct influences at most."""
MOST_SETS = 6
"""Smallest sets at most."""

_TRIES = 3000
_FEWEST = 2
"""Experiments at least."""
_RARE = 28
"""One in so many of the sets of the right size is right, at most, where one is to be named."""
_OPEN = 5
"""Links at least whose direction observation leaves open."""


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """One question over a graph whose directions are mostly open."""
    n = SIZES[kind.name][difficulty - 1]
    for _ in range(_TRIES):
        arrows = _arrows(n, stream)
        if len(arrows) <= MOST_LINKS and _is_hard(Graph.build(n, arrows), kind):
            return told(kind, n, arrows, asks=(Fact(f"ask-experiments-{kind.name}"),), stream=stream)
    raise AssertionError(f"experiment/{kind.name} at difficulty {difficulty}: no graph in {_TRIES} tries")


def _arrows(n: int, stream: Stream) -> list[Arrow]:
    """Each node follows an earlier one and some of its causes; now and then any two earlier ones."""
    causes = [set[int]()]
    for node in range(1, n):
        if node > 1 and stream.chance(1, 6):
            causes.append(set(stream.sample(range(node), 2)))
        else:
            near = stream.between(max(0, node - 3), node - 1)
            causes.append({near, *(cause for cause in sorted(causes[near]) if stream.chance(3, 4))})
    return [(cause, effect) for effect in range(n) for cause in sorted(causes[effect])]


def _is_hard(graph: Graph, kind: Kind) -> bool:
    """Whether much is open, one experiment is too few, and neither chance nor a count of links finds what is right."""
    if len(cpdag(graph).undirected()) < _OPEN or any(
        not cpdag(graph, [1 << only]).undirected() for only in range(graph.n)
    ):
        return False
    sets = orienting_targets(graph)
    links = [near.bit_count() for near in adjacencies(graph)]
    busy = tuple([index for index, count in enumerate(links) if count * graph.n > sum(links)])
    most = sum(sorted(links)[-len(sets[0]) :])
    if len(sets[0]) < _FEWEST or busy in sets or any(sum([links[index] for index in one]) == most for one in sets):
        return False
    return len(sets) <= math.comb(graph.n, len(sets[0])) // _RARE if kind.name == "one" else 1 < len(sets) <= MOST_SETS


def case(facts: Facts, n: int) -> Posed:
    """All smallest sets of experiments for the graph of the printed edges.

    Raises:
        VerificationMismatch: the list of influences is not said to be complete.
    """
    if len(of_form(facts, "closed")) != 1:
        raise VerificationMismatch("the prompt must say once that its list of direct influences is complete")
    return about_graph(
        graph_of(facts, n),
        {"kind": "minimal_intervention_sets"},
        estimand="the smallest sets of single-variable interventions whose interventional CPDAG has no undirected edge",
    )


def spec(facts: Facts, lexicon: Lexicon) -> AnswerSpec:
    """One set or all sets of quantities."""
    several = the_ask(facts).form == "ask-experiments-all"
    return AnswerSpec(AnswerKind.SETS if several else AnswerKind.SET, items=lexicon.names)


def answer(_facts: Facts, value: Value) -> Value:
    """The smallest sets: any one of them is right for ``one``, all of them for ``all``."""
    return parts_of(value)[0]


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What taking every open link by itself, what observation settles, or the first causes alone would give."""
    graph = graph_of(facts, n)
    right = orienting_targets(graph)
    seen = cpdag(graph)
    tails = [index for index in range(n) if graph.children[index] & seen.beside[index]]
    wrong = {
        "observation settles it": 0,
        "every quantity at an open link": mask_of([index for index in range(n) if seen.beside[index]]),
        "the cause at every open link": mask_of(tails),
        "the quantities without causes": mask_of([index for index in range(n) if not graph.parents[index]]),
        "the quantity at most open links": 1 << max(range(n), key=lambda index: seen.beside[index].bit_count()),
    }
    answers: dict[str, tuple[tuple[int, ...], ...]] = {name: (tuple(bits(mask)),) for name, mask in wrong.items()}
    if the_ask(facts).form == "ask-experiments-all":
        answers["stop at the first set"] = tuple(right[:1])
        return {name: sets for name, sets in answers.items() if set(sets) != set(right)}
    return {name: sets for name, sets in answers.items() if sets[0] not in right}


FAMILY = Family(
    name="experiment",
    title="Which experiments to make",
    number=11,
    kinds=(Kind("one", rung=2), Kind("all", rung=2)),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
