"""Identified coefficients of linear systems."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from causal_eval.causal.coefficients import Edge, identified, without_latent_roots
from causal_eval.causal.fibre import System, second_system
from causal_eval.causal.graph import Graph
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.reading import fraction, mapping, node_of
from causal_eval.causal.second import coefficients as second
from causal_eval.errors import MalformedCase, VerificationMismatch
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
    return [_text(item) for item in items]


def _text(item: object) -> str:
    """An edge as ``X->Y``; a pair of names is one too."""
    match item:
        case str():
            return item
        case [str() as cause, str() as effect]:
            return f"{cause}->{effect}"
    raise MalformedCase(f"query: edges: {item!r} is no edge; write X->Y")


def _find(given: Given, asked: Asked) -> Found:
    hidden = {node for node in range(given.graph.n) if given.graph.latent >> node & 1}
    names = ",".join(f"{a}>{b}" for a, b in asked.graph.edges())
    known = identified(asked.graph, asked.edges.values(), stream=Stream("coefficients", names))
    ledger = Ledger()
    for text, edge in asked.edges.items():
        one: list[Json] = [text] if edge in known else []
        says = f"the coefficient of {text} is {'' if one else 'not '}determined by the covariances"
        ledger.claim(says, {"kind": _KIND, "edges": [text]}, value=one)
    answer: list[Json] = [text for text, edge in asked.edges.items() if edge in known]
    ledger.claim("these coefficients are determined", dict(given.query), value=answer)
    left = {text: edge for text, edge in asked.edges.items() if edge not in known and edge[0] not in hidden}
    method = "half-trek equations, rank, and elimination at a random point"
    return Found(answer, method, tuple(ledger.lines), _pairs(given, asked.graph, left=left))


def _pairs(given: Given, g: Graph, *, left: dict[str, Edge]) -> Json:
    """For every edge that is not identified, where they are found, two systems with the same covariances."""
    found: dict[str, Json] = {}
    for text, edge in left.items():
        both = second_system(g, edge, stream=Stream("fibre", text))
        if both is not None:
            found[text] = [_written(given, g, one) for one in both]
    return found or None


def _written(given: Given, g: Graph, one: System) -> Json:
    names, pairs = given.names, [(node, node) for node in range(g.n)]
    errors = {f"{names[i]},{names[j]}": str(one.errors[i][j]) for i, j in [*pairs, *g.bidirected_edges()]}
    slopes = {f"{names[cause]}->{names[node]}": str(one.slopes[cause, node]) for cause, node in g.edges()}
    return {"coefficients": dict(slopes), "errors": dict(errors)}


def _check(given: Given, asked: Asked, found: Found) -> None:
    """Every pair of systems has one table of covariances, errors as the graph allows, and two values of the edge."""
    pairs = mapping(found.certificate or {}, "certificate")
    for text, models in pairs.items():
        one, other = (_read(given, asked.graph, obj) for obj in models)
        edge = asked.edges[text]
        if one.slopes[edge] == other.slopes[edge]:
            raise VerificationMismatch(f"certificate: both systems have the same coefficient of {text}")
        tables = [second.covariances(asked.graph, dict(each.slopes), errors=each.errors) for each in (one, other)]
        if tables[0] != tables[1]:
            raise VerificationMismatch(f"certificate: the two systems for {text} have different covariances")


def _read(given: Given, g: Graph, obj: object) -> System:
    parts = mapping(obj, "certificate")
    slopes, errors = mapping(parts.get("coefficients"), "coefficients"), mapping(parts.get("errors"), "errors")
    names = given.names
    table = [[Fraction(0)] * g.n for _ in range(g.n)]
    for i, j in [*((node, node) for node in range(g.n)), *g.bidirected_edges()]:
        table[i][j] = table[j][i] = fraction(errors.get(f"{names[i]},{names[j]}"), "certificate: errors")
    values = {
        (a, b): fraction(slopes.get(f"{names[a]}->{names[b]}"), "certificate: coefficients") for a, b in g.edges()
    }
    return System(values, table)


def _again(given: Given, asked: Asked) -> Json:
    hidden = given.graph.latent
    return [
        text
        for text, edge in asked.edges.items()
        if not hidden >> edge[0] & 1 and second.has_one_value(asked.graph, edge)
    ]


KINDS = (kind(_KIND, _reads, first=_find, second=_again, check=_check),)
