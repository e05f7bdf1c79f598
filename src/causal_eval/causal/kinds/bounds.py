"""Sharp bounds: of what tables do not decide, of effects with an instrument, and of causes of effects."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from causal_eval.causal.bounds import (
    Bounds,
    District,
    Extreme,
    Question,
    Term,
    bounds,
    confounded,
    coupled_nodes,
    single,
    with_experiments,
    worth,
)
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.kinds.kind import Found, Given, Json
from causal_eval.causal.kinds.realised import realised
from causal_eval.causal.ledger import Ledger, canonical_json
from causal_eval.causal.nested import Literal, Network, Source, Value
from causal_eval.causal.query import Assignment
from causal_eval.causal.reading import assignment, fraction, mapping, position, sequence
from causal_eval.causal.scm import Scm
from causal_eval.causal.second import nested as by_unit
from causal_eval.causal.second import openings as second
from causal_eval.causal.second.bounds import ends
from causal_eval.errors import MalformedCase, NotDetermined, VerificationMismatch

_METHOD = "exact linear programme over response functions"


@dataclass(frozen=True, slots=True)
class World:
    """What holds after what is done."""

    do: Assignment
    event: Assignment
    under: tuple[tuple[int, Assignment], ...] = ()
    """Nodes that are set to what they would be after something else was done."""


@dataclass(frozen=True, slots=True)
class Part:
    """A weight times the probability that everything in several worlds holds."""

    weight: Fraction
    worlds: tuple[World, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be bounded in a model of which some responses are open."""

    scm: Scm
    parts: tuple[Part, ...]
    evidence: Assignment = ()
    never: tuple[tuple[World, ...], ...] = ()
    law: Mapping[tuple[int, ...], Fraction] | None = None
    """The joint law of the observed nodes, where that is all that is known."""
    districts: tuple[int, ...] = ()
    """Masks of the districts of which only that is known."""
    experiments: tuple[tuple[World, Fraction], ...] = ()
    """What happened how often after something was done."""


def question_of(asked: Asked, names: Sequence[str]) -> Question:
    """The question over copies of nodes."""
    return _asked_of(asked, Network(asked.scm, names)).question


class _Put(NamedTuple):
    """A question, and what experiments told about the same copies of nodes."""

    question: Question
    told: tuple[tuple[tuple[Literal, ...], Fraction], ...]


def _asked_of(asked: Asked, network: Network) -> _Put:
    def literals(worlds: Sequence[World]) -> tuple[Literal, ...]:
        found: list[Literal] = []
        for world in worlds:
            do: dict[int, Source] = {node: Value(level) for node, level in world.do}
            for node, other in world.under:
                elsewhere: dict[int, Source] = {one: Value(level) for one, level in other}
                do[node] = network.source(node, elsewhere, known={})
            known: dict[int, Source] = {}
            known_or_plain = known if do else None
            found += [(network.source(node, do, known=known_or_plain), level) for node, level in world.event]
        return tuple(found)

    terms = tuple(Term(part.weight, literals(part.worlds)) for part in asked.parts)
    given = literals((World((), asked.evidence),)) if asked.evidence else ()
    told = tuple((literals((world,)), p) for world, p in asked.experiments)
    terms += tuple(Term(Fraction(0), event) for event, _ in told)  # their rows matter as well
    return _Put(Question(network, terms, given, tuple(literals(one) for one in asked.never)), told)


def bounded(asked: Asked, names: Sequence[str]) -> Bounds:
    """The sharp bounds, whatever is open.

    Raises:
        MalformedCase: nothing fits what is stated. TooLarge: too many responses.
    """
    put = _asked_of(asked, Network(asked.scm, names))
    try:
        return bounds(put.question, _open(asked, put))
    except MalformedCase as error:
        if not asked.experiments:
            raise
        raise MalformedCase(f"{error}; where doing differs from seeing, the graph needs a bidirected edge") from error


