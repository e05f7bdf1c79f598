"""Front door: which sets carry all of an effect, confounded with neither the treatment nor, given it, the outcome.

Truth: Pearl's front-door criterion in the printed graph with its hidden common causes, for six numbered sets (rung 2).
Treatment and outcome share a hidden cause and are not joined directly, so that no adjustment set need exist. Most sets
that are no front door intercept all directed paths too, and fail only by a back door on one of their sides.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from causal_eval.causal.frontdoor import is_frontdoor_set
from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.kinds.kind import Json
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, confounded, edge, of_form, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.graphs import arrows_of, random_arrows
from causal_eval.questions.network import graph_of, node
from causal_eval.questions.numbering import Arrow, hidden, linear_extension
from causal_eval.questions.posing import Posed, about_graph, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

SIZES = (5, 6, 7, 8, 9)
"""Quantities per difficulty."""
LISTED = 6
"""Sets to choose from."""

_TRIES = 3000
_LARGEST = 3
_NEAR = 2
"""Sets that intercept all directed paths and are no front door, at least."""


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """A graph and six sets, of which one to five are front doors."""
    n = SIZES[difficulty - 1]
    for _ in range(_TRIES):
        arrows = random_arrows(n, n + n // 3, most=3, stream=stream)
        x, y = stream.below(n // 2), stream.between(n // 2, n - 1)
        pairs = {(x, y), *(_pair(n, stream) for _ in range(stream.below(1 + difficulty // 2)))}
        graph = Graph.build(n, arrows, bidirected=sorted(pairs))
        if graph.parents[y] >> x & 1 or not graph.descendants(1 << x) >> y & 1:
            continue
        sets = _listed(graph, (x, y), stream=stream)
        if sets:
            return _group(kind, graph, asked=(x, y), sets=sets, stream=stream)
    raise AssertionError(f"frontdoor at difficulty {difficulty}: no graph in {_TRIES} tries")


def _pair(n: int, stream: Stream) -> Arrow:
    one, other = sorted(stream.sample(range(n), 2))
    return one, other


def _listed(graph: Graph, asked: tuple[int, int], *, stream: Stream) -> list[int]:
    """Six different sets, right and wrong ones by a coin; none where there are not enough of either."""
    x, y = asked
    others = [index for index in range(graph.n) if index not in asked]
    right, near, far = list[int](), list[int](), list[int]()
    for size in range(1, _LARGEST + 1):
        for members in itertools.combinations(others, size):
            mask = mask_of(members)
            valid = is_frontdoor_set(graph, 1 << x, y=1 << y, m=mask)
            (right if valid else near if _intercepts(graph, x, y=y, mask=mask) else far).append(mask)
    wanted = sum(stream.chance(1, 2) for _ in range(LISTED))
    wrong = [*stream.shuffled(near), *stream.shuffled(far)]
    if not 0 < wanted < LISTED or len(right) < wanted or len(near) < _NEAR or len(wrong) < LISTED - wanted:
        return []
    return stream.shuffled([*stream.sample(right, wanted), *wrong[: LISTED - wanted]])


def _intercepts(graph: Graph, x: int, *, y: int, mask: int) -> bool:
    """Every directed path from *x* to *y* meets *mask*."""
    reached = frontier = 1 << x
    while frontier:
        children = 0
        for index in bits(frontier):
            children |= graph.children[index]
        frontier = children & ~(reached | mask)
        reached |= frontier
    return not reached >> y & 1


def _group(kind: Kind, graph: Graph, *, asked: tuple[int, int], sets: Sequence[int], stream: Stream) -> Group:
    number, moved = hidden(graph.n, arrows_of(graph), stream=stream)
    pairs = [(one, other) for one in range(graph.n) for other in bits(graph.bidirected[one]) if one < other]
    told = [confounded(number[one], number[other]) for one, other in pairs]
    candidates = [
        Fact("candidate", (place, tuple(stream.shuffled([number[index] for index in bits(mask)]))))
        for place, mask in enumerate(sets, 1)
    ]
    ask = Fact("ask-frontdoor", (number[asked[0]], number[asked[1]]))
    facts = (*itertools.starmap(edge, moved), *told, *candidates, Fact("listed"), ask)
    return Group(kind.name, graph.n, linear_extension(graph.n, moved, stream=stream), (facts,))


def case(facts: Facts, n: int) -> Posed:
    """For every numbered set whether it is a front door in the printed graph.

    Raises:
        VerificationMismatch: the influences are not said to be complete, or the sets are not numbered from 1.
    """
    if len(of_form(facts, "listed")) != 1:
        raise VerificationMismatch("the prompt must say once that all influences and hidden common causes are listed")
    x, y = (symbol(node(slot)) for slot in the_ask(facts).slots)
    queries: list[dict[str, Json]] = [
        {"kind": "is_frontdoor_set", "X": x, "Y": y, "M": [symbol(index) for index in bits(mask)]}
        for mask in _candidates(facts)
    ]
    return about_graph(graph_of(facts, n), *queries, estimand=f"which sets are front doors from {x} to {y}")


def _candidates(facts: Facts) -> list[int]:
    """The numbered sets in the order of their numbers."""
    listed: dict[int, int] = {}
    for fact in of_form(facts, "candidate"):
        members = fact.slots[1]
        assert isinstance(members, tuple)
        listed[node(fact.slots[0])] = mask_of([index for index in members if isinstance(index, int)])
    if not listed or sorted(listed) != list(range(1, len(of_form(facts, "candidate")) + 1)):
        raise VerificationMismatch("the prompt must number its sets 1, 2, 3 and so on")
    return [listed[place] for place in sorted(listed)]


def spec(facts: Facts, _lexicon: Lexicon) -> AnswerSpec:
    """A set of sets, by number."""
    return AnswerSpec(AnswerKind.SET, items=tuple([_item(place) for place in range(len(of_form(facts, "candidate")))]))


def _item(place: int) -> str:
    return f"set {place + 1}"


def _chosen(verdicts: Sequence[Value]) -> Value:
    return (tuple([_item(place) for place, verdict in enumerate(verdicts) if verdict]),)


def answer(_facts: Facts, value: Value) -> Value:
    """The one right answer: all front doors."""
    return _chosen(parts_of(value))


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What a look at directed paths alone, at causes alone, or at sizes would give."""
    graph, sets = graph_of(facts, n), _candidates(facts)
    x, y = (node(slot) for slot in the_ask(facts).slots)
    between = graph.descendants(1 << x) & graph.ancestors(1 << y)
    plain = Graph(n, graph.parents, (0,) * n)
    right = _chosen([is_frontdoor_set(graph, 1 << x, y=1 << y, m=mask) for mask in sets])
    wrong = {
        "whatever intercepts all directed paths": [_intercepts(graph, x, y=y, mask=mask) for mask in sets],
        "whatever lies between": [not mask & ~between for mask in sets],
        "forget the hidden common causes": [is_frontdoor_set(plain, 1 << x, y=1 << y, m=mask) for mask in sets],
        "all of them": [True for _ in sets],
    }
    return {name: _chosen(verdicts) for name, verdicts in wrong.items() if _chosen(verdicts) != right}


FAMILY = Family(
    name="frontdoor",
    title="Front-door sets",
    number=18,
    kinds=(Kind("doors", rung=2),),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
