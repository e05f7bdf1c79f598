"""Formulas as text: ``sum_{Z} P(Y|X,Z) P(Z)``, read and written; and as LaTeX.

The grammar, closed::

    formula  = product { "-" product }
    product  = factor { ["*" | "/"] factor }
    factor   = sum | probability | number | "(" formula ")"
    sum      = "sum_" ( name | "{" name { "," name } "}" ) product
    probability = "P" [ "_" ( domain | "{" domain "}" ) ] "(" values [ "|" conditions ] ")"
    values   = value { "," value }
    value    = name [ "=" word ]
    conditions = condition { "," condition }
    condition = value | "do(" values ")"

A name is a node's, with as many ``'`` behind it as the copy has primes; where case alone tells a value from its node
(``y`` of ``Y``), either is taken. A sum reaches to the end of its product; ``/`` divides all that stands before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple, TypeVar

from causal_eval.causal.formula.tree import (
    Difference,
    Formula,
    Number,
    Prob,
    Product,
    Quotient,
    Ref,
    Sum,
    product_of,
    sum_over,
)
from causal_eval.errors import MalformedCase

Values = Callable[[int, str], int]
"""The position of a node's value by the word for it."""

_T = TypeVar("_T")
_PLAIN = r"[()|,=*/{}-]|[^\s()|,=*/{}'-]+'*|\S"
_TOKEN = re.compile(rf"\s*({_PLAIN})")
_WORD = re.compile(r"[^\s()|,=*/{}'-]+")
_NUMBER = re.compile(r"[0-9]{1,999}(\.[0-9]{1,999})?")
_DEPTH = 200
"""Parentheses and sums inside each other; beyond, nobody reads it."""


def written(formula: Formula, names: Sequence[str], *, words: Callable[[Ref], str] | None = None) -> str:
    """*formula* as text; *words* gives the word for a fixed value."""
    return _Writer(names, words or (lambda ref: str(ref.value))).text(formula)


def latex(formula: Formula, names: Sequence[str], *, words: Callable[[Ref], str] | None = None) -> str:
    r"""*formula* as LaTeX: ``\sum_{z} P(y \mid x, z)\, P(z)``."""
    return _Writer(names, words or (lambda ref: str(ref.value)), latex=True).text(formula)


def read_formula(text: str, names: Sequence[str], *, values: Values | None = None) -> Formula:
    """The formula that *text* says over *names*.

    Raises:
        MalformedCase: the message names the place, what stands there, and what was expected.
    """
    reader = _Reader(text, names, values or _positions)
    found = reader.formula(0)
    reader.expect("")
    return found


class _Writer:
    def __init__(self, names: Sequence[str], words: Callable[[Ref], str], *, latex: bool = False) -> None:
        self.names, self.words, self.latex = names, words, latex

    def text(self, formula: Formula) -> str:
        match formula:
            case Prob():
                return self._prob(formula)
            case Sum(over, body):
                bound = ", ".join(map(self._ref, over)) if self.latex else ",".join(map(self._ref, over))
                inner = self._inside(body) if isinstance(body, Difference) else self.text(body)
                return f"\\sum_{{{bound}}} {inner}" if self.latex else f"sum_{{{bound}}} {inner}"
            case Product(parts):
                return self._product(parts)
            case Quotient(top, bottom):
                return self._quotient(top, bottom)
            case Difference(first, second):
                last = self._inside(second) if isinstance(second, Difference) else self.text(second)
                return f"{self.text(first)} - {last}"
            case Number(value):
                return str(value) if value.denominator == 1 else f"({value})"

    def _product(self, parts: Sequence[Formula]) -> str:
        if not parts:
            return "1"
        inner = [self._inside(part) for part in parts[:-1]]
        last = parts[-1]
        ends = isinstance(last, Sum | Prob | Number)
        return ("\\, " if self.latex else " ").join([*inner, self.text(last) if ends else self._inside(last)])

    def _quotient(self, top: Formula, bottom: Formula) -> str:
        if self.latex:
            return f"\\frac{{{self.text(top)}}}{{{self.text(bottom)}}}"
        return f"{self._inside(top)} / {self._inside(bottom)}"

    def _inside(self, formula: Formula) -> str:
        """Where something follows: what would reach on stands in parentheses."""
        text = self.text(formula)
        return text if isinstance(formula, Prob | Number) else f"\\left({text}\\right)" if self.latex else f"({text})"

    def _prob(self, one: Prob) -> str:
        comma = ", " if self.latex else ","
        conditions = [f"do({comma.join(map(self._ref, one.do))})"] if one.do else []
        conditions += map(self._ref, one.given)
        bar = " \\mid " if self.latex else "|"
        domain = f"_{{{one.domain}}}" if one.domain else ""
        inner = comma.join(map(self._ref, one.event)) + (bar + comma.join(conditions) if conditions else "")
        return f"P{domain}({inner})"

    def _ref(self, ref: Ref) -> str:
        name = self.names[ref.node] + "'" * ref.primes
        if self.latex:
            name = re.sub(r"([_#$%&{}])", r"\\\1", name)
        return name if ref.value is None else f"{name}={self.words(ref)}"


