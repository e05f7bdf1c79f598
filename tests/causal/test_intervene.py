"""Rungs 1 and 2: truncated factorisation against brute force, a public library, and known wrong answers."""

from __future__ import annotations

import importlib
import itertools
import warnings
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.causal.drawing import Draw, enumerated

from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.intervene import Worlds
from causal_eval.causal.query import Assignment
from causal_eval.causal.scm import Call, Rule, Scm, Table, Var, binary
from causal_eval.errors import MalformedCase, TooLarge

SEEDS = st.integers(0, 2**32)


def yes(*p: Fraction | str) -> Table:
    """A two-valued table: P(1) for the parents' values in product order."""
    rows = [Fraction(one) for one in p]
    size = (len(rows) - 1).bit_length()
    return Table({key: (1 - one, one) for key, one in zip(itertools.product((0, 1), repeat=size), rows, strict=True)})


SPRINKLER = binary(
    Graph.build(4, [(0, 1), (0, 2), (1, 3), (2, 3)]),
    yes("1/2"),
    yes("1/2", "1/10"),
    yes("1/5", "4/5"),
    yes("0", "9/10", "9/10", "99/100"),
)
"""cloudy 0 -> sprinkler 1, rain 2; both -> wet 3."""


def test_conditioning_after_an_intervention_keeps_the_intervention() -> None:
    """P(wet | do sprinkler, rain) is 0.99; a public library answers 0.9612."""
    assert Worlds(SPRINKLER).probability(((3, 1),), ((2, 1),), do=((1, 1),)) == Fraction(99, 100)


def test_two_interventions_on_a_chain() -> None:
    """With A -> B, do(A=1, B=1) makes B certain; a public library answers 0.7."""
    chain = binary(Graph.build(2, [(0, 1)]), yes("1/2"), yes("1/5", "7/10"))
    assert Worlds(chain).probability(((1, 1),), do=((0, 1), (1, 1))) == 1


def test_a_marginal_is_no_product_of_its_parents_marginals() -> None:
    """Where the parents are dependent, P(Y) by multiplying marginals is wrong, and ours is right."""
    worlds = Worlds(SPRINKLER)
    s, r = worlds.probability(((1, 1),)), worlds.probability(((2, 1),))
    wet = SPRINKLER.mechanisms[3]
    assert isinstance(wet, Table)
    weight = [(1 - s, s), (1 - r, r)]
    mean_field = sum(weight[0][a] * weight[1][b] * wet.rows[a, b][1] for a in (0, 1) for b in (0, 1))
    truth = enumerated(SPRINKLER, ((3, 1),))
    assert worlds.probability(((3, 1),)) == truth
    assert truth != mean_field


@given(SEEDS)
def test_probabilities_are_those_of_enumeration(seed: int) -> None:
    """P(event | do, given) equals the sum over all joint values, for models with up to three values a node."""
    made = Draw(seed)
    scm = made.scm(made.graph(made.stream.between(1, 5)), values=3)
    event, given_, do = (made.assignment(scm, made.stream.below(3)) for _ in range(3))
    truth = enumerated(scm, event, given=given_, do=do)
    if truth is None:
        with pytest.raises(MalformedCase, match="has probability 0"):
            Worlds(scm).probability(event, given_, do=do)
    else:
        assert Worlds(scm).probability(event, given_, do=do) == truth
        levels = [Worlds(scm).distribution(0, given_, do=do)[value] for value in range(scm.domains[0])]
        assert levels == [enumerated(scm, ((0, v),), given=given_, do=do) for v in range(scm.domains[0])]


@given(SEEDS)
def test_the_grid_gives_the_same_probabilities(seed: int) -> None:
    """Summing weights over the exogenous grid equals the truncated factorisation, rules included."""
    made = Draw(seed)
    scm = made.scm(made.graph(4, density=60), rules=40)
    event, do = made.assignment(scm, 2), made.assignment(scm, 1)
    worlds = Worlds(scm)
    grid = worlds.grid(scm.graph.everything)
    mask = grid.holds(worlds.world(dict(do)), event)
    assert grid.ratio(mask) == worlds.probability(event, do=do)


