"""Adjustment for the controlled direct effect."""

from __future__ import annotations

from causal_eval.causal.direct import indirect_graph, is_direct_effect_set, minimal_direct_effect_sets, never_held
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.kinds.sets import Sets, braces, listed, minimal_claims, opened, query_of, read_sets
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.second import direct as second

_SINGLE_DOOR = "single-door criterion"


def _is_set(given: Given, asked: Sets) -> Found:
    g = given.graph
    holds = is_direct_effect_set(g, asked.x, y=asked.y, z=asked.z)
    reason = opened(given, indirect_graph(g, asked.x, y=asked.y), x=asked.x, y=asked.y, z=asked.z)
    if bad := given.named(asked.z & (g.latent | never_held(g, asked.x, y=asked.y))):
        reason = f": {bad[0]} is unobserved or follows from {braces(given, asked.y)}"
    ledger = Ledger()
    text = f"{braces(given, asked.z)} {_says(given, asked)}{reason}"
    ledger.claim(text, query_of(given, "is_direct_effect_set", asked=asked), value=holds)
    return Found(holds, _SINGLE_DOOR, tuple(ledger.lines))


def _minimal(given: Given, asked: Sets) -> Found:
    sets = minimal_direct_effect_sets(
        given.graph, asked.x, y=asked.y, must_include=asked.include, must_exclude=asked.exclude
    )
    ledger = Ledger()
    minimal_claims(
        ledger,
        given,
        sets=sets,
        fixed=asked.include,
        query=lambda z: query_of(given, "is_direct_effect_set", asked=Sets(asked.x, asked.y, z)),
        says=_says(given, asked),
    )
    return Found(listed(given, sets), f"{_SINGLE_DOOR}, minimal separators", tuple(ledger.lines))


def _says(given: Given, asked: Sets) -> str:
    return f"identifies the direct effect of {braces(given, asked.x)} on {braces(given, asked.y)}"


def _minimal_again(given: Given, asked: Sets) -> Json:
    found = second.minimal_direct_sets(given.graph, asked.x, y=asked.y, fixed=asked.include, excluded=asked.exclude)
    return listed(given, found)


KINDS = (
    kind(
        "is_direct_effect_set",
        lambda given: read_sets(given, ("z",)),
        first=_is_set,
        second=lambda given, ask: second.is_direct_set(given.graph, ask.x, y=ask.y, z=ask.z),
    ),
    kind(
        "minimal_direct_effect_sets",
        lambda given: read_sets(given, ("include", "exclude")),
        first=_minimal,
        second=_minimal_again,
    ),
)
