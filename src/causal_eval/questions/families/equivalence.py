"""Equivalence: which of six graphs imply the same independences as a given one (rung 1).

Truth: same links and same common effects of unlinked causes (Verma and Pearl 1990). Equivalent graphs come from a walk
of reversals of covered influences, which stay in the class (Chickering 1995); the others from such a walk and one step
that leaves it: an influence that is not covered is reversed, or one is moved. So the distance from the given graph
gives nothing away. ``experiments`` asks which graphs experiments on some quantities, too, do not tell from the given
one: those also agree on the direction of every link of these (Hauser and Buehlmann 2012); it is asked by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causal_eval.causal.classes import adjacencies, immoralities
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.graph_json import write_graph
from causal_eval.causal.kinds.kind import Json
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, edge, of_form, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.graphs import arrows_of, is_covered, random_arrows, reversed_arrow
from causal_eval.questions.network import graph_of, literals_of, node
from causal_eval.questions.numbering import Arrow, hidden, linear_extension
from causal_eval.questions.posing import Posed, about_graph, parts_of, symbols
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

SIZES = (5, 6, 7, 8, 9)
"""Quantities per difficulty."""
LISTED = 6
"""Graphs to choose from."""

_TARGETS = 2
"""Experiments."""
_TRIES = 500
_WALK = 4
"""Reversals at most on the way from the given graph."""


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """A graph and six others, of which one to five are equivalent to it."""
    n = SIZES[difficulty - 1]
    if kind.name == "experiments":
        return _with_experiments(kind, n + 1, stream=stream)
    for _ in range(_TRIES):
        arrows = random_arrows(n, n + n // 3, most=3, stream=stream)
        right = [stream.chance(1, 2) for _ in range(LISTED)]
        others = _others(Graph.build(n, arrows), right, stream=stream) if len(set(right)) > 1 else []
        if others:
            return _group(kind, n, arrows=arrows, others=others, stream=stream)
    raise AssertionError(f"equivalence at difficulty {difficulty}: no graph in {_TRIES} tries")


def _others(graph: Graph, right: Sequence[bool], *, stream: Stream) -> list[Graph]:
    """Different graphs, equivalent to *graph* where *right* says so; none where its class is too small."""
    seen, found = {graph.parents}, list[Graph]()
    for equivalent in right:
        for _ in range(4 * _WALK):
            other = _walked(graph, stream.between(1, _WALK), stream=stream)
            step = other if equivalent else _left(other, stream=stream)
            if step is not None and step.parents not in seen:
                seen.add(step.parents)
                found.append(step)
                break
        else:
            return []
    return found


def _with_experiments(kind: Kind, n: int, *, stream: Stream) -> Group:
    """A graph and six others, of which observation leaves more than it does together with the experiments.

    How many are right is drawn first, so that one number of graphs is not worth guessing.
    """
    wanted = stream.between(2, 3)
    for _ in range(10 * _TRIES):
        arrows = random_arrows(n, n + n // 3, most=3, stream=stream)
        graph, right = Graph.build(n, arrows), [stream.chance(2, 3) for _ in range(LISTED)]
        others = _others(graph, right, stream=stream)
        targets = stream.sample(range(n), _TARGETS)
        same = [_is_same(graph, other, targets=targets) for other in others]
        if sum(same) == wanted < sum(right):
            group = _group(kind, n, arrows=arrows, others=others, targets=targets, stream=stream)
            if not any(sets == _right(group.members[0], n) for sets in _wrong(group.members[0], n).values()):
                return group
    raise AssertionError(f"equivalence/{kind.name} of {n} quantities: no graph in {10 * _TRIES} tries")


def _is_same(graph: Graph, other: Graph, *, targets: Sequence[int] = ()) -> bool:
    """Whether neither independences nor experiments on each of *targets* tell the two apart."""
    if adjacencies(other) != adjacencies(graph) or immoralities(other) != immoralities(graph):
        return False
    return all(other.parents[target] == graph.parents[target] for target in targets)


def _walked(graph: Graph, steps: int, *, stream: Stream) -> Graph:
    """The graph after so many reversals of covered influences."""
    for _ in range(steps):
        covered = [arrow for arrow in arrows_of(graph) if is_covered(graph, arrow)]
        if covered:
            graph = reversed_arrow(graph, stream.choice(covered))
    return graph


def _left(graph: Graph, *, stream: Stream) -> Graph | None:
    """The graph after a step out of its class; None where the step that was drawn cannot be made."""
    arrow = stream.choice(arrows_of(graph))
    if stream.chance(1, 4):
        return _moved(graph, arrow, to=stream.below(graph.n))
    cause, effect = arrow
    detour = graph.children[cause] & graph.ancestors(1 << effect) & ~(1 << effect)
    return None if is_covered(graph, arrow) or detour else reversed_arrow(graph, arrow)


def _moved(graph: Graph, arrow: Arrow, *, to: int) -> Graph | None:
    """The graph with the arrow's effect exchanged for *to*, where that is neither linked to its cause nor before it."""
    cause, effect = arrow
    if to == cause or (graph.ancestors(1 << cause) | graph.children[cause]) >> to & 1:
        return None
    parents = list(graph.parents)
    parents[effect] &= ~(1 << cause)
    parents[to] |= 1 << cause
    return Graph(graph.n, tuple(parents), graph.bidirected)


