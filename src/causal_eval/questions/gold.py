"""Right answers as a file holds them: is one what its kind of answer says, and how is it kept?"""

from __future__ import annotations

import functools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from causal_eval.errors import MalformedFile
from causal_eval.questions.question import AnswerKind, AnswerSpec, Question

_LONGEST = 100
"""Characters of a number, and the largest power of ten."""


@functools.lru_cache(maxsize=4096)
def _canonical_number(text: str) -> str:
    """The number in lowest terms: ``"0.50"`` is ``"1/2"``."""
    return str(number_in(text))


def number_in(text: str) -> Fraction:
    """The number that *text* says.

    Raises:
        ValueError, ZeroDivisionError: none, or one of so many digits that it fills the memory, such as 1e999999999.
    """
    _, _, exponent = text.lower().partition("e")
    if len(text) > _LONGEST or (exponent and abs(int(exponent)) > _LONGEST):
        raise ValueError(f"{text[:_LONGEST]!r} is too long for a number")
    return Fraction(text)


def check_gold(question: Question) -> None:
    """Return where the answer of *question* is what its kind of answer says; whoever stored it may not have looked.

    Raises:
        MalformedFile: it is not; the message names the question, the field and the value.
    """
    problem = problem_of(question.answer, question.gold)
    if problem:
        again = "correct it in the file, and store the file anew"
        raise MalformedFile(f"question {question.id}", f"{problem}; {again}", field="gold")


def as_kept(spec: AnswerSpec, gold: Any) -> Any:
    """*gold*, in which :func:`problem_of` finds nothing wrong, as questions hold it: numbers are in lowest terms."""
    if gold is None:
        return None
    if spec.kind is AnswerKind.NUMBER:
        return _canonical_number(str(gold))
    if spec.kind is AnswerKind.NUMBERS:
        return {item: _canonical_number(str(number)) for item, number in gold.items()}
    if spec.kind is AnswerKind.INTERVAL:
        return [_canonical_number(str(end)) for end in gold]
    if spec.kind is AnswerKind.YES_NO:
        return {True: "yes", False: "no"}[gold] if isinstance(gold, bool) else gold.lower()
    return gold


def problem_of(spec: AnswerSpec, gold: Any) -> str | None:
    """What is wrong with *gold* for this kind of answer, or None."""
    return None if gold is None else _PROBLEMS[spec.kind](spec, gold)


def _number_problem(_: AnswerSpec, gold: Any) -> str | None:
    try:
        _canonical_number(str(gold))
    except (ValueError, ZeroDivisionError):
        return f'expected a number such as 0.35 or "7/20", got {gold!r}'
    return None


def _yes_no_problem(_: AnswerSpec, gold: Any) -> str | None:
    right = isinstance(gold, bool) or str(gold).lower() in ("yes", "no")
    return None if right else f'expected "yes" or "no", got {gold!r}'


def _choice_problem(spec: AnswerSpec, gold: Any) -> str | None:
    return (
        None
        if isinstance(gold, str) and gold in spec.options
        else f"expected one of the options {list(spec.options)}, got {gold!r}"
    )


def _labels_problem(spec: AnswerSpec, gold: Any) -> str | None:
    if not isinstance(gold, dict) or set(gold) != set(spec.items) or not gold:
        return f"expected an object with a label for each of {list(spec.items)}, one at least, got {gold!r}"
    if odd := [label for label in gold.values() if not isinstance(label, str)]:
        return f"expected labels among the options {list(spec.options)}, got {odd[0]!r}"
    unknown = set(gold.values()) - set(spec.options)
    return f"labels {sorted(unknown)} are not among the options {list(spec.options)}" if unknown else None


def _sets_problem(spec: AnswerSpec, gold: Any) -> str | None:
    if not isinstance(gold, list) or not all(isinstance(part, list) and all(map(_is_text, part)) for part in gold):
        return f"expected a list of lists of names, got {gold!r}"
    unknown = {name for part in gold for name in part} - set(spec.items)
    return f"names {sorted(unknown)} are not among the items {list(spec.items)}" if unknown else None


def _text_problem(_: AnswerSpec, gold: Any) -> str | None:
    right = isinstance(gold, str) or (isinstance(gold, list) and all(map(_is_text, gold)))
    return None if right else f"expected a text or a list of texts, got {gold!r}"


def _numbers_problem(spec: AnswerSpec, gold: Any) -> str | None:
    if not isinstance(gold, dict) or set(gold) != set(spec.items):
        return f"expected an object with a number for each of {list(spec.items)}, got {gold!r}"
    return next((problem for number in gold.values() if (problem := _number_problem(spec, number))), None)


def _interval_problem(spec: AnswerSpec, gold: Any) -> str | None:
    ends = gold if isinstance(gold, list) else []
    if len(ends) != 2 or any(_number_problem(spec, end) for end in ends):  # noqa: PLR2004 - two ends
        return f'expected the two ends, such as ["1/5", "1/2"], got {gold!r}'
    low, high = (number_in(str(end)) for end in gold)
    return f"the lower end {low} lies above the upper end {high}: swap them" if low > high else None


def _graph_problem(spec: AnswerSpec, gold: Any) -> str | None:
    pairs: list[Any] = [gold.get("directed"), gold.get("undirected")] if isinstance(gold, dict) else [None]
    if not all(isinstance(part, list) and all(map(_is_pair, part)) for part in pairs):
        return f'expected {{"directed": [[cause, effect], ...], "undirected": [[one, other], ...]}}, got {gold!r}'
    ends = [tuple(sorted(pair)) for part in pairs for pair in part]
    if unknown := {end for pair in ends for end in pair} - set(spec.items):
        return f"names {sorted(unknown)} are not among the items {list(spec.items)}"
    twice = next((pair for pair in ends if ends.count(pair) > 1 or pair[0] == pair[1]), None)
    return f"{twice[0]} and {twice[1]} must be two nodes that are joined once" if twice else None


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(end, str) for end in pair)  # noqa: PLR2004 - two ends


def _order_problem(spec: AnswerSpec, gold: Any) -> str | None:
    right = isinstance(gold, list) and all(map(_is_text, gold)) and sorted(gold) == sorted(spec.items)
    return None if right else f"expected each of {list(spec.items)} once, first to last, got {gold!r}"


def _formula_problem(spec: AnswerSpec, gold: Any) -> str | None:
    if not isinstance(gold, dict) or not all(isinstance(gold.get(part), dict) for part in ("graph", "query")):
        return f'expected {{"formula": text or null, "graph": {{...}}, "query": {{...}}}}, got {gold!r}'
    if not isinstance(gold.get("formula"), str | None):
        return f"formula: expected a text, or null where there is none, got {gold['formula']!r}"
    unknown = set(spec.items) - {str(node) for node in gold["graph"].get("nodes") or ()}
    return f"items {sorted(unknown)} are not among the graph's nodes" if unknown else None


_PROBLEMS: dict[AnswerKind, Callable[[AnswerSpec, Any], str | None]] = {
    AnswerKind.NUMBER: _number_problem,
    AnswerKind.YES_NO: _yes_no_problem,
    AnswerKind.CHOICE: _choice_problem,
    AnswerKind.LABELS: _labels_problem,
    AnswerKind.SET: _sets_problem,
    AnswerKind.SETS: _sets_problem,
    AnswerKind.TEXT: _text_problem,
    AnswerKind.NUMBERS: _numbers_problem,
    AnswerKind.INTERVAL: _interval_problem,
    AnswerKind.GRAPH: _graph_problem,
    AnswerKind.ORDER: _order_problem,
    AnswerKind.FORMULA: _formula_problem,
}
