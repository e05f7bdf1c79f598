"""What expressions mean."""

from __future__ import annotations

import itertools

import pytest

from causal_eval.causal.expression import ARITY, evaluate, parse, reads
from causal_eval.causal.scm import Call, Const, Value, Var
from causal_eval.errors import MalformedCase

A, B, C = Var(0), Var(1), Var(2)
TRUTH = list(itertools.product((0, 1), repeat=3))


@pytest.mark.parametrize(
    ("expression", "meaning"),
    [
        (Call("and", (A, B, C)), lambda a, b, c: a and b and c),
        (Call("or", (A, B, C)), lambda a, b, c: a or b or c),
        (Call("not", (A,)), lambda a, _b, _c: not a),
        (Call("xor", (A, B, C)), lambda a, b, c: (a + b + c) % 2),
        (Call("eq", (A, B)), lambda a, b, _c: a == b),
        (Call("ge", (A, B)), lambda a, b, _c: a >= b),
        (Call("ge", (Call("sum", (A, B, C)), Const(value=2))), lambda a, b, c: a + b + c >= 2),
        (Call("ite", (A, B, C)), lambda a, b, c: b if a else c),
        (Call("copy", (B,)), lambda _a, b, _c: b),
        (Call("count_ge", (A, B, C, Const(value=2))), lambda a, b, c: a + b + c >= 2),
        (Call("table", (A,), (((0,), 1), ((1,), 0))), lambda a, _b, _c: 1 - a),
    ],
    ids=lambda part: part.op if isinstance(part, Call) else "",
)
def test_every_operator_has_its_truth_table(expression: Call, meaning: object) -> None:
    """On all eight combinations of three truth values."""
    assert callable(meaning)
    for values in TRUTH:
        assert evaluate(expression, values) == meaning(*values)


def test_reads_lists_every_variable() -> None:
    """The mask of the variables inside, however deep."""
    assert reads(Call("or", (A, Call("not", (Call("and", (C, Const(value=True))),))))) == 0b101


def test_words_are_no_numbers() -> None:
    """Adding or ordering words is an error, comparing them is not."""
    values: list[Value] = ["tie", "win"]
    assert evaluate(Call("eq", (A, Const("tie"))), values) is True
    with pytest.raises(MalformedCase, match="'tie' is not a number"):
        evaluate(Call("ge", (A, B)), values)


def test_every_operator_can_be_read() -> None:
    """The reader knows every operator that the format documents."""
    nodes, domains = {"a": 0, "b": 1}, [(0, 1), (0, 1)]
    special = {
        "const": ["const", 1],
        "count_ge": ["count_ge", ["a", "b"], 1],
        "table": ["table", ["a"], {"0": 1, "1": 0}],
    }
    for op, (fewest, _) in ARITY.items():
        parsed = parse(special.get(op, [op, *["a"] * fewest]), nodes, domains=domains)
        assert evaluate(parsed, [1, 1]) is not None
