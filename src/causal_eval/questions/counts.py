"""A joint distribution told as counts out of 1,000 cases, and the causal model that it makes with a complete graph."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction

from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.scm import Scm, Table
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, Literal, of_form
from causal_eval.questions.network import literals_of

TOTAL = 1000
"""Cases that the counts add up to."""

Counts = Mapping[tuple[int, ...], int]
"""State of all nodes -> cases."""


def count_facts(counts: Counts) -> tuple[Fact, ...]:
    """A fact for every state of all nodes."""
    return tuple(Fact("cell", (tuple(enumerate(state)), count)) for state, count in counts.items())


def counts_of(facts: Facts, n: int) -> Counts:
    """The counts that are printed.

    Raises:
        VerificationMismatch: a state is missing or doubled, or the counts do not add up to 1,000.
    """
    counts: dict[tuple[int, ...], int] = {}
    for fact in of_form(facts, "cell"):
        state = tuple(value for _, value in sorted(literals_of(fact.slots[0])))
        count = fact.slots[1]
        if state in counts or not isinstance(count, int):
            raise VerificationMismatch(f"the number of cases in the state {state} is printed twice")
        counts[state] = count
    if set(counts) != set(itertools.product((0, 1), repeat=n)) or sum(counts.values()) != TOTAL:
        raise VerificationMismatch(f"the counts must cover each of {2**n} states once and add up to {TOTAL}")
    return counts


def rounded(weights: Mapping[tuple[int, ...], Fraction]) -> dict[tuple[int, ...], int]:
    """Counts near to 1,000 times the probabilities *weights*, which add up to 1; what is left goes to the largest."""
    counts = {state: round(weight * TOTAL) for state, weight in weights.items()}
    largest = max(counts, key=lambda state: (counts[state], state))
    counts[largest] += TOTAL - sum(counts.values())
    return counts


def fitted(graph: Graph, counts: Counts) -> Scm:
    """The model of *graph*, in which every two nodes are joined, whose distribution the counts are.

    Raises:
        VerificationMismatch: a state of some causes has no cases, or two nodes are not joined.
    """
    joined = sum(mask.bit_count() for mask in graph.parents)
    if joined != graph.n * (graph.n - 1) // 2:
        raise VerificationMismatch("every two quantities must be joined for the counts to say all of the model")
    return Scm(graph, (2,) * graph.n, tuple(_table(graph, counts, node=node) for node in range(graph.n)))


def _table(graph: Graph, counts: Counts, *, node: int) -> Table:
    causes = list(bits(graph.parents[node]))
    rows: dict[tuple[int, ...], tuple[Fraction, ...]] = {}
    for values in itertools.product((0, 1), repeat=len(causes)):
        given = list(zip(causes, values, strict=True))
        whole = cases(counts, given)
        if not whole:
            raise VerificationMismatch(f"no case is printed in which {given} holds")
        high = Fraction(cases(counts, [*given, (node, 1)]), whole)
        rows[values] = (1 - high, high)
    return Table(rows)


def cases(counts: Counts, given: Sequence[Literal]) -> int:
    """The cases in which all of *given* holds."""
    return sum(count for state, count in counts.items() if all(state[node] == value for node, value in given))


def share(counts: Counts, event: Literal, given: Sequence[Literal]) -> Fraction:
    """P(event | given) among the cases; *given* must have some."""
    return Fraction(cases(counts, [event, *given]), cases(counts, given))
