"""A whole model that takes an end of bounds, as a case that can be solved again."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import cast

from causal_eval.causal.bounds import District
from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.graph_json import write_graph
from causal_eval.causal.kinds.kind import Given, Json
from causal_eval.causal.scm import Row, Scm, Table, positions
from causal_eval.causal.scm_json import write_scm


def realised(given: Given, scm: Scm, *, districts: Sequence[District], laws: Sequence[Sequence[Fraction]]) -> Json:
    """What is asked of the model in which a root for every open district says, by its law, how the nodes respond.

    All other tables respond by one threshold.
    """
    n, sizes, edges = scm.graph.n, [*scm.domains], [*scm.graph.edges()]
    mechanisms = [replace(one, threshold=True) if isinstance(one, Table) else one for one in scm.mechanisms]
    for root, (district, law) in enumerate(zip(districts, laws, strict=True), n):
        types = [(one, p) for one, p in zip(district.types, law, strict=True) if p]
        sizes.append(len(types))
        mechanisms.append(Table({(): tuple([p for _, p in types])}))
        for place, node in enumerate(district.nodes):
            edges.append((root, node))
            mechanisms[node] = _listening(scm, node, responses=[one[place] for one, _ in types])
    graph = Graph.build(len(sizes), edges, latent=scm.graph.latent | mask_of(range(n, len(sizes))))
    values = (*scm.values, *[positions(size) for size in sizes[n:]]) if scm.values else ()
    free = (name for number in itertools.count(1) if (name := f"U{number}") not in given.names)
    names = (*given.names, *itertools.islice(free, len(districts)))
    whole = Scm(graph, tuple(sizes), tuple(mechanisms), values)
    return {"graph": write_graph(names, graph), "scm": write_scm(whole, names), "query": cast("Json", {**given.query})}


def _listening(scm: Scm, node: int, *, responses: Sequence[Mapping[tuple[int, ...], int]]) -> Table:
    """The table of a node whose last parent says which of *responses* it has; rows that nothing reads give 0."""
    levels = range(scm.domains[node])
    rows: dict[tuple[int, ...], Row] = {}
    for key in itertools.product(*[range(scm.domains[parent]) for parent in bits(scm.graph.parents[node])]):
        for number, response in enumerate(responses):
            rows[(*key, number)] = tuple([Fraction(level == response.get(key, 0)) for level in levels])
    return Table(rows, threshold=True)
