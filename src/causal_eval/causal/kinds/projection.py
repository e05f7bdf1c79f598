"""Latent projections, districts, c-factors, and where the rules of do-calculus apply."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.causal.districts import districts, projected
from causal_eval.causal.docalculus import rule_applies
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.identify import identifiable
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.ledger import Ledger, Line
from causal_eval.causal.second import districts as second
from causal_eval.causal.second import docalculus as second_rules
from causal_eval.causal.second import identification as second_effects
from causal_eval.errors import MalformedCase

RULES = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of do-calculus and its four sets."""

    number: int
    y: int
    x: int
    z: int
    w: int


def _within(given: Given) -> int:
    if given.query.get("within") is None:
        return given.graph.observed
    within = given.nodes("within")
    given.observed({"within": within})
    return within


def _nothing(given: Given) -> None:
    del given


def _factor(given: Given) -> int:
    c = given.nodes("C", least=1)
    given.observed({"C": c})
    return c


def _rule(given: Given) -> Rule:
    number = given.query.get("rule")
    if isinstance(number, bool) or number not in RULES:
        raise MalformedCase(f"query: rule: {number!r} is none of the rules of do-calculus, 1, 2 and 3")
    assert isinstance(number, int)
    sets = {field: given.nodes(field, least=int(field in "YZ")) for field in "YXZW"}
    given.apart(sets)
    given.observed(sets)
    return Rule(number, sets["Y"], sets["X"], sets["Z"], sets["W"])


def _districts(given: Given, within: int) -> Found:
    answer = _lists(given, districts(projected(given.graph), within))
    return Found(answer, "components of the bidirected edges of the latent projection", _last(given, answer))


def _projection(given: Given, _: None) -> Found:
    answer = _edges(given, projected(given.graph))
    return Found(answer, "latent projection (Verma and Pearl)", _last(given, answer))


def _identified(given: Given, c: int) -> Found:
    g = projected(given.graph)
    answer = identifiable(g, g.everything & ~g.latent & ~c, y=c)
    return Found(answer, "ID (Shpitser and Pearl 2006) of the set with all else set", _last(given, answer))


def _applies(given: Given, rule: Rule) -> Found:
    answer = rule_applies(given.graph, rule.number, y=rule.y, x=rule.x, z=rule.z, w=rule.w)
    return Found(answer, f"rule {rule.number} of do-calculus: m-separation in its graph", _last(given, answer))


def _last(given: Given, answer: Json) -> tuple[Line, ...]:
    ledger = Ledger()
    ledger.claim(f"{given.kind} of the graph", dict(given.query), value=answer)
    return tuple(ledger.lines)


def _lists(given: Given, masks: list[int]) -> Json:
    return [[*names] for names in sorted(given.named(mask) for mask in masks)]


def _edges(given: Given, g: Graph) -> Json:
    names = given.names
    directed = sorted([names[one], names[other]] for one, mask in enumerate(g.children) for other in bits(mask))
    both = sorted(sorted((names[one], names[other])) for one, other in g.bidirected_edges())
    return {"directed": [[*edge] for edge in directed], "bidirected": [[*edge] for edge in both]}


KINDS = (
    kind(
        "districts",
        _within,
        first=_districts,
        second=lambda given, ask: _lists(
            given, second.districts_of(second.without_latents(given.graph).bidirected, ask)
        ),
    ),
    kind(
        "latent_projection",
        _nothing,
        first=_projection,
        second=lambda given, _: _edges(given, second.without_latents(given.graph)),
    ),
    kind(
        "c_factor_identified",
        _factor,
        first=_identified,
        second=lambda given, ask: second_effects.effect_identified(given.graph, given.graph.observed & ~ask, y=ask),
    ),
    kind(
        "do_calculus_rule",
        _rule,
        first=_applies,
        second=lambda given, ask: second_rules.applies(given.graph, ask.number, y=ask.y, x=ask.x, z=ask.z, w=ask.w),
    ),
)