def _open(asked: Asked, put: _Put) -> list[District]:
    """What of the model is open."""
    districts = [
        confounded(asked.scm.graph, asked.scm.domains, nodes=mask, law=asked.law or {}) for mask in asked.districts
    ]
    inside = {node for district in districts for node in district.nodes}
    districts += [one for one in _tables(put.question) if not inside & {*one.nodes}]
    return with_experiments(put.question.network, districts, told=put.told)


def _tables(question: Question) -> list[District]:
    """The nodes of which a table leaves open how one unit responds to several rows that matter."""
    return [single(question.network.scm, node, rows=rows) for node, rows in coupled_nodes(question)]


def bounded_again(asked: Asked) -> tuple[Fraction, Fraction]:
    """The same by the second solver: every corner, or what the equations prove."""
    scm = asked.scm

    def happens(worlds: Sequence[World]) -> Callable[[by_unit.Unit], bool]:
        return lambda unit: all(
            by_unit.worked_out(scm, unit, node=node, does=done(unit, world)) == level
            for world in worlds
            for node, level in world.event
        )

    def done(unit: by_unit.Unit, world: World) -> by_unit.Does:
        under = {node: by_unit.worked_out(scm, unit, node=node, does=dict(other)) for node, other in world.under}
        return {**under, **dict(world.do)}

    openings = [second.one_district(scm, _ordered(scm.graph, mask), law=asked.law or {}) for mask in asked.districts]
    inside = {node for one in openings for node in one.nodes}
    worlds = [world for part in asked.parts for world in part.worlds] + [world for world, _ in asked.experiments]
    set_nodes = {node for world in worlds for node, _ in (*world.do, *world.under)}
    set_nodes |= {node for world in worlds for _, other in world.under for node, _ in other}
    for world, p in asked.experiments:
        openings = second.after_experiment(scm, openings, event=happens((world,)), p=p)
    given = World((), asked.evidence)
    parts = [(part.weight, happens((given, *part.worlds))) for part in asked.parts]
    holds, never = happens((given,)), [happens(one) for one in asked.never]
    loose = {*second.loose(scm, set_nodes)} - inside
    rows = second.read_together(scm, [holds, *never, *[event for _, event in parts]], nodes=inside | loose)
    for node, keys in rows.items():
        openings += second.one_table(scm, node, keys=keys, done=set_nodes) if node in loose else ()
    return ends(scm, parts, holds=holds, openings=openings, never=never)


def _ordered(graph: Graph, mask: int) -> list[int]:
    return [node for node in graph.topological() if mask >> node & 1]


def causes_of_effects(given: Given, scm: Scm, *, name: str) -> tuple[tuple[Part, ...], Assignment, World, World]:
    """PN, PS or PNS as parts with their evidence, and the worlds in which X is set."""
    x, y = given.ends()
    x1, x0 = (_level(given, scm, x=x, field=field) for field in ("x1", "x0"))
    if scm.domains[y] != 2:  # noqa: PLR2004 - an event happens or does not
        raise MalformedCase(f"query: kind {name} needs a two-valued Y, {given.names[y]!r} has more values")
    with_x, without = World(((x, x1),), ((y, 1),)), World(((x, x0),), ((y, 0),))
    if name == "pns":
        return (Part(Fraction(1), (with_x, without)),), (), with_x, without
    own, outcome, other = (x1, 1, without) if name == "pn" else (x0, 0, with_x)
    return (Part(Fraction(1), (other,)),), tuple(sorted(((x, own), (y, outcome)))), with_x, without


def _level(given: Given, scm: Scm, *, x: int, field: str) -> int:
    value = given.query.get(field)
    return int(field == "x1") if value is None else position(value, scm.names(x), f"query: {field}")


