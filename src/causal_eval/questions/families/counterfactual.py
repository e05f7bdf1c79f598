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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.causal.query import Case, Query
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.abduction import Unit, wrong_numbers, wrong_worlds
from causal_eval.questions.circuit import Circuit, Gate, gates_of, independent, is_tied, mass, share_of, sorted_gates
from causal_eval.questions.facts import Fact, Facts, Literal, observed, of_form, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.margins import apart, discriminates
from causal_eval.questions.network import literal, scm_of
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.tables import PERCENT, SHARES
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


_EVEN = Fraction(1, 2)
_ODDS = tuple(p for p in SHARES[10 : PERCENT - 9] if abs(p - _EVEN) >= Fraction(1, 20))
"""Probabilities of roots: one state is always the likelier one."""
_MOST = 3
"""Direct causes a rule has at most."""
_LOOKS = 3
"""Sets of observations, and of probabilities, that are tried for one model."""
_TRIES = 24
"""Models that are tried for one set of observations in search of a pair."""
_FORGOING = ("skip abduction", "ignore what was seen downstream")
"""Wrong methods that use the rules but not all that was seen."""
_CERTAIN = (Fraction(0), Fraction(1))


@dataclass(frozen=True, slots=True)
class _Shape:
    """Who depends on whom: nodes 0..roots-1 are roots, the others follow in causal order."""

    roots: int
    causes: tuple[tuple[int, ...], ...]
    """Direct causes of nodes roots, roots + 1, ..."""
    x: int
    y: int
    below: tuple[int, ...]
    """What *x* affects."""

    @property
    def n(self) -> int:
        return self.roots + len(self.causes)


@dataclass(frozen=True, slots=True)
class _Ruled:
    """A shape with rules, before its roots have probabilities."""

    shape: _Shape
    gates: Mapping[int, Gate]
    actual: Sequence[int]
    """Per node the settings in which it is 1."""
    changed: tuple[Sequence[int], Sequence[int]]
    """The same when the changed quantity is held at 0 and at 1."""

    @classmethod
    def draw(cls, shape: _Shape, stream: Stream) -> _Ruled:
        """A model of *shape* with random rules."""
        circuit = Circuit(shape.n, dict.fromkeys(range(shape.roots), _EVEN), _gates(shape, stream))
        changed = circuit.columns({shape.x: 0}), circuit.columns({shape.x: 1})
        return cls(shape, circuit.gates, circuit.columns(), changed)

    @property
    def full(self) -> int:
        """The mask of all settings."""
        return (1 << (1 << self.shape.roots)) - 1

    def unit(self, evidence: Iterable[Literal], odds: Mapping[int, Fraction]) -> Unit:
        """The case in which *evidence* was seen and the quantity to change is the other way round."""
        seen = tuple(sorted(evidence))
        held = 1 - dict(seen)[self.shape.x]
        circuit = Circuit(self.shape.n, odds, self.gates)
        return Unit(circuit, seen, (self.shape.x, held), tuple(self.actual), tuple(self.changed[held]))


@dataclass(frozen=True, slots=True)
class _Found:
    """Observations that can be made, and what they say about the outcome after the change."""

    evidence: tuple[Literal, ...]
    support: int
    then: int
    """The settings in which the outcome would be 1."""
    blind: int
    """The settings that fit what was seen of quantities that the change does not reach."""

    @property
    def open(self) -> bool:
        """Two settings or more fit, and they disagree about the outcome."""
        return self.then & self.support not in (0, self.support)

    @property
    def telling(self) -> bool:
        """What was seen of effects of the change matters: without it the outcome is open."""
        return self.then & self.blind not in (0, self.blind) and self.blind != self.support

    def clear(self, weights: Sequence[int]) -> bool:
        """What was seen is not too rare, and the answer is apart from those guesses that most often spoil a draw."""
        whole = mass(self.support, weights)
        if whole * RAREST.denominator < sum(weights) * RAREST.numerator:
            return False
        truth = Fraction(mass(self.then & self.support, weights), whole)
        blind = share_of(self.then, self.blind, weights=weights)
        forgetful = independent(self.support, weights)
        return apart(truth, (*_CERTAIN, blind, Fraction(mass(self.then, forgetful), sum(forgetful))))


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """A twin group of *kind* that keeps every margin of ``engine.md``."""
    roots, ruled = SIZES[kind.name][difficulty - 1]
    make = {"probability": _number, "world": _world, "would": _pair}[kind.name]
    for _ in range(2000):
        shape = _shape(roots, ruled, stream=stream)
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
        case "ask-had":
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
    worlds = wrong_worlds(unit)
    if ask.form == "ask-world":
        truth = unit.decided()
        return {name: world for name, world in worlds.items() if world != truth}
    y, value = literal(ask.slots[0])
    held = unit.support & unit.changed[y] == unit.support * value
    return {name: not held for name, world in worlds.items() if (world[y] == value) != held}


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
    counts = (len(bases), len(bases) + len(gates), len(dict(evidence)), len(of_form(facts, "mechanical")))
    if counts != (len(odds), n, len(evidence), 1) or not odds.keys().isdisjoint(gates) or not evidence:
        raise VerificationMismatch(
            "a counterfactual question needs one probability or rule a quantity, one observation or more, none twice, "
            "and the assumption that the rules are strict"
        )
    circuit = Circuit(n, dict(sorted(odds.items())), sorted_gates(gates, odds))
    return Unit.of(circuit, evidence=evidence, do=literal(the_ask(facts).slots[-1]))


