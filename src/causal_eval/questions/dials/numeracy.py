"""Numeracy: an effect asked for as a number, by its sign, and as a formula that needs no arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from causal_eval.causal.sampled import MOST_NODES
from causal_eval.questions.catalog import family
from causal_eval.questions.dials.dial import Drawn, Stand
from causal_eval.questions.facts import Fact, Facts, edge, the_ask
from causal_eval.questions.families.effect import flipped_pair
from causal_eval.questions.joint import Joint
from causal_eval.questions.letters import letters
from causal_eval.questions.nets import chances_of, gap
from causal_eval.questions.network import literal, scm_of
from causal_eval.seeds import Stream

KINDS = ("effect/do", "effect/ate")
"""Kinds that ask for a number of one effect, from tables alone."""
LEAVES = (5, 8)
"""Quantities more in the question for a formula, at least and at most."""
LEAST = Fraction(1, 20)
"""An effect whose sign is asked for, and its association, are at least so large."""


def turn(drawn: Drawn, _numbers: Sequence[Fraction], stream: Stream) -> tuple[Stand, ...]:
    """Number, sign and formula of one effect; nothing where its sign cannot be asked for so that it is not guessed."""
    (facts,) = drawn.group.members
    what, do = (literal(slot) for slot in the_ask(facts).slots[:2])
    model = tuple(fact for fact in facts if fact is not the_ask(facts))
    gaps = [gap(chances_of(model, drawn.group.n), (what[0], 1), do[0], do=how) for how in (True, False)]
    (x, y), n = (do[0], what[0]), drawn.group.n
    more = flipped_pair(Joint.of_facts(model, n, x=x).parents, x, y=y, stream=stream.child("signs"))
    if min(map(abs, gaps)) < LEAST or not more:
        return ()
    return (
        Stand("number", drawn),
        Stand("sign", _signs(drawn, (*_directions(model, (x, y)), *more))),
        Stand("symbol", _formula(drawn, model, ends=(x, y), stream=stream)),
    )


def _directions(model: Facts, ends: tuple[int, int]) -> tuple[Facts, ...]:
    x, y = ends
    return tuple((*model, Fact(form, ((y, 1), (x, 1), (x, 0)))) for form in ("ask-raises", "ask-lowers"))


def _signs(drawn: Drawn, members: tuple[Facts, ...]) -> Drawn:
    """Whether it raises and whether it lowers, here and in two more models of the graph: right only together.

    A sign is one bit, and mostly that of the association. In one of the two others association and effect agree, in the
    other they do not, so that no answer that sees one prompt alone and reckons no effect is right about all.
    """
    kind = replace(family("effect").kind("direction"), size=len(members))
    return replace(
        drawn, family=family("effect"), kind=kind, group=replace(drawn.group, kind=kind.name, members=members)
    )


def _formula(drawn: Drawn, model: Facts, *, ends: tuple[int, int], stream: Stream) -> Drawn:
    """The formula of the distribution of the outcome under the intervention, from the structure alone.

    Tables of few quantities have few structures: leaves, which no formula needs, tell them apart, and make it wrong to
    adjust for everything.
    """
    source, n = family("estimand"), drawn.group.n
    kind, graph = source.kind("general"), scm_of(model, n).graph
    arrows = [edge(cause, node) for node in range(n) for cause in range(n) if graph.parents[node] >> cause & 1]
    order, whole = drawn.group.order, min(MOST_NODES, n + stream.between(*LEAVES))
    for new in range(n, whole):
        cause = ends[1] if new == n else stream.below(new)
        arrows.append(edge(cause, new))
        place = stream.between(order.index(cause) + 1, new)
        order = (*order[:place], new, *order[place:])
    facts = (*stream.shuffled(arrows), *letters(whole, stream), Fact("listed"), Fact("ask-formula", ends))
    group = replace(drawn.group, kind=kind.name, n=whole, order=order, members=(facts,))
    return replace(drawn, family=source, kind=kind, group=group)
