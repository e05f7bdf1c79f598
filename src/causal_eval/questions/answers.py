"""Answers in printed words: values over nodes become the JSON that a question stores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from causal_eval.questions.facts import Facts
from causal_eval.questions.family import Family, Value
from causal_eval.questions.question import AnswerKind, AnswerSpec, Question
from causal_eval.questions.wording import Lexicon


def spec_of(family: Family, facts: Facts, *, lexicon: Lexicon) -> AnswerSpec:
    """What an answer must look like, in the language of *lexicon*: yes and no of another one are two options."""
    spec, tongue = family.spec(facts, lexicon), lexicon.language
    if spec.kind is AnswerKind.YES_NO and tongue.answers:
        return AnswerSpec(AnswerKind.CHOICE, options=(tongue.answer("yes"), tongue.answer("no")))
    return replace(spec, options=tuple([tongue.answer(option) for option in spec.options])) if tongue.answers else spec


def gold_of(spec: AnswerSpec, value: Value, *, lexicon: Lexicon) -> Any:
    """The JSON form of *value* for this kind of answer, nodes as printed names.

    LABELS: a mapping from nodes or names to states or labels; SET, SETS: sets of nodes or names; NUMBERS: a mapping
    from nodes or names to numbers; INTERVAL: (low, high); GRAPH: (directed pairs, undirected pairs) of nodes;
    ORDER: nodes or names, first to last; FORMULA: the gold itself, over symbols, lists as tuples.
    """
    match spec.kind:
        case AnswerKind.NUMBER:
            assert isinstance(value, Fraction)
            return str(value)
        case AnswerKind.YES_NO:
            return "yes" if value else "no"
        case AnswerKind.CHOICE | AnswerKind.TEXT:
            if isinstance(value, bool):  # yes or no, chosen between the words of another language
                return lexicon.language.answer("yes" if value else "no")
            return lexicon.names[value] if isinstance(value, int) else lexicon.language.answer(str(value))
        case AnswerKind.LABELS:
            assert isinstance(value, Mapping)
            return {_word(item, lexicon): _label(item, label, lexicon=lexicon) for item, label in value.items()}
        case AnswerKind.SET | AnswerKind.SETS:
            assert isinstance(value, tuple)
            return sorted(_members(part, lexicon) for part in value)
        case AnswerKind.NUMBERS:
            assert isinstance(value, Mapping)
            return {_word(name, lexicon): str(number) for name, number in value.items()}
        case AnswerKind.INTERVAL:
            assert isinstance(value, tuple)
            return [str(end) for end in value]
        case AnswerKind.ORDER:
            assert isinstance(value, tuple)
            return [_word(part, lexicon) for part in value]
        case AnswerKind.GRAPH:
            assert isinstance(value, tuple)
            directed, undirected = (_pairs(part, lexicon) for part in value)
            return {"directed": sorted(directed), "undirected": sorted(map(sorted, undirected))}
        case AnswerKind.FORMULA:
            return _plain(value)


def _label(item: int | str, label: Value, *, lexicon: Lexicon) -> str:
    return (
        lexicon.states[item][label]
        if isinstance(item, int) and isinstance(label, int)
        else lexicon.language.answer(str(label))
    )


def _members(part: Value, lexicon: Lexicon) -> list[str]:
    assert isinstance(part, tuple)
    return sorted(_word(member, lexicon) for member in part)


def _word(value: Value, lexicon: Lexicon) -> str:
    return lexicon.names[value] if isinstance(value, int) else str(value)


def _pairs(value: Value, lexicon: Lexicon) -> list[list[str]]:
    assert isinstance(value, tuple)
    return [[_word(end, lexicon) for end in pair] for pair in value if isinstance(pair, tuple)]


def _plain(value: Value) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def numbers_in(questions: Iterable[Question]) -> tuple[Fraction, ...]:
    """Every number of their right answers."""
    found: list[Fraction] = []
    for question in questions:
        match question.answer.kind:
            case AnswerKind.NUMBER:
                found.append(Fraction(question.gold))
            case AnswerKind.NUMBERS:
                found += map(Fraction, question.gold.values())
            case AnswerKind.INTERVAL:
                found += map(Fraction, question.gold)
    return tuple(found)
