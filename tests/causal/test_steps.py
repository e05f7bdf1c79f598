"""A step of a derivation is arithmetic, and nothing more."""

from __future__ import annotations

from fractions import Fraction

import pytest

from causal_eval.causal.steps import evaluate
from causal_eval.errors import VerificationMismatch


@pytest.mark.parametrize(
    ("expression", "value"),
    [("1/2 + 1/3", Fraction(5, 6)), ("s1*(2 - s1)", Fraction(3, 4)), ("-s1", Fraction(-1, 2)), ("7", Fraction(7))],
)
def test_expressions_are_exact(expression: str, value: Fraction) -> None:
    """Steps are evaluated in rational arithmetic."""
    assert evaluate(expression, {"s1": Fraction(1, 2)}) == value


@pytest.mark.parametrize("expression", ["s2", "__import__('os')", "1.5", "2**3", "1/0", "", "(lambda: 1)()"])
def test_anything_else_is_refused(expression: str) -> None:
    """A step can hold arithmetic and nothing more."""
    with pytest.raises(VerificationMismatch):
        evaluate(expression, {"s1": Fraction(1, 2)})
