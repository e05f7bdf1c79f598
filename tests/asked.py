"""A question by hand, with everything that does not matter filled in: the one place that knows all its fields."""

from __future__ import annotations

from typing import Any

from causal_eval.questions.question import AnswerKind, AnswerSpec, Question


def asked(id_: str = "q-0", **fields: Any) -> Question:
    """A yes-or-no question of a family ``f`` without a certificate; any field by keyword."""
    given: dict[str, Any] = {
        "family": "f",
        "kind": "k",
        "rung": 1,
        "domain": "",
        "regime": "",
        "difficulty": 1,
        "cluster": f"c-{id_}",
        "twin": None,
        "joint": False,
        "exempt": (),
        "prompt": f"{id_}?",
        "answer": AnswerSpec(AnswerKind.YES_NO),
        "gold": "yes",
        "certificate": None,
        **fields,
    }
    return Question(id=id_, **given)
