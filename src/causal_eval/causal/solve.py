"""The first exact solver: reachability for structure, integers and shared noise for numbers.

Values speak of nodes and value positions: a bool, a Fraction, a sorted tuple of nodes, a tuple of such tuples, a
mapping from nodes to labels or value positions, or None. :func:`answer_json` puts them into the case's names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

from causal_eval.causal.adjust import is_adjustment_set, is_backdoor_set, minimal_adjustment_sets
from causal_eval.causal.attribution import attribution
from causal_eval.causal.counterfactual import Seen, joint
from causal_eval.causal.estimand import estimand
from causal_eval.causal.expression import evaluate
from causal_eval.causal.graph import bits, mask_of
from causal_eval.causal.intervene import Worlds
from causal_eval.causal.linear import total_effect
from causal_eval.causal.query import Assignment, Case, Kind, Query
from causal_eval.causal.scm import Linear, Rule, Scm, Table
from causal_eval.causal.separation import markov_blanket, minimal_separator, separated
from causal_eval.errors import MalformedCase

__all__ = ["Answer", "answer_json", "estimand", "solve"]

Result: TypeAlias = (
    "Fraction | bool | tuple[int, ...] | tuple[tuple[int, ...], ...] | Mapping[int, str] | Mapping[int, int] | None"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An exact answer; the steps that lead to it are :func:`causal_eval.causal.derivation.derive` of the case."""

    value: Any
    estimand: str
    method: str


@dataclass(frozen=True, slots=True)
class Solved:
    """A case with its value, and the compiled worlds of its model, which its derivation needs again."""

    case: Case
    value: Any
    worlds: Worlds | None
    """None for structural kinds."""


def solve(case: Case) -> Answer:
    """The exact answer to *case*.

    Raises:
        MalformedCase: the query makes no sense in this model.
        NotDetermined: models that fit what is stated disagree.
        TooLarge: exact enumeration would not end.
    """
    method = (_STRUCTURAL | _NUMERIC)[Kind(case.query.kind)][0]
    return Answer(value_of(case), estimand(case), method)


def value_of(case: Case) -> Any:
    """The value of :func:`solve` alone."""
    return solved(case).value


def solved(case: Case) -> Solved:
    """The case with its value, and with what its derivation can use again.

    Raises:
        MalformedCase, NotDetermined, TooLarge: as :func:`solve`.
    """
    kind = Kind(case.query.kind)
    if kind in _STRUCTURAL:
        return Solved(case, _STRUCTURAL[kind][1](case), None)
    worlds = worlds_of(case)
    return Solved(case, _NUMERIC[kind][1](case, worlds), worlds)


def answer_json(value: Any, case: Case) -> Any:
    """*value* in JSON: sets of nodes by sorted names, values as they are called, fractions as ``"p/q"``."""
    match value:
        case bool():
            return value
        case Fraction():
            return str(value)
        case dict() | Mapping():
            return {case.names[node]: _level(case.scm, node, level=level) for node, level in value.items()}
        case tuple():
            parts = [case.names[part] if isinstance(part, int) else answer_json(part, case) for part in value]
            return sorted(parts, key=lambda part: (len(part), part) if isinstance(part, list) else (0, part))
    return value


def worlds_of(case: Case) -> Worlds:
    """The worlds of the case's model; of one that was asked about just before, those that are compiled already."""
    return _worlds(_Same(model_of(case), case.names))


class _Same:
    """A model as itself: to compare two by their tables takes longer than to compile one."""

    __slots__ = ("names", "scm")

    def __init__(self, scm: Scm, names: tuple[str, ...]) -> None:
        self.scm, self.names = scm, names

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.scm is other.scm and self.names == other.names

    def __hash__(self) -> int:
        return id(self.scm)


@lru_cache(maxsize=32)  # one model is asked several things: its effect, then its causes of effects
def _worlds(same: _Same) -> Worlds:
    return Worlds(same.scm, same.names)


def model_of(case: Case) -> Scm:
    """The case's model.

    Raises:
        MalformedCase: it has none.
    """
    if case.scm is None:
        raise MalformedCase(f"query: kind {case.query.kind!s} is numeric; add an scm beside the graph")
    return case.scm


