"""Responsibility: how responsible several quantities were for what happened in one case (rung 3).

Rules and case are printed as for actual causes. The degree of responsibility (Chockler and Halpern 2004) is taken on
top of the modified definition of actual causation (Halpern 2016, section 6.1) and stated in the prompt: 1/(k+1), k the
fewest further quantities that are switched or held in an actual cause with the one asked about. Four are asked about at
once, whose degrees are three different numbers at least.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from causal_eval.causal.kinds.kind import Json
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, Literal, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.network import literal
from causal_eval.questions.posing import Posed, about_scm, number_of, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.situation import Causes, Situation, causes_of, random_situation, situation_of
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

SIZES = (5, 6, 6, 7, 7)
"""Quantities per difficulty."""
ASKED = 4
"""Quantities that are asked about."""

_TRIES = 1000
_LEVELS = 3
"""Different degrees at least."""

Degrees = dict[int, Fraction]


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """One case whose degrees are no named mistake's."""
    n = SIZES[difficulty - 1]
    for _ in range(_TRIES):
        situation, y = random_situation(n, stream)
        what = (y, situation.states()[y])
        asked = stream.sample([node for node in range(n) if node != y], ASKED)
        if _is_telling(situation, what, asked=asked):
            ask = Fact("ask-responsibility", (what, tuple(asked)))
            return Group(kind.name, n, situation.order(), ((*situation.statements(), ask),))
    raise AssertionError(f"responsibility/{kind.name} at difficulty {difficulty}: no case in {_TRIES} tries")


def _is_telling(situation: Situation, what: Literal, *, asked: Sequence[int]) -> bool:
    """The degrees are several, one of them at most 0, and no named mistake gives the same."""
    causes = causes_of(situation, what)
    degrees = _degrees(causes, asked)
    several = len({*degrees.values()}) >= _LEVELS and [*degrees.values()].count(Fraction(0)) <= 1
    return several and degrees not in _wrong(situation, what, asked=asked).values()


def _degrees(causes: Causes, asked: Sequence[int]) -> Degrees:
    """1 / the fewest quantities that are switched or held in a cause with it."""
    parts = {node: min((len(one) + held for one, held in causes.items() if node in one), default=0) for node in asked}
    return {node: Fraction(1, count) if count else Fraction(0) for node, count in parts.items()}


def _asked(facts: Facts) -> tuple[Literal, tuple[int, ...]]:
    """The outcome, and what is asked about."""
    what, asked = the_ask(facts).slots
    assert isinstance(asked, tuple)
    return literal(what), tuple(node for node in asked if isinstance(node, int))


def case(facts: Facts, n: int) -> Posed:
    """The degree of responsibility of each quantity asked about for the outcome in the printed case.

    Raises:
        VerificationMismatch: the outcome did not happen, or it is itself asked about.
    """
    situation, (what, asked) = situation_of(facts, n), _asked(facts)
    states, (y, value) = situation.states(), what
    if states[y] != value or y in asked or len({*asked}) != ASKED:
        raise VerificationMismatch(f"{ASKED} quantities other than the outcome, which must have happened, are needed")
    queries: list[dict[str, Json]] = [
        {"kind": "responsibility", "context": {}, "cause": {symbol(node): states[node]}, "phi": {symbol(y): value}}
        for node in asked
    ]
    return about_scm(situation.scm(), *queries, estimand=f"degrees of responsibility for {symbol(y)}={value}")


def spec(facts: Facts, lexicon: Lexicon) -> AnswerSpec:
    """A number for each quantity asked about."""
    _, asked = _asked(facts)
    return AnswerSpec(AnswerKind.NUMBERS, items=tuple(lexicon.names[node] for node in asked))


def answer(facts: Facts, value: Value) -> Value:
    """The degrees by quantity."""
    _, asked = _asked(facts)
    return dict(zip(asked, map(number_of, parts_of(value)), strict=True))


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What all-or-nothing, equal shares, and a count that forgets what is held would give."""
    situation, (what, asked) = situation_of(facts, n), _asked(facts)
    right = _degrees(causes_of(situation, what), asked)
    return {name: {**one} for name, one in _wrong(situation, what, asked=asked).items() if one != right}


def _wrong(situation: Situation, what: Literal, *, asked: Sequence[int]) -> dict[str, Degrees]:
    """Named wrong methods -> their degrees."""
    states, (y, value) = situation.states(), what
    causes = causes_of(situation, what)
    members = frozenset[int]().union(*causes)
    smallest = {node: min((len(one) for one in causes if node in one), default=0) for node in asked}
    return {
        "but-for or nothing": {
            node: Fraction(situation.states({node: 1 - states[node]})[y] != value) for node in asked
        },
        "every cause is fully responsible": {node: Fraction(node in members) for node in asked},
        "equal shares for all causes": {node: Fraction(node in members, len(members) or 1) for node in asked},
        "forget what is held": {node: Fraction(1, size) if size else Fraction(0) for node, size in smallest.items()},
    }


FAMILY = Family(
    name="responsibility",
    title="Degree of responsibility",
    number=33,
    kinds=(Kind("degrees", rung=3),),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
