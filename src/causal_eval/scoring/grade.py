"""A reading against the gold answer: the verdict."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from causal_eval.errors import MalformedCase
from causal_eval.questions.question import AnswerKind, AnswerSpec, Question
from causal_eval.scoring import partly
from causal_eval.scoring.choices import TEXT
from causal_eval.scoring.parse import parse
from causal_eval.scoring.reading import (
    Abstained,
    Answer,
    Edges,
    Estimand,
    Parse,
    Ranking,
    Reading,
    Span,
    Unparsed,
    Value,
)
from causal_eval.scoring.verdict import Mark, Verdict

_NOTHING = Fraction(0)
_ALL = Fraction(1)
_exact = functools.lru_cache(maxsize=4096)(Fraction)


def grade(parsed: Parse, spec: AnswerSpec, *, gold: Any) -> Verdict:
    """The verdict on *parsed*, lenient and strict side by side.

    NUMBER: right within ``spec.tolerance``, ends included. SET: right iff one of the gold sets (none exists: iff there
    is none). SETS: right iff the same set of sets. LABELS: the whole vector, its share of right items beside it.
    NUMBERS: all within the tolerance, the share of them beside it. INTERVAL: both ends, the overlap (intersection over
    union) beside it. GRAPH: every pair, the share of pairs joined as in gold beside it (1 - distance / pairs, the
    distance being Hamming's). ORDER: the whole, the share of pairs in the right order beside it. FORMULA: equal to
    the effect on every hidden model.

    A gold of None (a public file) gives UNGRADED.

    Raises:
        MalformedCase: *gold* is not what :class:`AnswerKind` says for this kind.
    """
    if gold is None:
        return Verdict(Mark.UNGRADED, Mark.UNGRADED, _NOTHING, reason="no gold answer in this question file")
    lenient = parsed.lenient
    if not isinstance(lenient, Answer):
        return Verdict(_mark(lenient), _mark(parsed.strict), _NOTHING, reason=lenient.reason.value)
    share = _share(lenient.value, spec, gold=gold)
    mark = _graded(share)
    strict = mark if parsed.strict == lenient else _mark(parsed.strict)
    return Verdict(mark, strict, share, answer=as_json(lenient.value, spec))


def judge(text: str, finish: str, *, question: Question) -> Verdict:
    """The verdict on a reply to *question*; the same for the same text, whatever the text is."""
    return grade(parse(text, question.answer, finish=finish), question.answer, gold=question.gold)


def as_json(value: Value, spec: AnswerSpec) -> Any:
    """An answer in the shape of a gold answer of its kind (SET: a list of at most one set)."""
    match value:
        case Fraction():
            return str(value)
        case str():
            return value
        case frozenset():
            return sorted(sorted(part) for part in value)
        case tuple() if spec.kind is AnswerKind.LABELS:
            return dict(value)
        case tuple() if spec.kind is AnswerKind.NUMBERS:
            return {item: str(number) for item, number in value}
        case Span(low, high):
            return [str(low), str(high)]
        case Edges(directed, undirected):
            return {"directed": sorted(map(list, directed)), "undirected": sorted(map(list, undirected))}
        case Ranking(items):
            return list(items)
        case Estimand(formula):
            return {"formula": formula}
    raise MalformedCase(f"answer {value!r} is not of kind {spec.kind.value}")


def _mark(reading: Reading) -> Mark:
    match reading:
        case Abstained():
            return Mark.ABSTAINED
        case Unparsed():
            return Mark.UNPARSED
        case Answer():
            raise AssertionError("unreachable: a strict answer equals the lenient one")


def _graded(share: Fraction) -> Mark:
    if share == _ALL:
        return Mark.CORRECT
    return Mark.PARTIAL if share else Mark.WRONG


def _share(value: Value, spec: AnswerSpec, *, gold: Any) -> Fraction:
    """The share of the answer that is right, 1 iff it is right as a whole."""
    match spec.kind:
        case AnswerKind.NUMBER:
            return _whole(isinstance(value, Fraction) and abs(value - _number(gold)) <= spec.tolerance)
        case AnswerKind.YES_NO | AnswerKind.CHOICE:
            return _whole(value == gold)
        case AnswerKind.LABELS:
            return _labels(value, spec, gold=gold)
        case AnswerKind.SET:
            right = _sets(gold)
            return _whole(isinstance(value, frozenset) and (value <= right if right and value else value == right))
        case AnswerKind.SETS:
            return _whole(value == _sets(gold))
        case AnswerKind.TEXT:
            golds = gold if isinstance(gold, list) else [gold]
            return _whole(any(TEXT.strict(str(one), spec) == value for one in golds))
        case _:
            return partly.share(value, spec, gold=gold)


def _whole(right: bool) -> Fraction:  # noqa: FBT001 - the one thing it turns into a number
    return _ALL if right else _NOTHING


def _number(gold: Any) -> Fraction:
    try:
        return _exact(str(gold))
    except (ValueError, ZeroDivisionError):
        raise MalformedCase(f"gold {gold!r} is not a number; write it as a fraction or decimal in quotes") from None


def _labels(value: Value, spec: AnswerSpec, *, gold: Any) -> Fraction:
    if not isinstance(gold, Mapping) or not spec.items:
        raise MalformedCase(f"gold {gold!r} does not label items; write an object from item to label")
    given = dict(value) if isinstance(value, tuple) else {}
    right = sum(given.get(item) == gold.get(item) and item in gold for item in spec.items)
    return Fraction(right, len(spec.items))


def _sets(gold: Any) -> frozenset[frozenset[str]]:
    if not isinstance(gold, list) or not all(isinstance(part, list) for part in gold):
        raise MalformedCase(f"gold {gold!r} is not a list of sets; write [[...], ...], [] where none exists")
    return frozenset(frozenset(part) for part in gold)
