"""The steps of a derivation, evaluated again: integers, ``+ - * /``, and the ids of earlier lines; nothing else."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction

from causal_eval.errors import VerificationMismatch

_OPERATORS: Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def evaluate(expression: str, known: Mapping[str, Fraction]) -> Fraction:
    """The value of an arithmetic expression over integers and earlier step ids.

    Raises:
        VerificationMismatch: anything but ``+ - * /``, parentheses, integers and known ids; a division by zero.
    """
    try:
        return _value(ast.parse(expression, mode="eval").body, known)
    except (SyntaxError, ZeroDivisionError) as error:
        raise VerificationMismatch(f"step expression {expression!r} cannot be evaluated: {error}") from error


def _value(node: ast.expr, known: Mapping[str, Fraction]) -> Fraction:
    match node:
        case ast.BinOp(left, op, right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(left, known), _value(right, known))
        case ast.UnaryOp(ast.USub(), operand):
            return -_value(operand, known)
        case ast.Constant(int() as number):
            return Fraction(number)
        case ast.Name(name) if name in known:
            return known[name]
    raise VerificationMismatch(f"a step may hold no {ast.dump(node)}")
