"""Effects: identifiable with an estimand, or a hedge and two models that agree on P(V) and differ on the effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from causal_eval.causal.case import read_facts
from causal_eval.causal.counterexample import Pair, pair_of
from causal_eval.causal.districts import districts, projected
from causal_eval.causal.estimands import Estimand, conditional_estimand, estimand_of
from causal_eval.causal.formula import latex, written
from causal_eval.causal.formula.text import read_formula
from causal_eval.causal.formula.tree import free
from causal_eval.causal.graph import Graph, mask_of
from causal_eval.causal.graph_json import write_graph
from causal_eval.causal.hedge import Forest, forest_of, smaller
from causal_eval.causal.hosting import at_home
from causal_eval.causal.identify import Conditional, Hedge
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.query import Assignment
from causal_eval.causal.reading import mapping, sequence
from causal_eval.causal.sampled import MOST_NODES, MOST_STATES, Effect, tried
from causal_eval.causal.scm_json import write_scm
from causal_eval.causal.second import identification as second
from causal_eval.causal.second.witness import effect_differs, formula_holds, is_of
from causal_eval.errors import TooLarge, VerificationMismatch
from causal_eval.seeds import Stream


@dataclass(frozen=True, slots=True)
class _Case:
    """A case with its graph projected."""

    given: Given
    g: Graph
    asked: Effect

    def names(self, mask: int) -> list[Json]:
        return [*self.given.named(mask)]

    def title(self) -> str:
        y, x, z = (", ".join(self.given.named(mask)) for mask in (self.asked.y, self.asked.x, self.asked.z))
        return f"P({y} | do({x}), {z})" if z else f"P({y} | do({x}))"


def _effect(given: Given) -> Effect:
    asked = Effect(given.nodes("X", least=1), given.nodes("Y", least=1))
    given.apart({"X": asked.x, "Y": asked.y})
    given.observed({"X": asked.x, "Y": asked.y})
    return asked


def _conditional(given: Given) -> Effect:
    asked = Effect(given.nodes("X", least=1), given.nodes("Y", least=1), given.nodes("Z"))
    sets = {"X": asked.x, "Y": asked.y, "Z": asked.z}
    given.apart(sets)
    given.observed(sets)
    return asked


def _first(given: Given, asked: Effect) -> Found:
    case = _Case(given, projected(given.graph), asked)
    if not asked.z:
        found = estimand_of(case.g, asked)
        moved = Conditional(asked.x, 0, found) if isinstance(found, Hedge) else None
    else:
        moved, found = conditional_estimand(case.g, asked)
    ledger = Ledger()
    if moved is not None:
        _moved(ledger, case, moved=moved)
    if isinstance(found, Hedge):
        assert moved is not None
        return _hedged(ledger, case, hedge=smaller(case.g, found, x=moved.x), moved=moved)
    return _identified(ledger, case, found)


def _identified(ledger: Ledger, case: _Case, found: Estimand) -> Found:
    names = case.given.names
    text = written(found.formula, names)
    trial = tried(case.g, found.formula, asked=case.asked, stream=Stream("estimand", text))
    if trial.models and not trial.right:
        raise VerificationMismatch(f"{case.title()} = {text} does not hold in a model of the graph; please report this")
    answer: Json = {"identifiable": True, "estimand": text, "latex": latex(found.formula, names)}
    _rests_on(ledger, case, found=found)
    ledger.claim(f"{case.title()} = {text}", dict(case.given.query), value=answer)
    evaluated: dict[str, Json] = {"models": trial.models}
    if not trial.models:
        evaluated["reason"] = (
            f"not evaluated: the nodes that matter are more than {MOST_NODES}, or a district has more than "
            f"{MOST_STATES} nodes, parents and common causes"
        )
    asked = case.asked.x | case.asked.y | case.asked.z
    extra = mask_of(ref.node for ref in free(found.formula)) & ~asked
    certificate: dict[str, Json] = {"evaluated": evaluated}
    if extra:
        certificate["any_value_of"] = case.names(extra)
    return Found(answer, found.method, tuple(ledger.lines), certificate)


def _rests_on(ledger: Ledger, case: _Case, *, found: Estimand) -> None:
    """The criterion that the estimand's set meets, or the districts whose factors are identified."""
    names = case.given.named
    sides: dict[str, Json] = {"X": case.names(found.x), "Y": case.names(case.asked.y)}
    inside = ", ".join(names(found.through))
    if found.by == "adjustment" and found.x:
        query: dict[str, Json] = {"kind": "is_adjustment_set", **sides, "Z": case.names(found.through)}
        ledger.claim(f"{{{inside}}} meets the adjustment criterion", query, value=True)
    elif found.by == "frontdoor":
        query = {"kind": "is_frontdoor_set", **sides, "M": case.names(found.through)}
        ledger.claim(f"{{{inside}}} meets the front-door criterion", query, value=True)
    elif found.by == "id":
        parts = districts(case.g, found.through)
        shown: list[Json] = [case.names(part) for part in parts]
        query = {"kind": "districts", "within": case.names(found.through)}
        ledger.claim(f"the districts of {{{inside}}}", query, value=sorted(shown, key=str))
        for part in parts:
            query = {"kind": "c_factor_identified", "C": case.names(part)}
            ledger.claim(f"Q[{', '.join(names(part))}] is a function of P(V)", query, value=True)


