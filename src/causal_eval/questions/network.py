"""The causal model that printed facts state: parents, tables and rules, and nothing that is not printed."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from causal_eval.causal.graph import Graph
from causal_eval.causal.scm import Call, Const, Expression, Mechanism, Rule, Scm, Table, Var
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, Literal, Slot, of_form, remembered, the_ask

Parents = tuple[tuple[int, ...], ...]
"""Per node its direct causes, ascending."""


def contrast_of(facts: Facts) -> tuple[int, int]:
    """(outcome, treatment) of a question that compares the treatment at 1 with that at 0 for the outcome at 1.

    Raises:
        VerificationMismatch: the ask does not begin with these three.
    """
    (y, level), (x, one), (again, other) = (literal(slot) for slot in the_ask(facts).slots[:3])
    if (level, one, other) != (1, 1, 0) or x != again or x == y:
        raise VerificationMismatch("the question must compare two states of one quantity for another one")
    return y, x


@remembered
def graph_of(facts: Facts, n: int) -> Graph:
    """The graph of the printed edges and hidden common causes; latent nodes are those said to be unmeasured."""
    edges = [(node(fact.slots[0]), node(fact.slots[1])) for fact in of_form(facts, "edge")]
    latent = 0
    for fact in of_form(facts, "latent"):
        hidden = node(fact.slots[0])
        if latent >> hidden & 1:
            raise VerificationMismatch(f"node {hidden} is said twice to be unmeasured")
        latent |= 1 << hidden
    pairs = [(node(fact.slots[0]), node(fact.slots[1])) for fact in of_form(facts, "confounded")]
    return Graph.build(n, edges, bidirected=pairs, latent=latent)


class Stated(NamedTuple):
    """What is printed of every node."""

    rows: dict[int, dict[tuple[Literal, ...], Fraction]]
    """Node -> states of its causes -> P(node = 1); empty for one that has a rule."""
    rules: dict[int, Fact]


def scm_of(facts: Facts, n: int) -> Scm:
    """The causal model of the printed shares and rules, all variables binary.

    Raises:
        VerificationMismatch: a node has no statement, two kinds of statement, or a table with a row missing or doubled.
    """
    rows, rules = stated(facts, n)
    parents: list[tuple[int, ...]] = []
    mechanisms: list[Mechanism] = []
    for index in range(n):
        causes, mechanism = rule_of(rules[index]) if index in rules else _table(index, rows[index])
        parents.append(causes)
        mechanisms.append(mechanism)
    edges = [(cause, index) for index, causes in enumerate(parents) for cause in causes]
    return Scm(Graph.build(n, edges), (2,) * n, tuple(mechanisms))


def stated(facts: Facts, n: int) -> Stated:
    """The printed shares and rules of all variables.

    Raises:
        VerificationMismatch: a node has no statement, two kinds of statement, or one twice.
    """
    rows: dict[int, dict[tuple[Literal, ...], Fraction]] = {index: {} for index in range(n)}
    rules: dict[int, Fact] = {}
    for fact in facts:
        if fact.form in ("base", "share"):
            _take_row(fact, rows)
        elif fact.form.startswith("rule-"):
            target = literal(fact.slots[0])[0]
            if target in rules:
                raise VerificationMismatch(f"two rules are printed for node {target}")
            rules[target] = fact
    for index in range(n):
        if (index in rules) == bool(rows[index]):
            raise VerificationMismatch(f"node {index} needs either probabilities or one rule in the prompt")
    return Stated(rows, rules)


def rule_of(fact: Fact) -> tuple[tuple[int, ...], Mechanism]:
    """The causes (ascending) and the mechanism that a ``rule-*`` fact states."""
    literals, needed = rule_parts(fact)
    return tuple(cause for cause, _ in literals), mechanism_of(literal(fact.slots[0])[1], needed, literals=literals)


@functools.lru_cache(maxsize=1 << 13)  # small systems have few different rules
def mechanism_of(value: int, needed: int, *, literals: tuple[Literal, ...]) -> Rule:
    """The node has *value* exactly where at least *needed* of *literals* hold."""
    terms = tuple([_term(cause, wanted) for cause, wanted in literals])
    if len(terms) == 1:
        expression: Expression = terms[0]
    elif needed in (1, len(terms)):
        expression = Call("or" if needed == 1 else "and", terms)
    else:
        expression = Call("count_ge", (*terms, Const(needed)))
    return Rule(expression if value else _negated(expression))


def rule_parts(fact: Fact) -> tuple[tuple[Literal, ...], int]:
    """The literals of a ``rule-*`` or ``rewired-*`` fact, ascending, and how many of them are needed."""
    how = fact.form.rpartition("-")[2]
    literals = literals_of(fact.slots[-1]) if how != "one" else (literal(fact.slots[-1]),)
    match how:
        case "all":
            return literals, len(literals)
        case "count":
            needed = fact.slots[1]
            assert isinstance(needed, int)
            return literals, needed
    return literals, 1


def node(slot: Slot) -> int:
    """The node in a ``name`` slot."""
    assert isinstance(slot, int)
    return slot


def literal(slot: Slot) -> Literal:
    """The (node, value) in a ``clause`` slot."""
    assert isinstance(slot, tuple)
    index, value = slot
    assert isinstance(index, int)
    assert isinstance(value, int)
    return index, value


def literals_of(slot: Slot) -> tuple[Literal, ...]:
    """The literals in a ``clauses`` or ``list`` slot."""
    assert isinstance(slot, tuple)
    return tuple([literal(part) for part in slot if isinstance(part, tuple)])


@functools.lru_cache(maxsize=1 << 8)
def _term(cause: int, wanted: int) -> Expression:
    return Var(cause) if wanted else _negated(Var(cause))


def _negated(expression: Expression) -> Expression:
    return Call("not", (expression,))


def _take_row(fact: Fact, rows: dict[int, dict[tuple[Literal, ...], Fraction]]) -> None:
    index, value = literal(fact.slots[0])
    given = literals_of(fact.slots[1]) if fact.form == "share" else ()
    p = fact.slots[-1]
    assert isinstance(p, Fraction)
    if given in rows[index]:
        raise VerificationMismatch(f"two probabilities are printed for node {index} given {given}")
    rows[index][given] = p if value else 1 - p


def _table(index: int, rows: Mapping[tuple[Literal, ...], Fraction]) -> tuple[tuple[int, ...], Mechanism]:
    causes = tuple(sorted({cause for given in rows for cause, _ in given}))
    table: dict[tuple[int, ...], tuple[Fraction, ...]] = {}
    for values in itertools.product((0, 1), repeat=len(causes)):
        p = rows.get(tuple(zip(causes, values, strict=True)))
        if p is None:
            raise VerificationMismatch(f"no probability is printed for node {index} at {values} of {causes}")
        table[values] = (1 - p, p)
    if len(table) != len(rows):
        raise VerificationMismatch(f"the probabilities printed for node {index} name different causes")
    return causes, Table(table)
