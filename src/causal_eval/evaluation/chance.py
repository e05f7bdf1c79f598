"""What guessing is worth: the expected score of the best policy that sees only answer format, names and family.

Policies, by kind of answer (each is scored on scoring units: a jointly scored twin group counts once):

- NUMBER: always the same number: the middle of the window of tolerance width that held most other answers.
- YES_NO: always yes, always no, or a fair coin, right for the whole group.
- CHOICE: a uniform draw from the options, or always the option at the same place.
- LABELS: for every item a uniform draw, or one from the label shares of the kind, or always its most frequent label.
- SET, SETS: always none, always the empty set, always all candidates, or every candidate by a fair coin.
- NUMBERS, INTERVAL: a fixed number for each, or the fixed box that held most others; INTERVAL also [0, 1].
- GRAPH: no edge, every pair undirected, the most frequent graph by the places of the items, a draw for every pair.
- ORDER: the items as listed, or by alphabet, the most frequent order of their places, a uniform draw.
- FORMULA: none, P(y | x), P(y), or the adjustment for all others.
- TEXT: nothing is to be had without seeing the question.
"""

from __future__ import annotations

import importlib.resources
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from causal_eval.evaluation import blind
from causal_eval.evaluation.blind import FOLDS, Policy
from causal_eval.questions.gold import check_gold
from causal_eval.questions.question import AnswerKind, Question

Key = tuple[str, str]
"""(family, kind)."""


def chance(questions: Iterable[Question]) -> dict[Key, Fraction]:
    """(family, kind) -> the expected score per scoring unit of the best of the policies above, exactly.

    Questions without gold (a public file) give no entry. Memory grows with the questions' answers, not their prompts.

    Raises:
        MalformedFile: an answer is not what its kind says; the message names question, field and value.
    """
    groups: dict[Key, dict[str, list[Question]]] = defaultdict(lambda: defaultdict(list))
    for question in questions:
        if question.gold is not None:
            check_gold(question)
            unit = question.twin if question.joint and question.twin else question.id
            groups[question.family, question.kind][unit].append(question)
    return {key: _best(list(units.values())) for key, units in groups.items()}


def shipped() -> dict[Key, Fraction]:
    """The worth of guessing in generated questions, found once on thousands of them (``benchmarks/families.py``).

    A small set cannot tell how often the best constant number is right; this table can.
    """
    text = importlib.resources.files("causal_eval.evaluation").joinpath("chance.json").read_text("utf-8")
    table: dict[str, str] = json.loads(text)["chance"]
    return {
        (family, kind): Fraction(worth) for name, worth in table.items() for family, _, kind in [name.partition("/")]
    }


def _best(units: Sequence[Sequence[Question]]) -> Fraction:
    """The best policy for each answer format, weighted by units; a unit of several formats is worth nothing."""
    formats: dict[AnswerKind, list[Sequence[Question]]] = defaultdict(list)
    for unit in units:
        kinds = {question.answer.kind for question in unit}
        if len(kinds) == 1:
            formats[kinds.pop()].append(unit)
    return sum((_best_of(kind, alike) * len(alike) for kind, alike in formats.items()), Fraction(0)) / len(units)


def _best_of(kind: AnswerKind, units: Sequence[Sequence[Question]]) -> Fraction:
    return max((policy(units) for policy in _POLICIES[kind]), default=Fraction(0))


def _mean(shares: Iterable[Fraction], units: Sequence[Sequence[Question]]) -> Fraction:
    return sum(shares, Fraction(0)) / len(units)


def _window(units: Sequence[Sequence[Question]]) -> Fraction:
    """Cross-validated in ten parts, because a window that is chosen on the answers it is counted on is luck."""
    questions = sorted((question for unit in units for question in unit), key=lambda question: question.id)
    folds = min(FOLDS, len(questions))
    right = 0
    for fold in range(folds):
        seen = sorted(_value(question) for place, question in enumerate(questions) if place % folds != fold)
        if seen:
            low, high = _best_window(seen, 2 * questions[0].answer.tolerance)
            right += sum(low <= _value(question) <= high for question in questions[fold::folds])
    return Fraction(right, len(questions))