def _moved(ledger: Ledger, case: _Case, *, moved: Conditional) -> None:
    """Rule 2 of do-calculus: what was seen might as well be set."""
    x, seen = case.asked.x, case.asked.z
    for node in moved.moves:
        seen &= ~(1 << node)
        sides = {"X": x, "Y": case.asked.y, "Z": 1 << node, "W": seen}
        query: dict[str, Json] = {"kind": "do_calculus_rule", "rule": 2}
        query |= {field: case.names(mask) for field, mask in sides.items()}
        ledger.claim(f"{case.given.names[node]} might as well be set: rule 2", query, value=True)
        x |= 1 << node


def _hedged(ledger: Ledger, case: _Case, *, hedge: Hedge, moved: Conditional) -> Found:
    forest = forest_of(case.g, hedge, x=moved.x, targets=(case.asked.y, moved.z))
    shape = _shape(case, forest)
    for name, part in (("F", hedge.f), ("F'", hedge.f_prime)):
        query: dict[str, Json] = {"kind": "districts", "within": case.names(part)}
        ledger.claim(f"{name} is one district", query, value=[case.names(part)])
    answer: Json = {"identifiable": False, "hedge": shape}
    ledger.claim(f"{case.title()} is not a function of P(V)", dict(case.given.query), value=answer)
    certificate: dict[str, Json] = {"hedge": shape, "X": case.names(moved.x), "Z": case.names(moved.z)}
    pair = pair_of(case.g, case.given.names, forest=forest, asked=Effect(moved.x, case.asked.y, moved.z))
    certificate |= {"models": None} if pair is None else _pair(at_home(pair, case.given.graph))
    name = "IDC" if case.asked.z else "ID"
    return Found(answer, f"{name} (Shpitser and Pearl 2006), line 5: a hedge", tuple(ledger.lines), certificate)


def _shape(case: _Case, forest: Forest) -> dict[str, Json]:
    names = case.given.names
    directed: list[Json] = [[names[node], names[child]] for node, child in sorted(forest.child.items())]
    bidirected: list[Json] = [[names[one], names[other]] for one, other in forest.tree]
    return {
        "F": case.names(forest.f),
        "F'": case.names(forest.f_prime),
        "R": case.names(forest.roots),
        "directed": directed,
        "bidirected": bidirected,
    }


def _pair(pair: Pair) -> dict[str, Json]:
    def said(part: Assignment) -> dict[str, Json]:
        return {pair.names[node]: value for node, value in part}

    cases: list[Json] = [
        {"graph": write_graph(pair.names, scm.graph), "scm": write_scm(scm, pair.names)} for scm in pair.models
    ]
    return {
        "models": cases,
        "query": {"kind": "do", "do": said(pair.do), "event": said(pair.event), "given": said(pair.given)},
        "values": [str(value) for value in pair.values],
    }


def _check(given: Given, asked: Effect, found: Found) -> None:
    """The printed estimand holds in models it has not met; the hedge is one, and the two models tell.

    Raises:
        VerificationMismatch: one of them does not.
    """
    answer = mapping(found.answer, "answer")
    if answer["identifiable"]:
        _check_estimand(given, asked, text=str(answer["estimand"]))
        return
    certificate = mapping(found.certificate, "certificate")
    x, z = (_mask(given, certificate[name]) for name in ("X", "Z"))
    hedge = mapping(certificate["hedge"], "certificate: hedge")
    f, f_prime = (_mask(given, hedge[name]) for name in ("F", "F'"))
    if not second.is_hedge(given.graph, f, f_prime=f_prime, x=x, y=asked.y | z):
        raise VerificationMismatch(f"F = {sorted(hedge['F'])} with its F' is no hedge for the effect")
    if certificate["models"] is not None:
        _check_pair(given, certificate)


def _check_estimand(given: Given, asked: Effect, *, text: str) -> None:
    formula = read_formula(text, given.names)
    try:
        holds = formula_holds(given.graph, formula, x=asked.x, y=asked.y, z=asked.z)
    except TooLarge:
        trial = tried(projected(given.graph), formula, asked=asked, stream=Stream("check", text))
        holds = trial.right or not trial.models
    if not holds:
        raise VerificationMismatch(f"the estimand {text} is not the effect in a model of the graph")


def _check_pair(given: Given, certificate: Mapping[str, object]) -> None:
    models = []
    names: tuple[str, ...] = ()
    for one in sequence(certificate["models"], "certificate: models"):
        names, _, scm = read_facts(one)
        if scm is None or not is_of(given.graph, scm):
            raise VerificationMismatch("one of the two models has an edge that the graph has not")
        models.append(scm)
    query = mapping(certificate["query"], "certificate: query")
    index = {name: node for node, name in enumerate(names)}
    do, event, seen = (
        {index[name]: int(value) for name, value in mapping(query[part], part).items()}
        for part in ("do", "event", "given")
    )
    values = effect_differs(models[0], models[1], do=do, event=event, given=seen)
    if values is None or [str(value) for value in values] != certificate["values"]:
        raise VerificationMismatch(f"the two models do not agree on P(V) and differ as said by {certificate['values']}")


def _mask(given: Given, names: object) -> int:
    return mask_of(given.index[str(name)] for name in sequence(names, "certificate"))


KINDS = (
    kind(
        "effect",
        _effect,
        first=_first,
        second=lambda given, ask: {"identifiable": second.effect_identified(given.graph, ask.x, y=ask.y)},
        check=_check,
        decided=("identifiable",),
    ),
    kind(
        "conditional_effect",
        _conditional,
        first=_first,
        second=lambda given, ask: {"identifiable": second.conditional_identified(given.graph, ask.x, y=ask.y, z=ask.z)},
        check=_check,
        decided=("identifiable",),
    ),
)
