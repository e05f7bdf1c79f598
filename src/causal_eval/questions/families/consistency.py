"""Consistency: what must hold, or cannot, of one and the same case as it was and as it would have been (rung 3).

Rules are strict and part of the case was observed. Statements speak of two worlds of it at once: what would have been
under an intervention, whether that would have left a quantity as it was, whether two interventions come to the same,
what was together with what would have been. Truth: each statement in all cases that fit; consistency, composition and
effectiveness are why many follow although the states themselves stay open.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.causal.graph import Graph
from causal_eval.causal.kinds.kind import Json
from causal_eval.causal.scm import Scm, Table
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.circuit import Circuit, gates_of, sorted_gates
from causal_eval.questions.facts import Fact, Facts, Literal, observed, of_form, remembered
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.network import literal, literals_of, node
from causal_eval.questions.posing import Posed, about_scm, number_of, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.ruled import Ruled, shape_of
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

SIZES = ((3, 2, 6), (3, 3, 6), (4, 3, 6), (4, 4, 7), (5, 4, 8))
"""(quantities without a rule, with one, statements) per difficulty."""
LABELS = ("must hold", "cannot hold", "open")
FORMS = ("world-had", "world-stays", "world-alike", "world-both")

Worlds = Callable[[tuple[Literal, ...]], Sequence[int]]
"""An intervention -> per node the settings in which it is 1."""

_TRIES = 500
_LOOKS = 60
"""Statements that are tried for one with the label and the form that were drawn."""
_EVEN = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a prompt states but for its statements."""

    circuit: Circuit
    evidence: tuple[Literal, ...]

    @property
    def support(self) -> int:
        """The settings that fit what was observed."""
        columns, mask = self.circuit.columns(), self.circuit.full
        for index, value in self.evidence:
            mask &= columns[index] if value else ~columns[index]
        return mask


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """A system of rules, observations, and statements whose labels and forms are drawn independently."""
    roots, ruled, count = SIZES[difficulty - 1]
    for _ in range(_TRIES):
        shape = shape_of(roots, ruled, reach=1, stream=stream)
        if shape is None:
            continue
        model = Ruled.draw(shape, stream)
        evidence = tuple(
            (index, stream.below(2)) for index in sorted(stream.sample(range(shape.n), 1 + stream.below(2)))
        )
        told = _Told(Circuit(shape.n, dict.fromkeys(range(roots), _EVEN), model.gates), evidence)
        facts = _facts(told, count, stream=stream)
        if facts and len(mistakes(facts, shape.n)) >= len(_WRONG):
            return Group(kind.name, shape.n, tuple(range(shape.n)), (facts,))
    raise AssertionError(f"consistency/{kind.name} at difficulty {difficulty}: no case in {_TRIES} tries")


def _facts(told: _Told, count: int, *, stream: Stream) -> Facts:
    """Everything that is printed, or nothing where no statement of some label and form was found."""
    support = told.support
    if support.bit_count() <= 1:
        return ()
    worlds = _worlds(told.circuit)
    changed = stream.sample(range(told.circuit.n - 1), 2)
    said: list[Fact] = []
    for number in range(1, count + 1):
        label, form = stream.choice(LABELS), stream.choice(FORMS)
        for _ in range(_LOOKS):
            fact = _statement(form, number, told=told, changed=changed, stream=stream)
            if _label(_held(fact, worlds), support) == label and fact.slots[1:] not in [one.slots[1:] for one in said]:
                said.append(fact)
                break
        else:
            return ()
    return (
        *(gate.fact(index) for index, gate in told.circuit.gates.items()),
        *(observed(*seen) for seen in told.evidence),
        *said,
        Fact("possible"),
        Fact("ask-worlds"),
    )


def _statement(form: str, number: int, *, told: _Told, changed: Sequence[int], stream: Stream) -> Fact:
    """A random statement of *form* about interventions on one or both of the quantities *changed*."""
    do = other = _intervention(changed, stream)
    while other == do:
        other = _intervention(changed, stream)
    index = stream.below(told.circuit.n)
    what, was = (index, stream.below(2)), (stream.below(told.circuit.n), stream.below(2))
    match form:
        case "world-had":
            return Fact(form, (number, do, what))
        case "world-stays":
            return Fact(form, (number, index, do))
        case "world-alike":
            return Fact(form, (number, index, do, other))
    return Fact(form, (number, was, do, what))


def _intervention(changed: Sequence[int], stream: Stream) -> tuple[Literal, ...]:
    return tuple((index, stream.below(2)) for index in sorted(stream.sample(changed, 1 + stream.below(2))))


def _worlds(circuit: Circuit) -> Worlds:
    @functools.cache
    def columns(do: tuple[Literal, ...]) -> Sequence[int]:
        return circuit.columns(dict(do))

    return columns


def _held(fact: Fact, worlds: Worlds) -> int:
    """The settings in which a statement is true; bits beyond them mean nothing."""
    _, *parts = fact.slots
    match fact.form:
        case "world-had":
            return _true(literal(parts[1]), worlds(literals_of(parts[0])))
        case "world-stays":
            index = node(parts[0])
            return ~(worlds(())[index] ^ worlds(literals_of(parts[1]))[index])
        case "world-alike":
            index = node(parts[0])
            return ~(worlds(literals_of(parts[1]))[index] ^ worlds(literals_of(parts[2]))[index])
    return _true(literal(parts[0]), worlds(())) & _true(literal(parts[2]), worlds(literals_of(parts[1])))


def _true(what: Literal, columns: Sequence[int]) -> int:
    return columns[what[0]] if what[1] else ~columns[what[0]]


def _label(held: int, support: int) -> str:
    if held & support == support:
        return "must hold"
    return "open" if held & support else "cannot hold"


