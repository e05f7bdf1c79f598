"""What stated tables, laws and experiments leave open: nodes, all their joint responses, and equations of these."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from causal_eval.causal.scm import Scm, Table
from causal_eval.causal.second.nested import Rows, Unit, each
from causal_eval.causal.second.reach import causal_order, causes_of, effects_of, mask_from, members
from causal_eval.errors import MalformedCase, TooLarge

Event: TypeAlias = Callable[[Unit], bool]


@dataclass(frozen=True, slots=True)
class Open:
    """Nodes that respond together, and equations of their joint responses."""

    nodes: tuple[int, ...]
    types: tuple[tuple[Mapping[tuple[int, ...], int], ...], ...]
    rows: tuple[tuple[Fraction, ...], ...]
    right: tuple[Fraction, ...]

    @property
    def everyone(self) -> int:
        """The mask of all types."""
        return (1 << len(self.types)) - 1

    def cuts(self, types: int) -> list[list[Fraction]]:
        """For each equation that of laws of *types* alone in which nothing stands on the right: they sum to 1."""
        left = members(types)
        return [[row[at] - b for at in left] for row, b in zip(self.rows, self.right, strict=True)]

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


def read_together(scm: Scm, events: Iterable[Event], *, nodes: Collection[int]) -> dict[int, set[tuple[int, ...]]]:
    """Those of *nodes* of which some unit reads several rows for one event, each with all rows that any unit reads.

    How the rows of the others go together is all one.
    """
    rows: dict[int, set[tuple[int, ...]]] = {node: set() for node in nodes}
    several = set[int]()
    for event in events:
        for _, _, read in each(scm, event, free=nodes):
            count = Counter(node for node, _ in read)
            several |= {node for node in rows if count[node] > 1}
            for node, key in read:
                rows[node].add(key)
    return {node: rows[node] for node in sorted(several)}


def one_table(scm: Scm, node: int, *, keys: Iterable[tuple[int, ...]], done: Iterable[int]) -> list[Open]:
    """A node of which the law of each row, of those with *keys*, is stated, and not how the rows go together.

    What is *done* in some world leaves some parents alone: they are alike in all worlds of a unit, which never reads
    two rows that differ in them. How such rows go together is all the same: each group of others is open on its own.
    """
    mechanism = scm.mechanisms[node]
    assert isinstance(mechanism, Table), "only a table leaves that open"
    moved = effects_of(scm.graph, sum(1 << one for one in set(done)))
    alike = [place for place, parent in enumerate(members(scm.graph.parents[node])) if not moved >> parent & 1]
    groups: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for key in sorted(keys):
        groups.setdefault(tuple([key[place] for place in alike]), []).append(key)
    return [_rows_together(scm, node, mechanism=mechanism, keys=group) for group in groups.values()]


def _rows_together(scm: Scm, node: int, *, mechanism: Table, keys: Sequence[tuple[int, ...]]) -> Open:
    ways = itertools.product(range(scm.domains[node]), repeat=len(keys))
    types = tuple((dict(zip(keys, way, strict=True)),) for way in ways)
    told = [(key, level, p) for key in keys for level, p in enumerate(mechanism.rows[key])]
    rows = tuple(tuple(Fraction(one[0][key] == level) for one in types) for key, level, _ in told)
    return Open((node,), types, rows, tuple(p for _, _, p in told))


def one_district(scm: Scm, nodes: Sequence[int], *, law: Mapping[tuple[int, ...], Fraction]) -> Open:
    """*nodes*, in causal order, with common latent causes: the law of what is seen is all that is known of them.

    Raises:
        MalformedCase: the law contradicts the graph.
    """
    keys = [
        list(itertools.product(*[range(scm.domains[p]) for p in members(scm.graph.parents[node])])) for node in nodes
    ]
    ways = [
        [dict(zip(one, way, strict=True)) for way in itertools.product(range(scm.domains[node]), repeat=len(one))]
        for node, one in zip(nodes, keys, strict=True)
    ]
    types = tuple(itertools.product(*ways))
    rows, right = [], []
    for key, share in _shares(scm, nodes, law=law).items():
        values = dict(key)
        rows.append(tuple(Fraction(_fits(scm, nodes, one=one, values=values)) for one in types))
        right.append(share)
    if not rows:
        rows, right = [(Fraction(1),) * len(types)], [Fraction(1)]
    return Open(tuple(nodes), types, tuple(rows), tuple(right))


class _Seen(NamedTuple):
    """Those among what is seen who have these values."""

    values: Mapping[int, int]
    law: Mapping[tuple[int, ...], Fraction]
    others: Fraction
    """How often each other node is what it is after all before it: the product."""


def _shares(
    scm: Scm, nodes: Sequence[int], *, law: Mapping[tuple[int, ...], Fraction]
) -> Mapping[frozenset[tuple[int, int]], Fraction]:
    """How many units would have these values of *nodes* if the parents were set to theirs, as far as that is known.

    Times *others* that is how many are seen to have them (Tian and Pearl 2002, recalled). Once it is 0 it stays so,
    whatever follows; and what would follow values of others that are never seen is not known.

    Raises:
        MalformedCase: the law contradicts the graph.
    """
    order = [node for node in causal_order(scm.graph) if causes_of(scm.graph, mask_from(list(nodes))) >> node & 1]
    read = {*nodes, *(parent for node in nodes for parent in members(scm.graph.parents[node]))}
    found: dict[frozenset[tuple[int, int]], Fraction] = {}
    stack = [_Seen({}, law, Fraction(1))] if law else []
    while stack:
        values, part, others = stack.pop()
        whole = sum(part.values(), Fraction(0))
        if not whole or len(values) == len(order):
            key = frozenset((node, level) for node, level in values.items() if node in read)
            if found.setdefault(key, whole / others) != whole / others:
                raise MalformedCase("the probabilities contradict the graph")
            continue
        node = order[len(values)]
        for level in range(scm.domains[node]):
            those = {key: p for key, p in part.items() if key[node] == level}
            after = Fraction(1) if node in nodes else sum(those.values(), Fraction(0)) / whole
            if after:
                stack.append(_Seen({**values, node: level}, those, others * after))
    return found


def after_experiment(scm: Scm, openings: Sequence[Open], *, event: Event, p: Fraction) -> list[Open]:
    """The openings, of which one has to give *event*, of one world, the probability *p*.

    Other nodes respond as their tables say. In one world a unit reads one row of each; how rows go together is all one.

    Raises:
        TooLarge: several have a part in it. MalformedCase: none has, and it has another probability.
    """
    nodes = {node for one in openings for node in one.nodes}
    units = [
        (share, [one.fitting(read) for one in openings]) for hit, share, read in each(scm, event, free=nodes) if hit
    ]
    touched = [at for at, one in enumerate(openings) if any(fitting[at] != one.everyone for _, fitting in units)]
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


def _fits(
    scm: Scm, nodes: Sequence[int], *, one: Sequence[Mapping[tuple[int, ...], int]], values: Mapping[int, int]
) -> bool:
    return all(
        response[tuple([values[p] for p in members(scm.graph.parents[node])])] == values[node]
        for node, response in zip(nodes, one, strict=True)
        if node in values
    )
