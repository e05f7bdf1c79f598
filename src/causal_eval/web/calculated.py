"""The calculator's answers as a person would write them."""

from __future__ import annotations

from causal_eval.analysis.plain import one_line
from causal_eval.questions.card import shown

BOUNDED = frozenset({"bounds", "counterfactual", "iv_bounds", "joint_counterfactual", "pn", "pns", "ps"})
"""Kinds of which two numbers are an interval."""
_ARROWS = {"directed": "→", "undirected": "—", "bidirected": "↔"}


def calculated(answer: object, kind: str) -> list[tuple[str, object]]:
    """What to show of *answer*, line by line: what it is of (empty where the answer is one thing) and its text.

    Truth values and nothing stay what they are, for the page to say in its language.
    """
    if isinstance(answer, dict):
        return [(name.replace("_", " "), _part(value, name)) for name, value in answer.items()]
    if kind in BOUNDED and isinstance(answer, list):
        return [("", f"[{', '.join(map(str, answer))}]")]
    return [("", _part(answer, ""))]


def _part(value: object, name: str) -> object:
    if value is None or isinstance(value, bool):
        return value
    if value == []:
        return None
    if isinstance(value, list) and name in _ARROWS:
        return one_line(", ".join(f" {_ARROWS[name]} ".join(map(str, edge)) for edge in value)) or None
    if isinstance(value, list) and _all_words(value):
        return one_line(f"{{{', '.join(map(str, value))}}}")
    if _is_plain(value):
        return one_line(shown(value))
    return one_line(_text(value))


def _is_plain(value: object) -> bool:
    """Whether it is a word, a number, or several sets of nodes."""
    if isinstance(value, list):
        return all(isinstance(one, list) and _all_words(one) for one in value)
    return not isinstance(value, dict)


def _all_words(value: list[object]) -> bool:
    return all(isinstance(one, str) for one in value)


def _text(value: object) -> str:
    """Several things in one line; a pair whose second part is a value is an equation."""
    match value:
        case bool():
            return str(value).lower()
        case None:
            return "–"
        case dict():
            signs = ((name, ": " if isinstance(one, dict) else " = ", one) for name, one in value.items())
            return ", ".join(f"{name}{sign}{_text(one)}" for name, sign, one in signs) or "∅"
        case [str() as name, bool() | int() as one]:
            return f"{name} = {_text(one)}"
        case list():
            return ("; " if any(map(_is_several, value)) else ", ").join(map(_text, value)) or "∅"
    return str(value)


def _is_several(value: object) -> bool:
    """Whether it is written as more than one thing."""
    match value:
        case [str(), bool() | int()]:
            return False
    return isinstance(value, list | dict)
