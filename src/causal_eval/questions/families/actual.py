"""Actual: everything that was an actual cause of what happened in one case (rung 3).

Every rule is printed, and the state of every quantity without one; the definition is the modified one of Halpern and
Pearl (2015), stated in the prompt. Truth: all sets that meet AC1 to AC3, but for the outcome itself. The settings are
pre-emption, overdetermination, switches, votes and double prevention, so drawn that but-for causes are not the answer.
``causes`` asks about one case; ``twins`` about two that differ in one rule, by which a but-for cause becomes one that
pre-empts another; both are one scoring unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from causal_eval.causal.graph import bits
from causal_eval.causal.kinds.kind import Json
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, Literal, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.network import literal
from causal_eval.questions.posing import Posed, about_scm, by_name, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.situation import Situation, causes_of, random_situation, situation_of, variations
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

SIZES = (5, 6, 6, 7, 8)
"""Quantities per difficulty."""

Sets = frozenset[frozenset[int]]

_TRIES = 500
_FEWEST, _MOST = 2, 6
"""Causes that a question has."""
_LARGEST = 3
"""Members of a cause at most."""


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """One case, or two that differ in one rule, in which causes are more or others than but-for causes."""
    n = SIZES[difficulty - 1]
    for _ in range(_TRIES):
        situation, y = random_situation(n, stream)
        what = (y, situation.states()[y])
        if not _is_telling(situation, what):
            continue
        others = [] if kind.size == 1 else _twins(situation, what)
        if kind.size == 1 or others:
            chosen = [situation, *stream.sample(others, kind.size - 1)]
            members = tuple((*one.statements(), Fact("ask-actual", (what,))) for one in stream.shuffled(chosen))
            return Group(kind.name, n, situation.order(), members)
    raise AssertionError(f"actual/{kind.name} at difficulty {difficulty}: no case in {_TRIES} tries")


def _is_telling(situation: Situation, what: Literal) -> bool:
    """Some cause is no but-for cause, no named mistake is right, and the answer is not too long to write down."""
    if not _is_whole(situation, what):
        return False
    if len(_but_for(situation, what)) == situation.n - 1:
        return False
    return _is_sound(situation, what, found=_found(situation, what))


def _is_sound(situation: Situation, what: Literal, *, found: Sets) -> bool:
    """No named mistake is right, and the causes are not too many to write down."""
    fits = _FEWEST <= len(found) <= _MOST and max(map(len, found)) <= _LARGEST
    return fits and found not in _wrong(situation, what, found=found).values()


def _is_whole(situation: Situation, what: Literal) -> bool:
    """Everything is before the outcome."""
    graph = situation.graph()
    return graph.ancestors(1 << what[0]) == graph.everything


def _twins(situation: Situation, what: Literal) -> list[Situation]:
    """Cases with one other rule, by which a cause that pre-empts another is a but-for cause, and the causes differ."""
    found = _found(situation, what)
    singles = {node for (node,) in (cause for cause in found if len(cause) == 1)}
    pre_empting = singles - _but_for(situation, what)
    others = [
        other
        for other in variations(situation)
        if other.states()[what[0]] == what[1] and not pre_empting.isdisjoint(_but_for(other, what))
    ]
    causes = [_found(other, what) for other in others]
    return [
        other
        for other, theirs in zip(others, causes, strict=True)
        if theirs != found and _is_sound(other, what, found=theirs)
    ]


def _found(situation: Situation, what: Literal) -> Sets:
    """All actual causes but the outcome itself."""
    return frozenset(causes_of(situation, what))


def _but_for(situation: Situation, what: Literal) -> set[int]:
    """The quantities without whose state the outcome would have been another."""
    states, (y, value) = situation.states(), what
    return {node for node in range(situation.n) if node != y and situation.states({node: 1 - states[node]})[y] != value}


def case(facts: Facts, n: int) -> Posed:
    """Every actual cause of the outcome in the printed case.

    Raises:
        VerificationMismatch: what is to be explained did not happen.
    """
    situation, (node, value) = situation_of(facts, n), literal(the_ask(facts).slots[0])
    if situation.states()[node] != value:
        raise VerificationMismatch(f"what is to be explained, node {node} being {value}, did not happen in this case")
    query: dict[str, Json] = {"kind": "all_causes", "context": {}, "phi": {symbol(node): value}}
    return about_scm(situation.scm(), query, estimand=f"all actual causes of {symbol(node)}={value}")


def spec(facts: Facts, lexicon: Lexicon) -> AnswerSpec:
    """Sets of quantities other than the outcome."""
    y, _ = literal(the_ask(facts).slots[0])
    items = tuple(name for node, name in enumerate(lexicon.names) if node != y)
    return AnswerSpec(AnswerKind.SETS, items=items)


def answer(facts: Facts, value: Value) -> Value:
    """The causes, the trivial one left out."""
    y, _ = literal(the_ask(facts).slots[0])
    causes = [parts_of(cause) for cause in parts_of(by_name(parts_of(value)[0])["causes"])]
    found = [tuple(parts_of(pair)[0] for pair in cause) for cause in causes]
    return tuple(cause for cause in found if cause != (y,))


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What the but-for test, a look at the rules alone, or taking joint causes apart would give."""
    situation, what = situation_of(facts, n), literal(the_ask(facts).slots[0])
    found = _found(situation, what)
    wrong = _wrong(situation, what, found=found)
    return {name: _sorted(sets) for name, sets in wrong.items() if sets != found}


def _wrong(situation: Situation, what: Literal, *, found: Sets) -> dict[str, Sets]:
    """Named wrong methods -> their sets; one that asks no more than the right one is left out."""
    graph, y = situation.graph(), what[0]
    wrong = {
        "but-for causes only": _alone(_but_for(situation, what)),
        "everything that leads to it": _alone(range(situation.n)) - {frozenset((y,))},
        "direct causes only": _alone(bits(graph.parents[y])),
    }
    apart = _alone(node for cause in found for node in cause)
    return wrong if apart == found else {**wrong, "joint causes taken apart": apart}


def _alone(nodes: Iterable[int]) -> Sets:
    return frozenset(frozenset((node,)) for node in nodes)


def _sorted(sets: Sets) -> Value:
    return tuple(sorted(tuple(sorted(one)) for one in sets))


FAMILY = Family(
    name="actual",
    title="Actual causes of what happened",
    number=32,
    kinds=(Kind("causes", rung=3), Kind("twins", rung=3, size=2, joint=True)),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
