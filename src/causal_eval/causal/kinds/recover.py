"""Recoverability from selected data."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.kinds.sets import Sets, braces, opened, query_of, read_sets
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.recover import is_conditional_recoverable, lost_factor
from causal_eval.causal.second import recover as second


@dataclass(frozen=True, slots=True)
class Asked:
    """X, Y and the selection nodes, and whether X is set or seen."""

    sets: Sets
    effect: bool


def _reads(given: Given) -> Asked:
    asked = Asked(read_sets(given, ("s",), least="ys"), given.flag("effect"))
    given.observed({"X": asked.sets.x, "Y": asked.sets.y, "selection": asked.sets.s})
    return asked


def _found(given: Given, asked: Asked) -> Found:
    return _effect(given, asked.sets) if asked.effect else _conditional(given, asked.sets)


def _conditional(given: Given, sets: Sets) -> Found:
    holds = is_conditional_recoverable(given.graph, sets.x, y=sets.y, s=sets.s)
    ledger = Ledger()
    reason = opened(given, given.graph, x=sets.y, y=sets.s, z=sets.x)
    text = f"{braces(given, sets.x)} {'separates' if holds else 'does not separate'} Y from the selection{reason}"
    ledger.claim(text, query_of(given, "dsep", asked=Sets(sets.y, sets.s, sets.x)), value=holds)
    ledger.claim("P(y | x) follows from P(v | S = 1)", dict(given.query), value=holds)
    return Found(holds, "Bareinboim, Tian and Pearl 2014, theorem 1", tuple(ledger.lines))


def _effect(given: Given, sets: Sets) -> Found:
    lost = lost_factor(given.graph, sets.x, y=sets.y, s=sets.s)
    ledger = Ledger()
    text = "every factor of P(y | do x) follows from P(v | S = 1)"
    if lost is not None:
        text = f"the factor of {braces(given, lost)} in P(y | do x) does not follow from P(v | S = 1)"
    ledger.claim(text, dict(given.query), value=lost is None)
    certificate: Json = None if lost is None else {"factor": [*given.named(lost)]}
    return Found(lost is None, "algorithm RC (Bareinboim and Tian 2015)", tuple(ledger.lines), certificate)


def _again(given: Given, asked: Asked) -> Json:
    sets = asked.sets
    if asked.effect:
        return not second.moves_alone(given.graph, sets.x, y=sets.y, s=sets.s)
    return second.says_conditional(given.graph, sets.x, y=sets.y, s=sets.s)


KINDS = (kind("recoverable", _reads, first=_found, second=_again),)
