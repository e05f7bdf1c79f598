"""What is printed of a formula is read back as the same formula."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_eval.causal.formula.text import latex, read_formula, written
from causal_eval.causal.formula.tree import (
    Difference,
    Formula,
    Number,
    Prob,
    Quotient,
    Ref,
    product_of,
    sum_over,
)
from causal_eval.errors import MalformedCase

NAMES = ("X", "Y", "Z1", "P", "sum_of")

refs = st.builds(Ref, st.integers(0, 4), st.integers(0, 2), st.none() | st.integers(0, 1))
some = st.lists(refs, min_size=1, max_size=3, unique=True).map(tuple)
maybe = st.just(()) | some
domains = st.sampled_from(["", "pi1", "a"])
bound = st.lists(st.builds(Ref, st.integers(0, 4), st.integers(0, 2), st.none()), min_size=1, max_size=2, unique=True)


def _larger(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    return (
        st.lists(inner, min_size=2, max_size=3).map(product_of)
        | st.builds(sum_over, bound, inner)
        | st.builds(Quotient, inner, inner)
        | st.builds(Difference, inner, inner)
    )


formulas = st.recursive(
    st.builds(Prob, some, maybe, maybe, domains) | st.builds(Number, st.integers(0, 9).map(Fraction)),
    _larger,
    max_leaves=6,
)


@given(formulas)
def test_text_is_read_back(formula: Formula) -> None:
    """Whatever the formula."""
    assert read_formula(written(formula, NAMES), NAMES) == formula


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sum_z1 P(y|x,z1) P(z1)", "sum_{Z1} P(Y|X,Z1) P(Z1)"),
        ("P(Y | do(X=1), Z1=0) - P(Y|do(X=0))", "P(Y|do(X=1),Z1=0) - P(Y|do(X=0))"),
        ("P_pi1(Y|do(X)) * P(Z1) / P(X)", "(P_{pi1}(Y|do(X)) P(Z1)) / P(X)"),
        ("sum_{Z1} P(Z1|X) sum_{X'} P(Y|X',Z1) P(X')", "sum_{Z1} P(Z1|X) sum_{X'} P(Y|X',Z1) P(X')"),
    ],
)
def test_what_people_write(text: str, said: str) -> None:
    """Lower case, stars, spaces and bare domains are taken."""
    assert written(read_formula(text, NAMES), NAMES) == said


def test_latex() -> None:
    """Bars, sums and fractions as they are set."""
    formula = read_formula("(sum_{Z1} P(X,Y|Z1) P(Z1)) / P(X)", NAMES)
    assert latex(formula, NAMES) == r"\frac{\sum_{Z1} P(X, Y \mid Z1)\, P(Z1)}{P(X)}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "character 1 stands the end"),
        ("P(Y", "expected ')'"),
        ("P(Q)", "'Q'; expected one of X, Y"),
        ("P(Y) P(X))", "expected the end"),
        ("sum_{X P(X)", "expected '}'"),
        ("P(Y=maybe)", "'maybe' is no position"),
        ("Q(Y)", "expected P"),
        ("(" * 300 + "1" + ")" * 300, "at most 200 levels"),
        ("P(Y|do(X)", "expected ')'"),
        ("P_{}(Y)", "expected '}'"),
    ],
)
def test_what_is_no_formula_is_named(text: str, message: str) -> None:
    """By its place."""
    with pytest.raises(MalformedCase, match=re.escape(message)):
        read_formula(text, NAMES)


def test_a_name_of_nothing_ends_the_reading_too() -> None:
    """A graph may have a node without a name; a formula over it is still read to its end."""
    assert written(read_formula("P(b)", ["", "b"]), ["", "b"]) == "P(b)"