def pyagrum_probability(scm: Scm, node: int, given_: Assignment, do: Assignment) -> list[float]:
    """The distribution of *node* by variable elimination on the mutilated network, in floating point."""
    gum = importlib.import_module("pyagrum")  # untyped, and heavy: only where it is the oracle

    net, forced = gum.BayesNet(), dict(do)
    for one in range(scm.graph.n):
        net.add(gum.RangeVariable(str(one), "", 0, scm.domains[one] - 1))
    for one in range(scm.graph.n):
        for parent in bits(scm.graph.parents[one]) if one not in forced else ():
            net.addArc(str(parent), str(one))
    for one, mechanism in enumerate(scm.mechanisms):
        assert isinstance(mechanism, Table)
        if one in forced:
            net.cpt(str(one)).fillWith([float(value == forced[one]) for value in range(scm.domains[one])])
            continue
        parents = list(bits(scm.graph.parents[one]))
        for key, row in mechanism.rows.items():
            net.cpt(str(one))[{str(p): value for p, value in zip(parents, key, strict=True)}] = list(map(float, row))
    inference = gum.VariableElimination(net)
    inference.setEvidence({str(one): value for one, value in given_})
    return list(inference.posterior(str(node)).tolist())


@given(seed=SEEDS)
def test_probabilities_are_those_of_pyagrum(seed: int) -> None:
    """An independent library's exact variable elimination agrees to rounding."""
    made = Draw(seed)
    scm = made.positive(made.graph(6))
    (x, y, z) = made.stream.sample(range(6), 3)
    do, given_ = ((x, 1),), ((z, 1),)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        expected = pyagrum_probability(scm, y, given_, do)
    ours = Worlds(scm).distribution(y, given_, do=do)
    assert list(map(float, ours)) == pytest.approx(expected, abs=1e-9)


def test_contradictions_are_impossible_conditions() -> None:
    """An event against itself has probability 0; a condition against itself is refused."""
    worlds = Worlds(SPRINKLER)
    assert worlds.probability(((3, 1), (3, 0))) == 0
    with pytest.raises(MalformedCase, match="probability 0"):
        worlds.probability(((3, 1),), ((2, 1), (2, 0)))


def test_large_weights_stay_exact() -> None:
    """Denominators beyond 2**63 do not overflow, in the sum or on the grid."""
    big = Fraction(2**61 - 1, 2**62 + 1)
    chain = binary(Graph.build(3, [(0, 1), (1, 2)]), yes(big), yes("1/3", big), yes(big, "1/7"))
    worlds = Worlds(chain)
    truth = enumerated(chain, ((2, 1),))
    assert worlds.probability(((2, 1),)) == truth
    grid = worlds.grid(0b111)
    assert grid.weights.dtype == object
    assert grid.ratio(grid.holds(grid.solve(), ((2, 1),))) == truth


@pytest.mark.parametrize("one", [0, 1])
@pytest.mark.parametrize("other", [0, 1])
def test_what_is_given_settles_the_rest(one: int, other: int) -> None:
    """With every root given, rules have one value each, and what is set ignores its rule."""
    both, either = (Rule(Call(op, (Var(0), Var(1)))) for op in ("and", "or"))
    scm = binary(Graph.build(4, [(0, 2), (1, 2), (0, 3), (1, 3)]), yes("1/2"), yes("1/3"), both, either)
    assert Worlds(scm).settled({1: other, 0: one}) == {0: one, 1: other, 2: one & other, 3: one | other}
    assert Worlds(scm).settled({0: one, 1: other, 2: 1})[2] == 1


def test_irrelevant_nodes_cost_nothing() -> None:
    """Only ancestors of what is asked are summed: 60 nodes around a pair do not matter."""
    g = Graph.build(62, [(0, 1), *((1, node) for node in range(2, 62))])
    scm = Draw(1).positive(g)
    assert Worlds(scm).probability(((1, 1),)) == enumerated(
        Scm(Graph.build(2, [(0, 1)]), (2, 2), scm.mechanisms[:2]), ((1, 1),)
    )


@pytest.mark.slow
def test_too_many_worlds_are_refused() -> None:
    """A sum over more than a million worlds is an error, not an endless run."""
    scm = Draw(2).positive(Graph.build(22, [(node, 21) for node in range(3)]))
    with pytest.raises(TooLarge, match="combinations of values"):
        Worlds(scm).probability(tuple((node, 1) for node in range(22)))
