"""Counterfactual: what would have been in the one case at hand, had one quantity been otherwise (rung 3).

Every mechanism is printed as a strict rule and every root with its probability, so the printed facts decide all
counterfactuals. Truth: abduction of the *joint* posterior of the roots from what was observed, action, prediction. What
was observed always includes an effect of the quantity that is changed, and without it the answer would be another.
``probability`` asks for a number, ``world`` for the state of every other quantity, ``would`` asks *would it have been
so?* and *would it have been otherwise?* of two models of one graph with the same observations: in one the outcome would
have stayed as it was, in the other not; the four answers are one scoring unit.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from causal_eval.causal.query import Case, Query
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.abduction import Unit, wrong_anew, wrong_numbers, wrong_worlds
from causal_eval.questions.circuit import (
    Circuit,
    gates_of,
    independent,
    is_tied,
    likeliest,
    mass,
    share_of,
    sorted_gates,
)
from causal_eval.questions.facts import Fact, Facts, Literal, observed, of_form, remembered, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.margins import SCALE, clear, discriminates, rough
from causal_eval.questions.network import literal, scm_of
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.ruled import Found, Ruled, Shape, cases_of, odds_of, seen_in, shape_of, tied
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

RAREST = Fraction(1, 20)
"""What was observed in a ``probability`` question has at least this probability."""

SIZES: Mapping[str, tuple[tuple[int, int], ...]] = {
    "probability": ((3, 2), (3, 3), (4, 3), (4, 4), (5, 4)),
    "world": ((3, 3), (3, 4), (4, 4), (4, 5), (5, 4)),
    "would": ((3, 3), (3, 4), (4, 4), (4, 5), (5, 4)),
}
"""Kind -> (roots, quantities with a rule) per difficulty."""


_REACH: Mapping[str, int] = {"probability": 1, "world": 2, "would": 2}
"""Kind -> what the changed quantity affects at least: one monotone rule tells nothing of an outcome that flips."""
_LOOKS = 3
"""Sets of observations, and of probabilities, that are tried for one model."""
_TRIES = 10
"""Models that are tried for one set of observations in search of a pair."""


class _Picked(NamedTuple):
    """A case of a model."""

    model: Ruled
    case: Found

    def as_seen(self, evidence: tuple[Literal, ...]) -> _Picked:
        """The same with states so named that *evidence*, which is of the same quantities, is what was seen."""
        model = self.model.renamed({node for node, _ in set(self.case.evidence) - set(evidence)})
        then = model.changed[1 - evidence[0][1]][model.shape.y]
        return _Picked(model, Found(evidence, self.case.support, then, self.case.blind))

    def told_by(self, mask: int, weights: Sequence[int]) -> bool:
        """The likeliest setting in *mask* gives the outcome that all of those give which fit what was seen."""
        then, support = self.case.then, self.case.support
        return bool(then >> likeliest(mask, weights) & 1) == bool(then & support)


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """A twin group of *kind* that keeps every margin of ``engine.md``."""
    roots, ruled = SIZES[kind.name][difficulty - 1]
    make = {"probability": _number, "world": _world, "would": _pair}[kind.name]
    for _ in range(2000):
        shape = shape_of(roots, ruled, reach=_REACH[kind.name], stream=stream)
        if shape and (members := make(shape, stream)):
            return Group(kind.name, shape.n, tuple(range(shape.n)), members)
    raise AssertionError(f"counterfactual/{kind.name} at difficulty {difficulty}: no model keeps the margins")


def case(facts: Facts, n: int) -> Case:
    """The counterfactual query that the printed rules, probabilities and observations decide.

    A ``world`` is found on the circuit of the rules and put as one event, which the exact engine has to prove certain.
    """
    unit = _unit(facts, n)
    ask = the_ask(facts)
    event = tuple(sorted(unit.decided().items())) if ask.form == "ask-world" else (literal(ask.slots[0]),)
    if ask.form == "ask-anew":
        query = Query(kind="do", event=event, do=(unit.do,))
    else:
        query = Query(kind="counterfactual", event=event, do=(unit.do,), evidence=unit.evidence)
    scm = scm_of(facts, n)
    return Case(tuple(f"V{node}" for node in range(n)), scm.graph, scm, query)


def spec(facts: Facts, lexicon: Lexicon) -> AnswerSpec:
    """A number, yes / no, or a state for every quantity but the changed one."""
    ask = the_ask(facts)
    if ask.form != "ask-world":
        return AnswerSpec(AnswerKind.YES_NO if ask.form == "ask-would" else AnswerKind.NUMBER)
    items = [node for node in range(len(lexicon.names)) if node != literal(ask.slots[0])[0]]
    words = {word for node in items for word in lexicon.states[node]}
    names = sorted(lexicon.names[node] for node in items)
    return AnswerSpec(AnswerKind.LABELS, options=tuple(sorted(words)), items=tuple(names))


def answer(facts: Facts, value: Value) -> Value:
    """The number itself, whether it is 1, or the world that it proves."""
    match the_ask(facts).form:
        case "ask-had" | "ask-anew":
            return value
        case "ask-would" if value in (0, 1):
            return value == 1
        case "ask-world" if value == 1:
            return _unit(facts, len(of_form(facts, "base")) + len(gates_of(facts))).decided()
    raise VerificationMismatch(f"what was observed does not decide the question: probability {value}, not 0 or 1")


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What skipping or spoiling one of the three steps would give, where that is not the truth."""
    unit = _unit(facts, n)
    ask = the_ask(facts)
    if ask.form == "ask-had":
        return wrong_numbers(unit, literal(ask.slots[0]))
    if ask.form == "ask-anew":
        return wrong_anew(unit, literal(ask.slots[0]))
    worlds = wrong_worlds(unit)
    if ask.form == "ask-world":
        truth = unit.decided()
        return {name: world for name, world in worlds.items() if world != truth}
    y, value = literal(ask.slots[0])
    held = unit.support & unit.changed[y] == unit.support * value
    return {name: not held for name, world in worlds.items() if (world[y] == value) != held}


