"""A random case of every kind, small enough that the second solver, which goes through everything, can answer it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.causal.drawing import Draw

from causal_eval.causal.calculator import calculate
from causal_eval.causal.case import write_case
from causal_eval.causal.discovery import statements
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.graph_json import write_graph
from causal_eval.causal.query import Case, Query
from causal_eval.causal.scm import Call, Const, Rule, Unspecified, binary

LETTERS = "ABCDEFG"
Asked = dict[str, Any]


class Drawn:
    """Everything that the case of one seed is made of."""

    def __init__(self, kind: str, seed: int) -> None:
        self.kind = kind
        self.draw = Draw(seed)
        self.stream = self.draw.stream

    def case(self, graph: object, **query: object) -> Asked:
        """The case that asks this kind about *graph*."""
        return {"graph": graph, "query": {"kind": self.kind, **query}}

    def admg(self, most: int = 6, **shares: int) -> tuple[Graph, Asked]:
        """A random graph with bidirected edges and latent nodes, also as JSON."""
        usual = {"bidirected": self.stream.choice([0, 20]), "latent": self.stream.choice([0, 15])}
        g = self.draw.graph(self.stream.between(3, most), **usual | shares)
        return g, write_graph(LETTERS[: g.n], g)

    def sets(self, g: Graph, *sizes: int) -> list[list[str]]:
        """Disjoint sets of observed nodes; the first two are never empty."""
        seen = self.stream.shuffled(bits(g.observed))
        if len(seen) < 2:
            raise LookupError
        found = []
        for size in sizes:
            found.append(sorted(LETTERS[node] for node in seen[:size]))
            seen = seen[size:]
        return found

    def model(self, *, threshold: bool | None = None, rules: int = 30, most: int = 4) -> Asked:
        """A random model beside its graph."""
        stated = self.stream.chance(1, 2) if threshold is None else threshold
        g = self.draw.graph(self.stream.between(3, most), density=60)
        scm = self.draw.scm(g, rules=rules, threshold=stated)
        whole = write_case(Case(tuple(LETTERS[: g.n]), g, scm, Query("probability", event=((0, 1),))))
        del whole["query"]
        return whole

    def ends(self, whole: Asked) -> list[str]:
        """The nodes of a model in random order."""
        return self.stream.shuffled(whole["graph"]["nodes"])

    def values(self, nodes: list[str]) -> dict[str, int]:
        """A value for each."""
        return {node: self.stream.below(2) for node in nodes}


def _sets(one: Drawn) -> Asked:
    """X, Y, Z, W, limits, selection and costs: each kind reads its own."""
    g, graph = one.admg()
    x, y, z, w, s = one.sets(g, 1, 1, one.stream.below(3), one.stream.below(2), 1)
    more: Asked = {"Z": z, "W": w, "M": z, "selection": s if one.kind != "or_adjustment" else s or x}
    if one.kind.startswith("is_instrument"):
        more |= {"Z": z[:1] or s}
    if one.kind in ("minimal_adjustment_sets", "minimal_direct_effect_sets", "minimal_separator", "minimum_separator",
                    "minimal_separators", "minimal_sets_selection", "minimal_backdoor_sets",
                    "minimum_adjustment_set"):  # fmt: skip
        del more["Z"]
        more |= {"must_include": w, "must_exclude": z}
    if one.kind == "optimal_adjustment":
        more |= {"must_include": w, "costs": {name: one.stream.between(1, 3) for name in graph["nodes"]}}
    return one.case(graph, X=x, Y=y, **more, C=[*y, *z], effect=one.stream.chance(1, 2))


def _rule(one: Drawn) -> Asked:
    g, graph = one.admg()
    x, y, z, w = one.sets(g, 1, 1, 1, 1)
    return one.case(graph, rule=one.stream.between(1, 3), X=x, Y=y, Z=z, W=w)


def _linear(one: Drawn) -> Asked:
    g, graph = one.admg(4, latent=0)
    return one.case(graph, edges=[f"{LETTERS[a]}->{LETTERS[b]}" for a, b in g.edges()])


def _formula(one: Drawn) -> Asked:
    g, graph = one.admg(4)
    x, y, z = one.sets(g, 1, 1, 1)
    written = [f"P({y[0]}|{x[0]})", f"P({y[0]}|do({x[0]}))"]
    written += [f"sum_{{{name}}} P({y[0]}|{x[0]},{name}) P({name})" for name in z]
    one_of, other = one.stream.choice(written), one.stream.choice(written)
    return one.case(graph, X=x, Y=y, formula=one_of, formula2=other, seed=one.stream.below(100))


def _value(one: Drawn) -> Asked:
    whole = one.model()
    x, y, z, *_ = one.ends(whole)
    formula = one.stream.choice([f"sum_{{{z}}} P({y}|{x},{z}) P({z})", f"P({y}|do({x}))", f"P({y},{z}|{x})"])
    return whole | one.case(whole["graph"], formula=formula, at=one.values([x, y, z] if f"{z}|" in formula else [x, y]))


def _dag(one: Drawn) -> Asked:
    g = one.draw.graph(one.stream.between(3, 5), density=55)
    names = LETTERS[: g.n]
    other = one.draw.graph(g.n, density=55) if one.stream.chance(1, 2) else g
    edge = one.stream.choice(g.edges() or ((0, 1),))
    targets = [[name] for name in names if one.stream.chance(1, 4)]
    more: Asked = {"graph2": write_graph(names, other), "edge": [names[end] for end in edge]}
    if one.kind == "interventional_cpdag":
        more["targets"] = targets
    graph = write_graph(names, g)
    if one.kind in _OF_CLASSES and one.stream.chance(1, 3):
        graph = _partly_known(one, graph, g=g)
    return one.case(graph, **more)


_OF_CLASSES = frozenset(["cpdag", "mec_size", "equivalent", "immoralities", "edge_compelled", "strongly_protected"])


def _partly_known(one: Drawn, graph: Asked, *, g: Graph) -> Asked:
    """The class of the graph, some of whose open edges are known."""
    whole = calculate({"graph": graph, "query": {"kind": "cpdag"}}).answer
    names = graph["nodes"]
    ways = [[names[a], names[b]] for a, b in g.edges()]
    known = [way for way in ways if sorted(way) in whole["undirected"] and one.stream.chance(1, 4)]
    lines = [edge for edge in whole["undirected"] if edge not in [sorted(way) for way in known]]
    return {"nodes": names, "directed": [*whole["directed"], *known], "undirected": lines}


def _class(one: Drawn) -> Asked:
    g = one.draw.graph(one.stream.between(3, 5), density=55)
    graph = {"nodes": list(LETTERS[: g.n]), "type": "cpdag"}
    found = calculate({"graph": write_graph(LETTERS[: g.n], g), "query": {"kind": "cpdag"}}).answer
    x, y, z = one.sets(g, 1, 1, one.stream.below(3))
    return one.case(graph | found, X=x, Y=y, Z=z)


def _independences(one: Drawn) -> Asked:
    g = one.draw.graph(one.stream.between(3, 4), density=60)
    listed = [
        {"X": LETTERS[a], "Y": LETTERS[b], "Z": [LETTERS[node] for node in bits(z)]}
        for a, b, z in sorted(statements(g))
    ]
    x, y = one.sets(g, 1, 1)
    claim = one.stream.choice(["parent", "ancestor", "adjacent"])
    return one.case({"nodes": list(LETTERS[: g.n])}, independences=listed, claim=claim, X=x, Y=y)


def _effects(one: Drawn) -> Asked:
    """Effects of one node on another, with values wherever the kind takes them."""
    whole = one.model(most=4)
    x, y, m, *_ = one.ends(whole)
    seen = one.values([m])
    return whole | one.case(whole["graph"], X=x, Y=y, m=seen, mediators=[m], given=seen)


def _plain_effects(one: Drawn) -> Asked:
    whole = one.model(most=4)
    x, y, *_ = one.ends(whole)
    return whole | one.case(whole["graph"], X=x, Y=y)


def _stated(one: Drawn) -> Asked:
    """Where the noise is stated, so that the answer is a number."""
    whole = one.model(threshold=True)
    x, y, m, *_ = one.ends(whole)
    both = [{"do": one.values([x]), "event": one.values([y])}, {"do": one.values([m]), "event": one.values([y])}]
    return whole | one.case(whole["graph"], X=x, Y=y, event=one.values([y]), do=one.values([x]),
                            evidence=one.values([m]), worlds=both)  # fmt: skip


def _events(one: Drawn) -> Asked:
    whole = one.model(most=5)
    x, y, z, *_ = one.ends(whole)
    policy = {x: {"parents": [], "table": {"": ["1/3", "2/3"]}}}
    done = {} if one.kind == "probability" else one.values([x])
    given = one.values([z])
    return whole | one.case(whole["graph"], event=one.values([y]), do=done, given=given, policies=policy)


def _paths(one: Drawn) -> Asked:
    whole = one.model(threshold=True)
    edges = [tuple(edge) for edge in whole["graph"]["directed"]]
    if not edges:
        raise LookupError
    path = list(one.stream.choice(edges))
    while (onward := [b for a, b in edges if a == path[-1]]) and one.stream.chance(2, 3):
        path.append(one.stream.choice(onward))
    return whole | one.case(whole["graph"], X=path[0], Y=path[-1], paths=[path])


def _observed(one: Drawn) -> Asked:
    """X and Y confounded by something unseen: what is seen of a law of (x, y without, y with), and experiments."""
    types = list(itertools.product((0, 1), repeat=3))
    weights = dict(zip(types, [one.stream.between(1, 5) for _ in types], strict=True))
    whole = sum(weights.values())
    law = Counter[str]()
    for (x, *would), weight in weights.items():
        law[f"{x},{would[x]}"] += weight
    told = {"variables": ["X", "Y"], "table": {key: f"{weight}/{whole}" for key, weight in law.items()}}
    more: Asked = {"distribution": told}
    for level in (0, 1):
        if one.stream.chance(1, 2):
            often = sum(weight for (_, *would), weight in weights.items() if would[level])
            found = {"do": {"X": level}, "event": {"Y": 1}, "probability": f"{often}/{whole}"}
            more.setdefault("experiments", []).append(found)
    graph = {"nodes": ["X", "Y"], "directed": [["X", "Y"]], "bidirected": [["X", "Y"]]}
    of = one.stream.choice(["ate", "ett", "etu", "pns", "pn", "ps"])
    return one.case(graph, of=of, X="X", Y="Y", **more)


def _instrument(one: Drawn) -> Asked:
    """One-sided: without the offer nobody is treated."""
    w = [one.stream.between(1, 4) for _ in range(6)]
    rows = dict(zip(("0,0,0", "0,0,1", "1,0,0", "1,0,1", "1,1,0", "1,1,1"), w, strict=True))
    law = {"0,1,0": "0", "0,1,1": "0"} | {key: f"{weight}/{sum(w)}" for key, weight in rows.items()}
    graph = {"nodes": ["Z", "X", "Y"], "directed": [["Z", "X"], ["X", "Y"]], "bidirected": [["X", "Y"]]}
    return one.case(graph, X="X", Y="Y", Z="Z", distribution={"variables": ["Z", "X", "Y"], "table": law})


def _happened(one: Drawn) -> Asked:
    outer, inner = one.stream.between(1, 2), one.stream.between(2, 3)
    n = outer + inner
    edges = [(a, b) for b in range(outer, n) for a in range(b) if one.stream.chance(3, 5)]
    edges += [(0, b) for b in range(outer, n) if not any(effect == b for _, effect in edges)]
    rules = [
        Rule(Call("ge", (one.draw.expression([a for a, b in edges if b == node]), Const(value=1))))
        for node in range(outer, n)
    ]
    scm = binary(Graph.build(n, edges), *[Unspecified()] * outer, *rules)
    whole = write_case(Case(tuple(LETTERS[:n]), scm.graph, scm, Query("values")))
    context = one.values(list(LETTERS[:outer]))
    after: Asked = calculate(whole | {"query": {"kind": "values", "context": context}}).answer
    cause = LETTERS[one.stream.between(outer, n - 1)]
    variant = one.stream.choice(["modified", "updated", "original", "but_for"])
    if one.kind in ("responsibility", "blame") and variant == "but_for":
        variant = "modified"
    contexts = [{"context": context, "probability": "1"}]
    more: Asked = {"contexts": contexts} if one.kind == "blame" else {"context": context}
    phi = {LETTERS[n - 1]: after[LETTERS[n - 1]]}
    return whole | one.case(whole["graph"], cause={cause: after[cause]}, phi=phi, variant=variant, **more)


def _coarse(one: Drawn) -> Asked:
    """Two nodes seen as their number."""
    whole = one.model(most=3, rules=0)
    high = one.model(most=3, rules=0)
    low_name, high_name = one.stream.choice("ABC"), one.stream.choice("ABC")
    made = {high_name: {"of": [low_name], "table": {"0": 0, "1": 1}}}
    if one.stream.chance(1, 2):
        high = {part: whole[part] for part in ("graph", "scm")}
        made = {name: {"of": [name], "table": {"0": 0, "1": 1}} for name in "ABC"}
    done = [{"low": {"A": value}, "high": {"A": value}} for value in (0, 1)]
    return whole | one.case(whole["graph"], high=high, map=made, interventions=done)


def _elsewhere(one: Drawn) -> Asked:
    g, graph = one.admg(5, latent=0)
    x, y, *_ = one.sets(g, 1, 1, 1)
    names = graph["nodes"]
    some = [name for name in names if one.stream.chance(1, 3)]
    if one.kind == "transport_identifiable":
        return one.case(graph, X=x, Y=y, surrogate_outcomes={"p": y}, surrogate_interventions={"p": some})
    domains = {"p": {"selection": some, "experiments": [x]}, "": {}}
    return one.case(graph, X=x, Y=y, domains=domains)


def _mean(one: Drawn) -> Asked:
    """A linear system of which a part was seen."""
    g = one.draw.graph(3, density=70)
    names = LETTERS[: g.n]
    linear: dict[str, dict[str, int]] = {names[b]: {} for _, b in g.edges()}
    for a, b in g.edges():
        linear[names[b]][names[a]] = one.stream.between(-3, 3) or 4
    noise = {name: {"mean": one.stream.below(3), "variance": one.stream.between(1, 3)} for name in names}
    x, y, z = one.stream.shuffled(names)
    seen = {name: one.stream.below(4) for name in (x, z) if one.stream.chance(2, 3)}
    whole = one.case(write_graph(names, g), Y=y, do={x: one.stream.below(4)}, evidence=seen)
    return whole | {"scm": {"linear": linear, "noise": noise}}


def _crossed(one: Drawn) -> Asked:
    """Two events, each in a world of its own."""
    _, graph = one.admg(4, latent=0)
    x, y, z = one.stream.shuffled(graph["nodes"])[:3]

    def event(node: str) -> Asked:
        done = one.values([x]) if node != x and one.stream.chance(1, 2) else {}
        return {"node": node, "value": one.stream.below(2), "do": done}

    events = [event(y), event(z)]
    given = {"given": [event(x)]} if one.kind.startswith("conditional") else {}
    return one.case(graph, event=events, **given)


_GROUPS: tuple[tuple[Callable[[Drawn], Asked], str], ...] = (
    (_sets, ("dsep minimal_separator minimum_separator minimal_separators markov_blanket ancestors descendants "
            "is_adjustment_set is_backdoor_set minimal_adjustment_sets optimal_adjustment is_direct_effect_set "
            "instruments minimal_direct_effect_sets is_frontdoor_set frontdoor_exists is_instrument "
            "is_instrument_total is_adjustment_set_selection minimal_sets_selection or_adjustment recoverable "
            "latent_projection districts c_factor_identified effect conditional_effect attribution "
            "minimal_backdoor_sets minimum_adjustment_set")),
    (_rule, "do_calculus_rule"),
    (_linear, "linear_coefficients_identified"),
    (_formula, "is_estimand estimand_equivalent"),
    (_value, "estimand_value"),
    (_dag, ("cpdag mec_size equivalent immoralities edge_compelled strongly_protected interventional_cpdag "
           "minimal_intervention_sets")),
    (_class, "is_adjustment_set_cpdag minimal_adjustment_sets_cpdag"),
    (_independences, "cpdag_from_independences causal_claim"),
    (_effects, "ate cate ett etu cde nde nie"),
    (_plain_effects, "te fairness"),
    (_stated, "counterfactual joint_counterfactual pn ps pns"),
    (_events, "probability do soft_do"),
    (_paths, "path_specific"),
    (_observed, "bounds"),
    (_instrument, "iv_bounds"),
    (_happened, "is_cause all_causes responsibility blame values"),
    (_coarse, "abstraction"),
    (_mean, "linear_counterfactual"),
    (_crossed, "counterfactual_effect conditional_counterfactual_effect"),
    (_elsewhere, "transport_identifiable transport_formula"),
)  # fmt: skip
KINDS = {kind: maker for maker, kinds in _GROUPS for kind in kinds.split()}
"""Kind -> what draws a case of it."""


def drawn(kind: str, seed: int) -> Asked:
    """The case of that kind with that seed.

    Raises:
        LookupError: the graph of this seed has too few nodes or edges for it.
    """
    return KINDS[kind](Drawn(kind, seed))
