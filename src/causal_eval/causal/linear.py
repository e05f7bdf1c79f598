"""Linear systems: the total effect in closed form."""

from __future__ import annotations

from fractions import Fraction

from causal_eval.causal.graph import bits
from causal_eval.causal.scm import Linear, Scm
from causal_eval.errors import MalformedCase


def total_effect(scm: Scm, x: int, *, y: int) -> Fraction:
    """The change of E[Y] for a unit of do(X): row *y*, column *x* of (I - B)^-1, by forward substitution.

    Raises:
        MalformedCase: a node between X and Y is not linear.
    """
    slope = {x: Fraction(1)}
    for node in scm.graph.topological():
        inputs = scm.graph.parents[node]
        if node == x or not any(cause in slope for cause in bits(inputs)):
            continue
        mechanism = scm.mechanisms[node]
        if not isinstance(mechanism, Linear):
            raise MalformedCase(f"node {node} is not linear; effects in mixed systems are not solved")
        terms = zip(bits(inputs), mechanism.coefficients, strict=True)
        slope[node] = sum((c * slope[cause] for cause, c in terms if cause in slope), Fraction(0))
    return slope.get(y, Fraction(0))
