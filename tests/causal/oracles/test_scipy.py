"""scipy's linear programmes (HiGHS, in floating point) have the optima that the exact simplex method finds.

Programmes of two kinds: any, and bounds of counterfactuals, set up here from the definition of a response function,
with no line of the engine's. (The second solver, which tries every corner, is compared in test_bounds.py.)
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog
from tests.causal.drawing import Draw
from tests.causal.oracles.samples import seeds

from causal_eval.causal.calculator import calculate
from causal_eval.causal.graph import Graph
from causal_eval.causal.scm_json import write_scm
from causal_eval.causal.simplex import Programme, minimum, proves
from causal_eval.seeds import Stream

OPTIMAL, INFEASIBLE = 0, 2
NEAR = 1e-7
"""HiGHS's tolerance of feasibility."""


def least(cost: Sequence[Any], rows: Sequence[Sequence[Any]], right: Sequence[Any]) -> float | None:
    """The least value by HiGHS; None: nothing is feasible."""
    found = linprog(np.array(cost, dtype=float), A_eq=np.array(rows, dtype=float), b_eq=right)
    assert found.status in {OPTIMAL, INFEASIBLE}, found.message
    return float(found.fun or 0) if found.status == OPTIMAL else None


def drawn(stream: Stream) -> Programme:
    """A programme whose variables sum to 1; its other rows hold of a known point, but in one of four for one row."""
    n, more = stream.between(2, 14), stream.between(0, 6)
    weights = [stream.below(4) for _ in range(n)]
    weights[0] += 1
    point = [Fraction(weight, sum(weights)) for weight in weights]
    rows = [[Fraction(1)] * n]
    rows += [[Fraction(stream.between(-3, 3), stream.between(1, 4)) for _ in range(n)] for _ in range(more)]
    right = [sum((a * x for a, x in zip(row, point, strict=True)), Fraction(0)) for row in rows]
    if more and stream.chance(1, 4):
        right[-1] += stream.choice([-2, 2])
    return Programme(rows, right, [Fraction(stream.between(-5, 5), stream.between(1, 3)) for _ in range(n)])


@pytest.mark.slow
@seeds(300, many=10_000)
def test_programmes(seeds: range) -> None:
    """Feasible or not, and the least value; the exact one proves itself by its duals."""
    feasible = 0
    for seed in seeds:
        programme = drawn(Stream("tests/scipy", seed))
        ours, theirs = minimum(programme), least(programme.cost, programme.rows, list(map(float, programme.right)))
        assert (ours is None) == (theirs is None), seed
        if ours is not None:
            assert theirs == pytest.approx(float(ours.value), abs=NEAR), seed
            assert proves(programme, ours), seed
            feasible += 1
    assert len(seeds) // 2 < feasible < len(seeds)


Reaction = tuple[int, ...]
"""How X responds to Z, or Y to X (or to X and Z): the value for every value of the causes."""

COUNTS: dict[str, Callable[[Reaction, int], float]] = {
    "ate": lambda y, _: y[1] - y[0],
    "pns": lambda y, _: float(y == (0, 1)),
    "pn": lambda y, x: float(y == (0, 1) and x == 1),
    "ps": lambda y, x: float(y == (0, 1) and x == 0),
    "ett": lambda y, x: (y[1] - y[0]) * float(x == 1),
}
"""What a unit with this response of Y and this value of X adds."""


def shares(of: str, *, x: int, y: int) -> bool:
    """Whether a unit with these values belongs to those of whom *of* is the share."""
    return {"pn": x == 1 and y == 1, "ps": x == 0 and y == 0, "ett": x == 1}.get(of, True)


def ends(answer: Any) -> tuple[float, float]:
    """A point, or both ends of bounds."""
    low, high = answer if isinstance(answer, list) else (answer, answer)
    return float(Fraction(low)), float(Fraction(high))