def _shape(roots: int, ruled: int, *, stream: Stream) -> _Shape | None:
    """Random rules' causes, two or three each, in which roots are shared; None where *x* does not affect *y*."""
    unused = stream.shuffled(range(roots))
    causes = [tuple(sorted((unused.pop(), unused.pop())))]
    takes = dict(zip(stream.sample(range(1, ruled), len(unused)), unused, strict=True))
    for place in range(1, ruled):
        chosen = {roots + (place - 1 if stream.chance(3, 5) else stream.below(place))}
        if place > 1 and stream.chance(1, 3):
            chosen.add(roots + stream.below(place))
        if place in takes:
            chosen.add(takes[place])
        while len(chosen) < 2 or (len(chosen) < _MOST and stream.chance(1, 2)):  # noqa: PLR2004 - a rule of one cause is a name
            chosen.add(stream.choice(causes[0]) if stream.chance(1, 2) else stream.below(roots))
        causes.append(tuple(sorted(chosen)))
    x = roots + (stream.below(2) if ruled > 2 else 0)  # noqa: PLR2004 - the last of two is the outcome
    below = [x]
    for node in range(x + 1, roots + ruled):
        if not set(below).isdisjoint(causes[node - roots]):
            below.append(node)
    y = roots + ruled - 1
    return _Shape(roots, tuple(causes), x, y, tuple(below[1:])) if y in below else None


def _gates(shape: _Shape, stream: Stream) -> dict[int, Gate]:
    """Random rules for *shape*: all, any, or two of three, with random states."""
    gates: dict[int, Gate] = {}
    for node, causes in enumerate(shape.causes, shape.roots):
        needed = 2 if len(causes) == _MOST and stream.chance(1, 2) else stream.choice((1, len(causes)))
        flips = stream.bits(len(causes) + 1)
        literals = tuple((cause, flips >> place & 1) for place, cause in enumerate(causes))
        gates[node] = Gate(flips >> len(causes), needed, literals)
    return gates


def _odds(shape: _Shape, stream: Stream) -> dict[int, Fraction]:
    """Random probabilities of the roots."""
    return {root: _ODDS[stream.below(len(_ODDS))] for root in range(shape.roots)}


def _cases(model: _Ruled, seen: Sequence[int]) -> Iterator[_Found]:
    """Everything that could be seen of *seen*: of the changed quantity first, then of what it does not affect."""
    low, high = model.changed
    reached = {node for node in seen if node != model.shape.x and low[node] != high[node]}
    parts: list[tuple[tuple[Literal, ...], int, int]] = [((), model.full, model.full)]
    for node in sorted(seen, key=reached.__contains__):
        column = model.actual[node]
        split = [
            ((*evidence, (node, value)), mask & side, blind if node in reached else mask & side)
            for evidence, mask, blind in parts
            for value, side in enumerate((~column, column))
        ]
        parts = [part for part in split if part[1]]
    for evidence, support, blind in parts:
        yield _Found(evidence, support, model.changed[1 - evidence[0][1]][model.shape.y], blind)


def _statements(unit: Unit) -> Facts:
    """Everything that is printed but the question."""
    circuit = unit.circuit
    return (
        *(Fact("base", ((root, 1), p)) for root, p in circuit.odds.items()),
        *(gate.fact(node) for node, gate in circuit.gates.items()),
        *(observed(node, value) for node, value in unit.evidence),
        Fact("mechanical"),
    )


