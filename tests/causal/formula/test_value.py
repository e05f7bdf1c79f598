"""Formulas that are known to be right are worth what an intervention gives, in every model."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.formula import Laws, read_formula, value_of
from causal_eval.causal.formula.tree import Ref, apart, free, renamed
from causal_eval.causal.graph import Graph
from causal_eval.causal.intervene import Worlds
from causal_eval.causal.scm import Scm, Table
from causal_eval.errors import MalformedCase

NAMES = ("X", "Y", "Z", "U")
BACK_DOOR = Graph.build(4, [(2, 0), (2, 1), (0, 1)])
FRONT_DOOR = Graph.build(4, [(0, 2), (2, 1), (3, 0), (3, 1)], latent=8)


def worth(text: str, scm: Scm, values: dict[Ref, int]) -> Fraction:
    """The formula's value in the model."""
    return value_of(read_formula(text, NAMES), Laws({"": scm})).at(values)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("graph", "text"),
    [
        (BACK_DOOR, "sum_{Z} P(Y|X,Z) P(Z)"),
        (BACK_DOOR, "sum_{Z} P(X,Y,Z) / P(X|Z)"),
        (FRONT_DOOR, "sum_{Z} P(Z|X) sum_{X'} P(Y|X',Z) P(X')"),
        (BACK_DOOR, "P(Y|do(X))"),
    ],
)
@given(seed=st.integers(0, 1 << 30))
def test_it_is_the_effect(graph: Graph, text: str, seed: int) -> None:
    """P(Y | do X), for every value of both, exactly."""
    scm = Draw(seed).positive(graph)
    for x in (0, 1):
        for y in (0, 1):
            truth = Worlds(scm).probability(((1, y),), do=((0, x),))
            assert worth(text, scm, {Ref(0): x, Ref(1): y}) == truth


@given(st.integers(0, 1 << 30))
def test_fixed_values_and_differences(seed: int) -> None:
    """A contrast of two interventions is the average effect."""
    scm = Draw(seed).positive(BACK_DOOR)
    contrast = "sum_{Z} P(Y=1|X=1,Z) P(Z) - sum_{Z} P(Y=1|X=0,Z) P(Z)"
    one, zero = (Worlds(scm).probability(((1, 1),), do=((0, x),)) for x in (1, 0))
    assert worth(contrast, scm, {}) == one - zero


@pytest.mark.parametrize("text", ["sum_{X} P(Y|X) P(X)", "sum_{X} P(X|Y) sum_{Y} P(Y|X)", "P(X) sum_{X} P(X,Y)"])
def test_bound_copies_can_be_told_apart(text: str) -> None:
    """Renaming what is bound twice changes nothing of the worth, and leaves nothing bound twice."""
    scm = Draw(5).positive(BACK_DOOR)
    formula = read_formula(text, NAMES)
    told = apart(formula)
    assert free(told) == free(formula)
    laws = Laws({"": scm})
    values: dict[Ref, int] = dict.fromkeys(free(formula), 1)
    assert value_of(told, laws).at(values) == value_of(formula, laws).at(values)


def test_renaming_catches_nothing() -> None:
    """A free copy that gets the name of a bound one stays free."""
    formula = read_formula("sum_{X'} P(Y|X',Z)", NAMES)
    moved = renamed(formula, {Ref(2): Ref(0, 1)})
    assert free(moved) == {Ref(1), Ref(0, 1)}


def test_the_impossible_is_no_number() -> None:
    """A condition that never holds has no conditional probability."""
    graph = Graph.build(4, [])
    scm = Draw(1).positive(graph)
    sure = Scm(graph, scm.domains, (Table({(): (Fraction(1), Fraction(0))}), *scm.mechanisms[1:]))
    with pytest.raises(MalformedCase, match="divides by a probability of zero"):
        worth("P(Y|X)", sure, {Ref(0): 1, Ref(1): 1})
    with pytest.raises(MalformedCase, match="no domain 'pi'"):
        worth("P_{pi}(Y)", scm, {Ref(1): 1})


@pytest.mark.parametrize("seed", range(3))
def test_what_is_asked_of_another_domain(seed: int) -> None:
    """Each domain has its own law."""
    here, there = Draw(seed).positive(BACK_DOOR), Draw(seed + 100).positive(BACK_DOOR)
    laws = Laws({"": here, "pi": there})
    found = value_of(read_formula("sum_{Z} P_{pi}(Y|do(X),Z) P(Z)", NAMES), laws).at({Ref(0): 1, Ref(1): 1})
    wanted = sum(
        Worlds(there).probability(((1, 1),), ((2, z),), do=((0, 1),)) * Worlds(here).probability(((2, z),))
        for z in (0, 1)
    )
    assert found == wanted
