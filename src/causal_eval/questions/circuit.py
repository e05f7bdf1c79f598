"""Rules over independent roots as a Boolean circuit: a quantity is the mask of the settings in which it is 1.

A setting fixes every root; setting *s* gives the *k*-th root the *k*-th bit of *s*. With a handful of roots all
settings fit one machine word, so a family can try many systems while it draws, and can say what a wrong method would
answer, without the exact engine, which then proves the one that is kept.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from causal_eval.causal.graph import bits
from causal_eval.causal.scm import Rule
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Literal
from causal_eval.questions.network import literal, mechanism_of, rule_parts


class Gate(NamedTuple):
    """A rule: the node has *value* exactly where at least *needed* of the literals hold."""

    value: int
    needed: int
    literals: tuple[Literal, ...]

    def column(self, columns: Sequence[int], full: int) -> int:
        """The settings in which the node is 1, given the columns of its causes."""
        value, needed, literals = self
        holds = _holds(needed, [columns[node] if wanted else columns[node] ^ full for node, wanted in literals])
        return holds if value else holds ^ full

    def holds(self, columns: Sequence[int]) -> int:
        """The settings in which enough literals hold, given those in which each does."""
        return _holds(self.needed, columns)

    def flipped(self, nodes: Container[int]) -> Gate:
        """The same rule once the two states of each of *nodes*, causes of it, have changed names."""
        return Gate(self.value, self.needed, tuple((node, wanted ^ (node in nodes)) for node, wanted in self.literals))

    def mechanism(self, by: int = 0) -> Rule:
        """The same rule for the exact engine, over nodes whose numbers are higher by *by*."""
        literals = tuple(sorted([(node + by, wanted) for node, wanted in self.literals] if by else self.literals))
        return mechanism_of(self.value, self.needed, literals=literals)

    def fact(self, node: int, form: str = "rule") -> Fact:
        """The printed rule of *node*; *form* is what the name of its form begins with."""
        what = (node, self.value)
        literals = tuple(sorted(self.literals))
        if len(literals) == 1:
            return Fact(f"{form}-one", (what, literals[0]))
        if self.needed == len(literals):
            return Fact(f"{form}-all", (what, literals))
        if self.needed == 1:
            return Fact(f"{form}-any", (what, literals))
        return Fact(f"{form}-count", (what, self.needed, literals))


@dataclass(frozen=True, slots=True)
class Circuit:
    """Roots with probabilities and a gate for every other node."""

    n: int
    odds: Mapping[int, Fraction]
    """Root -> P(root = 1)."""
    gates: Mapping[int, Gate]
    """Node -> its rule, causes before effects."""

    @property
    def full(self) -> int:
        """The mask of all settings."""
        return (1 << (1 << len(self.odds))) - 1

    def columns(self, do: Mapping[int, int] | None = None) -> list[int]:
        """For every node the settings in which it is 1, when the nodes of *do* are held at their values."""
        full, held = self.full, do or {}
        columns = [0] * self.n
        for place, root in enumerate(self.odds):
            columns[root] = root_column(place, len(self.odds))
        for node, value in held.items():
            columns[node] = full * value
        for node, gate in self.gates.items():
            if node not in held:
                columns[node] = gate.column(columns, full)
        return columns

    def weights(self) -> list[int]:
        """The probability of every setting times :meth:`total`."""
        weights = [1]
        for p in self.odds.values():
            low, high = p.denominator - p.numerator, p.numerator
            weights = [weight * low for weight in weights] + [weight * high for weight in weights]
        return weights

    def total(self) -> int:
        """What :meth:`weights` add up to."""
        return math.prod(p.denominator for p in self.odds.values())


def gates_of(facts: Iterable[Fact], form: str = "rule") -> dict[int, Gate]:
    """The gates of the facts whose form begins with *form*, by node.

    Raises:
        VerificationMismatch: a node has two such facts.
    """
    gates: dict[int, Gate] = {}
    for fact in facts:
        if not fact.form.startswith(f"{form}-"):
            continue
        node, value = literal(fact.slots[0])
        if node in gates:
            raise VerificationMismatch(f"two facts of form {form!r} are printed for node {node}; one is needed")
        literals, needed = rule_parts(fact)
        gates[node] = Gate(value, needed, literals)
    return gates


def sorted_gates(gates: Mapping[int, Gate], roots: Iterable[int]) -> dict[int, Gate]:
    """The same gates, causes before effects.

    Raises:
        VerificationMismatch: a rule needs a quantity about which nothing is printed, or the rules form a cycle.
    """
    known, left, order = set(roots), dict(gates), dict[int, Gate]()
    needed = {node: {cause for cause, _ in gate.literals} for node, gate in gates.items()}
    while left:
        ready = [node for node in left if needed[node] <= known]
        if not ready:
            raise VerificationMismatch(f"the rules of nodes {sorted(left)} form a cycle or need an unstated quantity")
        for node in ready:
            order[node] = left.pop(node)
        known.update(ready)
    return order


def _holds(needed: int, columns: Sequence[int]) -> int:
    if needed == 1:
        return functools.reduce(operator.or_, columns)
    if needed == len(columns):
        return functools.reduce(operator.and_, columns)
    return at_least(needed, columns)


def at_least(needed: int, columns: Sequence[int]) -> int:
    """The settings in which at least *needed* of the *columns* hold."""
    if needed == 2 and len(columns) == 3:  # noqa: PLR2004 - what nearly all such rules are
        one, two, three = columns
        return one & two | (one | two) & three
    reached = [-1] + [0] * needed
    for column in columns:
        for count in range(needed, 0, -1):
            reached[count] |= reached[count - 1] & column
    return reached[needed]


@functools.cache
def root_column(place: int, roots: int) -> int:
    """The settings of *roots* roots in which the one at *place* is 1."""
    block = ((1 << (1 << place)) - 1) << (1 << place)
    width = 2 << place
    return sum(block << start for start in range(0, 1 << roots, width))


def is_tied(given: int, event: int, *, roots: int) -> bool:
    """Among the settings in *given* the roots that *event* depends on do not vary freely of each other."""
    columns = [root_column(place, roots) for place in range(roots)]
    for place, column in enumerate(columns):
        step = 1 << place
        if (event & column) >> step == event & ~column:
            given |= (given >> step & ~column) | (given << step & column)
    free = sum(given & column not in (0, given) for column in columns)
    return given.bit_count() != 1 << free


def mass(mask: int, weights: Sequence[int]) -> int:
    """The sum of the weights of the settings in *mask*."""
    # the digits of the mask, lowest first: several times faster than bit by bit
    return sum([weight for weight, digit in zip(weights, f"{mask:b}"[::-1], strict=False) if digit == "1"])


def share_of(event: int, given: int, *, weights: Sequence[int]) -> Fraction:
    """P(event | given); *given* has a setting of positive weight."""
    return Fraction(mass(event & given, weights), mass(given, weights))


def independent(given: int, weights: Sequence[int]) -> list[int]:
    """Weights of the settings when every root keeps its own posterior under *given* but not their ties."""
    roots = len(weights).bit_length() - 1
    whole = mass(given, weights)
    forgetful = [1]
    for place in range(roots):
        high = mass(given & root_column(place, roots), weights)
        forgetful = [weight * (whole - high) for weight in forgetful] + [weight * high for weight in forgetful]
    return forgetful


def likeliest(mask: int, weights: Sequence[int]) -> int:
    """The setting in *mask* of the largest weight."""
    return max(bits(mask), key=weights.__getitem__)


def state_in(setting: int, columns: Sequence[int]) -> dict[int, int]:
    """The value of every node in one setting."""
    return {node: column >> setting & 1 for node, column in enumerate(columns)}
