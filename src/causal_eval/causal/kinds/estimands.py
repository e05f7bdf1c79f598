"""Formulas as answers: their value in a model, and whether they say the same in every model of a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.causal.formula import Formula, Laws, read_formula, value_of, written
from causal_eval.causal.formula.tree import Difference, Prob, Product, Quotient, Ref, Sum, free, refs
from causal_eval.causal.graph import bits
from causal_eval.causal.kinds.kind import Found, Given, kind
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.query import Assignment
from causal_eval.causal.reading import assignment, position
from causal_eval.causal.sampled import MODELS, MOST_NODES, compared, mentioned
from causal_eval.causal.scm import Scm
from causal_eval.causal.second.enumeration import Enumeration
from causal_eval.causal.second.witness import formulas_agree
from causal_eval.errors import MalformedCase, TooLarge
from causal_eval.seeds import Stream


@dataclass(frozen=True, slots=True)
class Worth:
    """A formula, a model, and the values of what is free."""

    formula: Formula
    scm: Scm
    at: Assignment


@dataclass(frozen=True, slots=True)
class Two:
    """Two formulas that may say the same, and a seed for the models that decide."""

    one: Formula
    other: Formula
    seed: int


def _worth(given: Given) -> Worth:
    scm = given.model()
    formula = _formula(given, "formula", values=lambda node, word: position(_word(word), scm.names(node), _where(word)))
    at = assignment(given.query.get("at"), given.index, scm, "query: at")
    known = {Ref(node) for node, _ in at}
    if missing := sorted(free(formula) - known):
        name = given.names[missing[0].node] + "'" * missing[0].primes
        raise MalformedCase(f"query: formula: {name} is free; give its value in at, or sum over it")
    return Worth(formula, scm, at)


def _word(word: str) -> str | int:
    return int(word) if word.isdigit() else word


def _where(word: str) -> str:
    return f"query: formula: a value {word}"


def _is_estimand(given: Given) -> Two:
    x, y, z = given.nodes("X", least=1), given.nodes("Y", least=1), given.nodes("Z")
    sets = {"X": x, "Y": y, "Z": z}
    given.apart(sets)
    given.observed(sets)
    effect = Prob(refs(bits(y)), refs(bits(z)), refs(bits(x)))
    return Two(_formula(given, "formula"), effect, _seed(given))


def _both(given: Given) -> Two:
    return Two(_formula(given, "formula"), _formula(given, "formula2"), _seed(given))


def _seed(given: Given) -> int:
    seed = given.query.get("seed", 0)
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise MalformedCase(f"query: seed: {seed!r} is no integer")
    return seed


def _formula(given: Given, field: str, *, values: Callable[[int, str], int] | None = None) -> Formula:
    text = given.query.get(field)
    if not isinstance(text, str):
        raise MalformedCase(f"query: {field}: kind {given.kind} needs a formula such as 'sum_z P(y|x,z) P(z)'")
    formula = read_formula(text, given.names, values=values or _two_valued)
    given.observed({field: mentioned(formula)})
    for domain in _domains(formula):
        if domain:
            raise MalformedCase(f"query: {field}: the domain {domain!r} is unknown; this kind has one population")
    return formula


def _two_valued(node: int, word: str) -> int:
    del node
    if word not in ("0", "1"):
        raise MalformedCase(f"query: formula: {word!r} is none of the two values 0 and 1 that nodes have here")
    return int(word)


def _domains(formula: Formula) -> Iterator[str]:
    match formula:
        case Prob():
            yield formula.domain
        case Sum(_, body):
            yield from _domains(body)
        case Product(parts):
            for part in parts:
                yield from _domains(part)
        case Quotient(one, other) | Difference(one, other):
            yield from _domains(one)
            yield from _domains(other)


def _value(given: Given, asked: Worth) -> Found:
    values = {Ref(node): value for node, value in asked.at}
    found = value_of(asked.formula, Laws({"": asked.scm})).at(values)
    ledger = Ledger()
    ledger.claim(written(asked.formula, given.names), dict(given.query), value=str(found))
    return Found(str(found), "exact evaluation, factor by factor", tuple(ledger.lines))


def _value_again(asked: Worth) -> str:
    values = {Ref(node): value for node, value in asked.at}
    return str(Fraction(Enumeration(asked.scm).worth(asked.formula, values)))


def _agree(given: Given, asked: Two) -> Found:
    trial = compared(given.graph, asked.one, other=asked.other, stream=Stream("equivalent", asked.seed))
    if not trial.models:
        raise TooLarge(f"formulas are compared on models of at most {MOST_NODES} nodes that matter")
    one, other = (written(formula, given.names) for formula in (asked.one, asked.other))
    ledger = Ledger()
    sign = "=" if trial.right else "differs from"
    ledger.claim(f"{one} {sign} {other}", dict(given.query), value=trial.right)
    method = f"exact values in {MODELS} random strictly positive models of the graph"
    return Found(trial.right, method, tuple(ledger.lines), {"seed": asked.seed, "models": trial.models})


def _agree_again(given: Given, asked: Two) -> bool:
    return formulas_agree(given.graph, asked.one, other=asked.other, seed=asked.seed)


KINDS = (
    kind("estimand_value", _worth, first=_value, second=lambda _, ask: _value_again(ask)),
    kind("estimand_equivalent", _both, first=_agree, second=_agree_again),
    kind("is_estimand", _is_estimand, first=_agree, second=_agree_again),
)
