"""Linear systems."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal import second
from causal_eval.causal.case import Case, Kind, Query
from causal_eval.causal.linear import total_effect
from causal_eval.causal.scm import Linear, Scm, Table
from causal_eval.causal.solve import solve
from causal_eval.errors import MalformedCase


@given(st.integers(0, 2**32))
def test_the_total_effect_is_the_inverse_of_i_minus_b(seed: int) -> None:
    """Forward substitution, path products and numpy's matrix inverse agree."""
    made = Draw(seed)
    g = made.graph(5, density=60)
    coefficients = [tuple(Fraction(made.stream.between(-4, 4), 2) for _ in range(pa.bit_count())) for pa in g.parents]
    scm = Scm(g, (0,) * 5, tuple(map(Linear, coefficients)))
    matrix = np.zeros((5, 5))
    for node in range(5):
        parents = [other for other in range(5) if g.parents[node] >> other & 1]
        for parent, c in zip(parents, coefficients[node], strict=True):
            matrix[node, parent] = float(c)
    inverse = np.linalg.inv(np.eye(5) - matrix)
    (x,), (y,) = made.nodes(g, 1, 1)
    effect = total_effect(scm, x, y=y)
    assert float(effect) == pytest.approx(inverse[y, x])
    case = Case(tuple("ABCDE"), g, scm, Query(Kind.ATE, x=(x,), y=(y,), x1=Fraction(5, 2), x0=Fraction(1)))
    assert solve(case).value == second.solve(case) == effect * Fraction(3, 2)


def test_mixed_systems_are_refused() -> None:
    """A table between X and Y has no slope."""
    g = Draw(0).graph(2, density=100)
    (x, y) = g.topological()
    mechanisms: list[Linear | Table] = [Linear(()), Linear(())]
    mechanisms[y] = Table({(): (Fraction(1, 2), Fraction(1, 2))})
    with pytest.raises(MalformedCase, match="not linear"):
        total_effect(Scm(g, (0, 0), tuple(mechanisms)), x, y=y)