@pytest.mark.sampled(5)
@pytest.mark.parametrize("of", COUNTS)
@seeds(25, many=2_000)
def test_bounds_with_an_instrument(of: str, seeds: range) -> None:
    """Z -> X -> Y, X <-> Y, from the law of what is observed."""
    for seed in seeds:
        draw = Draw(seed)
        g = Graph.build(4, [(0, 1), (1, 2), (3, 1), (3, 2)])
        scm = draw.positive(g) if seed % 2 else draw.scm(g, values=2, rules=40)
        law = {(z, x, y): Fraction(0) for z, x, y in itertools.product((0, 1), repeat=3)}
        whole = {"graph": written(g), "scm": write_scm(scm, "ZXYU")}
        for key in law:
            event = dict(zip("ZXY", key, strict=True))
            law[key] = Fraction(calculate(whole | {"query": {"kind": "probability", "event": event}}).answer)
        whole |= {"query": {"kind": "bounds", "of": of, "X": "X", "Y": "Y"}}
        whole["graph"] |= {"latent": ["U"]}
        group = sum(p for (_, x, y), p in law.items() if shares(of, x=x, y=y))
        if not group or not all(sum(law[z, x, y] for x in (0, 1) for y in (0, 1)) for z in (0, 1)):
            continue
        expected = instrumental(law, COUNTS[of])
        answer = ends(calculate(whole).answer)
        assert answer == pytest.approx([end / float(group) for end in expected], abs=NEAR), seed


def instrumental(law: dict[tuple[int, int, int], Fraction], count: Callable[[Reaction, int], float]) -> list[float]:
    """The least and greatest sum over all laws of (response of X to Z, response of Y to X)."""
    types = list(itertools.product(itertools.product((0, 1), repeat=2), repeat=2))
    chance = {z: sum(p for (one, _, _), p in law.items() if one == z) for z in (0, 1)}
    rows = [[float(x_[z] == x and y_[x] == y) for x_, y_ in types] for z, x, y in law]
    right = [float(p / chance[z]) for (z, _, _), p in law.items()]
    cost = [sum(float(chance[z]) * count(y_, x_[z]) for z in (0, 1)) for x_, y_ in types]
    found = [least([sign * one for one in cost], rows, right) for sign in (1, -1)]
    assert None not in found
    return [sign * float(end or 0) for sign, end in zip((1, -1), found, strict=True)]


@pytest.mark.parametrize("of", ["pns", "pn", "ps"])
@seeds(25, many=2_000)
def test_bounds_of_tables(of: str, seeds: range) -> None:
    """Z -> X, Z -> Y, X -> Y with tables: over all sixteen responses of Y to X and Z."""
    for seed in seeds:
        scm = Draw(seed).positive(Graph.build(3, [(0, 1), (0, 2), (1, 2)]))
        z_, x_, y_ = (one.rows for one in scm.mechanisms)  # type: ignore[union-attr]  # each is a table
        chance = {(z, x): float(z_[()][z] * x_[(z,)][x]) for z in (0, 1) for x in (0, 1)}
        levels = list(chance)
        types = list(itertools.product((0, 1), repeat=4))
        by = [dict(zip(levels, one, strict=True)) for one in types]
        rows = [[float(one[key]) for one in by] for key in levels] + [[1.0] * len(types)]
        right = [float(y_[key][1]) for key in levels] + [1.0]
        cost = [sum(p * COUNTS[of]((one[z, 0], one[z, 1]), x) for (z, x), p in chance.items()) for one in by]
        group = sum(p * float(y_[key][y]) for key, p in chance.items() for y in (0, 1) if shares(of, x=key[1], y=y))
        low, high = (sign * float(least([sign * one for one in cost], rows, right) or 0) for sign in (1, -1))
        case = {
            "graph": written(scm.graph), "scm": write_scm(scm, "ZXY"), "query": {"kind": of, "X": "X", "Y": "Y"},
        }  # fmt: skip
        assert ends(calculate(case).answer) == pytest.approx((low / group, high / group), abs=NEAR), seed


def written(g: Graph) -> dict[str, Any]:
    """The graph as a case has it."""
    names = "ZXYU"[: g.n]
    return {"nodes": list(names), "directed": [[names[one], names[other]] for one, other in g.edges()]}
