"""Adjustment when only the equivalence class is known."""

from __future__ import annotations

from causal_eval.causal.amenable import amenability, judged, minimal_sets
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.kinds.sets import Sets, braces, listed, minimal_claims, query_of, read_sets
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.second import amenable as second


def _is_set(given: Given, asked: Sets) -> Found:
    known = amenability(given.graph, given.undirected, x=asked.x, y=asked.y)
    bad = given.named(asked.z & (known.forbidden | given.graph.latent))
    rest = judged(known.dag, asked.x, y=asked.y, z=asked.z)
    holds = known.edge is None and not bad and rest.separated
    ledger = Ledger()
    text = f"adjusting for {braces(given, asked.z)} is {'' if holds else 'not '}valid in every DAG of the class"
    if known.edge is not None:
        start, node = (given.names[end] for end in known.edge)
        text += f": {start} - {node} may begin a causal path"
    elif bad:
        text += f": {bad[0]} is unobserved or may follow from a causal path"
    elif rest.open_path is not None:
        text += f": open in one of them is {', '.join(given.names[node] for node in rest.open_path)}"
    ledger.claim(text, query_of(given, given.kind, asked=asked), value=holds)
    return Found(holds, "generalised adjustment criterion", tuple(ledger.lines))


def _minimal(given: Given, asked: Sets) -> Found:
    known = amenability(given.graph, given.undirected, x=asked.x, y=asked.y)
    sets = minimal_sets(known, asked.x, y=asked.y, must_include=asked.include, must_exclude=asked.exclude)
    ledger = Ledger()
    minimal_claims(
        ledger,
        given,
        sets=sets,
        fixed=asked.include,
        query=lambda z: query_of(given, "is_adjustment_set_cpdag", asked=Sets(asked.x, asked.y, z)),
        says="is valid in every DAG of the class",
    )
    return Found(listed(given, sets), "generalised adjustment criterion, minimal separators", tuple(ledger.lines))


def _minimal_again(given: Given, asked: Sets) -> Json:
    ends = (asked.x, asked.y)
    found = second.minimal_everywhere(
        given.graph, given.undirected, ends=ends, fixed=asked.include, excluded=asked.exclude
    )
    return listed(given, found)


KINDS = (
    kind(
        "is_adjustment_set_cpdag",
        lambda given: read_sets(given, ("z",)),
        first=_is_set,
        second=lambda given, ask: second.valid_everywhere(given.graph, given.undirected, x=ask.x, y=ask.y, z=ask.z),
    ).on_cpdags(),
    kind(
        "minimal_adjustment_sets_cpdag",
        lambda given: read_sets(given, ("include", "exclude")),
        first=_minimal,
        second=_minimal_again,
    ).on_cpdags(),
)
