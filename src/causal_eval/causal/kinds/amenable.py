"""Adjustment when only the equivalence class is known."""

from __future__ import annotations

from causal_eval.causal.amenable import amenability, judged
from causal_eval.causal.kinds.kind import Found, Given, kind
from causal_eval.causal.kinds.sets import Sets, braces, query_of, read_sets
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


KINDS = (
    kind(
        "is_adjustment_set_cpdag",
        lambda given: read_sets(given, ("z",)),
        first=_is_set,
        second=lambda given, ask: second.valid_everywhere(given.graph, given.undirected, x=ask.x, y=ask.y, z=ask.z),
    ).on_cpdags(),
)
