"""pyAgrum (LGPL or MIT), an independent library: the same numbers, effects, separations, sets and classes.

But two answers of 3.3.1 are wrong: effects given an effect of what is done, and its own ``counterfactual()``.
"""

from __future__ import annotations

import importlib
import itertools
import warnings
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import pytest
from tests.causal.drawing import Draw
from tests.causal.oracles.samples import seeds

from causal_eval.causal import second
from causal_eval.causal.adjust import minimal_backdoor_sets
from causal_eval.causal.classes import cpdag
from causal_eval.causal.estimands import conditional_estimand
from causal_eval.causal.formula import Laws, value_of
from causal_eval.causal.formula.tree import Prob, Ref, refs
from causal_eval.causal.formula.value import Factor
from causal_eval.causal.frontdoor import is_frontdoor_set
from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.identify import Hedge
from causal_eval.causal.query import Assignment, Case, Query
from causal_eval.causal.sampled import Effect, tried
from causal_eval.causal.scm import Call, Const, Row, Rule, Scm, Table, Var, binary
from causal_eval.causal.second.evaluate import table_of
from causal_eval.causal.second.frontdoor import is_frontdoor as holds_again
from causal_eval.causal.second.identification import conditional_identified
from causal_eval.causal.second.reach import cut_off
from causal_eval.causal.second.witness import formula_holds
from causal_eval.causal.separation import moral, separated
from causal_eval.causal.solve import solve
from causal_eval.errors import MalformedCase
from causal_eval.seeds import Stream