class _Token(NamedTuple):
    text: str
    place: int


class _Reader:
    def __init__(self, text: str, names: Sequence[str], values: Values) -> None:
        self.names, self.values = names, values
        self.index = {name: node for node, name in enumerate(names)}
        folded = [name.casefold() for name in names]
        self.folded = {name: node for node, name in enumerate(folded) if folded.count(name) == 1}
        self.tokens = [*_tokens(text, _token(names)), _Token("", len(text))]
        self.at = 0

    def formula(self, depth: int) -> Formula:
        found = self.product(depth)
        while self.take("-"):
            found = Difference(found, self.product(depth))
        return found

    def product(self, depth: int) -> Formula:
        if depth > _DEPTH:
            raise self.wrong(f"at most {_DEPTH} levels of parentheses and sums")
        found: Formula = self.factor(depth)
        while True:
            if self.take("/"):
                found = Quotient(found, self.factor(depth))
            elif self.take("*") or self.begins():
                found = product_of((found, self.factor(depth)))
            else:
                return found

    def factor(self, depth: int) -> Formula:
        if self.take("("):
            found = self.formula(depth + 1)
            self.expect(")")
            return found
        token = self.tokens[self.at]
        if token.text.startswith("sum_"):
            over = self.bound()
            return sum_over(over, self.product(depth + 1))
        if _NUMBER.fullmatch(token.text):
            self.at += 1
            return Number(Fraction(token.text))
        if token.text == "P" or token.text.startswith("P_"):
            return self.probability()
        raise self.wrong("P(...), sum_{...}, a number or a parenthesis")

    def begins(self) -> bool:
        """Whether another factor follows."""
        text = self.tokens[self.at].text
        return text in ("(", "P") or text.startswith(("P_", "sum_")) or bool(_NUMBER.fullmatch(text))

    def bound(self) -> list[Ref]:
        if not self.take("sum_"):
            token = self.tokens[self.at]
            self.tokens[self.at] = _Token(token.text.removeprefix("sum_"), token.place + len("sum_"))
            return [self.name()]
        self.expect("{")
        over = [self.name()]
        while self.take(","):
            over.append(self.name())
        self.expect("}")
        return over

    def probability(self) -> Prob:
        domain = self.tokens[self.at].text[2:]
        self.at += 1
        if self.tokens[self.at - 1].text == "P_":
            self.expect("{")
            domain = self.tokens[self.at].text
            self.at += 1
            self.expect("}")
        self.expect("(")
        event, given, do = self.list_of(self.value), list[Ref](), list[Ref]()
        if self.take("|"):
            for one, done in self.list_of(self.condition):
                (do if done else given).extend(one)
        self.expect(")")
        return Prob(tuple(event), tuple(given), tuple(do), domain)

    def condition(self) -> tuple[list[Ref], bool]:
        if self.tokens[self.at].text == "do" and self.tokens[self.at + 1].text == "(":
            self.at += 2
            done = self.list_of(self.value)
            self.expect(")")
            return done, True
        return [self.value()], False

    def list_of(self, one: Callable[[], _T]) -> list[_T]:
        found = [one()]
        while self.take(","):
            found.append(one())
        return found

    def value(self) -> Ref:
        ref = self.name()
        if not self.take("="):
            return ref
        word = self.tokens[self.at].text
        self.at += 1
        return Ref(ref.node, ref.primes, self.values(ref.node, word))

    def name(self) -> Ref:
        text = self.tokens[self.at].text
        plain = text if text in self.index else text.rstrip("'")
        node = self.index.get(plain, self.folded.get(plain.casefold()))
        if node is None:
            raise self.wrong(f"one of {', '.join(self.names)}")
        self.at += 1
        return Ref(node, len(text) - len(plain))

    def take(self, text: str) -> bool:
        if self.tokens[self.at].text != text or not text:
            return False
        self.at += 1
        return True

    def expect(self, text: str) -> None:
        if self.tokens[self.at].text != text:
            raise self.wrong(repr(text) if text else "the end")
        self.at += 1

    def wrong(self, expected: str) -> MalformedCase:
        token = self.tokens[self.at]
        found = repr(token.text) if token.text else "the end"
        return MalformedCase(f"formula: at character {token.place + 1} stands {found}; expected {expected}")


def _token(names: Sequence[str]) -> re.Pattern[str]:
    """What a token is where some *names* are no words: they come first, the longest before the others."""
    odd = [name for name in names if name and name.strip() == name and not _WORD.fullmatch(name)]
    if not odd:
        return _TOKEN
    return re.compile(
        rf"\s*((?:{'|'.join(map(re.escape, sorted(odd, key=len, reverse=True)))})'*(?![^\s()|,=*/{{}}'-])|{_PLAIN})"
    )


def _tokens(text: str, token: re.Pattern[str]) -> Iterator[_Token]:
    place = 0
    while match := token.match(text, place):
        yield _Token(match.group(1), match.start(1))
        place = match.end()


def _positions(node: int, word: str) -> int:
    del node
    if not word.isdigit():
        raise MalformedCase(f"formula: {word!r} is no position of a value; write 0, 1 and so on")
    return int(word)
