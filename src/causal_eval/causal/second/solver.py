"""The answers of the second solver, kind by kind; the values are those of the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from causal_eval.causal.query import Case, Kind
from causal_eval.causal.scm import Linear, Scm
from causal_eval.causal.second.elimination import partition
from causal_eval.causal.second.evaluate import value_of
from causal_eval.causal.second.network import (
    Pairs,
    Tables,
    World,
    depends_on_coupling,
    factors_of,
    independent_rows,
    linear_effect,
    rank_preserving,
)
from causal_eval.causal.second.paths import Walker, on_causal_paths
from causal_eval.causal.second.reach import (
    blanket,
    causes_of,
    cut_off,
    effects_of,
    labels,
    mask_from,
    members,
)
from causal_eval.causal.second.structure import beside
from causal_eval.errors import MalformedCase, NotDetermined

Sets: TypeAlias = tuple[tuple[int, ...], ...]


def solve(case: Case) -> Any:
    """The exact answer to *case*, found without the first solver.

    Raises:
        MalformedCase, NotDetermined, TooLarge: as the first solver.
    """
    return _KINDS[Kind(case.query.kind)](case)


def _dsep(case: Case) -> bool:
    return cut_off(case.graph, *(mask_from(part) for part in (case.query.x, case.query.y, case.query.z)))


def _minimal_separator(case: Case) -> tuple[int, ...] | None:
    """Of all minimal separators, found by trying every set, the one with the least on the side of Y."""
    query, g = case.query, case.graph
    x, y, fixed = mask_from(query.x), mask_from(query.y), mask_from(query.must_include)
    usable = causes_of(g, x | y | fixed) & ~(x | y | fixed | g.latent | mask_from(query.must_exclude))
    walker = Walker(g, usable, fixed)
    found = list(walker.sets(walker.minimal(walker.all & ~walker.open_any(x, y))))
    if not found:
        return None
    return tuple(members(fixed | min(found, key=lambda z: beside(g, x | y | fixed, y=y, cut=z | fixed))))


def _markov_blanket(case: Case) -> tuple[int, ...]:
    return tuple(members(blanket(case.graph, mask_from(case.query.x))))


def _is_adjustment_set(case: Case) -> bool:
    query, g = case.query, case.graph
    x, y, z = mask_from(query.x), mask_from(query.y), mask_from(query.z)
    if z & (g.latent | effects_of(g, on_causal_paths(g, x, y=y))):
        return False
    return not Walker(g, 0, z).open_noncausal(x, y)


def _is_backdoor_set(case: Case) -> bool:
    query, g = case.query, case.graph
    x, y, z = mask_from(query.x), mask_from(query.y), mask_from(query.z)
    if z & (g.latent | effects_of(g, x)):
        return False
    walker = Walker(g, 0, z)
    return not any(walker.open_into(start, y) for start in query.x)


def _minimal_adjustment_sets(case: Case) -> Sets:
    query, g = case.query, case.graph
    x, y, fixed = mask_from(query.x), mask_from(query.y), mask_from(query.must_include)
    banned = g.latent | mask_from(query.must_exclude) | effects_of(g, on_causal_paths(g, x, y=y))
    if fixed & banned:
        return ()
    walker = Walker(g, ((1 << g.n) - 1) & ~(x | y | fixed | banned), fixed)
    valid = walker.all & ~walker.open_noncausal(x, y)
    sets = [tuple(members(z | fixed)) for z in walker.sets(walker.minimal(valid))]
    return tuple(sorted(sets, key=lambda one: (len(one), one)))


def _attribution(case: Case) -> dict[int, str]:
    y = case.query.y[0]
    found = labels(case.graph, y)
    return {node: found[node] for node in range(case.graph.n) if node != y and not case.graph.latent >> node & 1}


def _probability(case: Case) -> Fraction:
    query = case.query
    done = query.do if query.kind == Kind.DO else ()
    return _given(Tables(_model(case)), [(done, query.event)], [(done, query.given)])


def _ate(case: Case) -> Fraction:
    query, scm = case.query, _model(case)
    x, y = query.x[0], query.y[0]
    if isinstance(scm.mechanisms[x], Linear):
        return linear_effect(scm.graph, _coefficients(scm), x=x, y=y) * (Fraction(query.x1) - Fraction(query.x0))
    given = query.given if query.kind == Kind.CATE else ()
    if mask_from([node for node, _ in given]) & effects_of(scm.graph, 1 << x):
        raise MalformedCase("a conditional average effect is given pre-treatment values only")
    tables = Tables(scm)
    one, zero = (
        _mean(tables, y, done=((x, int(level)),), done_to_seen=((x, int(level)),), seen=given)
        for level in (query.x1, query.x0)
    )
    return one - zero


def _ett(case: Case) -> Fraction:
    query, scm = case.query, _model(case)
    x, y = query.x[0], query.y[0]
    if isinstance(scm.mechanisms[x], Linear):
        return _ate(case)
    group = ((x, int(query.x1 if query.kind == Kind.ETT else query.x0)),)
    tables = Tables(scm)
    one, zero = (
        _mean(tables, y, done=((x, int(level)),), done_to_seen=(), seen=group) for level in (query.x1, query.x0)
    )
    return one - zero


def _mean(tables: Tables, y: int, *, done: Pairs, done_to_seen: Pairs, seen: Pairs) -> Fraction:
    """E[Y after *done* | *seen* after *done_to_seen*]."""
    scm = tables.scm
    values = scm.values[y] if scm.values else tuple(range(scm.domains[y]))
    if any(isinstance(value, str) for value in values):
        raise MalformedCase(f"node {y} has values that are no numbers")
    return sum(
        (
            Fraction(value) * _given(tables, [(done, ((y, place),))], [(done_to_seen, seen)])
            for place, value in enumerate(values)
            if value
        ),
        Fraction(0),
    )


def _counterfactual(case: Case) -> Fraction:
    query = case.query
    return _given(Tables(_model(case)), [(query.do, query.event)], [((), query.evidence)])


def _causation(case: Case) -> Fraction:
    query, scm = case.query, _model(case)
    x, y, x1, x0 = query.x[0], query.y[0], int(query.x1), int(query.x0)
    if scm.domains[y] != 2:  # noqa: PLR2004 - an event happens or does not
        raise MalformedCase(f"node {y} needs two values")
    tables = Tables(scm)
    with_x: World = (((x, x1),), ((y, 1),))
    without: World = (((x, x0),), ((y, 0),))
    if query.kind == Kind.PN:
        return _given(tables, [without], [((), ((x, x1), (y, 1)))])
    if query.kind == Kind.PS:
        return _given(tables, [with_x], [((), ((x, x0), (y, 0)))])
    return _given(tables, [with_x, without], [])


def _values(case: Case) -> dict[int, int]:
    scm = _model(case)
    known = dict(case.query.context) | dict(case.query.do)
    return {node: value_of(scm, node, known=known) for node in range(scm.graph.n)}


def _given(tables: Tables, asked: Sequence[World], known: Sequence[World]) -> Fraction:
    """P(asked | known) over several worlds; refused when two models with these very tables disagree on it."""
    whole = _total(tables, _merged(known))
    if not whole:
        raise MalformedCase("the condition has probability 0; nothing follows from it")
    together = _merged([*asked, *known])
    answer = _total(tables, together) / whole
    if len(together) > 1 and depends_on_coupling(tables, together):
        other = partition(factors_of(tables, together, coupling=independent_rows)) / whole
        if other != answer:
            raise NotDetermined(f"models with these tables disagree: {answer} in one, {other} in another")
    return answer


def _total(tables: Tables, worlds: Sequence[World]) -> Fraction:
    """P(all that is seen in *worlds*), each set of worlds worked out once."""
    key = tuple(worlds)
    if key not in tables.totals:
        seen = any(seen for _, seen in worlds)
        tables.totals[key] = partition(factors_of(tables, worlds, coupling=rank_preserving)) if seen else Fraction(1)
    return tables.totals[key]


def _merged(worlds: Sequence[World]) -> list[World]:
    """Worlds under one intervention are one world."""
    found: dict[Pairs, Pairs] = {}
    for done, seen in worlds:
        found[done] = (*found.get(done, ()), *seen)
    return list(found.items())


def _coefficients(scm: Scm) -> Mapping[tuple[int, int], Fraction]:
    found: dict[tuple[int, int], Fraction] = {}
    for node, mechanism in enumerate(scm.mechanisms):
        if isinstance(mechanism, Linear):
            for cause, coefficient in zip(members(scm.graph.parents[node]), mechanism.coefficients, strict=True):
                found[cause, node] = coefficient
    return found


def _model(case: Case) -> Scm:
    if case.scm is None:
        raise MalformedCase("a numeric query needs a model")
    return case.scm


_KINDS: Mapping[Kind, Callable[[Case], Any]] = {
    Kind.DSEP: _dsep,
    Kind.MINIMAL_SEPARATOR: _minimal_separator,
    Kind.MARKOV_BLANKET: _markov_blanket,
    Kind.IS_ADJUSTMENT_SET: _is_adjustment_set,
    Kind.IS_BACKDOOR_SET: _is_backdoor_set,
    Kind.MINIMAL_ADJUSTMENT_SETS: _minimal_adjustment_sets,
    Kind.ATTRIBUTION: _attribution,
    Kind.PROBABILITY: _probability,
    Kind.DO: _probability,
    Kind.ATE: _ate,
    Kind.CATE: _ate,
    Kind.ETT: _ett,
    Kind.ETU: _ett,
    Kind.COUNTERFACTUAL: _counterfactual,
    Kind.VALUES: _values,
    Kind.PN: _causation,
    Kind.PS: _causation,
    Kind.PNS: _causation,
}
