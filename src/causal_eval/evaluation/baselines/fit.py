"""What the trained shortcuts know: majorities and word counts per (family, kind), from questions that no run asks."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from causal_eval.evaluation.baselines import parts
from causal_eval.evaluation.baselines.prompt import asked, words, words_about
from causal_eval.evaluation.blind import POLICIES
from causal_eval.questions.question import AnswerKind, Question

Key = tuple[str, str]
"""(family, kind)."""
_BINS = 20


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each class occurred, and each word with each class."""

    classes: Mapping[str, int]
    words: Mapping[str, Mapping[str, int]]
    totals: Mapping[str, int]

    def best(self, seen: Sequence[str], among: Sequence[str] = ()) -> str:
        """The most probable class given the words (naive Bayes, add-one smoothing); ties go to the first name.

        With *among*, only these classes are looked at; the first of them where none was ever seen.
        """
        size = len(self.words) + 1
        scores = {
            name: math.log(count)
            + sum(
                math.log((self.words.get(word, {}).get(name, 0) + 1) / (self.totals.get(name, 0) + size))
                for word in seen
            )
            for name, count in self.classes.items()
            if not among or name in among
        }
        if not scores:
            return among[0]
        return max(sorted(scores), key=lambda name: scores[name])


@dataclass(frozen=True, slots=True)
class Fitted:
    """Everything that was learnt."""

    majority: Mapping[Key, str]
    """The class that most training questions had."""
    wording: Mapping[tuple[str, str, str], str]
    """The same per beginning of the question sentence."""
    bags: Mapping[Key, Counts]
    """Word counts: per question, or per item where items are labelled or chosen."""


def classes(question: Question) -> list[tuple[str, list[str]]]:
    """(class, words that may betray it) of a training question; one pair an item for labels and sets.

    NUMBER: the middle of the answer's window; CHOICE: the option's place; SET and SETS: whether the item is in.
    """
    gold: Any = question.gold
    match question.answer.kind:
        case AnswerKind.NUMBER:
            low = math.floor(Fraction(gold) * _BINS)
            return [(str(Fraction(2 * low + 1, 2 * _BINS)), words(question.prompt))]
        case AnswerKind.CHOICE:
            return [(str(option == gold), words_about(question.prompt, option)) for option in question.answer.options]
        case AnswerKind.LABELS:
            return [(gold[item], words_about(question.prompt, item)) for item in question.answer.items]
        case AnswerKind.SET | AnswerKind.SETS:
            members = set(gold[0]) if gold else set()
            return [(str(item in members), words_about(question.prompt, item)) for item in question.answer.items]
        case kind if kind in POLICIES:
            return parts.classes(question)
    return [(str(gold), words(question.prompt))]


def whole(question: Question) -> str:
    """The class of the whole answer, for majorities."""
    gold: Any = question.gold
    match question.answer.kind:
        case AnswerKind.NUMBER:
            return classes(question)[0][0]
        case AnswerKind.CHOICE:
            return str(question.answer.options.index(gold))
        case AnswerKind.LABELS:
            return str(Counter(gold.values()).most_common(1)[0][0])
        case AnswerKind.SET | AnswerKind.SETS:
            if not gold:
                return "none"
            sizes = {len(part) for part in gold}
            return (
                "all" if sizes == {len(question.answer.items)} else "empty" if sizes == {0} else f"first {min(sizes)}"
            )
        case kind if kind in POLICIES:
            return parts.whole(question)
    return str(gold)


def beginning(question: Question) -> str:
    """The first four words of the question sentence: its wording without its names."""
    return " ".join(asked(question.prompt).lower().split()[:4])


def fit(questions: Iterable[Question]) -> Fitted:
    """Learn from *questions*, which must have gold and come from seeds that no run asks."""
    wholes: dict[Key, Counter[str]] = defaultdict(Counter)
    wordings: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    seen: dict[Key, Counter[str]] = defaultdict(Counter)
    bags: dict[Key, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    totals: dict[Key, Counter[str]] = defaultdict(Counter)
    for question in questions:
        key = (question.family, question.kind)
        wholes[key][whole(question)] += 1
        wordings[*key, beginning(question)][whole(question)] += 1
        for name, about in classes(question):
            seen[key][name] += 1
            totals[key][name] += len(about)
            for word in about:
                bags[key][word][name] += 1
    return Fitted(
        majority={key: _top(counts) for key, counts in wholes.items()},
        wording={key: _top(counts) for key, counts in wordings.items()},
        bags={key: Counts(seen[key], bags[key], totals[key]) for key in seen},
    )


def _top(counts: Counter[str]) -> str:
    return max(sorted(counts), key=lambda name: counts[name])
