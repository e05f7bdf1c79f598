"""Transportability: from a source with selection nodes, or from surrogate experiments in several populations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causal_eval.causal.districts import projected
from causal_eval.causal.formula import Formula, Laws, latex, read_formula, value_of, written
from causal_eval.causal.formula.tree import Ref, free
from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.reading import mapping, node_list
from causal_eval.causal.scm import Scm
from causal_eval.causal.second.transport import Place, transportable
from causal_eval.causal.second.witness import random_scm
from causal_eval.causal.transport import Population, Transported, surrogate, transported
from causal_eval.errors import MalformedCase, TooLarge, VerificationMismatch
from causal_eval.seeds import Stream

SOURCE = "source"
"""What the population with the experiments is called where the case does not name it."""
_METHOD = "districts from populations that share them (gTR)"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An effect in the target population, and what was measured where."""

    graph: Graph
    """Without latent and selection nodes but isolated ones."""
    x: int
    y: int
    populations: tuple[Population, ...]

    @property
    def places(self) -> list[Place]:
        """The populations, for the second solver."""
        return [Place(one.name, one.done, one.differs) for one in self.populations]


def _sides(given: Given) -> tuple[int, int]:
    x, y = given.nodes("X", least=1), given.nodes("Y", least=1)
    given.apart({"X": x, "Y": y})
    given.observed({"X": x, "Y": y})
    return x, y


def _surrogates(given: Given) -> Elsewhere:
    x, y = _sides(given)
    graph = projected(given.graph)
    seen = mapping(given.query.get("surrogate_outcomes"), "query: surrogate_outcomes")
    done = mapping(given.query.get("surrogate_interventions"), "query: surrogate_interventions")
    if set(seen) != set(done):
        raise MalformedCase("query: surrogate_outcomes and surrogate_interventions name different populations")
    populations = []
    for name in seen:
        masks = [
            mask_of(node_list(told, given.index, where=f"query: {field}: {name}"))
            for field, told in (("surrogate_interventions", done[name]), ("surrogate_outcomes", seen[name]))
        ]
        given.observed({f"surrogates of {name}": masks[0] | masks[1]})
        populations.append(surrogate(graph, name, done=masks[0], seen=masks[1]))
    return Elsewhere(graph, x, y, (Population(""), *populations))


def _selected(given: Given) -> Elsewhere:
    """A source in which X was set, and the target, which was observed; ``domains`` may say more."""
    x, y = _sides(given)
    marks = given.nodes("selection_node") | given.nodes("selection_nodes")
    graph = given.graph
    if any(graph.parents[node] for node in range(graph.n) if marks >> node & 1) or marks & (x | y):
        raise MalformedCase("query: selection_node: it has no causes, and is neither treatment nor outcome")
    differs = mask_of(node for node, causes in enumerate(graph.parents) if causes & marks)
    hidden = Graph(
        graph.n, tuple([causes & ~marks for causes in graph.parents]), graph.bidirected, graph.latent | marks
    )
    seen = projected(hidden)
    told = given.query.get("domains")
    if told is None:
        return Elsewhere(seen, x, y, (Population(SOURCE, x, differs), Population(SOURCE, 0, differs), Population("")))
    return Elsewhere(seen, x, y, tuple(_domains(given, mapping(told, "query: domains"))))


def _domains(given: Given, told: dict[str, object]) -> Sequence[Population]:
    """``{"pi1": {"selection": ["Z"], "experiments": [[], ["X"]]}, "": {"experiments": [[]]}}``."""
    found = []
    for name, one in told.items():
        where = f"query: domains: {name!r}"
        parts = mapping(one, where)
        differs = mask_of(node_list(parts.get("selection"), given.index, where=f"{where}: selection"))
        experiments = parts.get("experiments")
        for done in experiments if isinstance(experiments, list) else [[]]:
            mask = mask_of(node_list(done, given.index, where=f"{where}: experiments"))
            found.append(Population(name, mask, differs if name else 0))
    return sorted(found, key=lambda one: not one.name)


