"""Several worlds at once, policies in place of values, and whether a coarser model says the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.causal.case import Case, read_case, read_facts
from causal_eval.causal.derivation import derive
from causal_eval.causal.formula.value import joint
from causal_eval.causal.graph_json import write_graph
from causal_eval.causal.kinds.bounds import Asked, Part, World, answered, answered_again, check
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.query import Assignment
from causal_eval.causal.reading import assignment, mapping, name_list, node_list, position
from causal_eval.causal.scm import Scm
from causal_eval.causal.scm_json import write_scm
from causal_eval.causal.second import nested as by_unit
from causal_eval.causal.second.solver import solve as solve_again
from causal_eval.causal.solve import answer_json, solve
from causal_eval.errors import MalformedCase


def _worlds(given: Given) -> Asked:
    scm = given.model()
    told = given.items("worlds")
    if not told:
        raise MalformedCase('query: worlds is empty; list them, such as [{"do": {"X": 1}, "event": {"Y": 1}}]')
    worlds = tuple([_world(given, scm, place=place, told=one) for place, one in enumerate(told)])
    evidence = assignment(given.query.get("evidence"), given.index, scm, "query: evidence")
    return Asked(scm, (Part(Fraction(1), worlds),), evidence)


def _world(given: Given, scm: Scm, *, place: int, told: object) -> World:
    """A world; a value of ``do`` may be ``{"under": {...}}``: as the node would be after that."""
    where = f"query: worlds[{place}]"
    one = mapping(told, where)
    done = mapping(one.get("do") or {}, f"{where}: do")
    plain = {name: value for name, value in done.items() if not isinstance(value, dict)}
    nested = []
    for name, value in done.items():
        if isinstance(value, dict):
            (node,) = node_list(name, given.index, where=f"{where}: do")
            nested.append((node, assignment(value.get("under"), given.index, scm, f"{where}: do: {name}: under")))
    event = assignment(one.get("event"), given.index, scm, f"{where}: event")
    if not event:
        raise MalformedCase(f'{where}: event is empty; name what is asked, such as {{"Y": 1}}')
    return World(assignment(plain, given.index, scm, f"{where}: do"), event, tuple(sorted(nested)))


@dataclass(frozen=True, slots=True)
class Ruled:
    """A case whose model has policies in place of mechanisms."""

    case: Case


def _policies(given: Given) -> Ruled:
    scm = given.model()
    told = mapping(given.query.get("policies"), "query: policies")
    if not told:
        raise MalformedCase('query: policies is empty; name one, such as {"X": {"parents": ["Z"], "table": {...}}}')
    graph, written = write_graph(given.names, given.graph), write_scm(scm, given.names)
    changed = {given.names[node] for node in node_list(list(told), given.index, where="query: policies")}
    edges = [edge for edge in graph["directed"] if edge[1] not in changed]
    for name, policy in told.items():
        parents = name_list(mapping(policy, f"query: policies: {name!r}").get("parents"), f"query: policies: {name!r}")
        edges += [[parent, name] for parent in parents]
    for part in ("equations", "exogenous", "linear"):
        written[part] = {name: value for name, value in (written.get(part) or {}).items() if name not in changed}
    written["cpts"] = {**(written.get("cpts") or {}), **told}
    query = {"kind": "do"} | {field: given.query[field] for field in ("event", "do", "given") if field in given.query}
    return Ruled(read_case({"graph": graph | {"directed": edges}, "scm": written, "query": query}))


def _ruled(given: Given, asked: Ruled) -> Found:
    del given
    answer = solve(asked.case)
    return Found(answer_json(answer.value, asked.case), answer.method, derive(asked.case))


def _ruled_again(given: Given, asked: Ruled) -> Json:
    del given
    found: Json = answer_json(solve_again(asked.case), asked.case)
    return found


@dataclass(frozen=True, slots=True)
class Coarse:
    """Two models, which nodes of the lower make which of the higher, and what is done to both."""

    low: Scm
    high: Scm
    made: tuple[tuple[int, tuple[int, ...], Mapping[tuple[int, ...], int]], ...]
    """(node of the higher, nodes of the lower, their values -> its value)."""
    pairs: tuple[tuple[Assignment, Assignment], ...]
    told: tuple[Json, ...]


def _coarse(given: Given) -> Coarse:
    low = given.model()
    names, _, high = read_facts(mapping(given.query.get("high"), "query: high"))
    if high is None:
        raise MalformedCase("query: high: the coarser model needs an scm beside its graph")
    index = {name: node for node, name in enumerate(names)}
    made = []
    for name, one in mapping(given.query.get("map"), "query: map").items():
        (node,) = node_list(name, index, where="query: map")
        made.append((node, *_made(given, low, high, node=node, told=one)))
    pairs: list[tuple[Assignment, Assignment]] = [((), ())]
    told: list[Json] = [{"low": {}, "high": {}}]
    for place, item in enumerate(given.items("interventions")):
        where, one = f"query: interventions[{place}]", mapping(item, f"query: interventions[{place}]")
        below = assignment(one.get("low"), given.index, low, f"{where}: low")
        pairs.append((below, assignment(one.get("high"), index, high, f"{where}: high")))
        told.append({"low": dict(one.get("low") or {}), "high": dict(one.get("high") or {})})
    return Coarse(low, high, tuple(made), tuple(pairs), tuple(told))


def _made(
    given: Given, low: Scm, high: Scm, *, node: int, told: object
) -> tuple[tuple[int, ...], Mapping[tuple[int, ...], int]]:
    where = "query: map"
    one = mapping(told, where)
    parts = [node_list(name, given.index, where=where)[0] for name in name_list(one.get("of"), f"{where}: of")]
    rows = mapping(one.get("table"), f"{where}: table")
    found = {}
    for key in itertools.product(*[range(low.domains[part]) for part in parts]):
        text = ",".join(map(str, key))
        if text not in rows:
            raise MalformedCase(f"{where}: table has no row {text!r}; give one for all values of {one.get('of')}")
        found[key] = position(rows[text], high.names(node), f"{where}: table: {text!r}")
    return tuple(parts), found


def _commutes(given: Given, asked: Coarse) -> Found:
    broken = None
    for (below, above), told in zip(asked.pairs, asked.told, strict=True):
        nodes = [node for node, _, _ in asked.made]
        lower: dict[tuple[int, ...], Fraction] = {}
        for values, p in joint(asked.low, dict(below)).items():
            key = tuple([table[tuple([values[part] for part in parts])] for _, parts, table in asked.made])
            lower[key] = lower.get(key, Fraction(0)) + p
        upper: dict[tuple[int, ...], Fraction] = {}
        for values, p in joint(asked.high, dict(above)).items():
            key = tuple([values[node] for node in nodes])
            upper[key] = upper.get(key, Fraction(0)) + p
        if lower != upper:
            broken = told
            break
    return _told(given, broken)


def _told(given: Given, broken: Json) -> Found:
    answer: Json = {"commutes": broken is None, "breaks": broken}
    ledger = Ledger()
    ledger.claim("doing and abstracting commute for every intervention", dict(given.query), value=answer)
    return Found(answer, "both laws compared after every intervention", tuple(ledger.lines))


def _commutes_again(given: Given, asked: Coarse) -> Json:
    del given
    for (below, above), told in zip(asked.pairs, asked.told, strict=True):
        lower = _law(asked.low, dict(below), seen=list(_lower(asked)))
        upper = _law(asked.high, dict(above), seen=[((node,), None) for node, _, _ in asked.made])
        if lower != upper:
            return {"commutes": False, "breaks": told}
    return {"commutes": True, "breaks": None}


def _lower(asked: Coarse) -> Iterator[tuple[tuple[int, ...], Mapping[tuple[int, ...], int] | None]]:
    for _, parts, table in asked.made:
        yield parts, table


def _law(
    scm: Scm, does: Mapping[int, int], *, seen: list[tuple[tuple[int, ...], Mapping[tuple[int, ...], int] | None]]
) -> dict[tuple[int, ...], Fraction]:
    """The law of what is *seen*, unit by unit."""

    def key(unit: by_unit.Unit) -> tuple[int, ...]:
        levels = []
        for parts, table in seen:
            values = tuple([int(by_unit.worked_out(scm, unit, node=part, does=does)) for part in parts])
            levels.append(values[0] if table is None else table[values])
        return tuple(levels)

    found: dict[tuple[int, ...], Fraction] = {}
    for values, share, _ in by_unit.each(scm, key):
        found[values] = found.get(values, Fraction(0)) + share
    return found


KINDS = (
    kind("joint_counterfactual", _worlds, first=answered, second=answered_again, check=check),
    kind("soft_do", _policies, first=_ruled, second=_ruled_again),
    kind("abstraction", _coarse, first=_commutes, second=_commutes_again),
)
