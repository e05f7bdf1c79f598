"""Relatives of nodes, and a smallest separator."""

from __future__ import annotations

from causal_eval.causal.adjust import minimal_separators
from causal_eval.causal.graph import Graph
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.kinds.sets import Sets, braces, listed, minimal_claims, query_of, read_sets
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.mincut import minimum_separator
from causal_eval.causal.second import structure as second


def _one_set(given: Given) -> int:
    return given.nodes("X", least=1)


def _relatives(given: Given, x: int) -> Found:
    g: Graph = given.graph
    ancestors = given.kind == "ancestors"
    found = g.ancestors(x) if ancestors else g.descendants(x)
    ledger = Ledger()
    text = f"{given.kind} of {braces(given, x)}, which counts as its own: {braces(given, found)}"
    ledger.claim(text, dict(given.query), value=given.named(found))
    return Found([*given.named(found)], "closure along the edges", tuple(ledger.lines))


def _separator(given: Given, asked: Sets) -> Found:
    found = minimum_separator(given.graph, asked.x, y=asked.y, include=asked.include, exclude=asked.exclude)
    ledger = Ledger()
    answer: Json = None
    if found is not None:
        answer = [*given.named(found)]
        text = f"{braces(given, found)} separates {braces(given, asked.x)} from {braces(given, asked.y)}"
        ledger.claim(text, query_of(given, "dsep", asked=Sets(asked.x, asked.y, found)), value=True)
    text = "no set separates them" if found is None else "no smaller set does, and none as small lies nearer to Y"
    ledger.claim(text, dict(given.query), value=answer)
    return Found(answer, "minimum vertex cut of the moral ancestral graph", tuple(ledger.lines))


def _separators(given: Given, asked: Sets) -> Found:
    g, free = given.graph, given.graph.observed & ~(asked.x | asked.y | asked.include | asked.exclude)
    found = minimal_separators(g, asked.x, y=asked.y, include=asked.include, allowed=free)
    sets = [one | asked.include for one in found]
    ledger = Ledger()
    minimal_claims(
        ledger,
        given,
        sets=sets,
        fixed=asked.include,
        query=lambda z: query_of(given, "dsep", asked=Sets(asked.x, asked.y, z)),
        says=f"separates {braces(given, asked.x)} from {braces(given, asked.y)}",
    )
    return Found(listed(given, sets), "Takata 2010 in the moral ancestral graph", tuple(ledger.lines))


def _separators_again(given: Given, asked: Sets) -> Json:
    ends = (asked.x, asked.y)
    return listed(given, second.every_separator(given.graph, ends, fixed=asked.include, excluded=asked.exclude))


def _separator_again(given: Given, asked: Sets) -> Json:
    ends = (asked.x, asked.y)
    found = second.smallest_separator(given.graph, ends, fixed=asked.include, excluded=asked.exclude)
    return None if found is None else [*given.named(found)]


KINDS = (
    kind(
        "ancestors",
        _one_set,
        first=_relatives,
        second=lambda given, x: [*given.named(second.causes_of(given.graph, x))],
    ),
    kind(
        "descendants",
        _one_set,
        first=_relatives,
        second=lambda given, x: [*given.named(second.effects_of(given.graph, x))],
    ),
    kind(
        "minimum_separator",
        lambda given: read_sets(given, ("include", "exclude")),
        first=_separator,
        second=_separator_again,
    ),
    kind(
        "minimal_separators",
        lambda given: read_sets(given, ("include", "exclude")),
        first=_separators,
        second=_separators_again,
    ),
)
