"""Structural causal models: a graph, how many values each node has, and one mechanism for each node.

Values are positions 0..k-1 everywhere; what they are called stands in :attr:`Scm.values`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

from causal_eval.causal.graph import Graph

Value: TypeAlias = "bool | int | str | Fraction"
"""What a value of a variable is called."""

Look: TypeAlias = "tuple[tuple[Value, ...], Value]"
"""One row of a ``table`` expression: the arguments' values and the result."""

Row: TypeAlias = tuple[Fraction, ...]
"""Probabilities of the values 0..k-1."""


@dataclass(frozen=True, slots=True)
class Var:
    """The value of another node, inside an expression."""

    node: int


@dataclass(frozen=True, slots=True)
class Const:
    """A fixed value, by its name in the domain (``True``, ``3``, ``"tie"``)."""

    value: Value


@dataclass(frozen=True, slots=True)
class Call:
    """An operator applied to expressions; the operators are those of ``causal_eval.causal.expression``.

    ``count_ge`` has the threshold as its last argument; ``table`` looks the values of its arguments up in *rows*.
    """

    op: str
    args: tuple[Expression, ...]
    rows: tuple[Look, ...] = ()


Expression: TypeAlias = "Var | Const | Call"


@dataclass(frozen=True, slots=True)
class Table:
    """Conditional probabilities: parent values in ascending order of the parents' indices -> a row.

    A root has the one key ``()``. Realised by one uniform noise that is compared with the cumulative row
    (rank-preserving), which is the only realisation of a root but one of many elsewhere: unless *threshold* says that
    the noise is part of what is stated, counterfactual answers that depend on it are refused.
    """

    rows: Mapping[tuple[int, ...], Row]
    threshold: bool = False

    def __hash__(self) -> int:
        return hash((frozenset(self.rows.items()), self.threshold))


@dataclass(frozen=True, slots=True)
class Rule:
    """A deterministic mechanism: the node equals the expression's value."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class Linear:
    """The node is the sum of coefficient times parent (parents ascending) plus independent noise."""

    coefficients: tuple[Fraction, ...]
    mean: Fraction = Fraction(0)
    variance: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Unspecified:
    """A root whose value comes from the context of a query; it has no distribution."""


Mechanism: TypeAlias = "Table | Rule | Linear | Unspecified"


@dataclass(frozen=True, slots=True)
class Scm:
    """A structural causal model; the graph has no bidirected edges: common causes are nodes."""

    graph: Graph
    domains: tuple[int, ...]
    """How many values each node has; 0 for a real-valued node of a linear system."""
    mechanisms: tuple[Mechanism, ...]
    values: tuple[tuple[Value, ...], ...] = ()
    """What the values of each node are called; () = the integers 0..k-1 everywhere."""

    def names(self, node: int) -> tuple[Value, ...]:
        """What the values of *node* are called."""
        return self.values[node] if self.values else positions(self.domains[node])


@lru_cache(maxsize=64)
def positions(size: int) -> tuple[int, ...]:
    """The values 0..size-1."""
    return tuple(range(size))


def binary(graph: Graph, *mechanisms: Mechanism) -> Scm:
    """The model of two-valued nodes with these mechanisms, in the order of the nodes."""
    return Scm(graph, (2,) * graph.n, mechanisms)
