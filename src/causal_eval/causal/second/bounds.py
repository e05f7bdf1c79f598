"""Bounds by trying every corner: full response functions, worked out unit by unit."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from causal_eval.causal.scm import Scm, Table
from causal_eval.causal.second.nested import Response, Unit, units
from causal_eval.causal.second.reach import effects_of, members
from causal_eval.causal.second.vertices import vertices
from causal_eval.errors import MalformedCase, TooLarge

MOST = 200_000
"""Corners times units that are gone through."""

Ways: TypeAlias = "list[tuple[dict[int, Response], Fraction]]"
"""What the open nodes respond, with its probability."""


@dataclass(frozen=True, slots=True)
class Open:
    """Nodes that respond together, and equations of their joint responses."""

    nodes: tuple[int, ...]
    types: tuple[tuple[Mapping[tuple[int, ...], int], ...], ...]
    rows: tuple[tuple[Fraction, ...], ...]
    right: tuple[Fraction, ...]


def loose(scm: Scm, done: Iterable[int]) -> list[int]:
    """The nodes with a mere table that what is *done* in some world can move: others respond alike in all worlds."""
    moved = effects_of(scm.graph, sum(1 << node for node in set(done)))
    found = []
    for node in members(moved):
        mechanism = scm.mechanisms[node]
        if isinstance(mechanism, Table) and not mechanism.threshold and len(mechanism.rows) > 1:
            found.append(node)
    return found


def one_table(scm: Scm, node: int, *, done: Iterable[int]) -> list[Open]:
    """A node of which each row's law is stated, and not how the rows go together.

    What is *done* in some world leaves some parents alone: they are alike in all worlds of a unit, which never reads
    two rows that differ in them. How such rows go together is all the same: each group of others is open on its own.
    """
    mechanism = scm.mechanisms[node]
    assert isinstance(mechanism, Table), "only a table leaves that open"
    moved = effects_of(scm.graph, sum(1 << one for one in set(done)))
    alike = [place for place, parent in enumerate(members(scm.graph.parents[node])) if not moved >> parent & 1]
    groups: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for key in mechanism.rows:
        groups.setdefault(tuple([key[place] for place in alike]), []).append(key)
    return [_rows_together(scm, node, mechanism=mechanism, keys=keys) for keys in groups.values()]


def _rows_together(scm: Scm, node: int, *, mechanism: Table, keys: Sequence[tuple[int, ...]]) -> Open:
    ways = itertools.product(range(scm.domains[node]), repeat=len(keys))
    types = tuple((dict(zip(keys, way, strict=True)),) for way in ways)
    told = [(key, level, p) for key in keys for level, p in enumerate(mechanism.rows[key])]
    rows = tuple(tuple(Fraction(one[0][key] == level) for one in types) for key, level, _ in told)
    return Open((node,), types, rows, tuple(p for _, _, p in told))


def one_district(scm: Scm, nodes: Sequence[int], *, law: Mapping[tuple[int, ...], Fraction]) -> Open:
    """Nodes with common latent causes whose other causes are all set: the law of what is seen is all that is known.

    *nodes* in causal order; only districts without outer causes, and with roots as outer causes, are taken.
    """
    keys = [
        list(itertools.product(*[range(scm.domains[p]) for p in members(scm.graph.parents[node])])) for node in nodes
    ]
    ways = [
        [dict(zip(one, way, strict=True)) for way in itertools.product(range(scm.domains[node]), repeat=len(one))]
        for node, one in zip(nodes, keys, strict=True)
    ]
    types = tuple(itertools.product(*ways))
    outer = sorted({p for node in nodes for p in members(scm.graph.parents[node])} - {*nodes})
    rows, right = [], []
    for levels in itertools.product(*[range(scm.domains[node]) for node in outer]):
        fixed = dict(zip(outer, levels, strict=True))
        whole = _share(law, fixed)
        for own in itertools.product(*[range(scm.domains[node]) for node in nodes]) if whole else ():
            there = dict(zip(nodes, own, strict=True))
            rows.append(tuple(Fraction(_fits(scm, nodes, one=one, values=fixed | there)) for one in types))
            right.append(_share(law, fixed | there) / whole)
    return Open(tuple(nodes), types, tuple(rows), tuple(right))


def ends(
    scm: Scm, worth: Callable[[Unit], Fraction], *, holds: Callable[[Unit], bool], openings: Sequence[Open],
    never: Sequence[Callable[[Unit], bool]] = (),
) -> tuple[Fraction, Fraction]:  # fmt: skip
    """The least and the greatest mean of *worth* where *holds*, over every corner in which nothing of *never* happens.

    Raises:
        TooLarge: too many corners. MalformedCase: nothing fits.
    """
    plain = list(units(_without(scm, [node for one in openings for node in one.nodes]), coupling="rank"))
    choices = list(itertools.product(*[range(len(one.types)) for one in openings]))
    corners = [vertices(one.rows, one.right) for one in openings]
    if (steps := len(choices) * (len(plain) + math.prod(map(len, corners)))) > MOST:
        raise TooLarge(f"{steps:,} units and corners: the second solver goes through at most {MOST:,}")
    tried = []
    for chosen in choices:
        fixed = [one.types[at] for one, at in zip(openings, chosen, strict=True)]
        every = [(_joined(unit, openings, types=fixed), share) for unit, share in plain if share]
        in_it = [(unit, share) for unit, share in every if holds(unit)]
        whole = sum((share for _, share in in_it), Fraction(0))
        total = sum((share * worth(unit) for unit, share in in_it), Fraction(0))
        tried.append((total, whole, any(event(unit) for event in never for unit, _ in every)))
    found = []
    for laws in itertools.product(*corners):
        shares = [
            math.prod((law[at] for law, at in zip(laws, chosen, strict=True)), start=Fraction(1)) for chosen in choices
        ]
        kept = [(p, *one) for p, one in zip(shares, tried, strict=True) if p]
        whole = sum((p * part for p, _, part, _ in kept), Fraction(0))
        if whole and not any(impossible for *_, impossible in kept):
            found.append(sum((p * part for p, part, _, _ in kept), Fraction(0)) / whole)
    if not found:
        raise MalformedCase("no model fits all that is stated, with what is given")
    return min(found), max(found)


def _joined(unit: Unit, openings: Sequence[Open], *, types: Sequence[Sequence[Mapping[tuple[int, ...], int]]]) -> Unit:
    """The unit with the responses of the open nodes."""
    joined: dict[int, dict[tuple[int, ...], int]] = {}
    for one, tables in zip(openings, types, strict=True):
        for node, table in zip(one.nodes, tables, strict=True):
            joined.setdefault(node, {}).update(table)
    return {**unit, **{node: _by(table) for node, table in joined.items()}}


def _by(table: Mapping[tuple[int, ...], int]) -> Response:
    return lambda key: table[tuple([int(level) for level in key])]


def _without(scm: Scm, nodes: Sequence[int]) -> Scm:
    """The model with *nodes* responding in one way, which is replaced."""
    mechanisms = list(scm.mechanisms)
    for node in nodes:
        keys = itertools.product(*[range(scm.domains[p]) for p in members(scm.graph.parents[node])])
        row = tuple([Fraction(level == 0) for level in range(scm.domains[node])])
        mechanisms[node] = Table(dict.fromkeys(keys, row), threshold=True)
    return Scm(scm.graph, scm.domains, tuple(mechanisms), scm.values)


def _share(law: Mapping[tuple[int, ...], Fraction], values: Mapping[int, int]) -> Fraction:
    return sum((p for whole, p in law.items() if all(whole[node] == at for node, at in values.items())), Fraction(0))


def _fits(
    scm: Scm, nodes: Sequence[int], *, one: Sequence[Mapping[tuple[int, ...], int]], values: Mapping[int, int]
) -> bool:
    return all(
        response[tuple([values[p] for p in members(scm.graph.parents[node])])] == values[node]
        for node, response in zip(nodes, one, strict=True)
    )
