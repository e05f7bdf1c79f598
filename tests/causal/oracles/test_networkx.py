"""networkx (BSD-3-Clause): d-separation, minimal separators, moral graphs and immoralities of random DAGs are ours."""

from __future__ import annotations

import networkx as nx
from networkx.algorithms.dag import v_structures  # type: ignore[attr-defined]  # the stubs lack it
from tests.causal.drawing import Draw
from tests.causal.oracles.samples import seeds

from causal_eval.causal.calculator import answered_again, calculate
from causal_eval.causal.classes import cpdag, equivalent, immoralities
from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.second.reach import cut_off
from causal_eval.causal.separation import markov_blanket, minimal_separator, moral, separated


def theirs(g: Graph) -> nx.DiGraph[int]:
    """The same graph there, each bidirected edge as a latent parent of both ends."""
    made: nx.DiGraph[int] = nx.DiGraph(g.edges())
    made.add_nodes_from(range(g.n))
    for place, pair in enumerate(g.bidirected_edges()):
        made.add_edges_from((g.n + place, end) for end in pair)
    return made


@seeds(300, many=20_000)
def test_separation(seeds: range) -> None:
    """The verdict of both solvers, in graphs of up to fourteen nodes, confounded or not, up to four of them given."""
    found = {True: 0, False: 0}
    for seed in seeds:
        draw = Draw(seed)
        g = draw.graph(draw.stream.between(4, 14), density=25, bidirected=draw.stream.choice([0, 10]))
        x, y, z = draw.nodes(g, draw.stream.between(1, 2), 1, draw.stream.below(5))
        expected = nx.is_d_separator(theirs(g), set(x), set(y), set(z))
        masks = mask_of(x), mask_of(y), mask_of(z)
        assert separated(g, *masks) == cut_off(g, *masks) == expected, seed
        found[expected] += 1
    assert min(found.values()) > len(seeds) // 10


@seeds(200, many=10_000)
def test_minimal_separators(seeds: range) -> None:
    """One exists there iff one does here; each of the two is minimal to the other (which one is found is free)."""
    found = {True: 0, False: 0}
    for seed in seeds:
        draw = Draw(seed)
        g = draw.graph(draw.stream.between(4, 12), density=30)
        x, y, include, exclude = draw.nodes(g, 1, 1, draw.stream.below(2), draw.stream.below(3))
        allowed = set(range(g.n)) - {*x, *y, *exclude}
        said = nx.find_minimal_d_separator(theirs(g), set(x), set(y), included=set(include), restricted=allowed)
        fixed = mask_of(include)
        ours = minimal_separator(g, mask_of(x), mask_of(y), include=fixed, exclude=mask_of(exclude))
        found[ours is None] += 1
        assert (said is None) == (ours is None), seed
        if ours is None or said is None:
            continue
        kept = {"included": set(include), "restricted": allowed}
        assert nx.is_minimal_d_separator(theirs(g), set(x), set(y), set(bits(ours)), **kept), seed
        assert is_minimal(g, (mask_of(x), mask_of(y)), z=mask_of(said), fixed=fixed), seed
    assert min(found.values()) > len(seeds) // 20


def is_minimal(g: Graph, ends: tuple[int, int], *, z: int, fixed: int) -> bool:
    """By the second solver: it separates, and without any one member that may go it does not."""
    fewer = [z & ~(1 << node) for node in bits(z & ~fixed)]
    return cut_off(g, *ends, z) and not any(cut_off(g, *ends, less) for less in fewer)


@seeds(150, many=5_000)
def test_moral_graphs_and_immoralities(seeds: range) -> None:
    """Of whole graphs and of ancestral parts; and the blanket of a node is its neighbours there."""
    for seed in seeds:
        draw = Draw(seed)
        g = draw.graph(draw.stream.between(3, 12), density=35)
        dag = theirs(g)
        (some,) = draw.nodes(g, 2)
        kept = g.ancestors(mask_of(some))
        part = nx.moral_graph(dag.subgraph(bits(kept)))
        assert moral(g, kept) == [mask_of(part[node]) if node in part else 0 for node in range(g.n)], seed
        assert immoralities(g) == {(min(a, b), c, max(a, b)) for a, c, b in v_structures(dag)}, seed
        whole = nx.moral_graph(dag)
        assert [bits(markov_blanket(g, 1 << node)) for node in range(g.n)] == [
            tuple(sorted(whole[node])) for node in range(g.n)
        ], seed


@seeds(150, many=5_000)
def test_equivalence(seeds: range) -> None:
    """Turning an edge leaves the class iff skeleton or immoralities change; all such neighbours share the CPDAG."""
    found = {True: 0, False: 0}
    for seed in seeds:
        draw = Draw(seed)
        g = draw.graph(draw.stream.between(3, 8), density=50)
        dag = theirs(g)
        for one, other in g.edges():
            turned = dag.copy()
            turned.remove_edge(one, other)
            turned.add_edge(other, one)
            if not nx.is_directed_acyclic_graph(turned):
                continue
            near = Graph.build(g.n, turned.edges())
            same = colliders(dag) == colliders(turned)
            found[same] += 1
            assert equivalent(g, near) == (cpdag(g) == cpdag(near)) == same, seed
    assert min(found.values()) > len(seeds) // 10


def colliders(dag: nx.DiGraph[int]) -> set[tuple[frozenset[int], int]]:
    """The immoralities by networkx."""
    return {(frozenset((one, other)), middle) for one, middle, other in v_structures(dag)}


def test_a_minimal_separator_is_one_of_several() -> None:
    """Of networkx 3.6: it names one of {A, B} and {C}, both minimal. The smallest is C alone.

    C -> A -> X, C -> B -> X, C -> Y: no member of either can be left out.
    """
    x, y, a, b, c = range(5)
    g = Graph.build(5, [(c, a), (c, b), (a, x), (b, x), (c, y)])
    said = nx.find_minimal_d_separator(theirs(g), {x}, {y})
    assert said in ({a, b}, {c})
    for z in ({a, b}, {c}):
        assert nx.is_minimal_d_separator(theirs(g), {x}, {y}, z)
        assert is_minimal(g, (1 << x, 1 << y), z=mask_of(z), fixed=0)
    names = list("XYABC")
    case = {
        "graph": {"nodes": names, "directed": [[names[one], names[other]] for one, other in g.edges()]},
        "query": {"kind": "minimum_separator", "X": "X", "Y": "Y"},
    }
    assert calculate(case).answer == answered_again(case) == ["C"]
