"""Answers with parts by whoever sees format and names alone: candidates, classes, and what each guess is worth."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from causal_eval.questions.question import AnswerKind, Question
from causal_eval.scoring.hidden import equals_effect

FOLDS = 10
STATES = ("", "->", "<-", "--")
"""How two nodes of a graph can be joined, the earlier item on the left."""
Policy = Callable[[Sequence[Sequence[Question]]], Fraction]
"""Scoring units -> expected score of one way of guessing."""


def formulas(question: Question) -> dict[str, str | None]:
    """Name -> the formula that somebody without the graph would write for the effect asked about."""
    x, y, z = (_listed(question.gold["query"].get(field)) for field in ("X", "Y", "Z"))
    others = [item for item in question.answer.items if item not in {*x, *y, *z}]
    adjusted = _prob(y, [*x, *z])
    if others:
        adjusted = f"sum_{{{','.join(others)}}} {_prob(y, [*x, *z, *others])} {_prob(others, z)}"
    return {"none": None, "conditional": _prob(y, [*x, *z]), "marginal": _prob(y, z), "adjusted": adjusted}


def right_formulas(question: Question) -> list[str]:
    """The names among :func:`formulas` of those that are right."""
    if question.gold["formula"] is None:
        return ["none"]
    return [name for name, text in formulas(question).items() if text and equals_effect(text, question.gold)]


def vector(question: Question) -> tuple[Fraction, ...]:
    """The numbers of a NUMBERS or INTERVAL gold, in the order of the items."""
    gold: Any = question.gold
    values = [gold[item] for item in question.answer.items] if isinstance(gold, dict) else gold
    return tuple([Fraction(str(value)) for value in values])


def joins(question: Question) -> tuple[str, ...]:
    """For every pair of nodes of a GRAPH gold, in the order of the items, one of :data:`STATES`."""
    directed = {tuple(edge) for edge in question.gold["directed"]}
    undirected = {frozenset(edge) for edge in question.gold["undirected"]}
    found = []
    for one, other in itertools.combinations(question.answer.items, 2):
        arrow = "->" if (one, other) in directed else "<-" if (other, one) in directed else ""
        found.append("--" if {one, other} in undirected else arrow)
    return tuple(found)


def graph(items: Sequence[str], states: Iterable[str]) -> dict[str, list[list[str]]]:
    """The gold JSON of a graph whose pairs are joined as *states* say."""
    pairs = list(zip(itertools.combinations(items, 2), states, strict=True))
    directed = [
        [one, other] if state == "->" else [other, one] for (one, other), state in pairs if state in STATES[1:3]
    ]
    undirected = [sorted(pair) for pair, state in pairs if state == "--"]
    return {"directed": sorted(directed), "undirected": sorted(undirected)}


def places(question: Question) -> tuple[int, ...]:
    """An ORDER gold as places in the items."""
    return tuple([question.answer.items.index(item) for item in question.gold])


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _prob(event: Sequence[str], given: Sequence[str]) -> str:
    return f"P({','.join(event)}|{','.join(given)})" if given else f"P({','.join(event)})"


def _always(right: Callable[[Question], bool]) -> Policy:
    """One answer to every question, right where *right* says."""

    def policy(units: Sequence[Sequence[Question]]) -> Fraction:
        return Fraction(sum(all(map(right, unit)) for unit in units), len(units))

    return policy


def _drawn(probability: Callable[[Question], Fraction]) -> Policy:
    """A draw that is right with *probability*."""

    def policy(units: Sequence[Sequence[Question]]) -> Fraction:
        return sum((math.prod(map(probability, unit), start=Fraction(1)) for unit in units), Fraction(0)) / len(units)

    return policy


def _learnt(classes: Callable[[Question], Hashable]) -> Policy:
    """The class that most others have, in ten parts: an answer chosen on what it is counted on is luck."""

    def policy(units: Sequence[Sequence[Question]]) -> Fraction:
        known = [[classes(question) for question in unit] for unit in sorted(units, key=lambda unit: unit[0].id)]
        folds, right = min(FOLDS, len(known)), 0
        for fold in range(folds):
            counts = Counter(one for place, unit in enumerate(known) if place % folds != fold for one in unit)
            best = max(counts, key=lambda one: (counts[one], repr(one))) if counts else None
            right += sum(all(one == best for one in unit) for unit in known[fold::folds])
        return Fraction(right, len(known))

    return policy


def _windows(units: Sequence[Sequence[Question]]) -> Fraction:
    """For each number by itself the window of tolerance width that held most others."""
    ordered = sorted(units, key=lambda unit: unit[0].id)
    folds, right = min(FOLDS, len(ordered)), 0
    for fold in range(folds):
        seen = [vector(one) for place, unit in enumerate(ordered) if place % folds != fold for one in unit]
        width = 2 * ordered[0][0].answer.tolerance
        lows = [_fullest(column, width) for column in _columns(seen)]
        right += sum(all(_inside(vector(one), lows, width=width) for one in unit) for unit in ordered[fold::folds])
    return Fraction(right, len(ordered))


def _columns(vectors: Sequence[Sequence[Fraction]]) -> list[list[Fraction]]:
    longest = max(map(len, vectors), default=0)
    return [sorted(one[place] for one in vectors if place < len(one)) for place in range(longest)]


def _fullest(column: Sequence[Fraction], width: Fraction) -> Fraction:
    """The lower end of the window that holds the most of the ascending numbers."""
    low, most, best = 0, 0, column[0]
    for high, number in enumerate(column):
        while number - column[low] > width:
            low += 1
        if high - low + 1 > most:
            most, best = high - low + 1, column[low]
    return best


def _inside(numbers: Sequence[Fraction], lows: Sequence[Fraction], *, width: Fraction) -> bool:
    return len(numbers) <= len(lows) and all(low <= one <= low + width for one, low in zip(numbers, lows, strict=False))


def _cell(question: Question) -> tuple[int, ...]:
    """The box of tolerance width in which all numbers lie together."""
    width = 2 * question.answer.tolerance or Fraction(1, 1000)
    return tuple([math.floor(number / width) for number in vector(question)])


def _unit_span(question: Question) -> bool:
    low, high = vector(question)
    return abs(low) <= question.answer.tolerance and abs(high - 1) <= question.answer.tolerance


def _drawn_joins(units: Sequence[Sequence[Question]]) -> Fraction:
    """Every pair of nodes joined by a draw from how pairs are joined."""
    counts = Counter(state for unit in units for question in unit for state in joins(question))
    total = sum(counts.values())
    return _drawn(
        lambda question: math.prod((Fraction(counts[state], total) for state in joins(question)), start=Fraction(1))
    )(units)


def _formula(name: str) -> Policy:
    return _always(lambda question: name in right_formulas(question))


POLICIES: Mapping[AnswerKind, tuple[Policy, ...]] = {
    AnswerKind.NUMBERS: (_windows, _learnt(_cell)),
    AnswerKind.INTERVAL: (_windows, _learnt(_cell), _always(_unit_span)),
    AnswerKind.GRAPH: (
        _always(lambda question: set(joins(question)) <= {""}),
        _always(lambda question: set(joins(question)) <= {"--"}),
        _learnt(joins),
        _drawn(lambda question: Fraction(1, len(STATES) ** len(joins(question)))),
        _drawn_joins,
    ),
    AnswerKind.ORDER: (
        _always(lambda question: list(question.gold) == list(question.answer.items)),
        _always(lambda question: list(question.gold) == sorted(question.answer.items)),
        _learnt(places),
        _drawn(lambda question: Fraction(1, math.factorial(len(question.answer.items)))),
    ),
    AnswerKind.FORMULA: tuple(map(_formula, ("none", "conditional", "marginal", "adjusted"))),
}
"""Kind -> ways of guessing; see :mod:`causal_eval.evaluation.chance`."""
