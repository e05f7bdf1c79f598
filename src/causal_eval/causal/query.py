"""What is asked: a query over node indices, and the case that joins it to a graph and a model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TypeAlias

from causal_eval.causal.graph import Graph
from causal_eval.causal.scm import Scm


class Kind(StrEnum):
    """The kinds of query that can be solved; the fields each uses stand beside it."""

    DSEP = "dsep"
    """x, y, z -> bool"""
    MINIMAL_SEPARATOR = "minimal_separator"
    """x, y -> one inclusion-minimal separator, or None"""
    MARKOV_BLANKET = "markov_blanket"
    """x -> sorted names"""
    IS_ADJUSTMENT_SET = "is_adjustment_set"
    """x, y, z -> bool, complete criterion for the total effect"""
    IS_BACKDOOR_SET = "is_backdoor_set"
    """x, y, z -> bool, Pearl's criterion"""
    MINIMAL_ADJUSTMENT_SETS = "minimal_adjustment_sets"
    """x, y, must_include, must_exclude -> all inclusion-minimal sets"""
    ATTRIBUTION = "attribution"
    """y -> {node: label}"""
    PROBABILITY = "probability"
    """event, given -> Fraction"""
    DO = "do"
    """event, do, given (after the intervention) -> Fraction"""
    ATE = "ate"
    """x, y, x1, x0 -> E[Y_x1 - Y_x0]"""
    CATE = "cate"
    """the same, given pre-treatment values"""
    ETT = "ett"
    """the same, among those with X = x1"""
    ETU = "etu"
    """the same, among those with X = x0"""
    COUNTERFACTUAL = "counterfactual"
    """event, do, evidence -> P(event had do been, given what was seen)"""
    VALUES = "values"
    """context, do -> {node: value} of a deterministic system"""
    PN = "pn"
    """x, y, x1, x0 -> P(Y_x0 = 0 | X = x1, Y = 1)"""
    PS = "ps"
    """x, y, x1, x0 -> P(Y_x1 = 1 | X = x0, Y = 0)"""
    PNS = "pns"
    """x, y, x1, x0 -> P(Y_x1 = 1, Y_x0 = 0)"""


Assignment: TypeAlias = tuple[tuple[int, int], ...]
"""(node, value position) pairs, ascending by node."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question to the engine; fields that its kind does not use keep their defaults."""

    kind: str
    """A :class:`Kind`, or its plain string."""
    x: tuple[int, ...] = ()
    y: tuple[int, ...] = ()
    z: tuple[int, ...] = ()
    event: Assignment = ()
    given: Assignment = ()
    do: Assignment = ()
    evidence: Assignment = ()
    context: Assignment = ()
    x1: int | Fraction = 1
    """Value position of the treatment; the value itself in a linear system."""
    x0: int | Fraction = 0
    must_include: tuple[int, ...] = ()
    must_exclude: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One solvable case: node names, graph, model (None for structural queries), query."""

    names: tuple[str, ...]
    graph: Graph
    scm: Scm | None
    query: Query
