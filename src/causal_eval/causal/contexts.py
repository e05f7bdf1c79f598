"""Derivations of deterministic systems: node by node, and counterfactuals context by context."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from causal_eval.causal.case import write_query
from causal_eval.causal.estimand import estimand, probability_text
from causal_eval.causal.intervene import Worlds, describe, nodes_of, word_of
from causal_eval.causal.ledger import NOTHING, ONE, Ledger, Term, difference, product, quotient, total
from causal_eval.causal.query import Assignment, Case, Kind, Query
from causal_eval.causal.scm import Const, Expression, Rule, Table, Var
from causal_eval.causal.solve import answer_json, model_of

MOST_CONSISTENT = 8
"""Contexts that fit the evidence and are written down one by one."""

_BINARY = 2
_TRUTH_FUNCTIONS = frozenset({"copy", "not", "and", "or", "xor"})


def by_values(ledger: Ledger, case: Case, *, values: Mapping[int, int]) -> None:
    """Every node in causal order, by arithmetic where its rule is a truth function, then the answer as a claim."""
    scm, query = model_of(case), case.query
    done = dict(query.do)
    given = dict(query.context) | done
    terms: dict[int, Term] = {}
    for node in case.graph.topological():
        name, mechanism = case.names[node], scm.mechanisms[node]
        word = _word(case, node, value=values[node])
        truth = scm.names(node) == (0, 1)
        if node in given:
            how = "set to" if node in done else "stated:"
            term = ledger.given(f"{name} {how} {word}", values[node])
        elif not truth or not isinstance(mechanism, Rule):
            continue
        elif (found := _arithmetic(mechanism.expression, terms)) is not None:
            term = ledger.arithmetic(f"{name} = {rule_text(case, mechanism.expression)} = {word}", found)
        else:
            continue
        if truth:
            terms[node] = term
    ledger.claim(estimand(case), write_query(case), value=answer_json(values, case))


def by_contexts(ledger: Ledger, case: Case, *, worlds: Worlds) -> bool:
    """The counterfactual by going through every context that fits the evidence; False when they are too many."""
    contexts = _consistent(case, worlds)
    if contexts is None:
        return False
    query = case.query
    weights: list[Term] = []
    asked: list[Term] = []
    chances: dict[tuple[int, int], Term] = {}
    event, done = (describe(part, worlds.scm, names=case.names) for part in (query.event, query.do))
    roots = [node for node, parents in enumerate(case.graph.parents) if not parents]
    for context, happens in contexts:
        for node, value in context:
            if (node, value) not in chances:
                chances[node, value] = _chance(ledger, case, node=node, value=value)
        seen = describe(context, worlds.scm, names=case.names)
        terms = [chances[pair] for pair in context]
        weights.append(ledger.arithmetic(f"P({seen}): fits what was seen", product(terms)))
        hypothetical = Query(Kind.VALUES, context=_full(roots, context), do=query.do)
        values = answer_json(worlds.settled(dict(hypothetical.context) | dict(query.do)), case)
        text = f"there, with {done}, {event} {'would hold' if happens else 'would not hold'}"
        ledger.claim(text, write_query(case, hypothetical), value=values)
        if happens:
            asked.append(weights[-1])
    text = probability_text(case, query.evidence) if query.evidence else "all contexts"
    whole = ledger.arithmetic(f"{text}: all contexts that fit", total(weights))
    if query.evidence:
        evidence = Query(Kind.PROBABILITY, event=query.evidence)
        ledger.claim(f"no other context fits: {text}", write_query(case, evidence), value=str(whole.value))
    ledger.arithmetic(estimand(case), quotient(total(asked), whole))
    return True


def rule_text(case: Case, expression: Expression) -> str:
    """``(X and not Z)``: an expression in words."""
    if isinstance(expression, Var):
        return case.names[expression.node]
    if isinstance(expression, Const):
        return str(expression.value)
    names = case.names
    args = [names[arg.node] if isinstance(arg, Var) else rule_text(case, arg) for arg in expression.args]
    match expression.op:
        case "not":
            return f"not {args[0]}"
        case "and" | "or" | "xor" as op:
            return "(" + f" {op} ".join(args) + ")"
        case "count_ge":
            return f"(at least {args[-1]} of {', '.join(args[:-1])})"
        case "ge" | "eq" as op:
            return f"({args[0]} {'>=' if op == 'ge' else '=='} {args[1]})"
    return f"{expression.op}({', '.join(args)})"


def _consistent(case: Case, worlds: Worlds) -> list[tuple[Assignment, bool]] | None:
    """The contexts that fit the evidence, with whether the event would have happened; None when not for this form."""
    scm, g, query = model_of(case), case.graph, case.query
    roots = [node for node in range(g.n) if not g.parents[node]]
    if not all(isinstance(m, Table if node in roots else Rule) for node, m in enumerate(scm.mechanisms)):
        return None
    matters = g.ancestors(nodes_of(query.event) | nodes_of(query.evidence))
    grid = worlds.grid(matters)  # its rows are the contexts of positive probability
    factual = grid.after(())
    would = grid.rows(grid.holds(grid.after(query.do), query.event))
    rows = np.flatnonzero(grid.rows(grid.holds(factual, query.evidence)))
    if len(rows) > MOST_CONSISTENT:
        return None
    columns = [(node, grid.rows(column)) for node in roots if (column := factual[node]) is not None]
    return [(tuple((node, int(column[row])) for node, column in columns), bool(would[row])) for row in rows.tolist()]


def _full(roots: Sequence[int], context: Assignment) -> Assignment:
    """The context with every root that does not matter at its first value."""
    known = dict(context)
    return tuple((node, known.get(node, 0)) for node in roots)


def _chance(ledger: Ledger, case: Case, *, node: int, value: int) -> Term:
    mechanism = model_of(case).mechanisms[node]
    assert isinstance(mechanism, Table), "roots of such a system are tables"
    row = mechanism.rows[()]
    if len(row) == _BINARY and value == 0 and 1 not in row:
        return difference(ONE, ledger.given(_root_text(case, node, value=1), row[1]))
    return ledger.given(_root_text(case, node, value=value), row[value])


def _root_text(case: Case, node: int, *, value: int) -> str:
    return probability_text(case, ((node, value),))


def _arithmetic(expression: Expression, terms: Mapping[int, Term]) -> Term | None:
    """A truth function of *terms* as arithmetic on 0 and 1; None when it is none."""
    if isinstance(expression, Var):
        return terms.get(expression.node)
    if isinstance(expression, Const):
        return (ONE if expression.value else NOTHING) if isinstance(expression.value, bool) else None
    args: Sequence[Expression] = expression.args
    least = 0
    if expression.op == "count_ge":
        *args, threshold = args
        if not isinstance(threshold, Const) or not isinstance(threshold.value, int):
            return None
        least = threshold.value
    elif expression.op not in _TRUTH_FUNCTIONS:
        return None
    parts = []
    for arg in args:
        part = terms.get(arg.node) if isinstance(arg, Var) else _arithmetic(arg, terms)
        if part is None:
            return None
        parts.append(part)
    return _at_least(least, parts) if expression.op == "count_ge" else _truth(expression.op, parts)


def _truth(op: str, parts: Sequence[Term]) -> Term:
    if op == "copy":
        return parts[0]
    if op == "not":
        return difference(ONE, parts[0])
    if op == "and":
        return product(parts)
    if op == "or":
        return difference(ONE, product([difference(ONE, part) for part in parts]))
    result = parts[0]
    for part in parts[1:]:  # a xor b = a (1 - b) + (1 - a) b
        result = total([product([result, difference(ONE, part)]), product([difference(ONE, result), part])])
    return result


def _at_least(least: int, parts: Sequence[Term]) -> Term:
    """The sum over all patterns with enough ones of the product of the parts or their complements."""
    either = [(part, difference(ONE, part)) for part in parts]
    patterns = itertools.product((0, 1), repeat=len(parts))  # 0: it holds
    kept = [
        chosen
        for chosen, pattern in zip(itertools.product(*either), patterns, strict=True)
        if len(pattern) - sum(pattern) >= least
    ]
    return total([product(chosen) for chosen in kept])


def _word(case: Case, node: int, *, value: int) -> str:
    return word_of(model_of(case), node, value=value)