def monotone(given: Given, with_x: World, *, without: World) -> tuple[tuple[World, ...], ...]:
    """What never happens where X never prevents Y; nothing is excluded unless the case says ``"monotone": true``."""
    if not given.flag("monotone"):
        return ()
    (y, _), (x, x1), (_, x0) = with_x.event[0], with_x.do[0], without.do[0]
    return never_falls(x, y, levels=(x0, x1), size=2)


def never_falls(x: int, y: int, *, levels: Sequence[int], size: int) -> tuple[tuple[World, ...], ...]:
    """What no unit does where Y, of *size* values, never falls as X goes through *levels*."""
    return tuple(
        (World(((x, high),), ((y, less),)), World(((x, low),), ((y, more),)))
        for low, high in itertools.combinations(levels, 2)
        for less, more in itertools.combinations(range(size), 2)
    )


def monotone_in_what_is_done(
    given: Given, scm: Scm, *, do: Assignment, event: Assignment
) -> tuple[tuple[World, ...], ...]:
    """What ``"monotone": true`` excludes where one node is done and one is asked about; nothing without it.

    Raises:
        MalformedCase: there are more, of which it does not say which is monotone in which.
    """
    if not given.flag("monotone"):
        return ()
    if len(do) != 1 or len(event) != 1:
        raise MalformedCase(
            "query: monotone says that the node in event never falls as that in do rises; name one each"
        )
    (x, _), (y, _) = do[0], event[0]
    return never_falls(x, y, levels=range(scm.domains[x]), size=scm.domains[y])


def tabled(given: Given) -> Asked:
    """PN, PS, PNS or a counterfactual of a model with tables."""
    scm = given.model()
    if given.kind in ("pn", "ps", "pns"):
        parts, evidence, with_x, without = causes_of_effects(given, scm, name=given.kind)
        return Asked(scm, parts, evidence, monotone(given, with_x, without=without))
    event, do, evidence = (
        assignment(given.query.get(field), given.index, scm, f"query: {field}") for field in ("event", "do", "evidence")
    )
    never = monotone_in_what_is_done(given, scm, do=do, event=event)
    return Asked(scm, (Part(Fraction(1), (World(do, event),)),), evidence, never)


def answered(given: Given, asked: Asked) -> Found:
    """The bounds, or the point that they are."""
    return _told(given, bounded(asked, given.names), scm=_whole(asked))


def decided(given: Given, asked: Asked) -> Found:
    """The point on which all models that fit agree.

    Raises:
        NotDetermined: they do not; with a pair of them. TooLarge: too many responses.
    """
    return _one_point(given, bounded(asked, given.names), scm=_whole(asked))


def settled(given: Given, question: Question) -> Found:
    """The same of a question to a model with tables."""
    return _one_point(given, bounds(question, _tables(question)), scm=question.network.scm)


def _whole(asked: Asked) -> Scm | None:
    """The model that is stated; None where only the law of what is observed is."""
    return asked.scm if asked.law is None else None


def _one_point(given: Given, found: Bounds, *, scm: Scm | None) -> Found:
    told = _told(given, found, scm=scm)
    if found.low.value == found.high.value:
        return told
    open_nodes = ", ".join(repr(given.names[node]) for district in found.districts for node in district.nodes)
    raise NotDetermined(
        f"models that fit what is stated give anything from {found.low.value} to {found.high.value}, by how one unit's "
        f"{open_nodes} responds to different causes; state equations with their noise, or ask for bounds of a "
        "counterfactual",
        certificate=told.certificate,
    )


def _told(given: Given, found: Bounds, *, scm: Scm | None) -> Found:
    low, high = found.low.value, found.high.value
    answer: Json = str(low) if low == high else [str(low), str(high)]
    ledger = Ledger()
    ledger.claim("the least and the greatest value over all models that fit", dict(given.query), value=answer)
    certificate: Json = {
        end: {"value": str(one.value), "responses": _laws(given, found.districts, extreme=one)}
        | _case(given, scm, districts=found.districts, laws=one.laws)
        for end, one in (("low", found.low), ("high", found.high))
    }
    return Found(answer, _METHOD, tuple(ledger.lines), certificate)


