"""Exact counts with a graph, and without one: what they say of an effect then."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from causal_eval.causal.scm import Scm
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.completions import effect
from causal_eval.questions.counts import Counts, count_facts, counts_of, fitted, rounded
from causal_eval.questions.facts import Fact, Facts, edge, of_form
from causal_eval.questions.network import graph_of
from causal_eval.seeds import Stream


class Thrice(NamedTuple):
    """Counts told with two graphs and with none, and an order of the quantities in one of them."""

    members: list[Facts]
    order: tuple[int, ...]


def pulled_counts(asked: tuple[int, int], others: Sequence[int], *, stream: Stream) -> Counts:
    """Counts of a model in which one other quantity pulls treatment and outcome apart, and the second matters less."""
    sign = 1 if stream.chance(1, 2) else -1
    pulls = {others[0]: (stream.between(35, 70), -sign * stream.between(35, 70))}
    pulls[others[1]] = (stream.between(-25, 25), stream.between(-25, 25))
    own = sign * stream.between(12, 40)
    lean = [stream.between(25, 75) for _ in others]
    weights = {}
    for state in itertools.product((0, 1), repeat=4):
        on = {other: 2 * state[other] - 1 for other in others}
        p_x = 50 + sum(pull * on[other] for other, (pull, _) in pulls.items()) // 2
        p_y = 50 + (own * (2 * state[asked[0]] - 1) + sum(pull * on[other] for other, (_, pull) in pulls.items())) // 2
        weight = Fraction(1)
        for p, index in zip((*lean, p_x, p_y), (*others, *asked), strict=True):
            p = min(max(p, 4), 96)  # noqa: PLW2901 - nothing is certain
            weight *= Fraction(p if state[index] else 100 - p, 100)
        weights[state] = weight
    return rounded(weights)


def told_thrice(
    counts: Counts, ends: tuple[int, int], *, others: Sequence[int], ask: Fact, least: Fraction
) -> Thrice | None:
    """The counts with a graph of a positive and one of a negative effect of *least* at least, and with none."""
    told = count_facts(counts)
    signs: dict[bool, tuple[int, ...]] = {}
    for order in _orders(ends, others):
        found = effect(fitted(graph_of(_arrows(order), len(order)), counts), *ends)
        if abs(found) >= least:
            signs.setdefault(found > 0, order)
    if len(signs) < 2:  # noqa: PLR2004 - of either sign
        return None
    graphs: list[Facts] = [(*_arrows(order), *told, Fact("counted"), ask) for order in signs.values()]
    return Thrice([*graphs, (*told, Fact("ungraphed"), ask)], signs[True])


def models_of(facts: Facts, n: int, *, ends: tuple[int, int]) -> tuple[Scm, Scm] | None:
    """Two models that fit counts with a whole graph (the same twice) or with none; None where facts are of other kinds.

    Raises:
        VerificationMismatch: there are influences where none is known, or all orders give effects of one sign.
    """
    if of_form(facts, "counted") and not of_form(facts, "either"):
        scm = fitted(graph_of(facts, n), counts_of(facts, n))
        return scm, scm
    if not of_form(facts, "ungraphed"):
        return None
    if of_form(facts, "edge", "either", "confounded"):
        raise VerificationMismatch("no influence is known, and yet some are listed")
    counts, others = counts_of(facts, n), [node for node in range(n) if node not in ends]
    found = [fitted(graph_of(_arrows(order), n), counts) for order in _orders(ends, others)]
    least, most = (pick(found, key=lambda scm: effect(scm, *ends)) for pick in (min, max))
    if effect(least, *ends) >= 0 or effect(most, *ends) <= 0:
        raise VerificationMismatch("the orders that were tried give effects of one sign")
    return least, most


def _orders(ends: tuple[int, int], others: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Orders of all quantities, the outcome last: each choice of those that come before the treatment."""
    x, y = ends
    for size in range(len(others) + 1):
        for before in itertools.combinations(others, size):
            yield (*before, x, *(other for other in others if other not in before), y)


def _arrows(order: Sequence[int]) -> Facts:
    """Everything acts on all that comes after it."""
    return tuple(itertools.starmap(edge, itertools.combinations(order, 2)))