@remembered
def _unit(facts: Facts, n: int) -> Unit:
    """The model and the case that the facts state.

    Raises:
        VerificationMismatch: a statement is missing, doubled or of a kind that has no place here.
    """
    for fact in facts:
        if not fact.form.startswith(("base", "rule-", "observed", "mechanical", "ask-")):
            raise VerificationMismatch(f"a statement of form {fact.form!r} has no place in a counterfactual question")
    bases = [(literal(fact.slots[0]), fact.slots[1]) for fact in of_form(facts, "base")]
    odds = {node: p if value else 1 - p for (node, value), p in bases if isinstance(p, Fraction)}
    gates = gates_of(facts)
    evidence = [literal(fact.slots[0]) for fact in of_form(facts, "observed")]
    unseen = the_ask(facts).form == "ask-anew"
    counts = (len(bases), len(bases) + len(gates), len(dict(evidence)), len(of_form(facts, "mechanical")))
    if counts != (len(odds), n, len(evidence), 1) or not odds.keys().isdisjoint(gates) or bool(evidence) is unseen:
        raise VerificationMismatch(
            "a counterfactual question needs one probability or rule a quantity, one observation or more, none twice, "
            "and the assumption that the rules are strict"
        )
    circuit = Circuit(n, dict(sorted(odds.items())), sorted_gates(gates, odds))
    return Unit.of(circuit, evidence=evidence, do=literal(the_ask(facts).slots[-1]))


def _statements(unit: Unit) -> Facts:
    """Everything that is printed but the question."""
    circuit = unit.circuit
    return (
        *(Fact("base", ((root, 1), p)) for root, p in circuit.odds.items()),
        *(gate.fact(node) for node, gate in circuit.gates.items()),
        *(observed(node, value) for node, value in unit.evidence),
        Fact("mechanical"),
    )


