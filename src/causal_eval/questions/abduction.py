"""One case of a circuit: what was seen in it, what it would have been under a change, and how people get that wrong.

Masks are sets of settings of the roots, as in :mod:`causal_eval.questions.circuit`; the joint posterior of the roots
is the set of settings that fit what was seen, with their prior weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.errors import VerificationMismatch
from causal_eval.questions.circuit import Circuit, independent, likeliest, share_of, state_in
from causal_eval.questions.facts import Literal


@dataclass(frozen=True, slots=True)
class Unit:
    """A circuit and one case of it; :meth:`of` works out the columns."""

    circuit: Circuit
    evidence: tuple[Literal, ...]
    """What was seen, ascending."""
    do: Literal
    """What is enforced instead."""
    actual: tuple[int, ...]
    """Per node the settings in which it is 1."""
    changed: tuple[int, ...]
    """The same once *do* is enforced."""

    @classmethod
    def of(cls, circuit: Circuit, *, evidence: Iterable[Literal], do: Literal) -> Unit:
        """The case with this *evidence* and this change."""
        columns = tuple(circuit.columns()), tuple(circuit.columns(dict((do,))))
        return cls(circuit, tuple(sorted(evidence)), do, *columns)

    def fits(self, evidence: Iterable[Literal]) -> int:
        """The settings in which all of *evidence* holds."""
        mask = self.circuit.full
        for node, value in evidence:
            mask &= self.actual[node] if value else ~self.actual[node]
        return mask

    @property
    def support(self) -> int:
        """The settings that fit what was seen."""
        return self.fits(self.evidence)

    def upstream(self) -> list[Literal]:
        """What was seen of the changed quantity and of those that it never affects."""
        held = self.circuit.columns({self.do[0]: 1 - self.do[1]})
        same = [one == other for one, other in zip(self.changed, held, strict=True)]
        return [seen for seen in self.evidence if seen[0] == self.do[0] or same[seen[0]]]

    def as_if_seen(self) -> list[Literal]:
        """What was seen, with the change in place of what was seen of the changed quantity."""
        return [self.do, *(seen for seen in self.evidence if seen[0] != self.do[0])]

    def decided(self) -> dict[int, int]:
        """The state of every quantity but the changed one, had the change been made.

        Raises:
            VerificationMismatch: what was seen is impossible, or leaves a state open.
        """
        support = self.support
        world: dict[int, int] = {}
        for node, column in enumerate(self.changed):
            if node == self.do[0]:
                continue
            if not support or column & support not in (0, support):
                raise VerificationMismatch(f"what was seen does not decide the state of node {node} after the change")
            world[node] = int(column & support != 0)
        return world


def wrong_numbers(unit: Unit, what: Literal) -> dict[str, Fraction]:
    """Named wrong methods -> their probability of *what*, had the change been made."""
    circuit, weights = unit.circuit, unit.circuit.weights()
    full, (y, value) = circuit.full, what
    then = unit.changed[y] if value else unit.changed[y] ^ full
    was = unit.actual[y] if value else unit.actual[y] ^ full
    support = unit.support
    wrong = {
        "skip abduction": share_of(then, full, weights=weights),
        "ignore what was seen downstream": share_of(then, unit.fits(unit.upstream()), weights=weights),
        "product of marginal posteriors": share_of(then, full, weights=independent(support, weights)),
        "factual value stays": share_of(was, support, weights=weights),
        "no observation and no intervention": share_of(was, full, weights=weights),
    }
    if alike := unit.fits(unit.as_if_seen()):
        wrong["condition only"] = share_of(was, alike, weights=weights)
    return wrong


def wrong_anew(unit: Unit, what: Literal) -> dict[str, Fraction]:
    """Named wrong methods -> their probability of *what* under the change, in a case of which nothing was seen."""
    circuit, weights, (y, value), (x, level) = unit.circuit, unit.circuit.weights(), what, unit.do
    full = circuit.full
    was, then, other = (
        column if value else column ^ full
        for column in (unit.actual[y], unit.changed[y], circuit.columns({x: 1 - level})[y])
    )
    wrong = {
        "no intervention": share_of(was, full, weights=weights),
        "the other state is enforced": share_of(other, full, weights=weights),
    }
    if seen := unit.fits([unit.do]):
        wrong["condition only"] = share_of(was, seen, weights=weights)
    truth = share_of(then, full, weights=weights)
    return {name: p for name, p in wrong.items() if p != truth}


def wrong_worlds(unit: Unit) -> dict[str, Mapping[int, int]]:
    """Named wrong methods -> the state that each gives every quantity but the changed one."""
    weights = unit.circuit.weights()
    settings = {
        "skip abduction": (unit.circuit.full, unit.changed),
        "ignore what was seen downstream": (unit.fits(unit.upstream()), unit.changed),
        "copy what happened": (unit.support, unit.actual),
        "condition only": (unit.fits(unit.as_if_seen()), unit.actual),
    }
    worlds = {name: state_in(likeliest(mask, weights), columns) for name, (mask, columns) in settings.items() if mask}
    return {
        name: {node: value for node, value in world.items() if node != unit.do[0]} for name, world in worlds.items()
    }
