"""The exogenous grid: shared noise, nested worlds, and its limit."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.causal.drawing import Draw, enumerated

from causal_eval.causal.counterfactual import Seen, joint
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.intervene import Worlds
from causal_eval.causal.query import Assignment
from causal_eval.causal.scm import Table, binary
from causal_eval.errors import MalformedCase, NotDetermined, TooLarge

SEEDS = st.integers(0, 2**32)


@given(SEEDS)
def test_a_column_of_another_world_nests_counterfactuals(seed: int) -> None:
    """E[Y_{x=1, M_{x=0}}] by feeding one world's mediator into another equals the mediation formula."""
    g = Graph.build(3, [(0, 1), (0, 2), (1, 2)])  # X, M, Y
    scm = Draw(seed).positive(g)
    worlds = Worlds(scm)
    grid = worlds.grid(g.everything)
    mediator = grid.solve({0: 0})[1]
    assert mediator is not None
    nested = grid.ratio(grid.holds(grid.solve({0: 1, 1: mediator}), ((2, 1),)))
    formula = Fraction(0)
    for m in (0, 1):
        inside, weight = (
            enumerated(scm, ((2, 1),), do=((0, 1), (1, m))),
            enumerated(scm, ((1, m),), do=((0, 0),)),
        )
        assert inside is not None
        assert weight is not None
        formula += inside * weight
    assert nested == formula


def test_threshold_noise_is_monotone() -> None:
    """P(1 | 0) = 2/5 and P(1 | 1) = 7/10: nobody is harmed, and 3/10 are helped."""
    rows: dict[tuple[int, ...], tuple[Fraction, ...]] = {
        (0,): (Fraction(3, 5), Fraction(2, 5)),
        (1,): (Fraction(3, 10), Fraction(7, 10)),
    }
    worlds = Worlds(
        binary(Graph.build(2, [(0, 1)]), Table({(): (Fraction(1, 2), Fraction(1, 2))}), Table(rows, threshold=True))
    )
    grid = worlds.grid(0b11)
    with_x, without = (grid.holds(grid.solve({0: x}), ((1, 1),)) for x in (1, 0))
    assert grid.total(without & ~with_x) == 0
    assert grid.ratio(with_x & ~without) == Fraction(3, 10)


def test_a_world_recomputes_only_what_changes() -> None:
    """Columns of nodes that do not descend from the intervention are shared with the base world."""
    g = Graph.build(3, [(0, 1), (2, 1)])
    grid = Worlds(Draw(5).positive(g)).grid(g.everything)
    base = grid.solve()
    after = grid.solve({0: 1}, base)
    assert after[2] is base[2]
    again = grid.solve({0: 1})
    for one, other in zip(after, again, strict=True):
        assert one is not None
        assert other is not None
        assert np.array_equal(one, other)


def test_a_kept_world_is_the_world_that_was_asked_for() -> None:
    """However many interventions are asked about, and asked about again, each gives its own world."""
    g = Graph.build(3, [(0, 1), (1, 2)])
    grid = Worlds(Draw(6).positive(g)).grid(g.everything)
    interventions: list[Assignment] = [(), *(((node, value),) for node in range(3) for value in (0, 1))]
    for do in [*interventions, *reversed(interventions)]:
        for one, other in zip(grid.after(do), grid.solve(dict(do)), strict=True):
            assert one is not None
            assert other is not None
            assert np.array_equal(one, other)
    assert grid.after(interventions[0]) is grid.after(interventions[0])


@given(SEEDS)
def test_a_larger_grid_serves_for_fewer_nodes(seed: int) -> None:
    """What is asked of one model in a row is what it is asked alone, whichever grids are there already."""
    made = Draw(seed)
    scm = made.scm(made.graph(4, density=60), rules=30)
    worlds = Worlds(scm)
    worlds.grid(scm.graph.everything)
    for _ in range(3):
        one, other = (Seen(made.assignment(scm, 1), made.assignment(scm, 1)) for _ in range(2))
        assert told(worlds, one, other) == told(Worlds(scm), one, other)


def told(worlds: Worlds, one: Seen, other: Seen) -> Fraction | str:
    """The probability of both, or why there is none."""
    try:
        return joint(worlds, (one, other))
    except (NotDetermined, MalformedCase) as error:
        return str(error)


@given(SEEDS)
def test_a_column_is_as_long_as_the_noise_that_reaches_its_node(seed: int) -> None:
    """Along the noise of a node that is no ancestor a column has one entry, and written out it has one a cell."""
    made = Draw(seed)
    scm = made.positive(made.graph(4, density=40))
    grid = Worlds(scm).grid(scm.graph.everything)
    axes = {node: axis for axis, node in enumerate(scm.graph.topological())}
    for node, column in enumerate(grid.solve()):
        assert column is not None
        above = scm.graph.ancestors(1 << node)
        longer = {axis for axis, size in enumerate(column.shape) if size > 1}
        assert longer <= {axes[other] for other in bits(above)}
        assert grid.rows(column).size == grid.size


def test_a_grid_beyond_the_limit_is_refused() -> None:
    """Four million noise states is the most that is enumerated."""
    scm = Draw(4).positive(Graph.build(24, []))
    with pytest.raises(TooLarge, match="noise states"):
        Worlds(scm).world()
