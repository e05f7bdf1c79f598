"""Discovery: what a complete list of conditional independences says of the graph behind it (rung 1).

Truth: the CPDAG, that is, the links, and of their directions those that every graph with exactly these independences
has (Spirtes, Glymour and Scheines 1993; Meek 1995). Faithfulness, completeness of the list and the absence of hidden
common causes are printed. Every graph has a common effect of unlinked causes; from difficulty 3 on a direction follows
from others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causal_eval.causal.classes import Mixed, adjacencies, cpdag, immoralities
from causal_eval.causal.discovery import cpdag_of, statements
from causal_eval.causal.graph import Graph, bits, closure
from causal_eval.causal.kinds.kind import Json
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, of_form
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.network import node
from causal_eval.questions.numbering import hidden, linear_extension
from causal_eval.questions.posing import Posed, about_graph, by_name, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

SIZES = ((6, 9), (6, 7), (7, 13), (7, 12), (7, 11))
"""Quantities and links per difficulty, one link more every other time: fewer links leave more independences to read.

Of four quantities there are seven different questions, of five about fifty: too few. Levels 1 and 2 share none.
"""
MOST = 96
"""Independences that are listed at most."""

_TRIES = 2000
_FOLLOWS = 3
"""From this difficulty on, a direction that follows from others."""

Told = frozenset[tuple[int, int, int]]
"""(smaller node, larger node, mask of what is known): independent."""


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """The independences of a random graph."""
    n, links = SIZES[difficulty - 1]
    count = links + stream.below(2)
    pairs = [(cause, effect) for effect in range(n) for cause in range(effect)]
    for _ in range(_TRIES):
        _, moved = hidden(n, stream.sample(pairs, count), stream=stream)
        graph = Graph.build(n, moved)
        if _is_telling(graph, follows=difficulty >= _FOLLOWS):
            told = statements(graph)
            if len(told) <= MOST:
                order = linear_extension(n, moved, stream=stream)
                return Group(kind.name, n, order, ((*_stated(told), Fact("faithful"), Fact("ask-class")),))
    raise AssertionError(f"discovery at difficulty {difficulty}: no graph in {_TRIES} tries")


def _is_telling(graph: Graph, *, follows: bool) -> bool:
    """Whether all hangs together, unlinked causes have a common effect, and perhaps a direction follows from others."""
    common = immoralities(graph)
    if closure(adjacencies(graph), 1) != graph.everything:
        return False
    seen = {(cause, effect) for one, effect, other in common for cause in (one, other)}
    return bool(common) and (not follows or len(cpdag(graph).directed()) > len(seen))


def _stated(told: Told) -> list[Fact]:
    """A fact for every pair that something separates."""
    pairs = sorted({(one, other) for one, other, _ in told})
    return [
        Fact("independent", (*pair, tuple(sorted(z for *ends, z in told if tuple(ends) == pair)))) for pair in pairs
    ]


def case(facts: Facts, n: int) -> Posed:
    """The CPDAG of the printed independences.

    Raises:
        VerificationMismatch: the list is not said to be complete and faithful, or a pair is listed twice.
    """
    if len(of_form(facts, "faithful")) != 1:
        raise VerificationMismatch("the prompt must say once that its list of independences is complete and faithful")
    listed: list[Json] = [
        {"X": symbol(one), "Y": symbol(other), "Z": [symbol(index) for index in bits(z)]}
        for one, other, z in sorted(_read(facts))
    ]
    return about_graph(
        Graph.build(n, []),
        {"kind": "cpdag_from_independences", "independences": listed},
        estimand="the CPDAG of all graphs with exactly these independences",
    )


def _read(facts: Facts) -> Told:
    told: set[tuple[int, int, int]] = set()
    pairs: list[tuple[int, int]] = []
    for fact in of_form(facts, "independent"):
        one, other, sets = fact.slots
        ends = sorted((node(one), node(other)))
        pairs.append((ends[0], ends[1]))
        assert isinstance(sets, tuple)
        told |= {(*pairs[-1], z) for z in sets if isinstance(z, int)}
    if len(set(pairs)) < len(pairs):
        raise VerificationMismatch("the prompt must list the independences of each pair at one place")
    return frozenset(told)


def spec(_facts: Facts, lexicon: Lexicon) -> AnswerSpec:
    """A graph over all quantities."""
    return AnswerSpec(AnswerKind.GRAPH, items=lexicon.names)


def answer(_facts: Facts, value: Value) -> Value:
    """Directed and undirected links."""
    found = by_name(parts_of(value)[0])
    return found["directed"], found["undirected"]


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What a stop half-way, a look at plain association, or common effects taken the wrong way would give."""
    told = _read(facts)
    right = cpdag_of(n, told)
    links = [(one, other) for one in range(n) for other in bits(right.adjacent[one]) if one < other]
    apart = {(one, other) for one, other, z in told if not z}
    pairs = [(one, other) for other in range(n) for one in range(other) if (one, other) not in apart]
    common = _common_effects(right)
    wrong: dict[str, tuple[Sequence[tuple[int, int]], Sequence[tuple[int, int]]]] = {
        "links without directions": ((), links),
        "common effects only": (common, [link for link in links if not {link, link[::-1]} & set(common)]),
        "whatever goes along is linked": ((), pairs),
        "every direction reversed": ([arrow[::-1] for arrow in right.directed()], right.undirected()),
        "a direction for every link": ([*right.directed(), *right.undirected()], ()),
    }
    truth = (set(right.directed()), set(right.undirected()))
    return {
        name: (tuple(directed), tuple(undirected))
        for name, (directed, undirected) in wrong.items()
        if (set(directed), set(undirected)) != truth
    }


def _common_effects(graph: Mixed) -> list[tuple[int, int]]:
    """The arrows into common effects of unlinked causes."""
    near = graph.adjacent
    return [(one, two) for one, two in graph.directed() if graph.parents[two] & ~(near[one] | 1 << one)]


FAMILY = Family(
    name="discovery",
    title="Causes from independences",
    number=9,
    kinds=(Kind("class", rung=1),),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
