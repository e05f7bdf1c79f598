"""Whole models that fit printed facts which leave tables out, and how far an effect varies over all of them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.causal.graph import bits
from causal_eval.causal.intervene import Worlds
from causal_eval.causal.scm import Scm
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Facts, of_form, share
from causal_eval.questions.network import graph_of, literal, scm_of

Rows = Sequence[Fraction]
"""P(node = 1) for every state of its causes, which are ascending, the last one changing fastest."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The completions in which an effect is least and greatest."""

    least: Scm
    most: Scm
    low: Fraction
    high: Fraction


def lacking(facts: Facts, n: int) -> tuple[int, ...]:
    """The nodes of which no probability is printed, ascending."""
    told = {literal(fact.slots[0])[0] for fact in of_form(facts, "base", "share")}
    return tuple(node for node in range(n) if node not in told)


def completed(facts: Facts, n: int, *, tables: Mapping[int, Rows]) -> Scm:
    """The model of the printed facts with *tables* for the nodes that lack one.

    Raises:
        VerificationMismatch: another table is missing, or one is not of the causes that the list of influences names.
    """
    graph = graph_of(facts, n)
    rows = [
        share(node, p, zip(causes, values, strict=True))
        for node, table in tables.items()
        for causes in [list(bits(graph.parents[node]))]
        for p, values in zip(table, itertools.product((0, 1), repeat=len(causes)), strict=True)
    ]
    scm = scm_of((*facts, *rows), n)
    if scm.graph.parents != graph.parents:
        raise VerificationMismatch("the probabilities name other direct causes than the list of direct influences")
    return scm


def ends_of(facts: Facts, n: int, *, node: int, ends: tuple[int, int], fixed: Mapping[int, Rows]) -> Ends:
    """The effect of X on Y over all tables of *node*; (X, Y) are *ends*, the other lacking tables are *fixed*.

    The effect is linear in the rows of one table, so its extremes are where every row is 0 or 1 by the sign of what it
    adds; the two tables have no row in common.
    """
    size = 1 << graph_of(facts, n).parents[node].bit_count()

    def tried(rows: Rows) -> tuple[Fraction, Scm]:
        scm = completed(facts, n, tables={**fixed, node: rows})
        return effect(scm, *ends), scm

    zeros = [Fraction(0)] * size
    start, _ = tried(zeros)
    adds = [tried([Fraction(place == row) for place in range(size)])[0] - start for row in range(size)]
    low, least = tried([Fraction(add < 0) for add in adds])
    high, most = tried([Fraction(add >= 0) for add in adds])
    return Ends(least, most, low, high)


def effect(scm: Scm, x: int, y: int) -> Fraction:
    """P(y | do x) - P(y | do x')."""
    worlds = Worlds(scm)
    return worlds.probability(((y, 1),), do=((x, 1),)) - worlds.probability(((y, 1),), do=((x, 0),))
