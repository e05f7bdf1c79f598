"""Markov equivalence, what experiments add to it, and graphs from independences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from causal_eval.causal import classes
from causal_eval.causal.classes import Mixed
from causal_eval.causal.graph import Graph, mask_of
from causal_eval.causal.graph_json import read_cpdag, read_graph, read_names
from causal_eval.causal.graph_text import read_graph_text
from causal_eval.causal.kinds.kind import Found, Given, Json, Kind, kind
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.reading import mapping, node_list
from causal_eval.causal.second import classes as second
from causal_eval.causal.second.amenable import all_dags
from causal_eval.errors import MalformedCase

_MEEK = "Meek's rules on the pattern"


@dataclass(frozen=True, slots=True)
class Class:
    """A DAG, or what is known of one, and the targets of experiments."""

    graph: Graph
    targets: tuple[int, ...] = ()
    other: Graph | None = None
    edge: tuple[int, int] = (0, 0)
    undirected: tuple[tuple[int, int], ...] = ()
    """Where these are, the graph stands for every DAG with its edges and immoralities."""

    @property
    def mixed(self) -> Mixed:
        """The graph as it stands."""
        return classes.mixed(self.graph, self.undirected)

    def essential(self) -> Mixed:
        """What all members share."""
        return classes.essential(self.mixed) if self.undirected else classes.cpdag(self.graph, self.targets)


def _class(given: Given) -> Class:
    classes.plain(given.graph)
    return Class(given.graph, undirected=given.undirected)


def _whole_class(given: Given) -> Class:
    """The class of a DAG, or of a graph with undirected edges that is a CPDAG."""
    asked = _class(given)
    dag = _one_of(asked.graph, asked.undirected)
    if asked.undirected and asked.essential() != classes.cpdag(dag):
        raise MalformedCase("graph: it has arrows that not all DAGs of its class share; give the CPDAG, or one DAG")
    return Class(dag)


def _with_targets(given: Given) -> Class:
    asked = replace(_class(given), targets=_targets(given))
    if asked.targets and asked.undirected:
        raise MalformedCase("query: targets of a graph with undirected edges are not taken; give one DAG of its class")
    return asked


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
    other, lines = read_cpdag(obj, names) if obj.get("undirected") else (read_graph(obj, names), ())
    classes.plain(other)
    asked = replace(_with_targets(given), other=_one_of(other, lines).relabel([given.index[name] for name in names]))
    return replace(asked, graph=_one_of(asked.graph, asked.undirected), undirected=())


def _one_of(graph: Graph, undirected: tuple[tuple[int, int], ...]) -> Graph:
    """A DAG, or one of those that a graph with undirected edges stands for."""
    return classes.extension(classes.mixed(graph, undirected)) if undirected else graph


def _edge(given: Given) -> Class:
    return _one_edge(given, _class(given))


def _edge_as_it_stands(given: Given) -> Class:
    return _one_edge(given, Class(given.graph))


def _one_edge(given: Given, asked: Class) -> Class:
    lines = {pair for edge in asked.undirected for pair in (edge, edge[::-1])}
    written = given.query.get("edge")
    parts = [part.strip() for part in written.split("->")] if isinstance(written, str) else given.items("edge")
    ends = [node_list(end, given.index, where="query: edge") for end in parts]
    if len(ends) != 2 or any(len(end) != 1 for end in ends):  # noqa: PLR2004 - an edge has two ends
        raise MalformedCase(f'query: edge {given.query.get("edge")!r}: write ["cause", "effect"]')
    tail, head = ends[0][0], ends[1][0]
    if not given.graph.parents[head] >> tail & 1 and (tail, head) not in lines:
        raise MalformedCase(f"query: edge: the graph has no edge {given.names[tail]} -> {given.names[head]}")
    return replace(asked, edge=(tail, head))


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
    if not asked.undirected:
        return second.whole_class(asked.graph.n, second.edges_of(asked.graph), targets=asked.targets)
    return [second.edges_of(dag) for dag in all_dags(asked.graph, asked.undirected)]


def _immoralities(given: Given, asked: Class) -> Json:
    dag = _one_of(asked.graph, asked.undirected)
    pairs = [given.named(pair) for pair in {1 << a | 1 << b for a, _, b in classes.immoralities(dag)}]
    return [[*pair] for pair in sorted(pairs)]


def _immoralities_again(given: Given, asked: Class) -> Json:
    edges = _all(asked)[-1] if asked.undirected else second.edges_of(asked.graph)
    found = {pair for pair, _ in second.colliders(edges)}
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
    return bool(asked.essential().parents[asked.edge[1]] >> asked.edge[0] & 1)


def _protected(given: Given, asked: Class) -> Json:
    g = classes.mixed(given.graph, given.undirected)
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
    return classes.size_of(asked.mixed) if asked.undirected else classes.size(asked.essential())


KINDS: tuple[Kind, ...] = (
    kind(
        "cpdag", _class, second=_shared,
        first=_simple(_MEEK, "the CPDAG", answer=lambda given, ask: written(given, ask.essential())),
    ).on_cpdags(),
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
    ).on_cpdags(),
    kind(
        "equivalent", _two, second=_equivalent_again,
        first=_simple("one skeleton and the same immoralities (Verma and Pearl)", "one class", answer=_equivalent),
    ).on_cpdags(),
    kind(
        "immoralities", _class, second=_immoralities_again,
        first=_simple("parents that are not adjacent", "the immoralities", answer=_immoralities),
    ).on_cpdags(),
    kind(
        "edge_compelled", _edge, first=_simple(_MEEK, "every member has the edge", answer=_compelled),
        second=lambda _, ask: all(ask.edge in edges for edges in _all(ask)),
    ).on_cpdags(),
    kind(
        "strongly_protected", _edge_as_it_stands, second=_protected_again,
        first=_simple("the four configurations of Andersson et al.", "the edge is protected here", answer=_protected),
    ).on_cpdags(),
    kind(
        "minimal_intervention_sets", _whole_class, second=_targets_again,
        first=_simple("smallest sets first", "the smallest sets of experiments that orient it", answer=_targets_found),
    ).on_cpdags(),
)  # fmt: skip
