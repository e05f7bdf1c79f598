"""Adjustment from data in which the selection nodes are conditioned on."""

from __future__ import annotations

from causal_eval.causal.adjust import forbidden, proper_backdoor_graph
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.kinds.sets import Sets, braces, listed, minimal_claims, opened, query_of, read_sets
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.second import selection as second
from causal_eval.causal.selection import is_adjustment_set_selection, minimal_sets_selection, odds_ratio_recoverable

_CRITERION = "adjustment criterion under selection"


def _is_set(given: Given, asked: Sets) -> Found:
    g = given.graph
    holds = is_adjustment_set_selection(g, asked.x, y=asked.y, z=asked.z, s=asked.s)
    cut = proper_backdoor_graph(g, asked.x, asked.y)
    reason = opened(given, cut, x=asked.x, y=asked.y, z=asked.z | asked.s)
    if told := opened(given, cut, x=asked.s, y=asked.y, z=0):
        reason = f", selection tells about {braces(given, asked.y)}{told}"
    if bad := given.named(asked.z & (g.latent | forbidden(g, asked.x, asked.y))):
        reason = f": {bad[0]} is unobserved or follows from {braces(given, asked.x)}"
    ledger = Ledger()
    text = f"{braces(given, asked.z)} {_says(given, asked)}{reason}"
    ledger.claim(text, query_of(given, "is_adjustment_set_selection", asked=asked), value=holds)
    return Found(holds, _CRITERION, tuple(ledger.lines))


def _minimal(given: Given, asked: Sets) -> Found:
    sets = minimal_sets_selection(
        given.graph, asked.x, y=asked.y, s=asked.s, must_include=asked.include, must_exclude=asked.exclude
    )
    ledger = Ledger()
    minimal_claims(
        ledger,
        given,
        sets=sets,
        fixed=asked.include,
        query=lambda z: query_of(given, "is_adjustment_set_selection", asked=Sets(asked.x, asked.y, z, s=asked.s)),
        says=_says(given, asked),
    )
    return Found(listed(given, sets), f"{_CRITERION}, minimal separators", tuple(ledger.lines))


def _minimal_again(given: Given, asked: Sets) -> Json:
    ends = (asked.x, asked.y)
    found = second.minimal_selected_sets(given.graph, ends, s=asked.s, fixed=asked.include, excluded=asked.exclude)
    return listed(given, found)


def _odds_ratio(given: Given, asked: Sets) -> Found:
    holds = odds_ratio_recoverable(given.graph, asked.x, y=asked.y, z=asked.z, s=asked.s)
    ledger = Ledger()
    whole = Sets(asked.x, asked.y, asked.z)
    valid = query_of(given, "is_adjustment_set", asked=whole)
    told = opened(given, given.graph, x=asked.x, y=asked.s, z=asked.y | asked.z)
    if told:
        text = f"{braces(given, asked.s)} depends on {braces(given, asked.x)} given Y and Z{told}"
        between = Sets(asked.x, asked.s, asked.y | asked.z)
        ledger.claim(text, query_of(given, "dsep", asked=between), value=False)
    elif not holds:
        ledger.claim(f"{braces(given, asked.z)} is no adjustment set among everybody", valid, value=False)
    text = f"the odds ratio given {braces(given, asked.z)} among the selected is the causal one"
    ledger.claim(text, dict(given.query), value=holds)
    return Found(holds, "Didelez, Kreiner and Keiding's theorem 3", tuple(ledger.lines))


def _says(given: Given, asked: Sets) -> str:
    among = f" among those selected by {braces(given, asked.s)}" if asked.s else ""
    return f"gives the effect of {braces(given, asked.x)} on {braces(given, asked.y)}{among}"


KINDS = (
    kind(
        "is_adjustment_set_selection",
        lambda given: read_sets(given, ("z", "s")),
        first=_is_set,
        second=lambda given, ask: second.is_selected_set(given.graph, ask.x, y=ask.y, z=ask.z, s=ask.s),
    ),
    kind(
        "minimal_sets_selection",
        lambda given: read_sets(given, ("s", "include", "exclude")),
        first=_minimal,
        second=_minimal_again,
    ),
    kind(
        "or_adjustment",
        lambda given: read_sets(given, ("z", "s"), single="xy", least="xys"),
        first=_odds_ratio,
        second=lambda given, ask: second.is_odds_ratio(given.graph, ask.x, y=ask.y, z=ask.z, s=ask.s),
    ),
)
