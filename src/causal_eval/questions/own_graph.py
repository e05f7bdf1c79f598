"""Questions about a user's own graph: families about structure ask of it what can be asked, in its own names.

Nothing is drawn but words and order: every question of a kind that the graph allows is there once. All of them are one
cluster, as they are about one model.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.graph_json import read_graph, read_names
from causal_eval.causal.graph_text import read_graph_text
from causal_eval.errors import UsageError
from causal_eval.questions.facts import Fact, confounded, edge, latent
from causal_eval.questions.family import Family, Group, Kind
from causal_eval.questions.graphs import arrows_of
from causal_eval.questions.numbering import linear_extension
from causal_eval.questions.story import Cast, contexts
from causal_eval.seeds import Stream

DOMAIN, REGIME = "everyday_life", "placeholder"
"""Names say nothing of the world that we know of; the story opens neutrally."""
STATES = ("low", "high")
FEWEST, MOST = 3, 24
"""Nodes."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_ '-]{0,39}")


class Asked(NamedTuple):
    """One question on the graph, before it has words."""

    family: Family
    kind: Kind
    group: Group
    words: Cast
    difficulty: int


def _each(form: str) -> Callable[[Graph], Iterator[Fact]]:
    """About every node, with all others as candidates where the form lists them."""

    def asks(graph: Graph) -> Iterator[Fact]:
        for target in range(graph.n):
            others = tuple(other for other in range(graph.n) if other != target)
            yield Fact(form, (target,) if form == "ask-blanket" else (target, others))

    return asks


def _apart(form: str) -> Callable[[Graph], Iterator[Fact]]:
    """About every two nodes that no link joins."""

    def asks(graph: Graph) -> Iterator[Fact]:
        for one, other in itertools.combinations(range(graph.n), 2):
            if not (graph.parents[other] | graph.children[other] | graph.bidirected[other]) >> one & 1:
                yield Fact(form, (one, other))

    return asks


def _effects(graph: Graph) -> Iterator[Fact]:
    """About every measured cause and each measured quantity that it affects."""
    for x in bits(graph.observed):
        for y in bits(graph.descendants(1 << x) & graph.observed & ~(1 << x)):
            yield Fact("ask-adjust-all", (x, y))


ASKS: Mapping[str, Callable[[Graph], Iterator[Fact]]] = {
    "attribution/labels": _each("ask-labels"),
    "attribution/causes": _each("ask-causes"),
    "blanket/blanket": _each("ask-blanket"),
    "blanket/separator": _apart("ask-separator"),
    "confounding/minimal": _effects,
    "separation/minimal": _apart("ask-separators"),
}
"""``family/kind`` -> what it can ask of a graph."""
_WITH_LATENT = frozenset({"confounding"})
_WITH_SIBLINGS = frozenset({"separation"})


def asked_of(text: str, families: tuple[Family, ...], *, stream: Stream) -> list[Asked]:
    """Every question that *families* can ask of the graph in *text*, in random order.

    Raises:
        MalformedCase: the text is no graph without cycles.
        UsageError: a family cannot ask of a given graph, the names cannot be printed, or nothing can be asked.
    """
    written = read_graph_text(text)
    names = read_names(written)
    graph = read_graph(written, names)
    _check_names(names)
    found = [
        Asked(family, kind, _group(graph, kind, ask=ask, stream=stream), _words(names, stream), _level(graph.n))
        for family in families
        for kind in _kinds(family, graph)
        for ask in ASKS[f"{family.name}/{kind.name}"](graph)
    ]
    if not found:
        raise UsageError("--graph: these families can ask nothing of it; draw another graph, or choose others")
    return stream.shuffled(found)


def able() -> tuple[str, ...]:
    """The families that ask of a given graph."""
    return tuple(dict.fromkeys(name.partition("/")[0] for name in ASKS))


def _kinds(family: Family, graph: Graph) -> list[Kind]:
    if family.name not in able():
        raise UsageError(
            f"family {family.name!r} draws numbers or twins of its own and cannot ask of a given graph; "
            f"choose {', '.join(able())}"
        )
    for there, what, allowed in (
        (graph.latent, "unmeasured nodes", _WITH_LATENT),
        (graph.bidirected_edges(), "hidden common causes (<->)", _WITH_SIBLINGS),
    ):
        if there and family.name not in allowed:
            raise UsageError(f"family {family.name!r} has no words for {what}; choose {', '.join(sorted(allowed))}")
    return [kind for kind in family.kinds if f"{family.name}/{kind.name}" in ASKS]


def _check_names(names: list[str]) -> None:
    if not FEWEST <= len(names) <= MOST:
        raise UsageError(f"--graph has {len(names)} nodes: give between {FEWEST} and {MOST}")
    for name in names:
        if not _NAME.fullmatch(name):
            raise UsageError(f"--graph: {name!r} cannot be printed as a name; use letters, digits, spaces, _ and -")
    if len({name.lower() for name in names}) < len(names):
        raise UsageError("--graph: two names differ in nothing but capital letters; rename one")


def _group(graph: Graph, kind: Kind, *, ask: Fact, stream: Stream) -> Group:
    arrows = arrows_of(graph)
    pairs = [confounded(one, other) for one, other in graph.bidirected_edges()]
    facts = (
        *stream.shuffled([*itertools.starmap(edge, arrows), *pairs, *map(latent, bits(graph.latent))]),
        Fact("listed" if pairs else "closed"),
        ask,
    )
    return Group(kind.name, graph.n, linear_extension(graph.n, arrows, stream=stream), (facts,))


def _words(names: list[str], stream: Stream) -> Cast:
    context = stream.choice(contexts(DOMAIN, REGIME))
    return Cast(DOMAIN, REGIME, "unit", "units", context, tuple(names), (STATES,) * len(names))


def _level(n: int) -> int:
    """Five nodes or fewer are level 1, nine or more level 5."""
    return min(5, max(1, n - 4))
