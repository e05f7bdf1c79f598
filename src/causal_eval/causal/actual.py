"""Actual causation after Halpern and Pearl: the original, updated and modified definitions, and but-for.

Halpern 2016, Actual Causality, definitions 2.2.1 (AC1 to AC3) and 2.2.2, in its symbols: X = x is a cause of phi in
(M, u) if AC1 both hold, AC2 changing X makes phi fail under some contingency W = w, and AC3 no part of X suffices.

- modified (AC2(a^m)): W keeps its actual values;
- updated (AC2(b^u)): W may have any values, and with X = x phi stands whatever part of W is set so, and whatever other
  variables are kept as they were;
- original (AC2(b^o)): the same with all of W set;
- but-for: W is empty.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from causal_eval.causal.expression import evaluate, key_of, reads
from causal_eval.causal.graph import bits, mask_of
from causal_eval.causal.query import Assignment
from causal_eval.causal.scm import Expression, Rule, Scm, Table
from causal_eval.errors import TooLarge, WrongNode

MOST_STEPS = 1 << 20
"""Worlds that are looked at for one answer, in all its searches together."""
MOST_CONTINGENCIES = 1 << 18
"""Ways to set, keep or leave alone every variable, under the original and updated definitions."""
MOST_CANDIDATES = 16
"""Variables that may be part of a cause when all causes are listed."""


class Variant(StrEnum):
    """A definition of actual causation."""

    MODIFIED = "modified"
    UPDATED = "updated"
    ORIGINAL = "original"
    BUT_FOR = "but_for"


@dataclass(frozen=True, slots=True)
class Witness:
    """What shows that phi depends on the cause: its other values, and the contingency."""

    changed: Assignment
    kept: Assignment
    """W = w."""

    def changes(self, actual: Mapping[int, int]) -> int:
        """How many variables of the contingency are not as they were."""
        return sum(actual[node] != value for node, value in self.kept)


class Verdict(NamedTuple):
    """Whether it is a cause, condition by condition, each by itself."""

    ac1: bool
    ac2: bool
    ac3: bool
    witness: Witness | None

    @property
    def is_cause(self) -> bool:
        """All three."""
        return self.ac1 and self.ac2 and self.ac3


class System:
    """A deterministic system in a context, asked about phi.

    Raises:
        WrongNode: the context leaves a variable open that phi may depend on.
    """

    def __init__(self, scm: Scm, context: Assignment, *, phi: Expression) -> None:
        graph, given = scm.graph, dict(context)
        self.scm, self.phi = scm, phi
        self._results: dict[tuple[int, tuple[int, ...]], int] = {}
        self._steps = 0
        outer = mask_of(node for node in range(graph.n) if not self._has_equation(node))
        relevant = graph.ancestors(reads(phi))
        if missing := bits(relevant & outer & ~mask_of(given)):
            raise WrongNode(missing[0], "query: context leaves {} open; give every exogenous variable a value")
        self.inner = relevant & ~outer
        """Mask of the endogenous nodes that phi may depend on."""
        self._order = tuple([node for node in graph.topological() if self.inner >> node & 1])
        self.actual = {node: value for node, value in given.items() if outer >> node & 1}
        """The value position of every node as things were, where the context decides it."""
        for node in graph.topological():
            if not outer >> node & 1 and all(parent in self.actual for parent in bits(graph.parents[node])):
                self.actual[node] = self.result(node, self.actual)

    def run(self, do: Assignment) -> dict[int, int]:
        """The value of every node that matters after *do*."""
        done, found = dict(do), {node: value for node, value in self.actual.items() if not self.inner >> node & 1}
        for node in self._order:
            found[node] = done[node] if node in done else self.result(node, found)
        return found

    def step(self) -> None:
        """Count one more world.

        Raises:
            TooLarge: it is one too many.
        """
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise TooLarge(f"not decided within {MOST_STEPS:,} worlds; ask about fewer variables")

    def holds(self, found: Mapping[int, int]) -> bool:
        """Whether phi holds where the nodes have these values."""
        return bool(evaluate(self.phi, {node: self.scm.names(node)[found[node]] for node in bits(reads(self.phi))}))

    def result(self, node: int, found: Mapping[int, int]) -> int:
        """The value of *node* by its equation."""
        key = tuple([found[parent] for parent in bits(self.scm.graph.parents[node])])
        if (node, key) not in self._results:
            self._results[node, key] = self._computed(node, key)
        return self._results[node, key]

    def others(self, x: Assignment) -> Iterator[Assignment]:
        """Every other way in which the variables of *x* could be."""
        ranges = [range(self.scm.domains[node]) for node, _ in x]
        for values in itertools.product(*ranges):
            changed = tuple([(node, value) for (node, _), value in zip(x, values, strict=True)])
            if changed != x:
                yield changed

    def _computed(self, node: int, key: tuple[int, ...]) -> int:
        mechanism, names = self.scm.mechanisms[node], self.scm.names(node)
        if isinstance(mechanism, Table):
            return mechanism.rows[key].index(1)
        assert isinstance(mechanism, Rule), "an endogenous node has an equation"
        parents = bits(self.scm.graph.parents[node])
        values = {parent: self.scm.names(parent)[value] for parent, value in zip(parents, key, strict=True)}
        if (result := evaluate(mechanism.expression, values)) not in names:
            problem = f"gives {key_of(result)}, which is not one of its values; list them under domains"
            raise WrongNode(node, "scm: the equation of {} " + problem)
        return names.index(result)

    def _has_equation(self, node: int) -> bool:
        mechanism = self.scm.mechanisms[node]
        if isinstance(mechanism, Table):
            return bool(self.scm.graph.parents[node]) and all(1 in row for row in mechanism.rows.values())
        return isinstance(mechanism, Rule)


def is_cause(system: System, x: Assignment, *, variant: Variant = Variant.MODIFIED) -> Verdict:
    """Whether X = *x* is a cause of phi, under *variant*.

    Raises:
        TooLarge: the search for a contingency would not end.
    """
    witness = dependence(system, x, variant=variant)
    return Verdict(_happened(system, x), witness is not None, _is_minimal(system, x, variant=variant), witness)


def dependence(system: System, x: Assignment, *, variant: Variant) -> Witness | None:
    """A witness of AC2 for X = *x*; None: there is none."""
    if variant is Variant.BUT_FOR:
        return next((Witness(other, ()) for other in system.others(x) if not system.holds(system.run(other))), None)
    if variant is Variant.MODIFIED:
        return _Kept(system, x).any()
    return _Set(system, x, all_of_w=variant is Variant.ORIGINAL).fewest()


def all_causes(system: System, *, variant: Variant = Variant.MODIFIED) -> list[tuple[Assignment, Witness]]:
    """Every cause of phi with a witness, smallest first; phi's own variables included.

    Raises:
        TooLarge: more than 16 variables may be part of one, or over a million worlds would be looked at.
    """
    if not system.holds(system.actual):
        return []
    candidates = bits(system.inner)
    if len(candidates) > MOST_CANDIDATES:
        raise TooLarge(f"{len(candidates)} variables may be part of a cause; all causes are listed for at most 16")
    found: list[tuple[Assignment, Witness]] = []
    masks: list[int] = []
    for size in range(1, len(candidates) + 1):
        for chosen in itertools.combinations(candidates, size):
            mask = mask_of(chosen)
            if any(mask & smaller == smaller for smaller in masks):
                continue
            x = tuple([(node, system.actual[node]) for node in chosen])
            if witness := dependence(system, x, variant=variant):
                found.append((x, witness))
                masks.append(mask)
    return found


def degree(
    system: System, literal: tuple[int, int], *, variant: Variant = Variant.MODIFIED
) -> tuple[int, Witness | None]:
    """1 / the degree of responsibility of *literal* for phi, and the witness; (0, None): it is part of no cause.

    Modified (Halpern 2016, section 6.1): the fewest variables in a cause that has the literal, together with its W.
    Otherwise (Chockler and Halpern 2004, definition 3.1): 1 more than the fewest variables of W that are changed.
    """
    if system.actual.get(literal[0]) != literal[1] or not system.holds(system.actual):
        return 0, None
    best: tuple[int, Witness | None] = (0, None)
    if variant is not Variant.MODIFIED:
        witness = dependence(system, (literal,), variant=variant)
        return best if witness is None else (1 + witness.changes(system.actual), witness)
    rest = [node for node in bits(system.inner) if node != literal[0]]
    for size in range(len(rest) + 1):
        if best[0] and size + 1 >= best[0]:
            break
        for others in itertools.combinations(rest, size):
            x = tuple(sorted((literal, *((node, system.actual[node]) for node in others))))
            witness = _Kept(system, x).fewest(best[0] - size - 2 if best[0] else None)
            if witness and _is_minimal(system, x, variant=variant):
                best = (size + 1 + len(witness.kept), witness)
    return best


def _happened(system: System, x: Assignment) -> bool:
    """AC1."""
    return system.holds(system.actual) and all(system.actual.get(node) == value for node, value in x)


def _is_minimal(system: System, x: Assignment, *, variant: Variant) -> bool:
    """AC3: no part of X = *x* meets AC1 and AC2.

    Under the modified definition what suffices for AC2 still does with more variables: leaving one out is enough.
    """
    largest_only = variant is Variant.MODIFIED and _happened(system, x)
    sizes = range(max(1, len(x) - 1) if largest_only else 1, len(x))
    parts = (part for size in sizes for part in itertools.combinations(x, size))
    return not any(_happened(system, part) and dependence(system, part, variant=variant) for part in parts)


class _Kept:
    """AC2(a^m): which variables to keep as they were, decided one after another in causal order.

    Only a variable that would change needs a decision: keeping what stays the same anyway makes no difference.
    """

    def __init__(self, system: System, x: Assignment) -> None:
        self.system, self.x = system, x
        below = system.scm.graph.descendants(mask_of(node for node, _ in x)) & system.inner
        self.nodes = [node for node in system.scm.graph.topological() if below >> node & 1]

    def any(self) -> Witness | None:
        """A witness, if there is one."""
        return next(filter(None, (self._within(other, len(self.nodes), first=True) for other in self._others())), None)

    def fewest(self, most: int | None) -> Witness | None:
        """A witness with the fewest variables kept, at most *most*."""
        best: Witness | None = None
        bound = len(self.nodes) if most is None else most
        for other in self._others():
            witness = self._within(other, bound, first=False)
            if witness is not None:
                best, bound = witness, len(witness.kept) - 1
            if bound < 0:
                break
        return best

    def _others(self) -> Iterator[Assignment]:
        return self.system.others(self.x)

    def _within(self, other: Assignment, bound: int, *, first: bool) -> Witness | None:
        kept = self._search(0, dict(self.system.actual), other=dict(other), bound=bound, first=first)
        return None if kept is None else Witness(other, tuple(sorted(kept)))

    def _search(
        self, at: int, found: dict[int, int], *, other: Mapping[int, int], bound: int, first: bool
    ) -> list[tuple[int, int]] | None:
        """Variables to keep from place *at* on, at most *bound*, such that phi fails; None: it cannot be made to."""
        self.system.step()
        actual = self.system.actual
        while at < len(self.nodes):
            node, at = self.nodes[at], at + 1
            found[node] = other[node] if node in other else self.system.result(node, found)
            if node in other or found[node] == actual[node]:
                continue
            best = self._search(at, dict(found), other=other, bound=bound, first=first)
            limit = bound if best is None else 0 if first else min(bound, len(best) - 1)
            if limit > 0:
                found[node] = actual[node]
                more = self._search(at, found, other=other, bound=limit - 1, first=first)
                best = best if more is None else [(node, actual[node]), *more]
            return best
        return None if self.system.holds(found) else []


class _Set:
    """AC2(a) with AC2(b^o) or AC2(b^u): W may have any values, and X = x must be enough for phi."""

    def __init__(self, system: System, x: Assignment, *, all_of_w: bool) -> None:
        self.system, self.x, self.all_of_w = system, x, all_of_w
        taken = {node for node, _ in x}
        self.free = [node for node in bits(system.inner) if node not in taken]
        ways = math.prod(system.scm.domains[node] + 1 for node in self.free)
        if ways > MOST_CONTINGENCIES:
            raise TooLarge(f"{ways:,} contingencies; at most {MOST_CONTINGENCIES:,} are tried under this definition")
        self._held: dict[Assignment, bool] = {}

    def fewest(self) -> Witness | None:
        """A witness with the fewest variables that are not as they were, then the fewest of all."""
        ranges = [(None, *range(self.system.scm.domains[node])) for node in self.free]
        ways = [self._contingency(values) for values in itertools.product(*ranges)]
        for w in sorted(ways, key=lambda w: (self._changes(w), len(w), w)):
            if not self._suffices(w):
                continue
            for other in self.system.others(self.x):
                if not self._holds((*other, *w)):
                    return Witness(other, w)
        return None

    def _contingency(self, values: Sequence[int | None]) -> Assignment:
        return tuple([(node, value) for node, value in zip(self.free, values, strict=True) if value is not None])

    def _changes(self, w: Assignment) -> int:
        return Witness((), w).changes(self.system.actual)

    def _suffices(self, w: Assignment) -> bool:
        """AC2(b): phi stands with X = x, whatever part of the rest is kept (and whatever part of W is set)."""
        inside = {node for node, _ in w}
        rest = [(node, self.system.actual[node]) for node in self.free if node not in inside]
        settings = (w,) if self.all_of_w else _parts(w)
        return all(self._holds((*self.x, *part, *kept)) for part in settings for kept in _parts(rest))

    def _holds(self, do: Sequence[tuple[int, int]]) -> bool:
        self.system.step()
        key = tuple(sorted(do))
        if key not in self._held:
            self._held[key] = self.system.holds(self.system.run(key))
        return self._held[key]


def _parts(pairs: Sequence[tuple[int, int]]) -> Iterator[Assignment]:
    """Every subset, the largest last."""
    for size in range(len(pairs) + 1):
        yield from itertools.combinations(pairs, size)
