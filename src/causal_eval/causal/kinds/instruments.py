"""Instruments, for the coefficient of an edge and for a total effect."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from causal_eval.causal.adjust import proper_backdoor_graph
from causal_eval.causal.claims import MOST_LINES
from causal_eval.causal.direct import indirect_graph
from causal_eval.causal.instruments import Instrument, instruments, is_instrument, is_instrument_total
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.kinds.sets import Sets, braces, opened, query_of, read_sets
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.second import instruments as second


def _is_instrument(given: Given, asked: Sets) -> Found:
    g, x, y = given.graph, asked.x, asked.y
    total = given.kind == "is_instrument_total"
    if total:
        holds, cut = is_instrument_total(g, x, y=y, z=asked.z, w=asked.w), proper_backdoor_graph(g, x, y)
    else:
        holds, cut = is_instrument(g, x, y=y, z=asked.z, w=asked.w), indirect_graph(g, x, y=y)
    reason = opened(given, cut, x=asked.z, y=asked.y, z=asked.w)
    if not opened(given, cut, x=asked.z, y=asked.x, z=asked.w):
        reason = f": nothing leads from {braces(given, asked.z)} to {braces(given, asked.x)}"
    ledger = Ledger()
    text = _says(given, asked, total=total) + ("" if holds else f", no{reason}")
    ledger.claim(text, query_of(given, given.kind, asked=asked), value=holds)
    return Found(holds, "conditional instrument (Brito and Pearl)", tuple(ledger.lines))


def _says(given: Given, asked: Sets, *, total: bool) -> str:
    x, y, z = (braces(given, mask) for mask in (asked.x, asked.y, asked.z))
    what = f"the total effect of {x} on {y}" if total else f"the coefficient of {x} -> {y}"
    return f"{z} is an instrument for {what}" + (f" given {braces(given, asked.w)}" if asked.w else "")


def _all(given: Given, asked: Sets) -> Found:
    found = instruments(given.graph, asked.x, y=asked.y)
    ledger = Ledger()
    for z, w in islice(found, MOST_LINES):
        one = Sets(asked.x, asked.y, 1 << z, w)
        ledger.claim(_says(given, one, total=False), query_of(given, "is_instrument", asked=one), value=True)
    answer = _listed(given, found)
    ledger.claim("these and no others among the ancestors", dict(given.query), value=answer)
    return Found(answer, "ancestral instruments, minimal separators", tuple(ledger.lines))


def _listed(given: Given, found: Iterable[Instrument | tuple[int, int]]) -> list[Json]:
    named = sorted(((given.names[z], given.named(w)) for z, w in found), key=lambda one: (one[0], len(one[1]), one[1]))
    return [{"Z": z, "W": [*w]} for z, w in named]


def _reads(given: Given) -> Sets:
    return read_sets(given, ("z", "w"), single="xyz", least="xyz")


KINDS = (
    kind(
        "is_instrument",
        _reads,
        first=_is_instrument,
        second=lambda given, ask: second.serves_edge(given.graph, ask.x, y=ask.y, z=ask.z, w=ask.w),
    ),
    kind(
        "is_instrument_total",
        _reads,
        first=_is_instrument,
        second=lambda given, ask: second.serves_total(given.graph, ask.x, y=ask.y, z=ask.z, w=ask.w),
    ),
    kind(
        "instruments",
        lambda given: read_sets(given, (), single="xy"),
        first=_all,
        second=lambda given, ask: _listed(given, second.serving(given.graph, ask.x, y=ask.y)),
    ),
)
