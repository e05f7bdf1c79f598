"""Shortcuts for answers with parts: classes to learn, and what each shortcut makes of numbers, graphs and orders."""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from causal_eval.evaluation.baselines.prompt import first_place, mentions, numbers, words, words_about
from causal_eval.evaluation.blind import STATES, formulas, graph, joins, places, right_formulas, vector
from causal_eval.questions.question import AnswerKind, Question
from causal_eval.seeds import Stream

BINS = 20
Best = Callable[[Sequence[str], Sequence[str]], str]
"""(words seen, classes that are possible; none = all) -> the most probable class."""


def classes(question: Question) -> list[tuple[str, list[str]]]:
    """(class, words that may betray it) for every part of a training question's answer."""
    prompt, items = question.prompt, question.answer.items
    match question.answer.kind:
        case AnswerKind.NUMBERS:
            return [
                (_middle(one), words_about(prompt, item)) for item, one in zip(items, vector(question), strict=True)
            ]
        case AnswerKind.GRAPH:
            pairs = itertools.combinations(items, 2)
            return [(state, _about_both(prompt, pair)) for pair, state in zip(pairs, joins(question), strict=True)]
        case AnswerKind.ORDER:
            return [(str(question.gold.index(item)), words_about(prompt, item)) for item in items]
    return [(whole(question), words(prompt))]


def whole(question: Question) -> str:
    """The class of the whole answer, names replaced by places."""
    match question.answer.kind:
        case AnswerKind.NUMBERS | AnswerKind.INTERVAL:
            return json.dumps([_middle(number) for number in vector(question)])
        case AnswerKind.GRAPH:
            return json.dumps(joins(question))
        case AnswerKind.ORDER:
            return json.dumps(places(question))
    return next(iter(right_formulas(question)), "adjusted")


def from_class(question: Question, name: str) -> Any:
    """The answer that a class of :func:`whole` stands for here; the plainest where nothing was learnt."""
    items = question.answer.items
    match question.answer.kind:
        case AnswerKind.NUMBERS:
            known = json.loads(name) if name else []
            return {item: known[place] if place < len(known) else "1/2" for place, item in enumerate(items)}
        case AnswerKind.INTERVAL:
            return json.loads(name) if name else ["0", "1"]
        case AnswerKind.GRAPH:
            known = json.loads(name) if name else []
            size = math.comb(len(items), 2)
            return graph(items, known if len(known) == size else ["--"] * size)
        case AnswerKind.ORDER:
            known = json.loads(name) if name else []
            return [items[place] for place in known] if len(known) == len(items) else list(items)
    return {"formula": formulas(question)[name or "conditional"]}


def likely(question: Question, best: Best) -> Any:
    """The most probable class of every part, put together."""
    prompt, items = question.prompt, question.answer.items
    match question.answer.kind:
        case AnswerKind.NUMBERS:
            return {item: best(words_about(prompt, item), ()) for item in items}
        case AnswerKind.GRAPH:
            pairs = itertools.combinations(items, 2)
            return graph(items, [best(_about_both(prompt, pair), STATES) for pair in pairs])
        case AnswerKind.ORDER:
            return sorted(items, key=lambda item: int(best(words_about(prompt, item), ())))
    return from_class(question, best(words(prompt), ()))


def association(question: Question) -> Any:
    """The conditional probability for a formula; else as :func:`no_graph`."""
    if question.answer.kind is AnswerKind.FORMULA:
        return {"formula": formulas(question)["conditional"]}
    return no_graph(question)


def no_graph(question: Question) -> Any:
    """Printed numbers averaged or their range; what is mentioned together joined; all adjusted for."""
    prompt, items = question.prompt, question.answer.items
    shares = numbers(prompt) or (Fraction(1, 2),)
    match question.answer.kind:
        case AnswerKind.NUMBERS:
            return dict.fromkeys(items, str(sum(shares, Fraction(0)) / len(shares)))
        case AnswerKind.INTERVAL:
            return [str(min(shares)), str(max(shares))]
        case AnswerKind.GRAPH:
            pairs = itertools.combinations(items, 2)
            return graph(items, ["--" if any(_lines_about(prompt, pair)) else "" for pair in pairs])
        case AnswerKind.ORDER:
            return sorted(items, key=lambda item: -mentions(prompt, item))
    return {"formula": formulas(question)["adjusted"]}


def order(question: Question) -> Any:
    """What is printed first comes first: numbers, causes, places."""
    items = question.answer.items
    shares = numbers(question.prompt) or (Fraction(1, 2),)
    mentioned = sorted(items, key=lambda item: first_place(question.prompt, item))
    match question.answer.kind:
        case AnswerKind.NUMBERS:
            return {item: str(shares[place % len(shares)]) for place, item in enumerate(items)}
        case AnswerKind.INTERVAL:
            return list(map(str, sorted((shares[0], shares[-1]))))
        case AnswerKind.GRAPH:
            return {"directed": sorted(map(list, itertools.pairwise(mentioned))), "undirected": []}
        case AnswerKind.ORDER:
            return mentioned
    return {"formula": formulas(question)["conditional"]}


def random(question: Question, stream: Stream) -> Any:
    """A uniform draw from the answer format; FORMULA: from what somebody without the graph would write."""
    items = question.answer.items
    match question.answer.kind:
        case AnswerKind.NUMBERS:
            return {item: str(Fraction(stream.below(101), 100)) for item in items}
        case AnswerKind.INTERVAL:
            return list(map(str, sorted(Fraction(stream.below(101), 100) for _ in range(2))))
        case AnswerKind.GRAPH:
            return graph(items, [stream.choice(STATES) for _ in itertools.combinations(items, 2)])
        case AnswerKind.ORDER:
            left = list(items)
            return [left.pop(stream.below(len(left))) for _ in items]
    known: Mapping[str, str | None] = formulas(question)
    names = [name for name in known if name != "none" or question.answer.may_be_none]
    return {"formula": known[stream.choice(names)]}


def _middle(number: Fraction) -> str:
    return str(Fraction(2 * math.floor(number * BINS) + 1, 2 * BINS))


def _about_both(prompt: str, pair: Sequence[str]) -> list[str]:
    """The words of the lines that mention both names."""
    return [word for line in _lines_about(prompt, pair) for word in words(line)]


def _lines_about(prompt: str, pair: Sequence[str]) -> Iterator[str]:
    """The lines that mention both names."""
    one, other = (name.lower() for name in pair)
    return (line for line in _told(prompt) if one in line and other in line)


@functools.lru_cache(maxsize=1)
def _told(prompt: str) -> tuple[str, ...]:
    """The lines before the question sentence, in small letters."""
    return tuple(prompt.rpartition("\n")[0].lower().splitlines())