def mean_given(worlds: Worlds, node: int, *, given: Assignment = (), do: Assignment = ()) -> Fraction:
    """E[node | do, given] over the numeric values of *node*; a truth value counts 1."""
    distribution = worlds.distribution(node, given, do)
    return sum((level * p for level, p in zip(levels(worlds, node), distribution, strict=True)), Fraction(0))


def levels(worlds: Worlds, node: int) -> tuple[Fraction, ...]:
    """The values of *node* as numbers.

    Raises:
        MalformedCase: they are words.
    """
    found = []
    for value in worlds.scm.names(node):
        if isinstance(value, str):
            raise MalformedCase(
                f"{worlds.label(node)} has the value {value!r}, so it has no mean; ask for a probability"
            )
        found.append(Fraction(value))
    return tuple(found)


def _level(scm: Scm | None, node: int, *, level: str | int) -> Any:
    if isinstance(level, str):
        return str(level)
    assert scm is not None, "only a model has values"
    named = scm.names(node)[level]
    return str(named) if type(named) is Fraction else named


def _masks(query: Query) -> tuple[int, int, int]:
    return mask_of(query.x), mask_of(query.y), mask_of(query.z)


def _dsep(case: Case) -> bool:
    return separated(case.graph, *_masks(case.query))


def _minimal_separator(case: Case) -> tuple[int, ...] | None:
    query = case.query
    ends = mask_of(query.x), mask_of(query.y)
    include, exclude = mask_of(query.must_include), mask_of(query.must_exclude)
    found = minimal_separator(case.graph, *ends, include=include, exclude=exclude)
    return None if found is None else bits(found)


def _markov_blanket(case: Case) -> tuple[int, ...]:
    return bits(markov_blanket(case.graph, mask_of(case.query.x)))


def _is_adjustment_set(case: Case) -> bool:
    return is_adjustment_set(case.graph, *_masks(case.query))


def _is_backdoor_set(case: Case) -> bool:
    return is_backdoor_set(case.graph, *_masks(case.query))


def _minimal_adjustment_sets(case: Case) -> tuple[tuple[int, ...], ...]:
    query = case.query
    ends = mask_of(query.x), mask_of(query.y)
    include, exclude = mask_of(query.must_include), mask_of(query.must_exclude)
    return minimal_adjustment_sets(case.graph, *ends, must_include=include, must_exclude=exclude)


def _attribution(case: Case) -> dict[int, str]:
    labels = attribution(case.graph, case.query.y[0])
    return {node: label for node, label in enumerate(labels) if label and not case.graph.latent >> node & 1}


def _probability(case: Case, worlds: Worlds) -> Fraction:
    query = case.query
    return worlds.probability(query.event, query.given, do=query.do if query.kind == Kind.DO else ())


def _ate(case: Case, worlds: Worlds) -> Fraction:
    scm, query = model_of(case), case.query
    x, y = query.x[0], query.y[0]
    if isinstance(scm.mechanisms[x], Linear):
        return total_effect(scm, x, y=y) * (Fraction(query.x1) - Fraction(query.x0))
    if query.kind == Kind.CATE:
        for node, _ in query.given:
            if scm.graph.descendants(1 << x) >> node & 1:
                raise MalformedCase(
                    f"query: given {case.names[node]!r} is an effect of {case.names[x]!r}; a conditional average "
                    "effect needs pre-treatment values; for later ones ask kind do with given"
                )
    given = query.given if query.kind == Kind.CATE else ()
    one, zero = (mean_given(worlds, y, given=given, do=((x, int(level)),)) for level in (query.x1, query.x0))
    return one - zero


def _ett(case: Case, worlds: Worlds) -> Fraction:
    """E[Y_x1 - Y_x0 | X = own], the own level by consistency a plain conditional."""
    scm, query = model_of(case), case.query
    x, y = query.x[0], query.y[0]
    if isinstance(scm.mechanisms[x], Linear):
        return _ate(case, worlds)
    treated = query.kind == Kind.ETT
    own, other = (int(level) for level in ((query.x1, query.x0) if treated else (query.x0, query.x1)))
    group = (Seen((), ((x, own),)),)
    would = [
        level * joint(worlds, (Seen(((x, other),), ((y, place),)),), group)
        for place, level in enumerate(levels(worlds, y))
        if level
    ]
    gap = mean_given(worlds, y, given=((x, own),)) - sum(would, Fraction(0))
    return gap if treated else -gap


