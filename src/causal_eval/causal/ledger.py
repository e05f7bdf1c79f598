"""The lines of a derivation, and terms that refer to them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import msgspec


class Line(NamedTuple):
    """One step that a machine re-evaluates; line number k is referred to as ``sk``."""

    rule: str
    """``given`` (a number that the case states), ``arithmetic`` (an expression over earlier lines) or ``claim`` (a
    query on the same case)."""
    text: str
    """What the line says, for people."""
    expression: str
    """given: the number; arithmetic: ``+ - * /``, parentheses, integers, ids; claim: the query's canonical JSON."""
    value: str
    """Canonical JSON of the value, fractions as ``"p/q"``."""


class Term(NamedTuple):
    """A part of an expression and its value *top* / *bottom*, reduced only where it is written down."""

    expression: str
    top: int
    bottom: int = 1
    weak: bool = False
    """It needs parentheses inside a product."""

    @property
    def value(self) -> Fraction | int:
        """The value in lowest terms."""
        return self.top if self.bottom == 1 else Fraction(self.top, self.bottom)


NOTHING = Term("0", 0)
ONE = Term("1", 1)


_ENCODER = msgspec.json.Encoder(enc_hook=str, order="sorted")


class Ledger:
    """A derivation as it grows; what is given is written down once."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.entries: dict[tuple[int, tuple[int, ...], int], Term] = {}
        """The table entries that are written down: (node, values of its parents, value) -> the term."""
        self._given: dict[str, Term] = {}

    def given(self, text: str, value: Fraction | int) -> Term:
        """The number that the case states under *text*."""
        if text not in self._given:
            self._given[text] = self._add(Line("given", text, str(value), f'"{value}"'), value)
        return self._given[text]

    def arithmetic(self, text: str, term: Term) -> Term:
        """A new line that holds *term*."""
        value = term.value
        return self._add(Line("arithmetic", text, term.expression, f'"{value}"'), value)

    def claim(self, text: str, query: dict[str, Any], *, value: Any) -> None:
        """A line that states the answer of a query."""
        self.lines.append(Line("claim", text, canonical_json(query), canonical_json(value)))

    def _add(self, line: Line, value: Fraction | int) -> Term:
        self.lines.append(line)
        return Term(f"s{len(self.lines)}", value.numerator, value.denominator)


def canonical_json(value: Any) -> str:
    """Sorted keys, no spaces, fractions as strings."""
    return _ENCODER.encode(value).decode()


def product(terms: Iterable[Term]) -> Term:
    """The product; factors that are 1 are left out."""
    kept = [term for term in terms if term.expression != "1"]
    if len(kept) <= 1:
        return kept[0] if kept else ONE
    top = bottom = 1
    parts = []
    for expression, over, under, weak in kept:  # most terms of most derivations pass here
        top *= over
        bottom *= under
        parts.append(f"({expression})" if weak else expression)
    return Term(" * ".join(parts), top, bottom)


def total(terms: Sequence[Term]) -> Term:
    """The sum; 0 when there is nothing to add."""
    if len(terms) == 1:
        return terms[0]
    bottom = math.lcm(*[term.bottom for term in terms])
    top = sum([term.top * (bottom // term.bottom) for term in terms])
    return Term(" + ".join([term.expression for term in terms]) or "0", top, bottom, weak=True)


def difference(one: Term, other: Term) -> Term:
    """*one* - *other*."""
    (first, top, bottom, _), (_, over, under, _) = one, other
    return Term(f"{first} - {_inside(other)}", top * under - over * bottom, bottom * under, weak=True)


def quotient(one: Term, other: Term) -> Term:
    """*one* / *other*, which is not 0."""
    divisor = _inside(other) if other.expression.isalnum() else f"({other.expression})"
    return Term(f"{_inside(one)} / {divisor}", one.top * other.bottom, one.bottom * other.top)


def _inside(term: Term) -> str:
    return f"({term.expression})" if term.weak else term.expression