def case(facts: Facts, n: int) -> Posed:
    """The probability of each statement given what was observed, quantities without a rule being 1 half the time."""
    told = _told(facts, n)
    roots, gates = told.circuit.odds, told.circuit.gates
    edges = [(cause, index) for index, gate in gates.items() for cause, _ in gate.literals]
    even = Table({(): (_EVEN, _EVEN)})
    mechanisms = tuple(even if index in roots else gates[index].mechanism() for index in range(n))
    queries = [query for fact in _statements(facts) for query in _queries(fact, told.evidence)]
    return about_scm(Scm(Graph.build(n, edges), (2,) * n, mechanisms), *queries, estimand="P(statement | observed)")


def _queries(fact: Fact, evidence: tuple[Literal, ...]) -> list[dict[str, Json]]:
    """Events in one or two worlds; a statement has the probability of all of them together."""
    _, *parts = fact.slots
    match fact.form:
        case "world-had":
            events = [[_world(literals_of(parts[0]), literal(parts[1]))]]
        case "world-stays":
            index, do = node(parts[0]), literals_of(parts[1])
            events = [[_world((), (index, value)), _world(do, (index, value))] for value in (0, 1)]
        case "world-alike":
            index, one, other = node(parts[0]), literals_of(parts[1]), literals_of(parts[2])
            events = [[_world(one, (index, value)), _world(other, (index, value))] for value in (0, 1)]
        case _:
            events = [[_world((), literal(parts[0])), _world(literals_of(parts[1]), literal(parts[2]))]]
    return [{"kind": "joint_counterfactual", "worlds": [*one], "evidence": _json(evidence)} for one in events]


def _world(do: Iterable[Literal], what: Literal) -> dict[str, Json]:
    return {"do": _json(do), "event": _json((what,))}


def _json(literals: Iterable[Literal]) -> dict[str, Json]:
    return {symbol(index): value for index, value in literals}


def spec(facts: Facts, _lexicon: Lexicon) -> AnswerSpec:
    """One of three labels for every statement."""
    return AnswerSpec(AnswerKind.LABELS, options=LABELS, items=_items(facts))


def answer(facts: Facts, value: Value) -> Value:
    """What has probability 1 must hold, what has 0 cannot."""
    found = iter([number_of(part) for part in parts_of(value)])
    labels = []
    for fact in _statements(facts):
        p = sum(next(found) for _ in _queries(fact, ()))
        labels.append(LABELS[0] if p == 1 else LABELS[2] if p else LABELS[1])
    return dict(zip(_items(facts), labels, strict=True))


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What forgoing evidence, holding everything else as it was, or trying one case would give."""
    told = _told(facts, n)
    right = _labels(facts, _worlds(told.circuit), support=told.support)
    found = {name: wrong(facts, told) for name, wrong in _WRONG.items()}
    return {name: {**labels} for name, labels in found.items() if labels != right}


def _labels(facts: Facts, worlds: Worlds, *, support: int) -> dict[str, str]:
    return {
        item: _label(_held(fact, worlds), support) for item, fact in zip(_items(facts), _statements(facts), strict=True)
    }


def _nothing_follows(told: _Told) -> Worlds:
    """Interventions change nothing but what they set."""
    actual, full = told.circuit.columns(), told.circuit.full

    def columns(do: tuple[Literal, ...]) -> Sequence[int]:
        held = dict(do)
        return [held[index] * full if index in held else column for index, column in enumerate(actual)]

    return columns


_WRONG: Mapping[str, Callable[[Facts, _Told], dict[str, str]]] = {
    "ignore what was observed": lambda facts, told: _labels(facts, _worlds(told.circuit), support=told.circuit.full),
    "nothing else changes": lambda facts, told: _labels(facts, _nothing_follows(told), support=told.support),
    "try one case that fits": lambda facts, told: _labels(
        facts, _worlds(told.circuit), support=told.support & -told.support
    ),
    "everything is open": lambda facts, _told: dict.fromkeys(_items(facts), LABELS[2]),
}


def _statements(facts: Facts) -> list[Fact]:
    """The numbered statements, in order.

    Raises:
        VerificationMismatch: they are not numbered 1, 2, ... once each.
    """
    found = sorted(of_form(facts, *FORMS), key=lambda fact: node(fact.slots[0]))
    if not found or [fact.slots[0] for fact in found] != list(range(1, len(found) + 1)):
        raise VerificationMismatch("the statements must be numbered 1, 2, ..., each once")
    return found


def _items(facts: Facts) -> tuple[str, ...]:
    return tuple(f"statement {fact.slots[0]}" for fact in _statements(facts))


@remembered
def _told(facts: Facts, n: int) -> _Told:
    """Rules and observations.

    Raises:
        VerificationMismatch: there are none, one is doubled, they cannot all be, or rules are not said to be strict.
    """
    gates, seen = gates_of(facts), [literal(fact.slots[0]) for fact in of_form(facts, "observed")]
    roots = [index for index in range(n) if index not in gates]
    if not roots or not seen or len(dict(seen)) != len(seen) or len(of_form(facts, "possible")) != 1:
        raise VerificationMismatch(
            "rules, one observation or more, none twice, and the assumption that the rules are strict are needed"
        )
    circuit = Circuit(n, dict.fromkeys(roots, _EVEN), sorted_gates(gates, roots))
    told = _Told(circuit, tuple(sorted(seen)))
    if not told.support:
        raise VerificationMismatch("what was observed is impossible under the rules")
    return told


FAMILY = Family(
    name="consistency",
    title="What must hold across worlds of one case",
    number=34,
    kinds=(Kind("labels", rung=3),),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
