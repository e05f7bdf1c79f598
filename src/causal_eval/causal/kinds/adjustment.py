"""Lists of back-door sets, and a smallest adjustment set."""

from __future__ import annotations

from causal_eval.causal.adjust import minimal_backdoor_sets
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.kinds.sets import Sets, braces, listed, minimal_claims, query_of, read_sets
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.mincut import minimum_adjustment_set
from causal_eval.causal.second import adjust as second

_FREE = ("include", "exclude")


def _backdoor(given: Given, asked: Sets) -> Found:
    sets = minimal_backdoor_sets(
        given.graph, asked.x, y=asked.y, must_include=asked.include, must_exclude=asked.exclude
    )
    ledger = Ledger()
    minimal_claims(
        ledger,
        given,
        sets=sets,
        fixed=asked.include,
        query=lambda z: query_of(given, "is_backdoor_set", asked=Sets(asked.x, asked.y, z)),
        says=f"satisfies the back-door criterion for ({braces(given, asked.x)}, {braces(given, asked.y)})",
    )
    return Found(listed(given, sets), "back-door criterion, minimal separators", tuple(ledger.lines))


def _backdoor_again(given: Given, asked: Sets) -> Json:
    found = second.every_backdoor_set(given.graph, asked.x, y=asked.y, fixed=asked.include, excluded=asked.exclude)
    return listed(given, found)


def _smallest(given: Given, asked: Sets) -> Found:
    found = minimum_adjustment_set(given.graph, asked.x, y=asked.y, include=asked.include, exclude=asked.exclude)
    ledger = Ledger()
    answer: Json = None
    if found is not None:
        answer = [*given.named(found)]
        query = query_of(given, "is_adjustment_set", asked=Sets(asked.x, asked.y, found))
        ledger.claim(f"adjusting for {braces(given, found)} is valid", query, value=True)
    text = "no set is valid" if found is None else "no smaller set is, and none as small lies nearer to Y"
    ledger.claim(text, dict(given.query), value=answer)
    return Found(answer, "minimum vertex cut of the proper back-door graph", tuple(ledger.lines))


def _smallest_again(given: Given, asked: Sets) -> Json:
    found = second.smallest_set(given.graph, (asked.x, asked.y), fixed=asked.include, excluded=asked.exclude)
    return None if found is None else [*given.named(found)]


KINDS = (
    kind(
        "minimal_backdoor_sets",
        lambda given: read_sets(given, _FREE, single="x"),
        first=_backdoor,
        second=_backdoor_again,
    ),
    kind("minimum_adjustment_set", lambda given: read_sets(given, _FREE), first=_smallest, second=_smallest_again),
)
