"""Cases in the format of ``causal-eval solve``: read with every defect named, and written canonically.

Beyond the documented fields: a table may say ``"threshold": true`` (its rank-preserving noise is part of what is
stated), exogenous variables may be a bare list (they get their values from a ``context``), a graph may leave its edges
to the model, and a graph may consist of ``exogenous`` and ``equations`` alone.
"""

from __future__ import annotations

import difflib
import operator
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from causal_eval.causal.graph import Graph, mask_of
from causal_eval.causal.graph_json import read_graph, read_names, write_graph
from causal_eval.causal.query import Case, Kind, Query
from causal_eval.causal.reading import assignment, fraction, mapping, node_list, position, sequence
from causal_eval.causal.scm import Linear, Scm
from causal_eval.causal.scm_json import exogenous_names, implied_edges, mechanism_names, read_scm, write_scm
from causal_eval.errors import MalformedCase

__all__ = ["Case", "Kind", "Query", "read_case", "write_case"]

Facts: TypeAlias = tuple[tuple[str, ...], Graph, Scm | None]
"""Names, graph and model of a case."""

_STRUCTURAL: Mapping[Kind, tuple[str, ...]] = {
    Kind.DSEP: ("X", "Y"),
    Kind.MINIMAL_SEPARATOR: ("X", "Y"),
    Kind.MARKOV_BLANKET: ("X",),
    Kind.IS_ADJUSTMENT_SET: ("X", "Y"),
    Kind.IS_BACKDOOR_SET: ("X", "Y"),
    Kind.MINIMAL_ADJUSTMENT_SETS: ("X", "Y"),
    Kind.ATTRIBUTION: ("Y",),
}
"""Structural kind -> the node lists that may not be empty."""

_EFFECTS = frozenset({Kind.ATE, Kind.CATE, Kind.ETT, Kind.ETU, Kind.PN, Kind.PS, Kind.PNS})
"""Kinds that compare two values of one treatment."""

_EVENTS = frozenset({Kind.PROBABILITY, Kind.DO, Kind.COUNTERFACTUAL})
_SINGLE = frozenset({Kind.ATTRIBUTION}) | _EFFECTS
"""Kinds whose X and Y are one node each."""

_ASSIGNMENTS = ("event", "given", "do", "evidence", "context")
_assignments_of = operator.attrgetter(*_ASSIGNMENTS)
_SETS = ("X", "Y", "Z", "must_include", "must_exclude")
_sets_of = operator.attrgetter("x", "y", "z", "must_include", "must_exclude")


def read_case(obj: Any, facts: Facts | None = None) -> Case:
    """The case that the JSON object *obj* describes; unknown fields are ignored, *facts* not read again.

    Raises:
        MalformedCase: the message names the part that makes no sense.
    """
    names, graph, scm = facts or read_facts(obj)
    query = read_query(mapping(obj.get("query"), "query"), names, scm=scm)
    return Case(names, graph, scm, query)


def read_facts(obj: Any) -> Facts:
    """Names, graph and model of the case *obj*, whatever it asks.

    Raises:
        MalformedCase: the message names the part that makes no sense.
    """
    whole = mapping(obj, "a case")
    graph_obj = mapping(whole.get("graph", {}), "graph")
    scm_obj = whole.get("scm", graph_obj if "equations" in graph_obj else None)
    if "model" in graph_obj:
        raise MalformedCase(f"graph: model {graph_obj['model']!r} is not among the file's models; add or inline it")
    names, graph = _read_structure(graph_obj, None if scm_obj is None else mapping(scm_obj, "scm"))
    scm = None if scm_obj is None else read_scm(scm_obj, names, graph=graph)
    return tuple(names), graph, scm


def write_case(case: Case) -> dict[str, Any]:
    """The canonical JSON object of *case*: ``read_case`` of it equals *case*."""
    written: dict[str, Any] = {"graph": write_graph(case.names, case.graph)}
    if case.scm is not None:
        written["scm"] = write_scm(case.scm, case.names)
    return written | {"query": write_query(case)}


def read_query(obj: Mapping[str, Any], names: Sequence[str], *, scm: Scm | None) -> Query:
    """The query of a case over these nodes.

    Raises:
        MalformedCase: an unknown kind or node, a missing field, sets that meet, a value outside its domain.
    """
    kind = _kind(obj.get("kind"))
    index = {name: node for node, name in enumerate(names)}
    x, y, z, include, exclude = (node_list(obj.get(name), index, where=f"query: {name}") for name in _SETS)
    query = Query(kind, x=x, y=y, z=z, must_include=include, must_exclude=exclude)
    _check_sets(query, names)
    if kind in _STRUCTURAL:
        return query
    if scm is None:
        raise MalformedCase(f"query: kind {kind!s} is numeric; add an scm beside the graph")
    return _read_values(query, obj, index=index, scm=scm)


def write_query(case: Case, query: Query | None = None) -> dict[str, Any]:
    """The JSON object of the case's query, or of another *query* on it: the kind and every field that is not empty."""
    query, names, scm = query or case.query, case.names, case.scm
    written: dict[str, Any] = {"kind": str(query.kind)}
    for field, nodes in zip(_SETS, _sets_of(query), strict=True):
        if nodes:
            written[field] = [names[node] for node in nodes]
    if scm is None:
        return written
    for field, part in zip(_ASSIGNMENTS, _assignments_of(query), strict=True):
        if part:
            written[field] = {names[node]: _plain(scm.names(node)[value]) for node, value in part}
    if query.kind in _EFFECTS:
        written |= {field: _plain(_named(query, scm, field=field)) for field in ("x1", "x0")}
    return written


