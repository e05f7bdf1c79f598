"""The formula that a plan of ID stands for: P of each call carried along as the factors of its chain rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from causal_eval.causal.districts import split
from causal_eval.causal.formula.tree import Formula, Prob, Product, Ref, free, product_of, quotient_of, refs, sum_over
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.identify import Step


class Link(NamedTuple):
    """A factor of a chain rule: the law of *node* given all nodes before it."""

    node: int
    law: Formula


@dataclass(frozen=True, slots=True)
class Law:
    """The distribution P of a call: what is observed over *v*, or a product of links."""

    v: int
    links: tuple[Link, ...] = ()
    """In causal order; empty: P is what is observed, so that every margin of it is one probability."""


def formula_of(step: Step, g: Graph) -> Formula:
    """The formula of a successful *step* of ID on all of *g*, as the algorithm gives it; copies may shadow others."""
    return _Writer(g).formula(step, Law(g.everything & ~g.latent))


class _Writer:
    def __init__(self, g: Graph) -> None:
        self.g = g
        self.order = g.topological()

    def formula(self, step: Step, law: Law) -> Formula:
        match step.line:
            case 1:
                return self.margin(law, step.y)
            case 2:
                return self.formula(step.inner[0], self.marginal(law, step.inner[0].v))
            case 3:
                return self.formula(step.inner[0], law)
            case 4:
                parts = product_of(self.formula(one, law) for one in step.inner)
                return sum_over(refs(bits(step.v & ~(step.y | step.x))), parts)
            case 6:
                parts = product_of(link.law for link in self.links(law, step.s))
                return sum_over(refs(bits(step.s & ~step.y)), parts)
        return self.formula(step.inner[0], Law(step.s, self.links(law, step.s)))  # line 7

    def links(self, law: Law, s: int) -> tuple[Link, ...]:
        """The links of the nodes in *s*."""
        if law.links:
            return tuple([link for link in law.links if s >> link.node & 1])
        return tuple([Link(node, self.observed(node, law.v)) for node in self.order if s >> node & 1])

    def observed(self, node: int, v: int) -> Prob:
        """P(node | what comes before it in *v*).

        Of that only the Markov pillow matters: its district there, and that district's parents.
        """
        before = 0
        for one in self.order:
            before |= 1 << one & v
            if one == node:
                break
        (district,) = [part for part in split(self.g.bidirected, before) if part >> node & 1]
        pillow = district
        for one in bits(district):
            pillow |= self.g.parents[one]
        return Prob(refs((node,)), refs(bits(pillow & before & ~(1 << node))))

    def margin(self, law: Law, y: int) -> Formula:
        """P(y)."""
        if not law.links:
            return Prob(refs(bits(y)))
        kept = _without_ends(law.links, y)
        return sum_over(refs(link.node for link in kept if not y >> link.node & 1), _product(kept))

    def marginal(self, law: Law, keep: int) -> Law:
        """The law of the nodes in *keep* alone."""
        if not law.links:
            return Law(keep)
        links = []
        for place, link in enumerate(law.links):
            if keep >> link.node & 1:
                links.append(Link(link.node, _given_kept(law.links[: place + 1], keep)))
        return Law(keep, tuple(links))


def _given_kept(links: Sequence[Link], keep: int) -> Formula:
    """The law of the last node of *links* given those of the others that are in *keep*.

    The sum over the others of the product of all links, over the same without the last node; links that share no
    node to be summed with the last one cancel.
    """
    last = links[-1]
    block = [last]
    summed: set[Ref] = set()
    while True:
        summed = {Ref(link.node) for link in links if not keep >> link.node & 1 and _meets(link, block)}
        larger = [link for link in links if link is last or Ref(link.node) in summed or free(link.law) & summed]
        if len(larger) == len(block):
            break
        block = larger
    before = _without_ends(block[:-1], keep)
    left = refs(link.node for link in before if not keep >> link.node & 1)
    return quotient_of(sum_over(tuple(summed), _product(block)), sum_over(left, _product(before)))


def _meets(link: Link, block: Iterable[Link]) -> bool:
    ref = Ref(link.node)
    return any(ref == Ref(one.node) or ref in free(one.law) for one in block)


def _without_ends(links: Sequence[Link], keep: int) -> list[Link]:
    """*links* without the last ones that are not in *keep*, each of which sums to 1."""
    kept = list(links)
    while kept and not keep >> kept[-1].node & 1:
        kept.pop()
    return kept


def _product(links: Iterable[Link]) -> Formula:
    return product_of(link.law for link in links) if links else Product(())
