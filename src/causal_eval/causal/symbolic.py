"""Sums of products written out: variable elimination that records every line instead of only the number.

The variables are the copies of nodes in the counterfactual graph of :mod:`causal_eval.causal.counterfactual`; for one
world these are simply the nodes that matter.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from causal_eval.causal.counterfactual import Seen, copies_of
from causal_eval.causal.expression import evaluate
from causal_eval.causal.graph import bits
from causal_eval.causal.intervene import describe, nodes_of, word_of
from causal_eval.causal.ledger import NOTHING, ONE, Ledger, Term, difference, product, total
from causal_eval.causal.mechanism import is_determinate
from causal_eval.causal.query import Case
from causal_eval.causal.scm import Row, Rule, Scm, Table
from causal_eval.errors import MalformedCase, NotDetermined

ONE_LINE = 4
"""Sums of at most this many products are written in one line."""


class Factor(NamedTuple):
    """A function of copies: their values, in the order of the scope, -> the factors of a product; absent = 0."""

    scope: tuple[int, ...]
    rows: Mapping[tuple[int, ...], tuple[Term, ...]]
    label: str


def joint_term(ledger: Ledger, case: Case, *, every: Sequence[Seen], title: str) -> Term:
    """P(all that is seen in all these worlds) as a line called *title*, after the lines that it needs."""
    net = _Net(ledger, case, every)
    if net.impossible:
        return ledger.arithmetic(title, NOTHING)
    factors = [net.factor(node) for node in net.order()]
    while left := sorted({copy for factor in factors for copy in factor.scope}):
        if math.prod(net.size(copy) for copy in left) <= ONE_LINE:
            break
        copy = min(left, key=lambda one: _cost(net, factors, copy=one))
        touched = [factor for factor in factors if copy in factor.scope]
        factors = [factor for factor in factors if copy not in factor.scope]
        factors.append(_sum_out(net, touched, copy=copy))
    products = [product(terms) for _, terms in _products(net, factors, scope=left)]
    what = " ".join(factor.label for factor in factors if factor.label)
    over = ", ".join(net.name(copy) for copy in left)
    text = f"{title} = sum over {over} of {what}" if left else f"{title} = {what}"
    return ledger.arithmetic(text if what else title, total(products))


def facts(case: Case) -> dict[str, Fraction]:
    """Every number that the tables of the case state, under the text of its ``given`` line."""
    scm = case.scm
    found: dict[str, Fraction] = {}
    for node, mechanism in enumerate(scm.mechanisms if scm else ()):
        if isinstance(mechanism, Table):
            for key, row in mechanism.rows.items():
                found |= {entry_text(case, node, key=key, value=value): p for value, p in enumerate(row)}
    return found


def entry_text(case: Case, node: int, *, key: Sequence[int], value: int) -> str:
    """``P(Y=1 | X=1, Z=0)``: how an entry of a table is called."""
    return _entry_text(_literals(case), node, parents=bits(case.graph.parents[node]), entry=(key, value))


def _entry_text(
    literals: Sequence[Sequence[str]], node: int, *, parents: Sequence[int], entry: tuple[Sequence[int], int]
) -> str:
    key, value = entry
    if not key:
        return f"P({literals[node][value]})"
    given = ", ".join([literals[parent][level] for parent, level in zip(parents, key, strict=True)])
    return f"P({literals[node][value]} | {given})"


def _literals(case: Case) -> tuple[tuple[str, ...], ...]:
    """``X=1`` for every node and value."""
    scm = case.scm
    assert scm is not None, "a numeric case has a model"
    return tuple(
        [
            tuple([f"{name}={word_of(scm, node, value=value)}" for value in range(scm.domains[node])])
            for node, name in enumerate(case.names)
        ]
    )


class _Net:
    """The copies that matter, what is known of them, and their laws as terms."""

    def __init__(self, ledger: Ledger, case: Case, every: Sequence[Seen]) -> None:
        assert case.scm is not None, "a numeric case has a model"
        self.ledger, self.case, self.every = ledger, case, every
        self.scm: Scm = case.scm
        self.worlds = copies_of(case.graph, every)
        self.literals = _literals(case)
        self.parents = [bits(mask) for mask in case.graph.parents]
        self.names: dict[int, str] = {}
        self.known: dict[int, int] = {}
        self.home: dict[int, tuple[int, int]] = {}
        self.copies: dict[int, list[int]] = {}
        self.results: dict[tuple[int, tuple[int, ...]], int] = {}
        self.impossible = False
        for world, one in enumerate(every):
            self._look(world, one)

    def order(self) -> list[int]:
        """The nodes with copies that matter, causes first."""
        return [node for node in self.case.graph.topological() if node in self.copies]

    def size(self, copy: int) -> int:
        """How many values the copy has."""
        return self.scm.domains[self.home[copy][1]]

    def name(self, copy: int) -> str:
        """``Y``, or ``Y_{X=0}`` in a world with an intervention that changes it."""
        if copy not in self.names:
            world, node = self.home[copy]
            done = self.every[world].do
            changed = len(self.every) > 1 and self.case.graph.descendants(nodes_of(done)) >> node & 1
            suffix = f"_{{{describe(done, self.scm, names=self.case.names)}}}" if changed else ""
            self.names[copy] = self.case.names[node] + suffix
        return self.names[copy]

    def at(self, copy: int, value: int) -> str:
        """``Y_{X=0}=1``."""
        literal = self.literals[self.home[copy][1]][value]
        return self.name(copy) + literal[len(self.case.names[self.home[copy][1]]) :]

    def factor(self, node: int) -> Factor:
        """The joint law of the copies of *node* given their parents."""
        copies = sorted(self.copies[node])
        if len(copies) > 1 and not is_determinate(self.scm, node):
            raise NotDetermined(f"the table of {self.case.names[node]!r} does not say how one unit responds twice")
        inputs = [self._inputs(copy) for copy in copies]
        free = sorted({copy for one in (*inputs, copies) for copy in one}.difference(self.known))
        at = dict(self.known)
        rows: dict[tuple[int, ...], tuple[Term, ...]] = {}
        for values in itertools.product(*[range(self.size(copy)) for copy in free]):
            at.update(zip(free, values, strict=True))
            keys = [tuple([at[copy] for copy in one]) for one in inputs]
            term = self._response(node, keys, values=[at[copy] for copy in copies])
            if term.top:
                rows[values] = (term,)
        return Factor(tuple(free), rows, self._label(node, copies, inputs=inputs))

    def _response(self, node: int, keys: Sequence[tuple[int, ...]], *, values: Sequence[int]) -> Term:
        """The probability that the copies, whose parents have the values *keys*, take *values*."""
        mechanism = self.scm.mechanisms[node]
        if isinstance(mechanism, Rule):
            fits = all(self._result(node, mechanism, key=key) == value for key, value in zip(keys, values, strict=True))
            return ONE if fits else NOTHING
        if not isinstance(mechanism, Table):
            raise MalformedCase(f"{self.case.names[node]!r} has no probabilities for its values; state them")
        if len(keys) == 1:
            return self._entry(node, mechanism, key=keys[0], value=values[0])
        if len({*keys}) == 1:
            return self._entry(node, mechanism, key=keys[0], value=values[0]) if len({*values}) == 1 else NOTHING
        return self._overlap(node, mechanism, keys=keys, values=values)

    def _result(self, node: int, rule: Rule, *, key: tuple[int, ...]) -> int:
        """The value that *rule* gives when the parents of *node* have the values *key*."""
        if (node, key) not in self.results:
            parents = zip(self.parents[node], key, strict=True)
            named = {parent: self.scm.names(parent)[value] for parent, value in parents}
            self.results[node, key] = self.scm.names(node).index(evaluate(rule.expression, named))
        return self.results[node, key]

    def _entry(self, node: int, table: Table, *, key: tuple[int, ...], value: int) -> Term:
        """An entry of a table; for two values only that of the second is written down."""
        place = (node, key, value)
        entries = self.ledger.entries
        if place not in entries:
            entries[place] = self._written(node, table.rows[key], key=key, value=value)
        return entries[place]

    def _written(self, node: int, row: Row, *, key: tuple[int, ...], value: int) -> Term:
        if row[value].denominator == 1:
            return ONE if row[value] else NOTHING
        if len(row) == 2 and value == 0:  # noqa: PLR2004 - two values
            return difference(
                ONE,
                self.ledger.given(_entry_text(self.literals, node, parents=self.parents[node], entry=(key, 1)), row[1]),
            )
        return self.ledger.given(
            _entry_text(self.literals, node, parents=self.parents[node], entry=(key, value)), row[value]
        )

    def _overlap(self, node: int, table: Table, *, keys: Sequence[tuple[int, ...]], values: Sequence[int]) -> Term:
        """How much of the noise gives every copy its value: from the highest lower end to the lowest upper end."""
        pairs = list(zip(keys, values, strict=True))
        low = max((self._below(node, table, key=key, value=value) for key, value in pairs), key=_size)
        high = min((self._below(node, table, key=key, value=value + 1) for key, value in pairs), key=_size)
        if high.value <= low.value:
            return NOTHING
        return difference(high, low) if low.top else high

    def _below(self, node: int, table: Table, *, key: tuple[int, ...], value: int) -> Term:
        """The upper end of the noise that gives less than *value*."""
        if value == len(table.rows[key]):
            return ONE
        parts = [self._entry(node, table, key=key, value=less) for less in range(value)]
        return total([part for part in parts if part.top])

    def _look(self, world: int, one: Seen) -> None:
        forced = dict(one.do)
        for node, value in one.seen:
            copy = self.worlds[world][node]
            self.impossible |= self.known.setdefault(copy, forced.get(node, value)) != value
            self._need(world, node)

    def _need(self, world: int, node: int) -> None:
        forced = dict(self.every[world].do)
        if node in forced:
            self.known[self.worlds[world][node]] = forced[node]
            return
        copy = self.worlds[world][node]
        if copy in self.home:
            return
        self.home[copy] = (world, node)
        self.copies.setdefault(node, []).append(copy)
        for cause in self.parents[node]:
            self._need(world, cause)

    def _inputs(self, copy: int) -> list[int]:
        """The copies of the parents, ascending by parent."""
        world, node = self.home[copy]
        return [self.worlds[world][cause] for cause in self.parents[node]]

    def _label(self, node: int, copies: Sequence[int], *, inputs: Sequence[Sequence[int]]) -> str:
        if isinstance(self.scm.mechanisms[node], Rule):
            return ""
        own = ", ".join(self._level(copy, node) for copy in copies)
        causes = zip(self.parents[node], inputs[0], strict=True)
        given = ", ".join(self._level(copy, cause) for cause, copy in causes) if len(copies) == 1 else "their causes"
        return f"P({own} | {given})" if given and inputs[0] else f"P({own})"

    def _level(self, copy: int, node: int) -> str:
        if copy not in self.known:
            return self.name(copy)
        return self.at(copy, self.known[copy]) if copy in self.home else self.literals[node][self.known[copy]]


def _size(term: Term) -> Fraction | int:
    return term.value


def _sum_out(net: _Net, touched: Sequence[Factor], *, copy: int) -> Factor:
    """The factor without *copy*; entries that add or multiply several lines become a line of their own."""
    rest = sorted({one for factor in touched for one in factor.scope} - {copy})
    found: dict[tuple[int, ...], list[tuple[Term, ...]]] = {}
    for values, terms in _products(net, touched, scope=[*rest, copy]):
        found.setdefault(values[:-1], []).append(terms)
    what = " ".join(factor.label for factor in touched if factor.label)
    rows: dict[tuple[int, ...], tuple[Term, ...]] = {}
    for values, several in found.items():
        if len(several) == 1:
            rows[values] = several[0]
            continue
        at = ", ".join([net.at(one, value) for one, value in zip(rest, values, strict=True)])
        text = f"sum over {net.name(copy)} of {what}" + (f", at {at}" if at else "")
        rows[values] = (net.ledger.arithmetic(text, total([product(terms) for terms in several])),)
    return Factor(tuple(rest), rows, f"[sum over {net.name(copy)}]" if any(map(_lines, found.values())) else what)


def _lines(several: Sequence[object]) -> bool:
    return len(several) > 1


def _products(
    net: _Net, factors: Sequence[Factor], *, scope: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], tuple[Term, ...]]]:
    """Every combination of values that is possible, with the factors of its product."""
    places = [[scope.index(copy) for copy in factor.scope] for factor in factors]
    for values in itertools.product(*(range(net.size(copy)) for copy in scope)):
        terms: list[Term] = []
        for factor, place in zip(factors, places, strict=True):
            row = factor.rows.get(tuple([values[i] for i in place]))
            if row is None:
                break
            terms += row
        else:
            yield values, tuple(terms)


def _cost(net: _Net, factors: Sequence[Factor], *, copy: int) -> tuple[int, int]:
    """How many entries the factor has that is left when *copy* is summed out."""
    together = {one for factor in factors if copy in factor.scope for one in factor.scope} - {copy}
    return math.prod(net.size(one) for one in together), -copy
