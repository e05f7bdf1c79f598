"""Values over nodes become the JSON of a gold answer, whatever the kind."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any, cast

import pytest

from causal_eval.questions.answers import gold_of
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.scoring.format import example
from causal_eval.scoring.grade import grade
from causal_eval.scoring.parse import parse
from causal_eval.scoring.verdict import Mark

_NAMES = ("rain", "ale", "mud")
_LEXICON = cast("Lexicon", SimpleNamespace(names=_NAMES, states=(("no", "yes"),) * 3))
_GRAPH = {"nodes": ("x", "y"), "directed": (("x", "y"),)}
_EFFECT = {"formula": "P(y|x)", "graph": _GRAPH, "query": {"kind": "identify", "X": ("x",), "Y": ("y",)}}


@pytest.mark.parametrize(
    ("kind", "items", "value", "gold"),
    [
        ("numbers", ("NDE",), {"NDE": Fraction(1, 4)}, {"NDE": "1/4"}),
        ("interval", (), (0, Fraction(1, 2)), ["0", "1/2"]),
        (
            "graph",
            _NAMES,
            (((2, 1), (0, 1)), ((2, 0),)),
            {"directed": [["mud", "ale"], ["rain", "ale"]], "undirected": [["mud", "rain"]]},
        ),
        ("order", _NAMES, (1, 0, 2), ["ale", "rain", "mud"]),
        (
            "formula",
            ("x", "y"),
            _EFFECT,
            {
                "formula": "P(y|x)",
                "graph": {"nodes": ["x", "y"], "directed": [["x", "y"]]},
                "query": {"kind": "identify", "X": ["x"], "Y": ["y"]},
            },
        ),
    ],
)
def test_gold(kind: str, items: tuple[str, ...], value: Any, gold: Any) -> None:
    """Nodes become names, fractions text, pairs sorted lists; and the example of it is right."""
    spec = AnswerSpec(AnswerKind(kind), items=items)
    made = gold_of(spec, value, lexicon=_LEXICON)
    assert made == gold
    assert grade(parse(f"ANSWER: {example(spec, made)}", spec), spec, gold=made).mark is Mark.CORRECT
