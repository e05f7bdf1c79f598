"""Linear systems by covariances: of a node in the world that is asked about, and of what was seen in this one."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from causal_eval.causal.scm import Linear, Scm
from causal_eval.causal.second.reach import causal_order, members
from causal_eval.errors import MalformedCase

Fractions = dict[int, Fraction]


def mean_of(scm: Scm, y: int, *, do: Mapping[int, Fraction], seen: Mapping[int, Fraction]) -> Fraction:
    """E[Y had *do* been done, given what was *seen*]: what is seen is taken in node by node (Kalman's update)."""
    here, there = _mean(scm, {}), _mean(scm, do)
    cross = {node: _moved(scm, node, do={}) for node in range(scm.graph.n)}
    target = _moved(scm, y, do=do)
    mean = there[y]
    means = dict(here)
    spread = {source: _variance(scm, source) for source in range(scm.graph.n)}
    basis: list[tuple[Fractions, Fraction]] = []
    for node in sorted(seen):
        direction = dict(cross[node])
        gap = seen[node] - means[node]
        for earlier, length in basis:
            share = _product(direction, earlier, spread=spread) / length
            direction = {at: direction.get(at, Fraction(0)) - share * earlier.get(at, Fraction(0)) for at in spread}
        length = _product(direction, direction, spread=spread)
        if not length:
            if gap:
                raise MalformedCase("query: evidence: no noise gives these values")
            continue
        step = gap / length
        mean += step * _product(target, direction, spread=spread)
        means = {at: value + step * _product(cross[at], direction, spread=spread) for at, value in means.items()}
        basis.append((direction, length))
    return mean


def _mean(scm: Scm, do: Mapping[int, Fraction]) -> Fractions:
    found: Fractions = {}
    for node in causal_order(scm.graph):
        found[node] = (
            do[node]
            if node in do
            else _linear(scm, node).mean + sum((c * found[cause] for cause, c in _terms(scm, node)), Fraction(0))
        )
    return found


def _moved(scm: Scm, node: int, *, do: Mapping[int, Fraction]) -> Fractions:
    """How a unit of each noise moves *node*: the sum over directed paths that meet nothing that is done."""
    if node in do:
        return {}
    found: Fractions = {node: Fraction(1)}
    for cause, c in _terms(scm, node):
        for source, share in _moved(scm, cause, do=do).items():
            found[source] = found.get(source, Fraction(0)) + c * share
    return found


def _product(one: Fractions, other: Fractions, *, spread: Fractions) -> Fraction:
    return sum((value * other[at] * spread[at] for at, value in one.items() if at in other), Fraction(0))


def _terms(scm: Scm, node: int) -> list[tuple[int, Fraction]]:
    return list(zip(members(scm.graph.parents[node]), _linear(scm, node).coefficients, strict=True))


def _variance(scm: Scm, node: int) -> Fraction:
    return _linear(scm, node).variance


def _linear(scm: Scm, node: int) -> Linear:
    mechanism = scm.mechanisms[node]
    if not isinstance(mechanism, Linear):
        raise MalformedCase(f"node {node} is not linear")
    return mechanism
