"""Markov equivalence, what experiments add to it, and graphs from independences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from causal_eval.causal import classes
from causal_eval.causal.classes import Mixed
from causal_eval.causal.graph import Graph, mask_of
from causal_eval.causal.graph_json import read_graph, read_names
from causal_eval.causal.graph_text import read_graph_text
from causal_eval.causal.kinds.kind import Found, Given, Json, Kind, kind
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.reading import mapping, node_list
from causal_eval.causal.second import classes as second
from causal_eval.errors import MalformedCase

_MEEK = "Meek's rules on the pattern"


@dataclass(frozen=True, slots=True)
class Class:
    """A DAG, or what is known of one, and the targets of experiments."""

    graph: Graph
    targets: tuple[int, ...] = ()
    other: Graph | None = None
    edge: tuple[int, int] = (0, 0)


def _class(given: Given) -> Class:
    classes.plain(given.graph)
    return Class(given.graph)


def _with_targets(given: Given) -> Class:
    classes.plain(given.graph)
    return Class(given.graph, _targets(given))


def _targets(given: Given) -> tuple[int, ...]:
    where = "query: targets"
    return tuple([mask_of(node_list(one, given.index, where=where)) for one in given.items("targets")])


def _two(given: Given) -> Class:
    classes.plain(given.graph)
    written = given.query.get("graph2")
    obj = read_graph_text(written) if isinstance(written, str) else mapping(written, "query: graph2")
    names = read_names(obj)
    if sorted(names) != sorted(given.names):
        raise MalformedCase("query: graph2 has other nodes than graph; the two must have the same")
    other = read_graph(obj, names)
    classes.plain(other)
    return Class(given.graph, _targets(given), other.relabel([given.index[name] for name in names]))


def _edge(given: Given) -> Class:
    return _one_edge(given, _class(given))


def _edge_as_it_stands(given: Given) -> Class:
    return _one_edge(given, Class(given.graph))


def _one_edge(given: Given, asked: Class) -> Class:
    written = given.query.get("edge")
    parts = [part.strip() for part in written.split("->")] if isinstance(written, str) else given.items("edge")
    ends = [node_list(end, given.index, where="query: edge") for end in parts]
    if len(ends) != 2 or any(len(end) != 1 for end in ends):  # noqa: PLR2004 - an edge has two ends
        raise MalformedCase(f'query: edge {given.query.get("edge")!r}: write ["cause", "effect"]')
    tail, head = ends[0][0], ends[1][0]
    if not given.graph.parents[head] >> tail & 1:
        raise MalformedCase(f"query: edge: the graph has no edge {given.names[tail]} -> {given.names[head]}")
    return Class(asked.graph, edge=(tail, head))


def _simple(method: str, text: str, *, answer: Callable[[Given, Class], Json]) -> Callable[[Given, Class], Found]:
    """A first solver whose answer is its own last claim."""

    def first(given: Given, asked: Class) -> Found:
        found, ledger = answer(given, asked), Ledger()
        ledger.claim(text, dict(given.query), value=found)
        return Found(found, method, tuple(ledger.lines))

    return first


def as_mixed(
    given: Given, directed: Iterable[tuple[int, int]], *, undirected: Iterable[Iterable[int]]
) -> dict[str, Json]:
    """The edges in the names of the case, sorted."""
    names = given.names
    return {
        "directed": [[*pair] for pair in sorted((names[one], names[other]) for one, other in directed)],
        "undirected": [[*pair] for pair in sorted(sorted(names[node] for node in edge) for edge in undirected)],
    }


def written(given: Given, g: Mixed) -> Json:
    """The graph in the names of the case."""
    return as_mixed(given, g.directed(), undirected=g.undirected())


def _shared(given: Given, asked: Class) -> Json:
    directed, undirected = second.shared(_all(asked))
    return as_mixed(given, directed, undirected=undirected)


def _all(asked: Class) -> Sequence[second.Edges]:
    return second.whole_class(asked.graph.n, second.edges_of(asked.graph), targets=asked.targets)


def _immoralities(given: Given, asked: Class) -> Json:
    pairs = [given.named(pair) for pair in {1 << a | 1 << b for a, _, b in classes.immoralities(asked.graph)}]
    return [[*pair] for pair in sorted(pairs)]


def _immoralities_again(given: Given, asked: Class) -> Json:
    found = {pair for pair, _ in second.colliders(second.edges_of(asked.graph))}
    pairs = [sorted(given.names[node] for node in pair) for pair in found]
    return [[*pair] for pair in sorted(pairs)]


def _other(asked: Class) -> Graph:
    assert asked.other is not None, "two graphs are compared"
    return asked.other


def _equivalent(given: Given, asked: Class) -> Json:
    del given
    if not classes.equivalent(asked.graph, _other(asked)):
        return False
    return classes.cpdag(asked.graph, asked.targets) == classes.cpdag(_other(asked), asked.targets)


def _equivalent_again(given: Given, asked: Class) -> Json:
    del given
    return second.same_class(second.edges_of(asked.graph), second.edges_of(_other(asked)), targets=asked.targets)


def _compelled(given: Given, asked: Class) -> Json:
    del given
    return bool(classes.cpdag(asked.graph).parents[asked.edge[1]] >> asked.edge[0] & 1)


def _protected(given: Given, asked: Class) -> Json:
    beside = [0] * given.graph.n
    for one, other in given.undirected:
        beside[one] |= 1 << other
        beside[other] |= 1 << one
    g = Mixed(given.graph.n, given.graph.parents, tuple(beside))
    return classes.strongly_protected(g, asked.edge[0], head=asked.edge[1])


def _protected_again(given: Given, asked: Class) -> Json:
    """The four configurations, looked for among all other nodes."""
    (a, b), edges = asked.edge, second.edges_of(asked.graph)
    lines = {frozenset(edge) for edge in given.undirected}
    joined = lines | {frozenset(edge) for edge in edges}
    for c in range(asked.graph.n):
        if (c, a) in edges and frozenset((c, b)) not in joined:
            return True
        if c != a and (c, b) in edges and frozenset((c, a)) not in joined:
            return True
        if (a, c) in edges and (c, b) in edges:
            return True
    between = [c for c in range(asked.graph.n) if frozenset((a, c)) in lines and (c, b) in edges]
    return any(c != d and frozenset((c, d)) not in joined for c in between for d in between)


def _targets_found(given: Given, asked: Class) -> Json:
    found = [given.named(mask_of(chosen)) for chosen in classes.orienting_targets(asked.graph)]
    return [[*names] for names in sorted(found)]


def _targets_again(given: Given, asked: Class) -> Json:
    """The smallest sets of nodes after whose experiments the class has one member."""
    n, edges = asked.graph.n, second.edges_of(asked.graph)
    told = [second.telling(n, edges, other) for other in second.whole_class(n, edges) if other != edges]
    found: list[list[str]] = []
    least = n
    for mask in sorted(range(1 << n), key=lambda mask: (mask.bit_count(), mask)):
        if mask.bit_count() > least:
            break
        if all(mask & telling for telling in told):
            least = mask.bit_count()
            found.append(given.named(mask))
    return [[*names] for names in sorted(found)]


def _size(given: Given, asked: Class) -> Json:
    del given
    return classes.size(classes.cpdag(asked.graph, asked.targets))


KINDS: tuple[Kind, ...] = (
    kind(
        "cpdag", _class, second=_shared,
        first=_simple(_MEEK, "the CPDAG", answer=lambda given, ask: written(given, classes.cpdag(ask.graph))),
    ),
    kind(
        "interventional_cpdag", _with_targets, second=_shared,
        first=_simple(
            "Meek's rules, edges cut by a target directed", "the essential graph after these experiments",
            answer=lambda given, ask: written(given, classes.cpdag(ask.graph, ask.targets)),
        ),
    ),
    kind(
        "mec_size", _with_targets, first=_simple("product over chordal components", "DAGs in the class", answer=_size),
        second=lambda _, ask: len(_all(ask)),
    ),
    kind(
        "equivalent", _two, second=_equivalent_again,
        first=_simple("one skeleton and the same immoralities (Verma and Pearl)", "one class", answer=_equivalent),
    ),
    kind(
        "immoralities", _class, second=_immoralities_again,
        first=_simple("parents that are not adjacent", "the immoralities", answer=_immoralities),
    ),
    kind(
        "edge_compelled", _edge, first=_simple(_MEEK, "every member has the edge", answer=_compelled),
        second=lambda _, ask: all(ask.edge in edges for edges in _all(ask)),
    ),
    kind(
        "strongly_protected", _edge_as_it_stands, second=_protected_again,
        first=_simple("the four configurations of Andersson et al.", "the edge is protected here", answer=_protected),
    ).on_cpdags(),
    kind(
        "minimal_intervention_sets", _class, second=_targets_again,
        first=_simple("smallest sets first", "the smallest sets of experiments that orient it", answer=_targets_found),
    ),
)  # fmt: skip