def _group(
    kind: Kind, n: int, *, arrows: list[Arrow], others: Sequence[Graph], stream: Stream, targets: Sequence[int] = ()
) -> Group:
    number, moved = hidden(n, arrows, stream=stream)
    listed = [
        Fact("graph", (place, tuple(stream.shuffled([(number[a], number[b]) for a, b in arrows_of(other)]))))
        for place, other in enumerate(others, 1)
    ]
    tested = [number[target] for target in targets]
    ask = Fact("ask-equivalent-tested", (tuple(tested),)) if tested else Fact("ask-equivalent")
    facts = (*(edge(*arrow) for arrow in moved), Fact("closed"), *listed, ask)
    return Group(kind.name, n, linear_extension(n, moved, stream=stream), (facts,))


def case(facts: Facts, n: int) -> Posed:
    """For every numbered graph whether it is equivalent to the graph of the printed edges.

    Raises:
        VerificationMismatch: the list of influences is not said to be complete, or the graphs are not numbered from 1.
    """
    if len(of_form(facts, "closed")) != 1:
        raise VerificationMismatch("the prompt must say once that its list of direct influences is complete")
    names = symbols(n)
    tested: list[Json] = [[names[target]] for target in _targets(facts)]
    more: dict[str, Json] = {"targets": tested} if tested else {}
    queries: list[dict[str, Json]] = [
        {"kind": "equivalent", "graph2": write_graph(names, other), **more} for other in _listed(facts, n)
    ]
    where = f" under experiments on {', '.join(names[target] for target in _targets(facts))}" if tested else ""
    return about_graph(
        graph_of(facts, n), *queries, estimand=f"which of the listed graphs are Markov equivalent to G{where}"
    )


def _targets(facts: Facts) -> tuple[int, ...]:
    """The quantities on each of which an experiment is made.

    Raises:
        VerificationMismatch: one is named twice.
    """
    slots = the_ask(facts).slots
    found = tuple([node(slot) for slot in slots[0]]) if slots and isinstance(slots[0], tuple) else ()
    if len(set(found)) < len(found):
        raise VerificationMismatch("the prompt must name each quantity of an experiment once")
    return found


def _listed(facts: Facts, n: int) -> list[Graph]:
    """The numbered graphs in the order of their numbers."""
    listed = {node(fact.slots[0]): literals_of(fact.slots[1]) for fact in of_form(facts, "graph")}
    if not listed or sorted(listed) != list(range(1, len(of_form(facts, "graph")) + 1)):
        raise VerificationMismatch("the prompt must number its graphs 1, 2, 3 and so on")
    return [Graph.build(n, listed[place]) for place in sorted(listed)]


def spec(facts: Facts, _lexicon: Lexicon) -> AnswerSpec:
    """A set of graphs, by number."""
    return AnswerSpec(AnswerKind.SET, items=tuple([_item(place) for place in range(len(of_form(facts, "graph")))]))


def _item(place: int) -> str:
    return f"graph {place + 1}"


def _chosen(verdicts: Sequence[Value]) -> Value:
    return (tuple([_item(place) for place, verdict in enumerate(verdicts) if verdict]),)


def answer(_facts: Facts, value: Value) -> Value:
    """The one right set: all equivalent graphs."""
    return _chosen(parts_of(value))


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What a look at links, at directions, at the number of common effects or at all of them alike would give."""
    right = _right(facts, n)
    return {name: given for name, given in _wrong(facts, n).items() if given != right}


def _right(facts: Facts, n: int) -> Value:
    graph, targets = graph_of(facts, n), _targets(facts)
    return _chosen([_is_same(graph, other, targets=targets) for other in _listed(facts, n)])


def _wrong(facts: Facts, n: int) -> dict[str, Value]:
    graph, listed, targets = graph_of(facts, n), _listed(facts, n), _targets(facts)
    skeleton, shape = adjacencies(graph), immoralities(graph)
    wrong: dict[str, list[Value]] = {
        "same links suffice": [adjacencies(other) == skeleton for other in listed],
        "every direction counts": [other.parents == graph.parents for other in listed],
        "as many common effects of unlinked causes": [len(immoralities(other)) == len(shape) for other in listed],
        "same common effects, causes linked or not": [_common(other) == _common(graph) for other in listed],
        "same causes without causes": [_roots(other) == _roots(graph) for other in listed],
    }
    if targets:
        wrong["experiments tell nothing"] = [_is_same(graph, other) for other in listed]
        wrong["the links of what is tested suffice"] = [
            all(other.parents[target] == graph.parents[target] for target in targets) for other in listed
        ]
        del wrong["as many common effects of unlinked causes"]  # often right: most of these graphs have the same
        del wrong["same causes without causes"]
        del wrong["same common effects, causes linked or not"]
    return {name: _chosen(verdicts) for name, verdicts in wrong.items()}


def _common(graph: Graph) -> list[int]:
    """Per node its causes where there are several."""
    return [mask if len(bits(mask)) > 1 else 0 for mask in graph.parents]


def _roots(graph: Graph) -> list[bool]:
    return [not mask for mask in graph.parents]


FAMILY = Family(
    name="equivalence",
    title="Markov equivalence",
    number=10,
    kinds=(Kind("same", rung=1), Kind("experiments", rung=2, weight=0)),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
