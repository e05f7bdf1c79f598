"""Identified coefficients of linear systems."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.causal.coefficients import Edge, identified, without_latent_roots
from causal_eval.causal.graph import Graph
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.reading import node_of
from causal_eval.causal.second import coefficients as second
from causal_eval.errors import MalformedCase
from causal_eval.seeds import Stream

_KIND = "linear_coefficients_identified"


@dataclass(frozen=True, slots=True)
class Asked:
    """The system without latent nodes, and the edges asked for, as they are written."""

    graph: Graph
    edges: dict[str, Edge]


def _reads(given: Given) -> Asked:
    edges: dict[str, Edge] = {}
    for text in _texts(given):
        parts = [part.strip() for part in text.split("->")]
        if len(parts) != 2:  # noqa: PLR2004 - an edge has two ends
            raise MalformedCase(f"query: edges: {text!r} is no edge; write X->Y")
        cause, effect = (node_of(part, given.index, where=f"query: edges: {text!r}") for part in parts)
        if not given.graph.parents[effect] >> cause & 1:
            raise MalformedCase(f"query: edges: {text!r} is not among the graph's directed edges")
        edges[text] = cause, effect
    return Asked(without_latent_roots(given.graph), edges)


def _texts(given: Given) -> list[str]:
    """The edges that are asked for; all between observed nodes where none is named."""
    items = given.items("edges")
    if "edges" not in given.query:
        items = [
            f"{given.names[a]}->{given.names[b]}" for a, b in given.graph.edges() if not given.graph.latent >> a & 1
        ]
    for item in items:
        if not isinstance(item, str):
            raise MalformedCase(f"query: edges: {item!r} is no edge; write X->Y")
    return [str(item) for item in items]


def _find(given: Given, asked: Asked) -> Found:
    names = ",".join(f"{a}>{b}" for a, b in asked.graph.edges())
    known = identified(asked.graph, asked.edges.values(), stream=Stream("coefficients", names))
    ledger = Ledger()
    for text, edge in asked.edges.items():
        one: list[Json] = [text] if edge in known else []
        says = f"the coefficient of {text} is {'' if one else 'not '}determined by the covariances"
        ledger.claim(says, {"kind": _KIND, "edges": [text]}, value=one)
    answer: list[Json] = [text for text, edge in asked.edges.items() if edge in known]
    ledger.claim("these coefficients are determined", dict(given.query), value=answer)
    return Found(answer, "half-trek equations, rank, and elimination at a random point", tuple(ledger.lines))


def _again(given: Given, asked: Asked) -> Json:
    hidden = given.graph.latent
    return [
        text
        for text, edge in asked.edges.items()
        if not hidden >> edge[0] & 1 and second.has_one_value(asked.graph, edge)
    ]


KINDS = (kind(_KIND, _reads, first=_find, second=_again),)