def _counterfactual(case: Case, worlds: Worlds) -> Fraction:
    query = case.query
    return joint(worlds, (Seen(query.do, query.event),), (Seen((), query.evidence),))


def _causation(case: Case, worlds: Worlds) -> Fraction:
    query = case.query
    x, y, x1, x0 = query.x[0], query.y[0], int(query.x1), int(query.x0)
    if worlds.scm.domains[y] != 2:  # noqa: PLR2004 - an event happens or does not
        raise MalformedCase(f"query: kind {query.kind!s} needs a two-valued Y, {case.names[y]!r} has more values")
    with_x, without = Seen(((x, x1),), ((y, 1),)), Seen(((x, x0),), ((y, 0),))
    match Kind(query.kind):
        case Kind.PN:
            return joint(worlds, (without,), (Seen((), tuple(sorted(((x, x1), (y, 1))))),))
        case Kind.PS:
            return joint(worlds, (with_x,), (Seen((), tuple(sorted(((x, x0), (y, 0))))),))
    return joint(worlds, (with_x, without))


def _values(case: Case, worlds: Worlds) -> dict[int, int]:
    return values_in(case, worlds.scm, query=case.query)


def values_in(case: Case, scm: Scm, *, query: Query) -> dict[int, int]:
    """The value position of every node in the context of *query*, after what it does."""
    given = {**dict(query.context), **dict(query.do)}
    found: dict[int, int] = {}
    for node in scm.graph.topological():
        found[node] = given[node] if node in given else _computed(case, scm, node=node, found=found)
    return {node: found[node] for node in range(scm.graph.n)}


def _computed(case: Case, scm: Scm, *, node: int, found: Mapping[int, int]) -> int:
    """The value of *node* when those of its parents are known."""
    mechanism, label = scm.mechanisms[node], case.names[node]
    parents = bits(scm.graph.parents[node])
    if isinstance(mechanism, Rule):
        result = evaluate(mechanism.expression, {parent: scm.names(parent)[found[parent]] for parent in parents})
        if result in scm.names(node):
            return scm.names(node).index(result)
        raise MalformedCase(f"scm: the equation of {label!r} gives {result!r}, which is not one of its values")
    if isinstance(mechanism, Table) and 1 in (row := mechanism.rows[tuple(found[parent] for parent in parents)]):
        return row.index(Fraction(1))
    raise MalformedCase(f"query: context leaves the value of {label!r} open; set it in the context")


_SUM = "truncated factorisation"
_NOISE = "joint abduction on the exogenous grid"

_STRUCTURAL: dict[Kind, tuple[str, Callable[[Case], Any]]] = {
    Kind.DSEP: ("reachability along open walks", _dsep),
    Kind.MINIMAL_SEPARATOR: ("reduction of the ancestral separator from both sides", _minimal_separator),
    Kind.MARKOV_BLANKET: ("neighbours in the augmented graph", _markov_blanket),
    Kind.IS_ADJUSTMENT_SET: ("complete adjustment criterion", _is_adjustment_set),
    Kind.IS_BACKDOOR_SET: ("back-door criterion", _is_backdoor_set),
    Kind.MINIMAL_ADJUSTMENT_SETS: ("minimal separators of the proper back-door graph", _minimal_adjustment_sets),
    Kind.ATTRIBUTION: ("reachability", _attribution),
}

_NUMERIC: dict[Kind, tuple[str, Callable[[Case, Worlds], Any]]] = {
    Kind.PROBABILITY: (_SUM, _probability),
    Kind.DO: (_SUM, _probability),
    Kind.ATE: (_SUM, _ate),
    Kind.CATE: (_SUM, _ate),
    Kind.ETT: (_NOISE, _ett),
    Kind.ETU: (_NOISE, _ett),
    Kind.COUNTERFACTUAL: (_NOISE, _counterfactual),
    Kind.VALUES: ("evaluation in causal order", _values),
    Kind.PN: (_NOISE, _causation),
    Kind.PS: (_NOISE, _causation),
    Kind.PNS: (_NOISE, _causation),
}