def _clear(case: Found, circuit: Circuit, *, weights: Sequence[int]) -> bool:
    """What was seen is not too rare, and the answer is apart from those guesses that most often spoil a draw."""
    whole, total = mass(case.support, weights), circuit.total()
    if whole * RAREST.denominator < total * RAREST.numerator:
        return False
    truth = rough(mass(case.then & case.support, weights), whole)
    shares = [rough(p.numerator, p.denominator) for p in circuit.odds.values()]
    if not clear(truth, (0, SCALE // 2, SCALE, *shares, *(SCALE - p for p in shares))):
        return False
    skipping = rough(mass(case.then, weights), total)
    blind = rough(mass(case.then & case.blind, weights), mass(case.blind, weights))
    if not clear(truth, (skipping, blind)):
        return False
    forgetful = independent(case.support, weights)
    return clear(truth, (rough(mass(case.then, forgetful), sum(forgetful)),))


def _number(shape: Shape, stream: Stream) -> tuple[Facts, ...]:
    """One question for a probability, or nothing where a margin is not kept."""
    shape = tied(shape, (shape.x, *shape.below), stream=stream)
    model = Ruled.draw(shape, stream)
    found = {case.evidence: case for _ in range(_LOOKS) for case in cases_of(model, seen_in(shape, stream))}
    telling = [case for case in found.values() if case.open and case.telling]
    cases = stream.shuffled([case for case in telling if is_tied(case.support, case.then, roots=shape.roots)])
    for _ in range(_LOOKS if cases else 0):
        odds = odds_of(shape, stream)
        circuit = Circuit(shape.n, odds, model.gates)
        weights = circuit.weights()
        for case in cases:
            if not _clear(case, circuit, weights=weights):
                continue
            unit = model.unit(case.evidence, odds)
            what = (shape.y, stream.below(2))
            facts = (*_statements(unit), Fact("ask-had", (what, unit.do)))
            truth = share_of(case.then if what[1] else ~case.then, case.support, weights=weights)
            if discriminates(truth, facts, mistakes=wrong_numbers(unit, what)):
                return (facts,)
    return ()


def _world(shape: Shape, stream: Stream) -> tuple[Facts, ...]:
    """One question for the whole changed world, which what was seen pins down, or nothing."""
    model = Ruled.draw(shape, stream)
    for setting in stream.shuffled(range(1 << shape.roots)):
        then = model.changed[1 - (model.actual[shape.x] >> setting & 1)]
        spread = sum((model.actual[node] ^ then[node]) >> setting & 1 for node in shape.below)
        if spread < 2 or not (evidence := _pins(model, setting, stream=stream)):  # noqa: PLR2004 - it must spread
            continue
        unit = model.unit(evidence, odds_of(shape, stream))
        wrong, truth = wrong_worlds(unit), unit.decided()
        if truth not in wrong.values():
            return ((*_statements(unit), Fact("ask-world", (unit.do,))),)
    return ()


def _pins(model: Ruled, setting: int, *, stream: Stream) -> list[Literal]:
    """A smallest set of observations that only *setting* fits, one of them below the change; or nothing."""
    shape = model.shape
    masks = [column if column >> setting & 1 else ~column for column in model.actual]
    start = masks[shape.x] & model.full
    pool = stream.shuffled([node for node in range(shape.roots, shape.n) if node != shape.x])
    pool.append(stream.below(shape.roots))
    if functools.reduce(operator.and_, (masks[node] for node in pool), start) != 1 << setting:
        return []
    for size in range(1, len(pool) + 1):
        for nodes in itertools.combinations(pool, size):
            if functools.reduce(operator.and_, (masks[node] for node in nodes), start) == 1 << setting:
                idle = set(shape.below).isdisjoint(nodes)
                return [] if idle else [(node, model.actual[node] >> setting & 1) for node in (shape.x, *nodes)]
    return []


def _pair(shape: Shape, stream: Stream) -> tuple[Facts, ...]:
    """Both questions of a case in which the outcome stays and of one in which it does not, or nothing."""
    # where the quantities that are affected share nothing else, the rules alone decide every outcome that surely flips
    shape = tied(shape, shape.below, stream=stream)
    looks = {
        tuple(sorted({*seen_in(shape, stream)[1:], stream.choice(shape.below[:-1]), shape.y})) for _ in range(_LOOKS)
    }
    found: dict[tuple[int, ...], dict[bool, _Picked]] = {(shape.x, *seen): {} for seen in sorted(looks)}
    for _ in range(_TRIES):
        model = Ruled.draw(shape, stream)
        for seen, pair in found.items():
            cases = [case for case in cases_of(model, seen) if case.telling and not case.open]
            for case in stream.shuffled(cases) if cases else ():
                stays = bool(case.then & case.support) == bool(dict(case.evidence)[shape.y])
                pair.setdefault(stays, _Picked(model, case))
            if len(pair) > 1:
                return _misleading((pair[True], pair[False].as_seen(pair[True].case.evidence)), stream)
    return ()


def _misleading(pair: tuple[_Picked, _Picked], stream: Stream) -> tuple[Facts, ...]:
    """The questions of two cases, with probabilities that mislead about just one of them who forgoes the evidence."""
    shape = pair[0].model.shape
    for _ in range(_LOOKS):
        units = [picked.model.unit(picked.case.evidence, odds_of(shape, stream)) for picked in pair]
        told = [(picked, unit.circuit.weights()) for picked, unit in zip(pair, units, strict=True)]
        skipping = sum(picked.told_by(picked.model.full, weights) for picked, weights in told)
        ignoring = sum(picked.told_by(picked.case.blind, weights) for picked, weights in told)
        if skipping == ignoring == 1:
            asks = [Fact("ask-would", ((shape.y, value), units[0].do)) for value in (1, 0)]
            return tuple((*_statements(unit), ask) for unit in units for ask in asks)
    return ()


FAMILY = Family(
    name="counterfactual",
    title="Counterfactual of one case",
    number=26,
    kinds=(
        Kind("probability", rung=3, weight=3),
        Kind("world", rung=3, weight=2),
        Kind("would", rung=3, size=4, joint=True, weight=1),
    ),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
