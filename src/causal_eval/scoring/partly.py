"""How much of an answer with parts is right: number vectors, intervals, graphs, orders, formulas.

Each share is 1 iff the answer is right as a whole; below it is what is reported beside the headline.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from causal_eval.errors import MalformedCase
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.scoring.hidden import equals_effect
from causal_eval.scoring.reading import Edges, Estimand, Ranking, Span, Value

_NOTHING = Fraction(0)
_ALL = Fraction(1)


def share(value: Value, spec: AnswerSpec, *, gold: Any) -> Fraction:
    """The share of *value* that is right.

    Raises:
        MalformedCase: *gold* is not what :class:`AnswerKind` says for this kind.
    """
    try:
        return _SHARES[spec.kind](value, spec, gold)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, ZeroDivisionError):
        raise MalformedCase(
            f"gold {gold!r} is no answer of kind {spec.kind.value}; see the format of questions"
        ) from None


def _numbers(value: Value, spec: AnswerSpec, gold: Mapping[str, str]) -> Fraction:
    given: dict[str, Fraction | str] = dict(value) if isinstance(value, tuple) else {}
    wanted = {item: Fraction(str(gold[item])) for item in spec.items}
    right = sum(
        item in given and abs(Fraction(given[item]) - number) <= spec.tolerance for item, number in wanted.items()
    )
    return Fraction(right, len(spec.items))


def _span(value: Value, spec: AnswerSpec, gold: list[str]) -> Fraction:
    low, high = (Fraction(str(end)) for end in gold)
    if not isinstance(value, Span):
        return _NOTHING
    if abs(value.low - low) <= spec.tolerance and abs(value.high - high) <= spec.tolerance:
        return _ALL
    common = min(value.high, high) - max(value.low, low)
    return common / (max(value.high, high) - min(value.low, low)) if common > 0 and value.low < value.high else _NOTHING


def _edges(value: Value, spec: AnswerSpec, gold: Mapping[str, list[list[str]]]) -> Fraction:
    right = Edges(
        frozenset((cause, effect) for cause, effect in gold["directed"]),
        frozenset((min(pair), max(pair)) for pair in gold["undirected"]),
    )
    if value == right:
        return _ALL
    if not isinstance(value, Edges):
        return _NOTHING
    pairs = list(itertools.combinations(sorted(spec.items), 2))
    same = sum(_joined(value, *pair) == _joined(right, *pair) for pair in pairs)
    return Fraction(same, len(pairs))


def _joined(edges: Edges, one: str, other: str) -> tuple[bool, bool, bool]:
    return (one, other) in edges.directed, (other, one) in edges.directed, (one, other) in edges.undirected


def _ranking(value: Value, _spec: AnswerSpec, gold: list[str]) -> Fraction:
    place = {str(item): rank for rank, item in enumerate(gold)}
    if len(place) < 2 or not isinstance(value, Ranking):  # noqa: PLR2004 - one item has no pairs
        return _ALL if value == Ranking(tuple(place)) else _NOTHING
    pairs = list(itertools.combinations(value.items, 2))
    return Fraction(sum(place[first] < place[second] for first, second in pairs), len(pairs))


def _estimand(value: Value, _spec: AnswerSpec, gold: Mapping[str, Any]) -> Fraction:
    wanted, said = gold["formula"], value.formula if isinstance(value, Estimand) else None
    if wanted is None or said is None:
        return _ALL if wanted is None and said is None else _NOTHING
    return _ALL if equals_effect(said, gold) else _NOTHING


_SHARES: dict[AnswerKind, Callable[[Value, AnswerSpec, Any], Fraction]] = {
    AnswerKind.NUMBERS: _numbers,
    AnswerKind.INTERVAL: _span,
    AnswerKind.GRAPH: _edges,
    AnswerKind.ORDER: _ranking,
    AnswerKind.FORMULA: _estimand,
}
