"""A system of strict rules before and after a change of its sources and of one rule.

A column has two settings, as in :mod:`causal_eval.questions.circuit`: the world before the change and the world after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causal_eval.questions.circuit import Gate

BEFORE, AFTER, BOTH = 1, 2, 3
"""The settings of a column."""


@dataclass(frozen=True, slots=True)
class System:
    """What the facts state: sources before, which of them switch, the rules, and the one that is replaced."""

    n: int
    start: Mapping[int, int]
    switched: frozenset[int]
    gates: Mapping[int, Gate]
    """The rules before the change, causes before effects under old and new rules alike."""
    target: int
    """The quantity whose rule the change replaces."""
    rewired: Gate | int
    """Its new rule, or the state in which it is stuck."""

    def columns(self, *, switch: bool = True, rewire: bool = True) -> list[int]:
        """Per node in which of the two worlds it is 1, the change being made in full or in part."""
        columns = [0] * self.n
        for node, value in self.start.items():
            flips = switch and node in self.switched
            columns[node] = (BOTH if value else 0) ^ (AFTER if flips else 0)
        for node, gate in self.gates.items():
            columns[node] = gate.column(columns, BOTH)
            if rewire and node == self.target:
                columns[node] = columns[node] & BEFORE | self._renewed(columns) & AFTER
        return columns

    def _renewed(self, columns: Sequence[int]) -> int:
        return self.rewired * BOTH if isinstance(self.rewired, int) else self.rewired.column(columns, BOTH)

    def causes(self, node: int) -> set[int]:
        """The direct causes of *node* under its old or its new rule."""
        gates = [self.gates[node], *([self.rewired] if node == self.target and isinstance(self.rewired, Gate) else [])]
        return {cause for gate in gates for cause, _ in gate.literals}

    def entries(self, columns: Sequence[int]) -> list[int]:
        """The quantities with a rule that changed although no direct cause with a rule did."""
        moved = {node for node in self.gates if differs(columns[node])}
        return [node for node in self.gates if node in moved and moved.isdisjoint(self.causes(node))]

    def downstream(self) -> tuple[int, ...]:
        """Everything the change could reach if no rule swallowed it."""
        reached = set(self.switched)
        for node in self.gates:
            if node == self.target or not reached.isdisjoint(self.causes(node)):
                reached.add(node)
        return tuple(sorted(reached))


def differs(column: int) -> bool:
    """The two worlds differ."""
    return column in (BEFORE, AFTER)
