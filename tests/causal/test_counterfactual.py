"""Rung 3: joint abduction, and refusing what tables leave open."""

from __future__ import annotations

import importlib
import itertools
import warnings
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.counterfactual import Seen, joint, undetermined
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.intervene import Worlds
from causal_eval.causal.query import Assignment
from causal_eval.causal.scm import Call, Rule, Scm, Table, Var, binary
from causal_eval.errors import MalformedCase, NotDetermined

SEEDS = st.integers(0, 2**32)
COIN = Table({(): (Fraction(1, 2), Fraction(1, 2))})


def test_abduction_keeps_the_joint_law_of_the_noise() -> None:
    """Two coins, one observed sum: given A xor B, had A been 1 the answer needs *both* coins at once.

    Y = A xor B was 1 and X = A: given the evidence A and B differ, so Y under A=1 is "B was 0", i.e. A was 1: 1/2.
    The posterior of Z = A and B under do is what a product of marginals gets wrong: truth 0, product 1/4.
    """
    a, b, y, z = range(4)
    g = Graph.build(4, [(a, y), (b, y), (a, z), (b, z)])
    scm = binary(g, COIN, COIN, Rule(Call("xor", (Var(a), Var(b)))), Rule(Call("and", (Var(a), Var(b)))))
    worlds = Worlds(scm)
    evidence = (Seen((), ((y, 1),)),)
    assert joint(worlds, (Seen((), ((z, 1),)),), evidence) == 0
    marginals = [worlds.probability(((node, 1),), ((y, 1),)) for node in (a, b)]
    assert marginals[0] * marginals[1] == Fraction(1, 4)


def test_evidence_downstream_changes_the_answer() -> None:
    """A unit counterfactual differs from the intervention: who recovered untreated recovers when treated."""
    x, u, y = range(3)
    g = Graph.build(3, [(x, y), (u, y)])
    scm = binary(g, COIN, Table({(): (Fraction(2, 3), Fraction(1, 3))}), Rule(Call("or", (Var(x), Var(u)))))
    worlds = Worlds(scm)
    done = Seen(((x, 0),), ((y, 1),))
    assert worlds.probability(((y, 1),), do=((x, 0),)) == Fraction(1, 3)
    assert joint(worlds, (done,), (Seen((), ((x, 0), (y, 1))),)) == 1
    assert joint(worlds, (done,), (Seen((), ((x, 1), (y, 1))),)) == Fraction(1, 3)


def raw_twin(scm: Scm, do: Assignment, event: Assignment, evidence: Assignment, denominator: int) -> float:
    """P(event after do | evidence) in a hand-built twin network with uncollapsed noises, by pyagrum."""
    gum = importlib.import_module("pyagrum")  # untyped, and heavy: only where it is the oracle

    net, forced = gum.BayesNet(), dict(do)
    for node in range(scm.graph.n):
        net.add(gum.RangeVariable(f"u{node}", "", 0, denominator - 1))
        net.cpt(f"u{node}").fillWith([1 / denominator] * denominator)
        for world in "ft":
            net.add(gum.RangeVariable(f"{world}{node}", "", 0, scm.domains[node] - 1))
    for world, node in itertools.product("ft", range(scm.graph.n)):
        mechanism, name = scm.mechanisms[node], f"{world}{node}"
        assert isinstance(mechanism, Table)
        if world == "t" and node in forced:
            net.cpt(name).fillWith([float(value == forced[node]) for value in range(scm.domains[node])])
            continue
        parents = list(bits(scm.graph.parents[node]))
        for parent in [f"{world}{parent}" for parent in parents] + [f"u{node}"]:
            net.addArc(parent, name)
        for (key, row), u in itertools.product(mechanism.rows.items(), range(denominator)):
            bounds = itertools.accumulate(row)
            value = sum(bound * denominator <= u for bound in bounds)
            at = {f"{world}{parent}": level for parent, level in zip(parents, key, strict=True)}
            net.cpt(name)[at | {f"u{node}": u}] = [float(value == other) for other in range(scm.domains[node])]
    inference = gum.VariableElimination(net)
    inference.addJointTarget({f"t{node}" for node, _ in event})
    inference.setEvidence({f"f{node}": value for node, value in evidence})
    posterior = inference.jointPosterior({f"t{node}" for node, _ in event})
    return float(posterior[{f"t{node}": value for node, value in event}])


@pytest.mark.slow
@given(seed=SEEDS)
def test_threshold_counterfactuals_are_those_of_a_twin_network(seed: int) -> None:
    """The collapsed grid equals a hand-built twin network with ten raw noise states a node."""
    made = Draw(seed)
    g = made.graph(3, density=80)
    tables = []
    for node in range(3):
        keys = itertools.product((0, 1), repeat=g.parents[node].bit_count())
        rows = {key: Fraction(made.stream.between(1, 9), 10) for key in keys}
        tables.append(Table({key: (1 - p, p) for key, p in rows.items()}, threshold=True))
    scm = binary(g, *tables)
    x, y, z = made.stream.sample(range(3), 3)
    do, event, evidence = ((x, 1),), ((y, 1),), tuple(sorted(((x, 0), (y, made.stream.below(2)), (z, 1))))
    evidence = evidence[: made.stream.between(1, 3)]
    assume(Worlds(scm).probability(evidence))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        expected = raw_twin(scm, do, event, evidence, 10)
    ours = joint(Worlds(scm), (Seen(do, event),), (Seen((), evidence),))
    assert float(ours) == pytest.approx(expected, abs=1e-9)


