"""Asks the slow oracles the fixed cases and writes down what they say: ``make oracles``, never the ordinary tests.

Runs where the packages of requirements/oracles.txt are installed, with this repository on the path. What is written
(frozen/PACKAGE.json) holds each case as ``solve`` takes it, so that whoever reads it needs neither package nor seed.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import itertools
import json
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.causal.cases import published
from tests.causal.drawing import Draw

from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.scm import Scm, Table

HERE = Path(__file__).parent
NAMES = "ABCDEFG"
Json = dict[str, Any]


def graph_json(g: Graph) -> Json:
    """The graph as a case has it."""
    names = list(NAMES[: g.n])
    both = [[names[one], names[other]] for one, other in g.bidirected_edges()]
    found: Json = {"nodes": names, "directed": [[names[a], names[b]] for a, b in g.edges()]}
    return found | ({"bidirected": both} if both else {}) | {"latent": [names[node] for node in bits(g.latent)]}


def scm_json(scm: Scm) -> Json:
    """The tables of a model as a case has them."""
    cpts = {}
    for node, mechanism in enumerate(scm.mechanisms):
        assert isinstance(mechanism, Table)
        rows = {",".join(map(str, key)): list(map(str, row)) for key, row in mechanism.rows.items()}
        cpts[NAMES[node]] = {"parents": [NAMES[one] for one in bits(scm.graph.parents[node])], "table": rows}
    return {"cpts": cpts}


def dag(case: Json) -> Any:
    """The directed edges as a ``networkx`` graph, a bidirected one as a latent parent of both ends."""
    made = importlib.import_module("networkx").DiGraph(map(tuple, case["graph"]["directed"]))
    made.add_nodes_from(case["graph"]["nodes"])
    for place, ends in enumerate(case["graph"].get("bidirected", ())):
        made.add_edges_from((f"U{place}", end) for end in ends)
    return made


def effects(count: int) -> Iterator[Json]:
    """The published graphs, then random ones, with an effect."""
    for case in published("identification"):
        if case["query"]["kind"] == "effect" and not case["graph"]["latent"]:
            yield {"id": case["id"], "graph": case["graph"], "query": case["query"]}
    for seed in range(count):
        draw = Draw(seed)
        g = draw.graph(draw.stream.between(4, 6), bidirected=20)
        x, y = draw.stream.sample(NAMES[: g.n], 2)
        yield {"id": f"drawn-{seed}", "graph": graph_json(g), "query": {"kind": "effect", "X": [x], "Y": [y]}}


def y0() -> Iterator[Json]:
    """Verdicts and formulas of ``identify_outcomes``."""
    dsl, graphs = importlib.import_module("y0.dsl"), importlib.import_module("y0.graph")
    identify = importlib.import_module("y0.algorithm.identify").identify_outcomes
    # Its orders of nodes follow sets of variables, whose hash holds that of None: before Python 3.12 an address, so
    # that formulas would change from run to run (to others of the same value).
    dsl.Variable.__hash__ = lambda variable: hash(str(variable))
    for case in effects(150):
        g, query = case["graph"], case["query"]
        made = graphs.NxMixedGraph.from_str_edges(
            nodes=g["nodes"], directed=map(tuple, g["directed"]), undirected=map(tuple, g.get("bidirected", ()))
        )
        x, y = ({dsl.Variable(name) for name in query[field]} for field in ("X", "Y"))
        said = identify(made, treatments=x, outcomes=y)
        yield case | {"said": None if said is None else str(said)}


def dowhy() -> Iterator[Json]:
    """All back-door sets, and whether the ID algorithm of a DAG whose causes are latent finds a formula."""
    module = importlib.import_module("dowhy.causal_identifier")
    ate, every = module.EstimandType.NONPARAMETRIC_ATE, module.BackdoorAdjustment.BACKDOOR_EXHAUSTIVE
    for seed in range(120):
        draw = Draw(seed)
        g = draw.graph(draw.stream.between(3, 6), latent=15)
        x, y = draw.stream.sample(NAMES[: g.n], 2)
        if {x, y} & {NAMES[node] for node in bits(g.latent)}:
            continue
        query = {"kind": "is_backdoor_set", "X": [x], "Y": [y]}
        case: Json = {"id": f"backdoor-{seed}", "graph": graph_json(g), "query": query}
        seen = [name for name in case["graph"]["nodes"] if name not in case["graph"]["latent"]]
        found = module.identify_effect_auto(dag(case), [x], [y], seen, ate, backdoor_adjustment=every)
        yield case | {"said": sorted(sorted(one) for one in (found.backdoor_variables or {}).values())}
    bow: Json = {"nodes": ["X", "Y"], "directed": [["X", "Y"]], "bidirected": [["X", "Y"]]}
    asked = {"id": "bow", "graph": bow, "query": {"kind": "effect", "X": ["X"], "Y": ["Y"]}}
    yield asked | {"said": str(module.identify_effect_id(dag(asked), ["X"], ["Y"])).strip()}
    edges = [["Z", "X"], ["X", "Y"], ["W", "Z"], ["W", "Y"], ["U", "X"], ["U", "Y"]]
    graph = {"nodes": ["Z", "X", "Y", "W", "U"], "directed": edges, "latent": ["U"]}
    asked = {"id": "conditional-instrument", "graph": graph, "query": {"kind": "instruments", "X": "X", "Y": "Y"}}
    found = module.identify_effect_auto(dag(asked), ["X"], ["Y"], ["Z", "X", "Y", "W"], ate)
    yield asked | {"said": sorted(found.instrumental_variables)}


def network(case: Json) -> Any:
    """The model there."""
    made = importlib.import_module("pgmpy.models").DiscreteBayesianNetwork(case["graph"]["directed"])
    made.add_nodes_from(case["graph"]["nodes"])
    table = importlib.import_module("pgmpy.factors.discrete").TabularCPD
    for name, cpt in case["scm"]["cpts"].items():
        keys = itertools.product("01", repeat=len(cpt["parents"]))
        columns = [[as_float(p) for p in cpt["table"][",".join(key)]] for key in keys]
        rows = list(map(list, zip(*columns, strict=True)))
        made.add_cpds(table(name, 2, rows, cpt["parents"] or None, [2] * len(cpt["parents"]) or None))
    return made


def as_float(fraction: str) -> float:
    """``"3/4"`` as 0.75."""
    top, _, bottom = fraction.partition("/")
    return int(top) / int(bottom or 1)


def pgmpy() -> Iterator[Json]:
    """Numbers after an intervention, with evidence and without; d-separation; validity of adjustment sets; CPDAGs."""
    infer = importlib.import_module("pgmpy.inference").CausalInference
    for seed in range(60):
        draw = Draw(seed)
        scm = draw.positive(draw.graph(draw.stream.between(3, 6)))
        x, y, z = draw.stream.sample(NAMES[: scm.graph.n], 3)
        case: Json = {"graph": graph_json(scm.graph), "scm": scm_json(scm)}
        for given in ({}, {z: 1}):
            query = {"kind": "do", "event": {y: 1}, "do": {x: 1}, "given": given}
            name = f"do-{seed}" + ("-given" if given else "")
            yield {"id": name, **case, "query": query, "said": queried(infer(network(case)), query)}
        model = network(case)
        query = {"kind": "dsep", "X": [x], "Y": [y], "Z": [z]}
        said = not model.is_dconnected(x, y, observed=[z])
        yield {"id": f"dsep-{seed}", "graph": case["graph"], "query": query, "said": said}
        query = {"kind": "is_adjustment_set", "X": [x], "Y": [y], "Z": [z]}
        said = bool(infer(model).is_valid_adjustment_set([x], [y], [z]))
        yield {"id": f"adjustment-{seed}", "graph": case["graph"], "query": query, "said": said}
        query = {"kind": "is_backdoor_set", "X": [x], "Y": [y], "Z": [z]}
        said = bool(infer(model).is_valid_backdoor_adjustment_set(x, y, [z]))
        yield {"id": f"backdoor-{seed}", "graph": case["graph"], "query": query, "said": said}
        query, pdag = {"kind": "cpdag"}, model.to_pdag()
        yield {"id": f"cpdag-{seed}", "graph": case["graph"], "query": query, "said": both_kinds(
            pdag.directed_edges, pdag.undirected_edges)}  # fmt: skip


def queried(inference: Any, query: Json) -> float | str:
    """P(event | given) after do; or the name of what it raises."""
    (y,) = query["event"]
    try:
        found = inference.query([y], do=query["do"], evidence=query["given"] or None, show_progress=False)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the peer says
        return type(error).__name__
    return float(found.values[1])


def both_kinds(directed: Iterable[Any], undirected: Iterable[Any]) -> Json:
    """The edges of a CPDAG, sorted."""
    return {
        "directed": sorted(map(list, directed)),
        "undirected": sorted(sorted(edge) for edge in undirected),
    }


def causal_learn() -> Iterator[Json]:
    """CPDAGs by ``dag2cpdag``."""
    graphs = importlib.import_module("causallearn.graph.Dag")
    node = importlib.import_module("causallearn.graph.GraphNode").GraphNode
    convert = importlib.import_module("causallearn.utils.DAG2CPDAG").dag2cpdag
    for seed in range(100):
        draw = Draw(seed)
        case: Json = {"id": f"cpdag-{seed}", "graph": graph_json(draw.graph(draw.stream.between(3, 7)))}
        nodes = {name: node(name) for name in case["graph"]["nodes"]}
        made = graphs.Dag(list(nodes.values()))
        for one, other in case["graph"]["directed"]:
            made.add_directed_edge(nodes[one], nodes[other])
        ends = convert(made).graph
        pairs = list(itertools.combinations(range(len(nodes)), 2))
        arrows = [(a, b) for one, other in pairs for a, b in ((one, other), (other, one)) if ends[b, a] == 1]
        plain = [(a, b) for a, b in pairs if ends[a, b] == ends[b, a] == -1]
        named = [[tuple(NAMES[end] for end in edge) for edge in edges] for edges in (arrows, plain)]
        yield case | {"query": {"kind": "cpdag"}, "said": both_kinds(*named)}


ORACLES: dict[str, Callable[[], Iterator[Json]]] = {
    "causal-learn": causal_learn, "dowhy": dowhy, "pgmpy": pgmpy, "y0": y0,
}  # fmt: skip


def freeze(package: str) -> None:
    """Write down what *package* says, one case a line."""
    cases = [json.dumps(case, ensure_ascii=False) for case in ORACLES[package]()]
    head = json.dumps({"package": package, "version": importlib.metadata.version(package)})[:-1]
    text = head + ', "cases": [\n ' + ",\n ".join(cases) + "\n]}\n"
    (HERE / "frozen" / f"{package}.json").write_text(text, "utf-8")
    sys.stdout.write(f"{package}: {len(cases)} cases\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for name in sys.argv[1:] or ORACLES:
        freeze(name)
