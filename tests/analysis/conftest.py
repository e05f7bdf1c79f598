"""Rows to analyse, with everything that does not matter filled in."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from causal_eval.analysis.observation import Observation
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Observation]


def _observation(question: str, mark: Mark, **other: Any) -> Observation:
    fields: dict[str, Any] = {
        "answerer": "lab/model",
        "sample": 0,
        "family": "effect",
        "kind": "ate",
        "rung": 2,
        "domain": "medicine",
        "regime": "real",
        "difficulty": 1,
        "cluster": f"c-{question}",
        "twin": None,
        "joint": False,
        "exempt": (),
        "strict": mark,
        "share": Fraction(mark is Mark.CORRECT),
    }
    return Observation(question=question, mark=mark, **{**fields, **other})


@pytest.fixture
def observation() -> Make:
    """A row of (question, mark); any other field by keyword."""
    return _observation