# Warnings of its generated classes, raised as errors within C, end the process.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def gum() -> Any:
    """The library, which is untyped, and heavy: only where it is the oracle."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return importlib.import_module("pyagrum")


def network(gum: Any, scm: Scm) -> Any:
    """The same model there."""
    net = gum.BayesNet()
    for node, size in enumerate(scm.domains):
        net.add(gum.RangeVariable(str(node), "", 0, size - 1))
    for cause, effect in scm.graph.edges():
        net.addArc(str(cause), str(effect))
    for node, mechanism in enumerate(scm.mechanisms):
        rows = mechanism.rows if isinstance(mechanism, Table) else table_of(scm, node)
        for key, row in rows.items():
            at = {str(cause): value for cause, value in zip(bits(scm.graph.parents[node]), key, strict=True)}
            net.cpt(str(node))[at] = list(map(float, row))
    return net


def bare(gum: Any, g: Graph) -> Any:
    """A network with the directed edges of *g* and no numbers."""
    net = gum.BayesNet()
    for node in range(g.n):
        net.add(gum.RangeVariable(str(node), "", 0, 1))
    for cause, effect in g.edges():
        net.addArc(cause, effect)
    return net


@seeds(60, many=3_000)
def test_probabilities(gum: Any, seeds: range) -> None:
    """P(event | evidence) by its variable elimination, by both solvers; and after an intervention, by cutting edges."""
    for seed in seeds:
        draw = Draw(seed)
        scm = draw.scm(draw.graph(draw.stream.between(3, 6)), values=3)
        event, given_, do = assignments(draw, scm)
        for done in ((), do):
            net = set_to(network(gum, scm), scm, do=done)
            query = Query("probability" if not done else "do", event=event, given=given_, do=done)
            case = Case(tuple("ABCDEF"[: scm.graph.n]), scm.graph, scm, query)
            if not net_probability(gum, net, given_):
                refused(case)
                continue
            expected = net_probability(gum, net, event + given_) / net_probability(gum, net, given_)
            assert float(solve(case).value) == pytest.approx(expected, abs=1e-9), seed
            assert second.solve(case) == solve(case).value, seed


def refused(case: Case) -> None:
    """What is given never happens, and that is said."""
    with pytest.raises(MalformedCase):
        solve(case)


def set_to(net: Any, scm: Scm, *, do: Assignment) -> Any:
    """The network without the edges into what is done."""
    for node, value in do:
        for parent in bits(scm.graph.parents[node]):
            net.eraseArc(parent, node)
        net.cpt(node).fillWith([float(value == other) for other in range(scm.domains[node])])
    return net


def assignments(draw: Draw, scm: Scm) -> list[Assignment]:
    """Values of disjoint nodes: what is asked, what is given, what is done."""
    parts = draw.nodes(scm.graph, 1, draw.stream.below(2), 1)
    return [tuple((node, draw.stream.below(scm.domains[node])) for node in part) for part in parts]


def net_probability(gum: Any, net: Any, event: Assignment) -> float:
    """P(event) there."""
    if not event:
        return 1.0
    inference = gum.VariableElimination(net)
    names = {str(node) for node, _ in event}
    inference.addJointTarget(names)
    return float(inference.jointPosterior(names)[{str(node): value for node, value in event}])


@seeds(200, many=10_000)
def test_structure(gum: Any, seeds: range) -> None:
    """d-separation, moral graph, essential graph, all minimal back-door sets; front-door sets.

    Of several mediators pyAgrum asks the third condition one by one; we ask it of all together, which is enough for the
    formula: of those sets it finds some.
    """
    for seed in seeds:
        draw = Draw(seed)
        g = draw.graph(draw.stream.between(3, 7), density=35, latent=15)
        net = bare(gum, g)
        (x,), (y,), z = draw.nodes(g, 1, 1, draw.stream.below(3))
        ends, given_ = (1 << x, 1 << y), mask_of(z)
        apart = net.dag().dSeparation([x], [y], list(z))
        assert separated(g, *ends, given_) == cut_off(g, *ends, given_) == apart, seed
        moral_graph, essential = net.moralGraph(), gum.EssentialGraph(net)
        assert moral(g, g.everything) == [mask_of(moral_graph.neighbours(node)) for node in range(g.n)], seed
        ours = cpdag(Graph(g.n, g.parents, g.bidirected))
        assert set(ours.directed()) == set(essential.arcs()), seed
        assert set(ours.undirected()) == {(min(edge), max(edge)) for edge in essential.edges()}, seed
        hidden = {"excluded_nodes": set(bits(g.latent))}
        theirs = gum.DoorCriteria.enumerateBackdoorSets(net.dag(), x, y, **hidden)
        assert sorted(minimal_backdoor_sets(g, ends[0], y=ends[1])) == sorted(map(mask_of, theirs)), seed
        if not g.descendants(ends[0]) & ends[1]:
            continue  # without a directed path nothing need be intercepted, which pyAgrum does not say
        sets = frontdoor_sets(g, *ends)
        theirs = [mask_of(one) for one in gum.DoorCriteria.enumerateFrontdoorSets(net.dag(), x, y, **hidden)]
        assert singles(sets) == singles(theirs), seed
        assert set(theirs) <= set(sets), seed


def singles(sets: Iterable[int]) -> list[int]:
    """Those with at most one member, sorted."""
    return sorted(one for one in sets if one.bit_count() < 2)


def frontdoor_sets(g: Graph, x: int, y: int) -> list[int]:
    """All that have no smaller one within them, sorted."""
    free = bits(g.observed & ~(x | y))
    chosen = (itertools.compress(free, way) for way in itertools.product((0, 1), repeat=len(free)))
    sets = [m for m in map(mask_of, chosen) if is_frontdoor_set(g, x, y=y, m=m)]
    assert all(holds_again(g, x, y=y, m=m) for m in sets)
    return sorted(m for m in sets if not any(other != m and other & m == other for other in sets))


@seeds(60, many=2_000)
def test_effects(gum: Any, seeds: range) -> None:
    """Identifiable or not, given something or not; and the value of the estimand where it is.

    But what 3.3.1 says where X and Y are separated once the edges into X are cut: see the next test.
    """
    slips = 0
    for seed in seeds:
        draw = Draw(seed)
        g = draw.graph(5, bidirected=20)
        scm = draw.positive(Graph(g.n, g.parents, (0,) * g.n))  # one of its models: latent causes without influence
        x, y, z = draw.stream.sample(range(g.n), 3)
        for known in ((), (z,)):
            said, table = impact(gum, scm, bidirected=g.bidirected_edges(), asked=(x, y, known))
            asked = Effect(1 << x, 1 << y, mask_of(known))
            if said.startswith("No causal effect") and g.descendants(asked.x) & asked.z:
                slips += 1
                assert same(value_of(Prob(refs([y]), refs(known)), Laws({"": scm})), table), seed
                continue
            found = conditional_estimand(g, asked)[1]
            assert isinstance(found, Hedge) == (table is None), seed
            assert isinstance(found, Hedge) != conditional_identified(g, asked.x, y=asked.y, z=asked.z), seed
            if not isinstance(found, Hedge):
                assert same(value_of(found.formula, Laws({"": scm})), table), seed
    assert slips


def impact(
    gum: Any, scm: Scm, *, bidirected: Iterable[tuple[int, int]], asked: tuple[int, int, tuple[int, ...]]
) -> tuple[str, Any]:
    """What pyAgrum explains of P(y | do x, z), and the table; None: not identifiable."""
    x, y, known = asked
    latent = [(f"U{place}", [str(one), str(other)]) for place, (one, other) in enumerate(bidirected)]
    net = network(gum, scm)
    kept = {"knowing": set(map(str, known))} if known else {}
    _, table, said = gum.causalImpact(gum.CausalModel(net, latent, True), on=str(y), doing=str(x), **kept)
    return str(said), table


def same(ours: Factor, theirs: Any) -> bool:
    """Whether the tables are one, whatever the values of the five nodes."""
    return all(
        float(ours.at({Ref(node): values[node] for node in range(5)}))
        == pytest.approx(theirs[{name: values[int(name)] for name in theirs.names}], abs=1e-9)
        for values in itertools.product((0, 1), repeat=5)
    )


def test_an_effect_given_an_effect(gum: Any) -> None:
    """PyAgrum 3.3.1 of B -> A -> C: P(b | do a, c) = P(b | c), as if nothing were done. It is P(b).

    Rule 3 of do-calculus lets do(a) go only if A is no ancestor of what is given: A makes C, which tells of B then no
    more. (With ``knowing``, where X and Y are separated given Z once the edges into X are cut.)
    """
    a, b, c = range(3)
    half = Fraction(1, 2)
    rows: dict[tuple[int, ...], Row] = {(0,): (1 - half / 4, half / 4), (1,): (half / 2, 1 - half / 2)}
    scm = binary(Graph.build(3, [(b, a), (a, c)]), Table(rows), Table({(): (half, half)}), Table(rows))
    _, table = impact(gum, scm, bidirected=(), asked=(a, b, (c,)))
    theirs = float(table[{"1": 1, "2": 1}])
    seen = Case(("A", "B", "C"), scm.graph, scm, Query("probability", event=((b, 1),), given=((c, 1),)))
    done = Case(seen.names, scm.graph, scm, Query("do", event=((b, 1),), given=((c, 1),), do=((a, 1),)))
    assert theirs == pytest.approx(float(solve(seen).value))
    assert solve(done).value == second.solve(done) == half != solve(seen).value
    asked = Effect(1 << a, 1 << b, 1 << c)
    wrong, right = Prob(refs([b]), refs([c])), Prob(refs([b]))
    for one, holds in ((wrong, False), (right, True)):
        assert tried(scm.graph, one, asked=asked, stream=Stream("given")).right is holds
        assert formula_holds(scm.graph, one, x=asked.x, y=asked.y, z=asked.z) is holds


COIN = Table({(): (Fraction(1, 2), Fraction(1, 2))})
A, B, X, Y, W = range(5)
DIFFERENT = Call("xor", (Var(A), Var(B)))
TWO_COINS = binary(
    Graph.build(5, [(A, Y), (B, Y), (A, W), (B, W), (X, W)]),
    COIN, COIN, COIN, Rule(DIFFERENT), Rule(Call("and", (Var(X), DIFFERENT))),
)  # fmt: skip
"""Y: two coins differ; W: they differ, and X is on."""


def imagined(gum: Any, scm: Scm, *, do: Assignment, event: Assignment, evidence: Assignment) -> float:
    """What pyAgrum's own ``counterfactual`` says of one node after one other is set."""
    ((x, value),), ((y, level),) = do, event
    told = {str(node): str(seen) for node, seen in evidence}
    net = network(gum, scm)  # has to outlive what is made of it
    causes = gum.CausalModel(net)
    table = gum.counterfactual(causes, on=str(y), whatif=str(x), profile=told, values={str(x): str(value)})
    return float(table[{str(y): level}])


