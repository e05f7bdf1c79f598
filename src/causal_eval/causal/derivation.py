"""Derivations: short chains of lines from what a case states to its answer, each line re-evaluable by a machine.

Numbers: the table entries that matter, then sums of products (variable elimination), then the ratio or difference asked
for. Deterministic systems: one line for each node in causal order. Structure: claims, each a smaller query on the same
case that can be asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from causal_eval.causal.claims import structural_claims
from causal_eval.causal.contexts import by_contexts, by_values
from causal_eval.causal.counterfactual import Seen
from causal_eval.causal.estimand import estimand, probability_text
from causal_eval.causal.graph import bits
from causal_eval.causal.intervene import Worlds
from causal_eval.causal.ledger import ONE, Ledger, Line, Term, difference, product, quotient, total
from causal_eval.causal.query import Assignment, Case, Kind
from causal_eval.causal.scm import Linear
from causal_eval.causal.solve import Solved, levels, model_of, solved
from causal_eval.causal.symbolic import entry_text, facts, joint_term

__all__ = ["Line", "derive", "entry_text", "facts"]


def derive(case: Case) -> tuple[Line, ...]:
    """The derivation of the answer; the value of the last line is the answer.

    Raises:
        MalformedCase, NotDetermined, TooLarge: as :func:`causal_eval.causal.solve.solve`.
    """
    return derivation_of(solved(case))


def derivation_of(known: Solved) -> tuple[Line, ...]:
    """The derivation of an answer that the first solver has found."""
    ledger, case = Ledger(), known.case
    kind = Kind(case.query.kind)
    if kind == Kind.VALUES:
        by_values(ledger, case, values=known.value)
    elif known.worlds is None:
        structural_claims(ledger, case, value=known.value)
    elif kind != Kind.COUNTERFACTUAL or not by_contexts(ledger, case, worlds=known.worlds):
        _NUMERIC[kind](ledger, case)
    return tuple(ledger.lines)


def _probability(ledger: Ledger, case: Case) -> None:
    query = case.query
    do = query.do if query.kind == Kind.DO else ()
    _conditional(ledger, case, asked=(do, query.event, query.given), title=estimand(case))


def _effect(ledger: Ledger, case: Case) -> None:
    query, scm = case.query, model_of(case)
    x = query.x[0]
    if isinstance(scm.mechanisms[x], Linear):
        _linear(ledger, case)
        return
    given = query.given if query.kind == Kind.CATE else ()
    means = [_mean(ledger, case, do=((x, int(level)),), given=given) for level in (query.x1, query.x0)]
    ledger.arithmetic(estimand(case), difference(*means))


def _mean(ledger: Ledger, case: Case, *, do: Assignment, given: Assignment) -> Term:
    """E[Y | do, given] as a line or a number."""
    y = case.query.y[0]
    parts = []
    for value, level in enumerate(levels(Worlds(model_of(case), case.names), y)):
        if level:
            event = ((y, value),)
            p = _conditional(
                ledger, case, asked=(do, event, given), title=probability_text(case, event, given=given, do=do)
            )
            parts.append(product([ONE if level == 1 else _number(level), p]))
    return total(parts)


def _conditional(ledger: Ledger, case: Case, *, asked: tuple[Assignment, Assignment, Assignment], title: str) -> Term:
    """P(event | do, given) for *asked* = (do, event, given)."""
    do, event, given = asked
    both = tuple(sorted({*given, *event}))
    if not given:
        return joint_term(ledger, case, every=(Seen(do, event),), title=title)
    condition = joint_term(ledger, case, every=(Seen(do, given),), title=probability_text(case, given, given=(), do=do))
    together = joint_term(ledger, case, every=(Seen(do, both),), title=probability_text(case, both, given=(), do=do))
    return ledger.arithmetic(title, quotient(together, condition))


def _ett(ledger: Ledger, case: Case) -> None:
    query, scm = case.query, model_of(case)
    x, y = query.x[0], query.y[0]
    if isinstance(scm.mechanisms[x], Linear):
        _linear(ledger, case)
        return
    own = int(query.x1 if query.kind == Kind.ETT else query.x0)
    group: Assignment = ((x, own),)
    whole = joint_term(ledger, case, every=(Seen((), group),), title=probability_text(case, group))
    means = []
    for level in (int(query.x1), int(query.x0)):
        parts = []
        for value, number in enumerate(levels(Worlds(scm, case.names), y)):
            if number:
                title = _both_text(case, ((x, level),), event=((y, value),), seen=group)
                part = joint_term(
                    ledger, case, every=(Seen(((x, level),), ((y, value),)), Seen((), group)), title=title
                )
                parts.append(product([ONE if number == 1 else _number(number), part]))
        means.append(total(parts))
    gap = difference(*means)
    ledger.arithmetic(estimand(case), quotient(gap, whole))


def _counterfactual(ledger: Ledger, case: Case) -> None:
    query = case.query
    asked, seen = Seen(query.do, query.event), Seen((), query.evidence)
    _share(
        ledger,
        case,
        asked=(asked,),
        evidence=seen,
        title=_both_text(case, query.do, event=query.event, seen=query.evidence),
    )


def _causation(ledger: Ledger, case: Case) -> None:
    query = case.query
    x, y, x1, x0 = query.x[0], query.y[0], int(query.x1), int(query.x0)
    with_x, without = Seen(((x, x1),), ((y, 1),)), Seen(((x, x0),), ((y, 0),))
    if query.kind == Kind.PNS:
        joint_term(ledger, case, every=(with_x, without), title=estimand(case))
        return
    own, factual, other = (x1, 1, without) if query.kind == Kind.PN else (x0, 0, with_x)
    evidence = tuple(sorted(((x, own), (y, factual))))
    _share(
        ledger,
        case,
        asked=(other,),
        evidence=Seen((), evidence),
        title=_both_text(case, other.do, event=other.seen, seen=evidence),
    )


def _share(ledger: Ledger, case: Case, *, asked: tuple[Seen, ...], evidence: Seen, title: str) -> None:
    """The share of the evidence in which what is asked would have happened."""
    if not evidence.seen:
        joint_term(ledger, case, every=asked, title=estimand(case))
        return
    whole = joint_term(ledger, case, every=(evidence,), title=probability_text(case, evidence.seen))
    part = joint_term(ledger, case, every=(*asked, evidence), title=title)
    ledger.arithmetic(estimand(case), quotient(part, whole))


def _both_text(case: Case, do: Assignment, *, event: Assignment, seen: Assignment) -> str:
    """``P(Y_{X=0}=1, X=1, Y=1)``."""
    return f"P({counterfactual_text(case, do, event=event)}, {probability_text(case, seen)[2:]}" if seen else "P"


def counterfactual_text(case: Case, do: Assignment, *, event: Assignment) -> str:
    """``Y_{X=0}=1``."""
    had = probability_text(case, do)[2:-1] if do else ""
    parts = [probability_text(case, (pair,))[2:-1].partition("=") for pair in event]
    return ", ".join(f"{name}_{{{had}}}={value}" if had else f"{name}={value}" for name, _, value in parts)


def _linear(ledger: Ledger, case: Case) -> None:
    """The slope of every node between X and Y, causes first, then the answer."""
    query, scm = case.query, model_of(case)
    x, y = query.x[0], query.y[0]
    slopes: dict[int, Term] = {x: ONE}
    between = case.graph.descendants(1 << x) & case.graph.ancestors(1 << y) & ~(1 << x)
    for node in case.graph.topological():
        mechanism = scm.mechanisms[node]
        if not between >> node & 1 or not isinstance(mechanism, Linear):
            continue
        parts = [
            product([ledger.given(f"coefficient of {case.names[cause]} in {case.names[node]}", c), slopes[cause]])
            for cause, c in zip(bits(case.graph.parents[node]), mechanism.coefficients, strict=True)
            if cause in slopes
        ]
        text = f"effect of one unit of {case.names[x]} on {case.names[node]}"
        slopes[node] = ledger.arithmetic(text, total(parts))
    step = difference(_number(Fraction(query.x1)), _number(Fraction(query.x0)))
    ledger.arithmetic(estimand(case), product([slopes.get(y, _number(Fraction(0))), step]))


def _number(value: Fraction) -> Term:
    return Term(str(value), value.numerator, value.denominator, weak=value < 0 or value.denominator > 1)


_NUMERIC: Mapping[Kind, Callable[[Ledger, Case], None]] = {
    Kind.PROBABILITY: _probability,
    Kind.DO: _probability,
    Kind.ATE: _effect,
    Kind.CATE: _effect,
    Kind.ETT: _ett,
    Kind.ETU: _ett,
    Kind.COUNTERFACTUAL: _counterfactual,
    Kind.PN: _causation,
    Kind.PS: _causation,
    Kind.PNS: _causation,
}