def _answered(given: Given, asked: Elsewhere, *, as_object: bool) -> Found:
    found = transported(asked.graph, asked.x, y=asked.y, populations=asked.populations)
    ledger = Ledger()
    title = f"P({', '.join(given.named(asked.y))} | do({', '.join(given.named(asked.x))}))"
    if not isinstance(found, Transported):
        missing: list[Json] = [*given.named(found)]
        answer: Json = {"transportable": False, "missing": missing} if as_object else False
        text = f"{title} cannot be had: no population gives the district of {missing}"
        ledger.claim(text, dict(given.query), value=answer)
        return Found(answer, _METHOD, tuple(ledger.lines), {"district": missing})
    text = written(found.formula, given.names)
    tried = _tried(asked, text=text, names=given.names)
    if tried is False:
        raise VerificationMismatch(f"{title} = {text} does not hold in a model of the graph; please report this")
    answer = (
        {"transportable": True, "estimand": text, "latex": latex(found.formula, given.names)} if as_object else True
    )
    ledger.claim(f"{title} = {text}", dict(given.query), value=answer)
    sources: list[Json] = [
        {"district": [*given.named(one.district)], "from": one.population.name or "target",
         "do": [*given.named(one.population.done)]}
        for one in found.sources
    ]  # fmt: skip
    certificate: Json = {"estimand": text, "sources": sources, "evaluated": bool(tried)}
    return Found(answer, _METHOD, tuple(ledger.lines), certificate)


def _tried(asked: Elsewhere, *, text: str, names: Sequence[str], seed: int = 1) -> bool | None:
    """Whether the printed formula holds in random models; None: they would be too large."""
    try:
        formula = read_formula(text, names)
        return holds(asked.graph, formula, x=asked.x, y=asked.y, places=asked.places, seed=seed)
    except TooLarge:
        return None


def _check(given: Given, asked: Elsewhere, found: Found) -> None:
    """The formula holds in models that it has not met."""
    certificate = mapping(found.certificate, "certificate")
    if "estimand" in certificate:
        text = str(certificate["estimand"])
        if _tried(asked, text=text, names=given.names, seed=2) is False:
            raise VerificationMismatch(f"{text} is not the effect in a model of the graph")


def _verdict(asked: Elsewhere) -> bool:
    return transportable(asked.graph, asked.x, y=asked.y, places=asked.places)


def holds(g: Graph, formula: Formula, *, x: int, y: int, places: Sequence[Place], seed: int) -> bool:
    """Whether *formula* is P(y | do x) in random models that differ between populations just where they may.

    Raises:
        TooLarge: more than 13 nodes and common causes.
    """
    stream = Stream("transport", seed)
    whole = (1 << g.n) - 1
    here = random_scm(g, stream, keep=whole)
    models = {"": here}
    for place in places:
        other = random_scm(g, stream, keep=whole)
        mechanisms = [
            other.mechanisms[node] if place.differs >> node & 1 else mechanism
            for node, mechanism in enumerate(here.mechanisms)
        ]
        models[place.name] = here if not place.name else Scm(here.graph, here.domains, tuple(mechanisms))
    laws = Laws(models)
    found = value_of(formula, laws)
    refs = [*map(Ref, bits(x | y)), *sorted(free(formula) - set(map(Ref, bits(x | y))))]
    for number in range(1 << len(refs)):
        at = {ref: number >> place & 1 for place, ref in enumerate(refs)}
        do = tuple((node, at[Ref(node)]) for node in bits(x))
        truth = laws.probability("", {node: at[Ref(node)] for node in bits(y)}, do=do)
        if found.at(at) != truth:
            return False
    return True


KINDS = (
    kind(
        "transport_identifiable",
        _surrogates,
        first=lambda given, ask: _answered(given, ask, as_object=False),
        second=lambda _, ask: _verdict(ask),
        check=_check,
    ),
    kind(
        "transport_formula",
        _selected,
        first=lambda given, ask: _answered(given, ask, as_object=True),
        second=lambda _, ask: {"transportable": _verdict(ask)},
        check=_check,
        decided=("transportable",),
    ),
)