def test_an_abduction_by_marginals(gum: Any) -> None:
    """PyAgrum 3.3.1 of W, had X been 1, when X = 0 and the coins differed: 1/2. It is sure: they differ still.

    Its ``counterfactualModel`` gives each root its marginal posterior, which for one coin of two that differ is 1/2.
    """
    query = Query("counterfactual", event=((W, 1),), do=((X, 1),), evidence=((X, 0), (Y, 1)))
    case = Case(tuple("ABXYW"), TWO_COINS.graph, TWO_COINS, query)
    assert solve(case).value == second.solve(case) == 1
    theirs = imagined(gum, TWO_COINS, do=query.do, event=query.event, evidence=query.evidence)
    assert theirs == pytest.approx(0.5)


@pytest.mark.slow
@seeds(200, many=2_000)
def test_what_its_counterfactuals_are(gum: Any, seeds: range) -> None:
    """The effect in a model whose roots are independent with their marginal posteriors; often not the counterfactual.

    Of deterministic systems with random roots; where one root alone is uncertain, the two are the same.
    """
    wrong = 0
    for seed in seeds:
        draw = Draw(seed)
        scm = three_coins(draw)
        query = Query("counterfactual", event=((5, 1),), do=((3, 1),), evidence=((4, draw.stream.below(2)),))
        case = Case(tuple("ABCDEF"), scm.graph, scm, query)
        try:
            right = solve(case).value
        except MalformedCase:  # what is seen is impossible
            continue
        assert right == second.solve(case), seed
        try:
            theirs = imagined(gum, scm, do=query.do, event=query.event, evidence=query.evidence)
        except gum.IncompatibleEvidence:  # it conditions on what never happens, and gives no answer
            continue
        apart = Case(case.names, scm.graph, by_marginals(case), Query("do", event=query.event, do=query.do))
        assert float(solve(apart).value) == pytest.approx(theirs, abs=1e-9), seed
        wrong += solve(apart).value != right
    assert wrong


def three_coins(draw: Draw) -> Scm:
    """Three coins, of which one sets node 3, all set node 4, and all and node 3 set node 5."""
    graph = Graph.build(6, [(0, 3), *[(coin, node) for coin in range(3) for node in (4, 5)], (3, 5)])
    coins = [draw.table(graph, (2,) * 6, coin) for coin in range(3)]
    rules = [Rule(Call("ge", (draw.expression(list(above)), Const(value=1)))) for above in ((0,), (0, 1, 2), range(4))]
    return binary(graph, *coins, *rules)


def by_marginals(case: Case) -> Scm:
    """The model in which each root has its law given the evidence, as if they were independent given it."""
    scm, seen = case.scm, case.query.evidence
    assert scm is not None
    found = list(scm.mechanisms)
    for node in (node for node in range(scm.graph.n) if not scm.graph.parents[node]):
        asked = [Query("probability", event=((node, value),), given=seen) for value in range(scm.domains[node])]
        found[node] = Table({(): tuple(solve(Case(case.names, scm.graph, scm, one)).value for one in asked)})
    return Scm(scm.graph, scm.domains, tuple(found))
