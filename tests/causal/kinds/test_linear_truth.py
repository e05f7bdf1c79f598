"""What the criteria promise holds in exact linear systems: a third way, beside the two solvers on graphs."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.direct import is_direct_effect_set
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.instruments import is_instrument, is_instrument_total
from causal_eval.causal.second.coefficients import covariances

SEEDS = st.integers(0, 1 << 30)
Table = list[list[Fraction]]


class System:
    """A random linear system on a graph with correlated errors."""

    def __init__(self, draw: Draw, g: Graph) -> None:
        far = draw.stream.between
        self.g = g
        self.slopes = {edge: Fraction(far(1, 97), 7) for edge in g.edges()}
        errors = [[Fraction(0)] * g.n for _ in range(g.n)]
        for one, other in g.bidirected_edges():
            errors[one][other] = errors[other][one] = Fraction(far(1, 97), 11)
        for node in range(g.n):
            errors[node][node] = Fraction(far(100, 999))
        self.table = covariances(g, self.slopes, errors=errors)

    def given(self, w: int) -> Table:
        """The covariances that are left once the nodes of *w* are held."""
        table = [list(row) for row in self.table]
        for node in bits(w):
            whole = table[node][node]
            gone = [value / whole for value in table[node]]
            table = [[v - row[node] * c for v, c in zip(row, gone, strict=True)] for row in table]
        return table

    def total(self, x: int, y: int) -> Fraction:
        """The effect of a unit of *x* on *y*, along all paths."""
        effect = {x: Fraction(1)}
        for node in self.g.topological():
            if node != x:
                causes = (cause for cause in bits(self.g.parents[node]) if cause in effect)
                effect[node] = sum((self.slopes[cause, node] * effect[cause] for cause in causes), Fraction(0))
        return effect[y]


@settings(max_examples=80)
@given(SEEDS)
def test_what_is_called_an_instrument_gives_the_effect(seed: int) -> None:
    """cov(y, z | w) / cov(x, z | w) is the coefficient of the edge, or the total effect."""
    draw = Draw(seed)
    g = draw.graph(draw.stream.between(3, 6), bidirected=20)
    x, y, z, *rest = draw.stream.shuffled(range(g.n))
    w = sum(1 << node for node in rest if draw.stream.chance(1, 3))
    system = System(draw, g)
    left = system.given(w)
    masks = {"y": 1 << y, "z": 1 << z, "w": w}
    of_edge, of_paths = is_instrument(g, 1 << x, **masks), is_instrument_total(g, 1 << x, **masks)
    assume(left[x][z] and (of_edge or of_paths))
    effect = left[y][z] / left[x][z]
    assert not of_edge or effect == system.slopes.get((x, y), 0)
    assert not of_paths or effect == system.total(x, y)


@settings(max_examples=80)
@given(SEEDS)
def test_what_is_called_a_direct_effect_set_gives_it(seed: int) -> None:
    """The regression coefficient of X beside the set is the coefficient of the edge, 0 where there is none."""
    draw = Draw(seed)
    g = draw.graph(draw.stream.between(3, 6), bidirected=15)
    x, y, *rest = draw.stream.shuffled(range(g.n))
    z = sum(1 << node for node in rest if draw.stream.chance(1, 2))
    system = System(draw, g)
    left = system.given(z)
    found = left[x][y] / left[x][x] == system.slopes.get((x, y), 0)
    assert found or not is_direct_effect_set(g, 1 << x, y=1 << y, z=z)
