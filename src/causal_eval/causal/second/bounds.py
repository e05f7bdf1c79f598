"""Bounds by trying every corner: full response functions, worked out unit by unit."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from causal_eval.causal.scm import Scm, Table
from causal_eval.causal.second.nested import Rows, Unit, each
from causal_eval.causal.second.reach import effects_of, mask_from, members
from causal_eval.causal.second.vertices import Point, vertices
from causal_eval.errors import MalformedCase, TooLarge

MOST = 200_000
"""Corners times units that are gone through."""


@dataclass(frozen=True, slots=True)
class Open:
    """Nodes that respond together, and equations of their joint responses."""

    nodes: tuple[int, ...]
    types: tuple[tuple[Mapping[tuple[int, ...], int], ...], ...]
    rows: tuple[tuple[Fraction, ...], ...]
    right: tuple[Fraction, ...]

    def fitting(self, read: Rows) -> int:
        """The mask of the types that respond so, as far as it is they who respond."""
        places = list(range(len(self.types)))
        for (node, key), level in read.items():
            if node in self.nodes and key in self.types[0][at := self.nodes.index(node)]:
                places = [place for place in places if self.types[place][at][key] == level]
        return mask_from(places)


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
    if not rows:
        rows, right = [(Fraction(1),) * len(types)], [Fraction(1)]
    return Open(tuple(nodes), types, tuple(rows), tuple(right))


def after_experiment(scm: Scm, openings: Sequence[Open], *, event: Callable[[Unit], bool], p: Fraction) -> list[Open]:
    """The openings, of which one has to give *event* the probability *p*.

    Raises:
        TooLarge: several have a part in it. MalformedCase: none has, and it has another probability.
    """
    nodes = {node for one in openings for node in one.nodes}
    units = [
        (share, [one.fitting(read) for one in openings]) for hit, share, read in each(scm, event, free=nodes) if hit
    ]
    every = [(1 << len(one.types)) - 1 for one in openings]
    touched = [at for at, full in enumerate(every) if any(fitting[at] != full for _, fitting in units)]
    if len(touched) > 1:
        raise TooLarge("an experiment's outcome hangs on several openings")
    if not touched and sum((share for share, _ in units), Fraction(0)) != p:
        raise MalformedCase(f"an experiment is said to give {p}, which the rest of the case excludes")
    found = list(openings)
    for at in touched:
        one = found[at]
        row = [
            sum((share for share, fitting in units if fitting[at] >> number & 1), Fraction(0))
            for number in range(len(one.types))
        ]
        found[at] = replace(one, rows=(*one.rows, tuple(row)), right=(*one.right, p))
    return found


def ends(
    scm: Scm, worth: Callable[[Unit], Fraction], *, holds: Callable[[Unit], bool], openings: Sequence[Open],
    never: Sequence[Callable[[Unit], bool]] = (),
) -> tuple[Fraction, Fraction]:  # fmt: skip
    """The least and the greatest mean of *worth* where *holds*, over every corner in which nothing of *never* happens.

    Raises:
        TooLarge: too many corners. MalformedCase: nothing fits.
    """
    nodes = {node for one in openings for node in one.nodes}
    corners = [[_Law(law) for law in vertices(one.rows, one.right)] for one in openings]
    count = math.prod(map(len, corners))

    def told(unit: Unit) -> tuple[Fraction | None, bool]:
        return worth(unit) if holds(unit) else None, any(event(unit) for event in never)

    units = []
    for (value, impossible), share, read in each(scm, told, free=nodes):
        units.append(_Told(value, impossible, share, [one.fitting(read) for one in openings]))
        if len(units) * count > MOST:
            raise TooLarge(f"over {MOST:,} units and corners: the second solver goes through no more")
    below = math.lcm(*[one.share.denominator for one in units])
    tops = [int(one.share * below) for one in units]
    found = []
    for laws in itertools.product(*corners):
        whole, total = 0, Fraction(0)
        for one, top in zip(units, tops, strict=True):
            p = math.prod([law.of(types) for law, types in zip(laws, one.fitting, strict=True)], start=top)
            if p and one.impossible:
                break
            if p and one.value is not None:
                whole += p
                total += p * one.value
        else:
            if whole:
                found.append(total / whole)
    if not found:
        raise MalformedCase("no model fits all that is stated, with what is given")
    return min(found), max(found)


class _Told(NamedTuple):
    """What is told of the units that respond alike."""

    value: Fraction | None
    """None: they are not asked about."""
    impossible: bool
    """Something happens that never does."""
    share: Fraction
    fitting: list[int]
    """The mask of the types of each opening that are theirs."""


class _Law:
    """A law of the types of one opening, times something, and of sets of them; quotients are those of the law."""

    def __init__(self, law: Point) -> None:
        self.law = law
        self.known: dict[int, int] = {}

    def of(self, types: int) -> int:
        """The probability of the *types*, a mask."""
        if types not in self.known:
            self.known[types] = sum([self.law[at] for at in members(types)])
        return self.known[types]


def _share(law: Mapping[tuple[int, ...], Fraction], values: Mapping[int, int]) -> Fraction:
    return sum((p for whole, p in law.items() if all(whole[node] == at for node, at in values.items())), Fraction(0))


def _fits(
    scm: Scm, nodes: Sequence[int], *, one: Sequence[Mapping[tuple[int, ...], int]], values: Mapping[int, int]
) -> bool:
    return all(
        response[tuple([values[p] for p in members(scm.graph.parents[node])])] == values[node]
        for node, response in zip(nodes, one, strict=True)
    )