@given(SEEDS)
def test_consistency(seed: int) -> None:
    """Had X been what it was, nothing would differ: P(Y_x | X=x, e) = P(Y | X=x, e), tables alone suffice."""
    made = Draw(seed)
    scm = made.positive(made.graph(4, density=60))
    x, y, z = made.stream.sample(range(4), 3)
    evidence = ((x, 1), (z, 1))
    worlds = Worlds(scm)
    ours = joint(worlds, (Seen(((x, 1),), ((y, 1),)),), (Seen((), evidence),))
    assert ours == worlds.probability(((y, 1),), evidence)


@given(SEEDS)
def test_evidence_before_the_treatment_is_conditioning(seed: int) -> None:
    """With evidence on non-descendants the counterfactual is P(y | do x, e), tables alone suffice."""
    made = Draw(seed)
    scm = made.positive(made.graph(5, density=50))
    x, y = made.stream.sample(range(5), 2)
    before = [node for node in range(5) if not scm.graph.descendants(1 << x) >> node & 1 and node != y]
    evidence = tuple((node, 1) for node in before[:2])
    worlds = Worlds(scm)
    ours = joint(worlds, (Seen(((x, 1),), ((y, 1),)),), (Seen((), evidence),))
    assert ours == worlds.probability(((y, 1),), evidence, do=((x, 1),))


def test_the_classic_pair_that_tables_cannot_tell_apart() -> None:
    """Causality 1.4.4: X and Y independent coins; PN is 0 when Y ignores X and 1 when Y = X xor U."""
    x, u, y = range(3)
    flat = Table({(0,): (Fraction(1, 2), Fraction(1, 2)), (1,): (Fraction(1, 2), Fraction(1, 2))})
    table = Worlds(binary(Graph.build(2, [(0, 1)]), COIN, flat))
    necessity = (Seen(((0, 0),), ((1, 0),)),)
    with pytest.raises(NotDetermined, match="node 1 does not say how one unit responds"):
        joint(table, necessity, (Seen((), ((0, 1), (1, 1))),))
    g = Graph.build(3, [(x, y), (u, y)])
    answers = []
    for rule in (Var(u), Call("xor", (Var(x), Var(u)))):
        worlds = Worlds(binary(g, COIN, COIN, Rule(rule)))
        assert worlds.probability(((y, 1),), do=((x, 1),)) == worlds.probability(((y, 1),), ((x, 0),)) == Fraction(1, 2)
        answers.append(joint(worlds, (Seen(((x, 0),), ((y, 0),)),), (Seen((), ((x, 1), (y, 1))),)))
    assert answers == [0, 1]


def test_evidence_of_two_worlds_must_be_determined_by_itself() -> None:
    """The answer may add what makes the joint law known; the probability of the evidence alone still is not."""
    scm = Draw(2).positive(Graph.build(2, [(0, 1)]))
    evidence = (Seen(((0, 0),), ((1, 1),)), Seen((), ((1, 1),)))
    asked = (Seen((), ((0, 0),)),)
    assert undetermined(scm, (*asked, *evidence)) is None
    with pytest.raises(NotDetermined):
        joint(Worlds(scm), asked, evidence)


def test_a_table_with_one_uncertain_row_is_determined() -> None:
    """When only one row leaves anything to chance, every model of the tables agrees."""
    table = Table({(0,): (Fraction(1), Fraction(0)), (1,): (Fraction(2, 5), Fraction(3, 5))})
    scm = binary(Graph.build(2, [(0, 1)]), COIN, table)
    assert undetermined(scm, (Seen(((0, 1),), ((1, 1),)), Seen((), ((1, 0),)))) is None
    worlds = Worlds(scm)
    assert joint(worlds, (Seen(((0, 0),), ((1, 0),)),), (Seen((), ((0, 1), (1, 1))),)) == 1


def test_the_effect_of_treatment_on_the_treated_needs_no_mechanism() -> None:
    """ETT in a confounded model follows from the tables; one more observed effect of X makes it open."""
    z, x, y = range(3)
    scm = Draw(11).positive(Graph.build(3, [(z, x), (z, y), (x, y)]))
    would = Seen(((x, 0),), ((y, 1),))
    assert undetermined(scm, (would, Seen((), ((x, 1),)))) is None
    assert undetermined(scm, (would, Seen((), ((x, 1), (y, 1))))) == y


def test_impossible_evidence_is_refused() -> None:
    """Evidence of probability 0 is an error that repeats it."""
    scm = binary(Graph.build(2, [(0, 1)]), COIN, Rule(Var(0)))
    with pytest.raises(MalformedCase, match="V0=1, V1=0 has probability 0"):
        joint(Worlds(scm), (Seen(((0, 0),), ((1, 0),)),), (Seen((), ((0, 1), (1, 0))),))