def answered_again(given: Given, asked: Asked) -> Json:
    """The same by the second solver."""
    del given
    low, high = bounded_again(asked)
    return str(low) if low == high else [str(low), str(high)]


def _case(
    given: Given, scm: Scm | None, *, districts: Sequence[District], laws: Sequence[Sequence[Fraction]]
) -> dict[str, Json]:
    """The end as a whole model that is asked the same, where a whole model is stated."""
    return {} if scm is None else {"case": realised(given, scm, districts=districts, laws=laws)}


def _laws(given: Given, districts: Sequence[District], *, extreme: Extreme) -> Json:
    """The law of each open district: its nodes' responses that have a probability."""
    return [
        {
            "nodes": [given.names[node] for node in district.nodes],
            "parents": [[given.names[p] for p in bits(_parents(given, node))] for node in district.nodes],
            "law": [
                {"probability": str(p), "responses": [_table(one) for one in responses]}
                for responses, p in zip(district.types, law, strict=True)
                if p
            ],
        }
        for district, law in zip(districts, extreme.laws, strict=True)
    ]


def _parents(given: Given, node: int) -> int:
    return given.graph.parents[node] & given.graph.observed


def _table(response: Mapping[tuple[int, ...], int]) -> Json:
    return {",".join(map(str, key)): level for key, level in response.items()}


def check(given: Given, asked: Asked, found: Found) -> None:
    """The law that is told of each end satisfies what is stated, and gives that end.

    That nothing lies beyond is what both solvers have to find.

    Raises:
        VerificationMismatch: it does not.
    """
    put = _asked_of(asked, Network(asked.scm, given.names))
    _check_ends(given, put.question, districts=_open(asked, put), found=found, scm=_whole(asked))


def check_settled(given: Given, question: Question, *, found: Found) -> None:
    """The same of :func:`settled`.

    Raises:
        VerificationMismatch: as :func:`check`.
    """
    _check_ends(given, question, districts=_tables(question), found=found, scm=question.network.scm)


def _check_ends(
    given: Given, question: Question, *, districts: Sequence[District], found: Found, scm: Scm | None
) -> None:
    ends = found.answer if isinstance(found.answer, list) else [found.answer, found.answer]
    certificate = mapping(found.certificate, "certificate")
    for end, value in zip(("low", "high"), ends, strict=True):
        whole = mapping(certificate[end], f"certificate: {end}")
        told = sequence(whole["responses"], f"certificate: {end}")
        laws = [_law(district, one) for district, one in zip(districts, told, strict=True)]
        if not all(_fits(district, law) for district, law in zip(districts, laws, strict=True)):
            raise VerificationMismatch(f"the law at the {end} end contradicts what is stated")
        if str(worth(question, districts, laws=laws)) != value:
            raise VerificationMismatch(f"the law at the {end} end does not give {value}")
        if any(whole.get(field) != case for field, case in _case(given, scm, districts=districts, laws=laws).items()):
            raise VerificationMismatch(f"the case of the {end} end is not the model with that law")


def _law(district: District, told: object) -> list[Fraction]:
    """The probability of every type, as it is told."""
    places = {canonical_json([_table(one) for one in types]): place for place, types in enumerate(district.types)}
    law = [Fraction(0)] * len(district.types)
    for item in sequence(mapping(told, "certificate: responses")["law"], "certificate: law"):
        one = mapping(item, "certificate: law")
        law[places[canonical_json(one["responses"])]] += fraction(one["probability"], "certificate: probability")
    return law


def _fits(district: District, law: Sequence[Fraction]) -> bool:
    told = zip(district.rows, district.right, strict=True)
    if min(law) < 0:
        return False
    return all(sum((a * p for a, p in zip(row, law, strict=True)), Fraction(0)) == right for row, right in told)