def _read_structure(graph_obj: Mapping[str, Any], scm_obj: Mapping[str, Any] | None) -> tuple[list[str], Graph]:
    """Names and graph; roots that only the model names join as latent nodes, edges may come from the model."""
    names = read_names(graph_obj)
    if scm_obj is None:
        return names, read_graph(graph_obj, names)
    hidden: list[str] = []
    if names:
        hidden = [name for name in exogenous_names(scm_obj) if name not in names]
    else:
        names = mechanism_names(scm_obj)
    names = [*names, *hidden]
    latent = mask_of(range(len(names) - len(hidden), len(names)))
    extra = implied_edges(scm_obj, names)
    graph_obj = {**graph_obj, "bidirected": _not_borne_out(graph_obj.get("bidirected"), hidden, scm_obj=scm_obj)}
    if "directed" in graph_obj:
        extra = [(cause, effect) for cause, effect in extra if latent >> cause & 1]
    return names, read_graph(graph_obj, names, extra_edges=extra, extra_latent=latent)


def _not_borne_out(edges: Any, hidden: Sequence[str], *, scm_obj: Mapping[str, Any]) -> Any:
    """The bidirected edges without those that a root which only the model names stands for: it causes both ends."""
    if not hidden or not edges:
        return edges
    names = list(dict.fromkeys([*hidden, *mechanism_names(scm_obj)]))
    effects = [set[str]() for _ in hidden]
    for cause, effect in implied_edges(scm_obj, names):
        if cause < len(hidden):
            effects[cause].add(names[effect])
    written = sequence(edges, "graph: bidirected")
    joined = [[a, b] for one in effects for a in one for b in one]
    return [edge for edge in written if edge not in joined]


def _kind(value: Any) -> Kind:
    known = [str(kind) for kind in Kind]
    if value in known:
        return Kind(value)
    near = difflib.get_close_matches(str(value), known, n=3)
    raise MalformedCase(
        f"query: no kind {value!r}; {'did you mean' if near else 'known are'} {', '.join(near or known)}"
    )


def _check_sets(query: Query, names: Sequence[str]) -> None:
    kind = Kind(query.kind)
    sets = {"X": query.x, "Y": query.y, "Z": query.z}
    needed = _STRUCTURAL.get(kind, ("X", "Y") if kind in _EFFECTS else ())
    for field in needed:
        if not sets[field]:
            raise MalformedCase(f"query: kind {kind!s} needs {field}; name at least one node")
        if kind in _SINGLE and len(sets[field]) > 1:
            raise MalformedCase(f"query: kind {kind!s} takes one node as {field}, got {len(sets[field])}")
    fields = {**sets, "must_include": query.must_include}
    for one, other in (("X", "Y"), ("X", "Z"), ("Y", "Z"), ("X", "must_include"), ("Y", "must_include")):
        if both := sorted({*fields[one]} & {*fields[other]}):
            raise MalformedCase(f"query: {names[both[0]]!r} is in both {one} and {other}; they must not meet")
    if both := sorted({*query.must_include} & {*query.must_exclude}):
        raise MalformedCase(f"query: {names[both[0]]!r} is in both must_include and must_exclude")


def _read_values(query: Query, obj: Mapping[str, Any], *, index: Mapping[str, int], scm: Scm) -> Query:
    event, given, do, evidence, context = (
        assignment(obj.get(field), index, scm, f"query: {field}") for field in _ASSIGNMENTS
    )
    if query.kind in _EVENTS and not event:
        raise MalformedCase(f"query: kind {query.kind!s} needs an event, such as {{{next(iter(index))!r}: 1}}")
    x1, x0 = (_treatment(query, obj, scm=scm, field=field) for field in ("x1", "x0"))
    if query.kind in _EFFECTS and x1 == x0:
        raise MalformedCase("query: x1 and x0 are the same value; compare two different ones")
    return Query(
        query.kind, x=query.x, y=query.y, z=query.z, event=event, given=given, do=do, evidence=evidence,
        context=context, x1=x1, x0=x0, must_include=query.must_include, must_exclude=query.must_exclude,
    )  # fmt: skip


def _treatment(query: Query, obj: Mapping[str, Any], *, scm: Scm, field: str) -> int | Fraction:
    default = 1 if field == "x1" else 0
    if query.kind not in _EFFECTS or obj.get(field) is None:
        return default
    if isinstance(scm.mechanisms[query.x[0]], Linear):
        return fraction(obj[field], f"query: {field}")
    return position(obj[field], scm.names(query.x[0]), f"query: {field}")


def _named(query: Query, scm: Scm, *, field: str) -> Any:
    value = query.x1 if field == "x1" else query.x0
    if isinstance(scm.mechanisms[query.x[0]], Linear):
        return value
    assert isinstance(value, int)
    return scm.names(query.x[0])[value]


def _plain(value: Any) -> Any:
    return str(value) if type(value) is Fraction else value  # several times faster than isinstance, which asks the ABC
