"""Graphs from complete lists of conditional independences, and what they say of a claim."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from causal_eval.causal import classes
from causal_eval.causal.discovery import Statements, cpdag_of, mags
from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.kinds.classes import as_mixed, written
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.reading import mapping, node_list
from causal_eval.causal.second import classes as second
from causal_eval.errors import MalformedCase, NotDetermined


@dataclass(frozen=True, slots=True)
class Listed:
    """All independences of some nodes, and perhaps a claim about two of them."""

    independent: Statements
    latents: bool
    claim: str = ""
    ends: tuple[int, int] = (0, 0)


def _listed(given: Given) -> Listed:
    if any(given.graph.parents) or any(given.graph.bidirected):
        raise MalformedCase("graph: edges are what is asked for; list nodes only")
    found: set[tuple[int, int, int]] = set()
    for place, item in enumerate(given.items("independences")):
        one = mapping(item, f"query: independences[{place}]")
        x, y, z = (node_list(one.get(part), given.index, where=f"query: independences: {part}") for part in "XYZ")
        if not x or not y or {*x} & {*y} or {*z} & {*x, *y}:
            raise MalformedCase(f"query: independences[{place}]: X and Y need a node each, and no two sets may meet")
        found |= {(min(a, b), max(a, b), mask_of(z)) for a in x for b in y}
    return Listed(frozenset(found), given.flag("latents"))


def _claimed(given: Given) -> Listed:
    listed, claim = _listed(given), given.query.get("claim")
    if claim not in ("parent", "ancestor", "adjacent"):
        raise MalformedCase(f"query: claim {claim!r}: known are parent, ancestor and adjacent")
    x, y = bits(given.nodes("X", least=1, most=1)), bits(given.nodes("Y", least=1, most=1))
    return Listed(listed.independent, listed.latents, str(claim), (x[0], y[0]))


def _from_list(given: Given, asked: Listed) -> Found:
    answer = (
        written(given, cpdag_of(given.graph.n, asked.independent))
        if not asked.latents
        else _pag(given, mags(given.graph.n, asked.independent))
    )
    ledger = Ledger()
    ledger.claim("the class of graphs with exactly these independences", dict(given.query), value=answer)
    return Found(answer, "SGS, and every independence of the result compared", tuple(ledger.lines))


def _from_list_again(given: Given, asked: Listed) -> Json:
    if asked.latents:
        return _pag(given, second.ancestral_graphs(given.graph.n, asked.independent))
    directed, undirected = second.shared(_fitting(given.graph.n, asked.independent))
    return as_mixed(given, directed, undirected=undirected)


def _fitting(n: int, independent: Statements) -> list[second.Edges]:
    """Every DAG over *n* nodes with exactly these independences: all tried in which no path of two edges is open."""
    apart = {(one, other) for one, other, _ in independent}
    pairs = [(a, b) for b in range(n) for a in range(b) if (a, b) not in apart]
    blocked = frozenset(
        (frozenset((one, other)), middle)
        for one, other, given in independent
        for middle in range(n)
        if middle not in (one, other) and not given >> middle & 1
    )
    tried = second.orientations(n, second.edges_of(Graph.build(n, pairs)), shape=blocked)
    fitting = [edges for edges in tried if second.implies_exactly(Graph.build(n, edges), independent)]
    if not fitting:
        raise NotDetermined("no DAG over these nodes has exactly these independences")
    return fitting


def _pag(given: Given, graphs: Iterable[Graph]) -> Json:
    """The edges and the marks that all graphs with latents and these independences share; the others are ``o``."""
    found = list(graphs)
    if not found:
        raise NotDetermined("no ancestral graph over these nodes has exactly these independences")
    edges: list[Json] = []
    for one, other in sorted((a, b) for b in range(given.graph.n) for a in range(b) if _joined(found[0], a, other=b)):
        left, right = (_mark(found, at, other=far) for at, far in ((one, other), (other, one)))
        edges.append([given.names[one], {"-": "-", ">": "<", "o": "o"}[left] + "-" + right, given.names[other]])
    return {"edges": edges}


def _joined(g: Graph, one: int, *, other: int) -> bool:
    return bool((g.parents[one] | g.bidirected[one]) >> other & 1 or g.parents[other] >> one & 1)


def _mark(found: Sequence[Graph], at: int, *, other: int) -> str:
    """The mark of the edge at its end *at*: ``>``, ``-`` or ``o`` where they differ."""
    heads = {bool((g.parents[at] | g.bidirected[at]) >> other & 1) for g in found}
    return "o" if len(heads) > 1 else ">" if heads == {True} else "-"


def _judge(given: Given, asked: Listed) -> Found:
    graphs = (
        list(mags(given.graph.n, asked.independent))
        if asked.latents
        else list(classes.members(cpdag_of(given.graph.n, asked.independent)))
    )
    answer = _three_way([_says(g, asked) for g in graphs])
    ledger = Ledger()
    ledger.claim("what all graphs with these independences say of it", dict(given.query), value=answer)
    return Found(answer, "every graph with exactly these independences", tuple(ledger.lines))


def _judge_again(given: Given, asked: Listed) -> Json:
    n = given.graph.n
    if asked.latents:
        return _three_way([_says(g, asked) for g in second.ancestral_graphs(n, asked.independent)])
    return _three_way([_says(Graph.build(n, edges), asked) for edges in _fitting(n, asked.independent)])


def _says(g: Graph, asked: Listed) -> bool:
    one, other = asked.ends
    if asked.claim == "adjacent":
        return _joined(g, one, other=other)
    found = g.parents[other] if asked.claim == "parent" else g.ancestors(1 << other)
    return bool(found >> one & 1)


def _three_way(said: Sequence[bool]) -> Json:
    if not said:
        raise NotDetermined("no graph over these nodes has exactly these independences")
    return "entailed" if all(said) else "undetermined" if any(said) else "refuted"


KINDS = (
    kind("cpdag_from_independences", _listed, first=_from_list, second=_from_list_again),
    kind("causal_claim", _claimed, first=_judge, second=_judge_again),
)
