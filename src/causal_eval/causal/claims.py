"""Derivations of structural answers: smaller queries on the same case, each with its reason in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice, pairwise
from typing import TypeAlias

from causal_eval.causal.adjust import forbidden, proper_backdoor_graph
from causal_eval.causal.attribution import Label
from causal_eval.causal.case import write_query
from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.query import Case, Kind, Query
from causal_eval.causal.separation import judge
from causal_eval.causal.solve import answer_json, estimand

Claim: TypeAlias = tuple[Query, bool, str]
"""A query on the same graph, its answer, and the reason in words."""

Structural: TypeAlias = bool | dict[int, str] | tuple[int, ...] | tuple[tuple[int, ...], ...] | None
"""Answers of structural kinds."""

MOST_LINES = 16
"""Claims that support the last one; beyond, only the last stands."""


_ARTICLE = {Label.CAUSE: "a cause", Label.EFFECT: "an effect"}


def structural_claims(ledger: Ledger, case: Case, *, value: Structural) -> None:
    """The claims that lead to the answer *value*; the last one is the answer."""
    for query, holds, text in islice(_support(case, value), MOST_LINES):
        ledger.claim(text, write_query(case, query), value=holds)
    ledger.claim(estimand(case) + _reason(case, case.query), write_query(case), value=answer_json(value, case))


def _support(case: Case, value: Structural) -> Iterable[Claim]:
    """The claims that the answer *value* rests on; none where the answer is a single claim."""
    match Kind(case.query.kind), value:
        case Kind.ATTRIBUTION, dict(labels):
            return _attribution(case, labels)
        case Kind.MINIMAL_ADJUSTMENT_SETS, tuple(sets):
            return _minimal_sets(case, [one for one in sets if isinstance(one, tuple)])
        case Kind.MINIMAL_SEPARATOR, tuple(members):
            return _separator(case, [one for one in members if isinstance(one, int)])
        case Kind.MARKOV_BLANKET, tuple(members):
            return _blanket(case, [one for one in members if isinstance(one, int)])
    return ()


def _reason(case: Case, query: Query) -> str:
    """Why a yes/no answer is what it is: an open path, or a member that may not be adjusted for."""
    g = case.graph
    x, y, z = mask_of(query.x), mask_of(query.y), mask_of(query.z)
    ends = (x, y)
    if query.kind == Kind.DSEP:
        return _path(case, g, masks=(x, y, z), blocked=": every path is blocked")
    if query.kind == Kind.IS_ADJUSTMENT_SET:
        if bad := z & (g.latent | forbidden(g, *ends)):
            return f": no, {case.names[bits(bad)[0]]} is unobserved or follows from {_names(case, query.x)}"
        return _path(
            case, proper_backdoor_graph(g, *ends), masks=(x, y, z), blocked=": yes, only causal paths stay open"
        )
    if query.kind == Kind.IS_BACKDOOR_SET:
        if bad := z & (g.latent | g.descendants(x)):
            return f": no, {case.names[bits(bad)[0]]} is unobserved or a descendant of {_names(case, query.x)}"
        starts = ((g.without_outgoing(1 << node), (1 << node, y, z)) for node in query.x)
        reasons = [_path(case, cut, masks=masks, blocked="") for cut, masks in starts]
        return next(filter(None, reasons), ": yes, every back-door path is blocked")
    return ""


def _path(case: Case, g: Graph, *, masks: tuple[int, int, int], blocked: str) -> str:
    verdict = judge(g, *masks)
    return blocked if verdict.open_path is None else f": open path {path_text(case, verdict.open_path)}"


def path_text(case: Case, path: Iterable[int]) -> str:
    """``X <- Z -> Y``: the nodes of a path with the edges between them."""
    nodes = list(path)
    text = case.names[nodes[0]]
    for one, other in pairwise(nodes):
        if case.graph.parents[other] >> one & 1:
            arrow = "->"
        else:
            arrow = "<-" if case.graph.parents[one] >> other & 1 else "<->"
        text += f" {arrow} {case.names[other]}"
    return text


def _attribution(case: Case, labels: Mapping[int, str]) -> Iterable[Claim]:
    """One separation for every other node: it decides the node's label together with the order of causes."""
    y, g = case.query.y[0], case.graph
    mixed = any(g.bidirected)
    for node, label in labels.items():
        name, outcome = case.names[node], case.names[y]
        if label in (Label.CAUSE, Label.EFFECT):
            one, other = (node, y) if label == Label.CAUSE else (y, node)
            path = path_text(case, _directed(g, one, other=other))
            if not mixed:
                known = bits(g.parents[one])
                yield (
                    Query(Kind.DSEP, x=(one,), y=(other,), z=known),
                    False,
                    f"{name} is {_ARTICLE[Label(label)]}: {path}",
                )
            continue
        verdict = judge(g, 1 << node, 1 << y, 0)
        reason = f"only through {path_text(case, verdict.open_path)}" if verdict.open_path else "no open path"
        apart = verdict.separated
        yield Query(Kind.DSEP, x=(node,), y=(y,)), apart, f"{name} and {outcome}: {label}, {reason}"


