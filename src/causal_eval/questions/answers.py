"""Answers in printed words: values over nodes become the JSON that a question stores."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from causal_eval.questions.family import Value
from causal_eval.questions.posing import by_node
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon


def gold_of(spec: AnswerSpec, value: Value, *, lexicon: Lexicon) -> Any:
    """The JSON form of *value* for this kind of answer, nodes as printed names."""
    match spec.kind:
        case AnswerKind.NUMBER:
            assert isinstance(value, Fraction)
            return str(value)
        case AnswerKind.YES_NO:
            return "yes" if value else "no"
        case AnswerKind.CHOICE | AnswerKind.TEXT:
            return lexicon.names[value] if isinstance(value, int) else str(value)
        case AnswerKind.LABELS:
            labels = by_node(value)
            return {lexicon.names[node]: _label(node, label, lexicon=lexicon) for node, label in labels.items()}
        case AnswerKind.SET | AnswerKind.SETS:
            assert isinstance(value, tuple)
            return sorted(_members(part, lexicon) for part in value)


def _label(node: int, label: Value, *, lexicon: Lexicon) -> str:
    return lexicon.states[node][label] if isinstance(label, int) else str(label)


def _members(part: Value, lexicon: Lexicon) -> list[str]:
    assert isinstance(part, tuple)
    return sorted(lexicon.names[node] for node in part if isinstance(node, int))