def _seen(shape: _Shape, stream: Stream) -> list[int]:
    """What is observed: the changed quantity, at times one out of its reach, and one or two that it affects."""
    others = list(range(shape.roots, shape.x))
    other = stream.sample(others, 1) if others and stream.chance(1, 2) else []
    return [shape.x, *other, *stream.sample(shape.below, min(len(shape.below), stream.between(1, 2)))]


def _number(shape: _Shape, stream: Stream) -> tuple[Facts, ...]:
    """One question for a probability, or nothing where a margin is not kept."""
    model = _Ruled.draw(shape, stream)
    found = {case.evidence: case for _ in range(_LOOKS) for case in _cases(model, _seen(shape, stream))}
    telling = [case for case in found.values() if case.open and case.telling]
    cases = stream.shuffled([case for case in telling if is_tied(case.support, case.then, roots=shape.roots)])
    for _ in range(_LOOKS if cases else 0):
        odds = _odds(shape, stream)
        weights = Circuit(shape.n, odds, model.gates).weights()
        for case in cases:
            if not case.clear(weights):
                continue
            unit = model.unit(case.evidence, odds)
            what = (shape.y, stream.below(2))
            facts = (*_statements(unit), Fact("ask-had", (what, unit.do)))
            truth = share_of(case.then if what[1] else ~case.then, case.support, weights=weights)
            if discriminates(truth, facts, mistakes=wrong_numbers(unit, what)):
                return (facts,)
    return ()


def _world(shape: _Shape, stream: Stream) -> tuple[Facts, ...]:
    """One question for the whole changed world, which what was seen pins down, or nothing."""
    model = _Ruled.draw(shape, stream)
    for setting in stream.shuffled(range(1 << shape.roots)):
        then = model.changed[1 - (model.actual[shape.x] >> setting & 1)]
        spread = sum((model.actual[node] ^ then[node]) >> setting & 1 for node in shape.below)
        if spread < 2 or not (evidence := _pins(model, setting, stream=stream)):  # noqa: PLR2004 - it must spread
            continue
        unit = model.unit(evidence, _odds(shape, stream))
        wrong, truth = wrong_worlds(unit), unit.decided()
        if truth not in wrong.values():
            return ((*_statements(unit), Fact("ask-world", (unit.do,))),)
    return ()


def _pins(model: _Ruled, setting: int, *, stream: Stream) -> list[Literal]:
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


def _pair(shape: _Shape, stream: Stream) -> tuple[Facts, ...]:
    """Both questions of a case in which the outcome stays and of one in which it does not, or nothing."""
    if len(shape.below) < 2:  # noqa: PLR2004 - one monotone rule tells nothing of an outcome that flips
        return ()
    seen = [*dict.fromkeys([*_seen(shape, stream), *stream.sample(shape.below[:-1], 1), shape.y])]
    found: dict[tuple[Literal, ...], dict[bool, tuple[_Ruled, _Found]]] = {}
    for _ in range(_TRIES):
        model = _Ruled.draw(shape, stream)
        for case in stream.shuffled([case for case in _cases(model, seen) if case.telling and not case.open]):
            pair = found.setdefault(tuple(sorted(case.evidence)), {})
            stays = bool(case.then & case.support) == bool(dict(case.evidence)[shape.y])
            pair.setdefault(stays, (model, case))
            if len(pair) > 1:
                return _misleading([pair[True], pair[False]], stream)
    return ()


def _misleading(pair: Sequence[tuple[_Ruled, _Found]], stream: Stream) -> tuple[Facts, ...]:
    """The questions of two cases, with probabilities that mislead about just one of them who forgoes the evidence."""
    y = pair[0][0].shape.y
    for _ in range(_LOOKS):
        units = [model.unit(case.evidence, _odds(model.shape, stream)) for model, case in pair]
        worlds = [wrong_worlds(unit) for unit in units]
        truths = [int(case.then & case.support != 0) for _, case in pair]
        right = [sum(w[name][y] == truth for w, truth in zip(worlds, truths, strict=True)) for name in _FORGOING]
        if right == [1] * len(_FORGOING):
            return tuple(
                (*_statements(unit), Fact("ask-would", ((y, value), unit.do))) for unit in units for value in (1, 0)
            )
    return ()


FAMILY = Family(
    name="counterfactual",
    title="Counterfactual of one case",
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