def _best_window(golds: Sequence[Fraction], width: Fraction) -> tuple[Fraction, Fraction]:
    """The ends of the window that holds the most of the ascending *golds*."""
    best, low, most = (golds[0], golds[0] + width), 0, 0
    for high, gold in enumerate(golds):
        while gold - golds[low] > width:
            low += 1
        if high - low + 1 > most:
            most, best = high - low + 1, (golds[low], golds[low] + width)
    return best


def _value(question: Question) -> Fraction:
    return Fraction(question.gold)


def _constant(answer: object) -> Policy:
    def always(units: Sequence[Sequence[Question]]) -> Fraction:
        right = sum(all(_is_right(question, answer) for question in unit) for unit in units)
        return Fraction(right, len(units))

    return always


def _is_right(question: Question, answer: object) -> bool:
    gold: Any = question.gold
    if question.answer.kind not in (AnswerKind.SET, AnswerKind.SETS):
        return bool(gold == answer)
    if answer == "none":
        return bool(gold == [])
    members = [] if answer == "empty" else sorted(question.answer.items)
    if question.answer.kind is AnswerKind.SETS:
        return bool(gold == [members])
    return any(sorted(part) == members for part in gold)


def _coin(units: Sequence[Sequence[Question]]) -> Fraction:
    return _mean((Fraction(1, 2 ** len(unit)) for unit in units), units)


def _uniform(units: Sequence[Sequence[Question]]) -> Fraction:
    return _mean((_product(Fraction(1, len(question.answer.options)) for question in unit) for unit in units), units)


def _same_place(units: Sequence[Sequence[Question]]) -> Fraction:
    places = Counter(question.answer.options.index(question.gold) for unit in units for question in unit)
    place, _ = places.most_common(1)[0]
    right = sum(all(question.answer.options.index(question.gold) == place for question in unit) for unit in units)
    return Fraction(right, len(units))


def _drawn_labels(units: Sequence[Sequence[Question]]) -> Fraction:
    counts = Counter(label for unit in units for question in unit for label in question.gold.values())
    total = sum(counts.values())
    return _mean(
        (
            _product(Fraction(counts[label], total) for question in unit for label in question.gold.values())
            for unit in units
        ),
        units,
    )


def _uniform_labels(units: Sequence[Sequence[Question]]) -> Fraction:
    return _mean(
        (_product(Fraction(1, fitting) for question in unit for fitting in _fitting(question)) for unit in units), units
    )


def _fitting(question: Question) -> list[int]:
    """For every item how many labels fit it: its own two states where the labels are state words, else all."""
    options = set(question.answer.options)
    words = question.certificate.names.values() if question.certificate else ()
    states = {name: {low, high} for name, low, high in words}
    return [2 if states.get(item, {None}) <= options else len(options) for item in question.answer.items]


def _top_label(units: Sequence[Sequence[Question]]) -> Fraction:
    counts = Counter(label for unit in units for question in unit for label in question.gold.values())
    top, _ = counts.most_common(1)[0]
    right = sum(all(set(question.gold.values()) == {top} for question in unit) for unit in units)
    return Fraction(right, len(units))


def _fair_members(units: Sequence[Sequence[Question]]) -> Fraction:
    def share(question: Question) -> Fraction:
        right = 1 if question.answer.kind is AnswerKind.SETS and len(question.gold) == 1 else len(question.gold)
        if question.answer.kind is AnswerKind.SETS and len(question.gold) != 1:
            return Fraction(0)
        return Fraction(right, 2 ** len(question.answer.items))

    return _mean((_product(share(question) for question in unit) for unit in units), units)


def _product(shares: Iterable[Fraction]) -> Fraction:
    result = Fraction(1)
    for share in shares:
        result *= share
    return result


_SETS: tuple[Policy, ...] = (_constant("none"), _constant("empty"), _constant("all"), _fair_members)
_POLICIES: dict[AnswerKind, tuple[Policy, ...]] = {
    AnswerKind.NUMBER: (_window,),
    AnswerKind.YES_NO: (_constant("yes"), _constant("no"), _coin),
    AnswerKind.CHOICE: (_uniform, _same_place),
    AnswerKind.LABELS: (_drawn_labels, _uniform_labels, _top_label),
    AnswerKind.SET: _SETS,
    AnswerKind.SETS: _SETS,
    AnswerKind.TEXT: (),
    **blind.POLICIES,
}
