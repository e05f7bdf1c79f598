"""Formulas are judged by what they are worth, not by how they are written, and judging is bounded."""

from __future__ import annotations

from typing import Any

import pytest

from causal_eval.errors import MalformedCase
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.scoring.grade import grade
from causal_eval.scoring.hidden import MODELS, equals_effect, same_formulas
from causal_eval.scoring.parse import parse
from causal_eval.scoring.reading import Answer
from causal_eval.scoring.verdict import Mark

FEWEST_MODELS = 20


def gold(*edges: str, latent: str = "", z: str = "", formula: str | None = "P(y|x)") -> dict[str, Any]:
    """The effect of x on y, given z, in a graph over x, y, z, m and latent nodes."""
    nodes = ["x", "y", "z", "m", *latent]
    graph = {"nodes": nodes, "directed": [list(edge) for edge in edges], "latent": list(latent)}
    return {"formula": formula, "graph": graph, "query": {"kind": "identify", "X": ["x"], "Y": ["y"], "Z": list(z)}}


CONFOUNDED = gold("zx", "zy", "xy")
FRONT_DOOR = gold("xm", "my", "ux", "uy", latent="u")
COLLIDER = gold("xy", "xz", "yz")


@pytest.mark.parametrize(
    ("asked", "formula", "right"),
    [
        (CONFOUNDED, "sum_z P(y|x,z) P(z)", True),
        (CONFOUNDED, "sum_z P(x,y,z) P(z) / (P(x,z))", True),
        (CONFOUNDED, "sum_{z,m} P(y|x,z,m) P(z,m)", True),
        (CONFOUNDED, "(sum_z P(y|x,z) P(z)) 2 - sum_z P(y|x,z) P(z)", True),
        (CONFOUNDED, "P(y|x)", False),
        (CONFOUNDED, "sum_z P(y|x,z) P(z|x)", False),
        (CONFOUNDED, "P(y|x,z) P(z)", False),
        (CONFOUNDED, "sum_z P(y|x,z)", False),
        (CONFOUNDED, "sum_z P(y|x,z) P(z) / 0", False),
        (CONFOUNDED, "1", False),
        (FRONT_DOOR, "sum_m P(m|x) sum_{x'} P(y|x',m) P(x')", True),
        (FRONT_DOOR, "sum_m P(m|x) sum_x P(y|x,m) P(x)", True),
        (FRONT_DOOR, "sum_m P(m|x) P(y|m)", False),
        (COLLIDER, "P(y|x)", True),
        (COLLIDER, "sum_z P(y|x,z) P(z)", False),
        (gold("zx", "zy", "xy", z="z"), "P(y|x,z)", True),
        (gold("zx", "zy", "xy", z="z"), "P(y|x)", False),
    ],
)
def test_worth(asked: dict[str, Any], formula: str, right: bool) -> None:
    """Whatever equals the effect in every hidden model is right; whatever differs in one is wrong."""
    assert MODELS >= FEWEST_MODELS
    assert equals_effect(formula, asked) is right


@pytest.mark.parametrize(
    "broken",
    [
        {**CONFOUNDED, "graph": {"nodes": ["x", "y"], "directed": [["x", "w"]]}},
        {**CONFOUNDED, "query": {"X": ["x"], "Y": []}},
        {**FRONT_DOOR, "query": {"X": ["u"], "Y": ["y"]}},
        {**CONFOUNDED, "graph": {"nodes": ["x", "y", *map(str, range(20))], "directed": []}},
        {**CONFOUNDED, "graph": None},
    ],
)
def test_malformed_gold(broken: dict[str, Any]) -> None:
    """A gold that asks about no effect, or one too large to try, is an error and not a wrong answer."""
    with pytest.raises(MalformedCase):
        equals_effect("P(y|x)", broken)


_SPEC = AnswerSpec(AnswerKind.FORMULA, items=("x", "y", "z", "m"), may_be_none=True)
_HOSTILE = {
    "deep": "(" * 400 + "P(y)" + ")" * 400,
    "sums": "sum_z " * 160 + "P(y)",
    "copies": "sum_{" + ",".join("z" + "'" * place for place in range(24)) + "} " + "P(y)",
    "wide": " ".join(f"P(y|z{chr(39) * place},x{chr(39) * place})" for place in range(12)),
    "digits": "9" * 900,
    "zeros": "0." + "0" * 900 + " P(y)",
    "powers": "P(y|x) " * 120,
}


@pytest.mark.parametrize("name", _HOSTILE)
def test_hostile(name: str) -> None:
    """A formula that would take long to judge is not read; one that is read is judged, wrong."""
    read = parse(f"ANSWER: {_HOSTILE[name]}", _SPEC)
    mark = grade(read, _SPEC, gold=CONFOUNDED).mark
    assert mark is (Mark.WRONG if isinstance(read.lenient, Answer) else Mark.UNPARSED)
    assert (mark is Mark.UNPARSED) == (name in {"deep", "sums", "copies", "wide"})


def test_none() -> None:
    """Not identifiable is right exactly where there is no formula, and then no formula is."""
    hidden = gold("ux", "uy", "xy", latent="u", formula=None)
    for text, asked, mark in (
        ("none", hidden, Mark.CORRECT),
        ("P(y|x)", hidden, Mark.WRONG),
        ("none", CONFOUNDED, Mark.WRONG),
    ):
        assert grade(parse(f"ANSWER: {text}", _SPEC), _SPEC, gold=asked).mark is mark


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("P(y|x)", "P(x,y) / P(x)", True),
        ("sum_{z} P(y|x,z) P(z)", "sum_z P(z) P(y|x,z)", True),
        ("P(y|x)", "P(y)", False),
        ("P(y|x)", "P(q)", False),
        ("P(q)", "P(q)", False),
    ],
)
def test_wrong_formulas_are_told_apart_by_what_they_are_worth(one: str, other: str, same: bool) -> None:
    """Right or wrong, written in this way or that; a symbol that is no node has no value."""
    assert same_formulas(one, other, gold=CONFOUNDED) is same