def _directed(g: Graph, one: int, *, other: int) -> list[int]:
    """A shortest directed path."""
    paths, children, leading = [[one]], g.children, g.ancestors(1 << other)
    for path in paths:
        if path[-1] == other:
            return path
        paths += [[*path, child] for child in bits(children[path[-1]] & leading)]
    raise AssertionError("asked for a path that does not exist")


def _minimal_sets(case: Case, sets: Sequence[tuple[int, ...]]) -> Iterable[Claim]:
    """Each set is valid, and no longer so without any one of its members."""
    query = case.query
    for members in sets:
        whole = Query(Kind.IS_ADJUSTMENT_SET, x=query.x, y=query.y, z=members)
        yield whole, True, f"adjusting for {_names(case, members)} is valid{_reason(case, whole)}"
        for member in members:
            if member not in query.must_include:
                less = Query(whole.kind, x=query.x, y=query.y, z=tuple([node for node in members if node != member]))
                reason = _reason(case, less)
                yield less, False, f"not without {case.names[member]}{reason}"
    if not sets:
        yield from _nothing_works(case)


def _nothing_works(case: Case) -> Iterable[Claim]:
    """If any set were valid, the ancestors that may be used would be (van der Zander et al. 2019, theorem 4)."""
    query, g = case.query, case.graph
    x, y, include = mask_of(query.x), mask_of(query.y), mask_of(query.must_include)
    usable = g.ancestors(x | y | include) & ~(x | y | g.latent | mask_of(query.must_exclude) | forbidden(g, x, y))
    widest = Query(Kind.IS_ADJUSTMENT_SET, x=query.x, y=query.y, z=bits(usable | include))
    reason = _reason(case, widest)
    yield widest, False, f"even all that may be adjusted for, {_names(case, widest.z)}, does not suffice{reason}"


def _separator(case: Case, found: Sequence[int]) -> Iterable[Claim]:
    query = case.query
    whole = Query(Kind.DSEP, x=query.x, y=query.y, z=tuple(found))
    yield whole, True, f"{_names(case, found)} separates {_names(case, query.x)} from {_names(case, query.y)}"
    for member in sorted({*found} - {*query.must_include}):
        less = replace(whole, z=tuple(node for node in found if node != member))
        yield less, False, f"not without {case.names[member]}{_reason(case, less)}"


def _blanket(case: Case, found: Sequence[int]) -> Iterable[Claim]:
    rest = bits(case.graph.observed & ~mask_of((*found, *case.query.x)))
    if rest:
        yield (
            Query(Kind.DSEP, x=case.query.x, y=rest, z=tuple(found)),
            True,
            f"{_names(case, found)} separates {_names(case, case.query.x)} from {_names(case, rest)}",
        )


def _names(case: Case, nodes: Iterable[int]) -> str:
    inner = [case.names[node] for node in nodes]
    return inner[0] if len(inner) == 1 else f"{{{', '.join(inner)}}}"
