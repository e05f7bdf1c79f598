"""Controlled direct effect: what the treatment does while a mediator is held fixed (rung 2).

Truth: P(y | do x, do m) - P(y | do x', do m) of the printed tables. The mediator is confounded with the outcome, so
that neither the total effect nor a comparison among those in whom the mediator happened to be so lies near the answer.
Two questions of one model hold the mediator at either state, and their answers differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from causal_eval.causal.kinds.kind import Json
from causal_eval.questions.facts import Fact, Facts, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.margins import apart
from causal_eval.questions.nets import MOST_DRAWS, Net, chances_of, discriminating, gap, random_tables, risk
from causal_eval.questions.network import contrast_of, literal, scm_of
from causal_eval.questions.posing import Posed, about_scm, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

STRUCTURES: tuple[tuple[str, ...], ...] = (
    ("X>M M>Y X>Y Z>M Z>Y",),
    ("X>M M>Y X>Y Z>M Z>Y Z>X", "X>M M>Y X>Y Z>M Z>Y M>C"),
    ("X>M M>Y X>Y Z>M Z>Y W>X W>Y", "X>L L>M M>Y X>Y L>Y", "X>M M>Y X>Y Z>M Z>Y Z>X M>C Y>C"),
    ("X>L L>M M>Y X>Y L>Y Z>X Z>Y", "X>M M>Y X>Y Z>M Z>W W>Y W>X"),
    ("X>L L>M M>Y X>Y L>Y Z>X Z>Y Y>C M>C", "X>M M>N N>Y X>Y Z>M Z>Y W>X W>Y", "X>L L>M M>Y X>N N>Y Z>M Z>Y L>Y"),
)
"""Per difficulty: X treatment, M the mediator held fixed, Y outcome, L N others between, Z W confounders, C effects."""

_LEAST = Fraction(1, 25)
"""Effects are at least this large."""


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """Two questions of one model, the mediator held at either state."""
    for _ in range(MOST_DRAWS):
        net = Net.draw(stream.choice(STRUCTURES[difficulty - 1]), stream)
        x, m, y = (net.at[role] for role in "XMY")
        facts = random_tables(net, stream)
        asks = [Fact("ask-cde", ((y, 1), (x, 1), (x, 0), (m, held))) for held in stream.shuffled((0, 1))]
        members = tuple((*facts, ask) for ask in asks)
        if all(_kept(member, net.n) for member in members) and apart(*_both(members, net.n)):
            return Group(kind.name, net.n, net.order, members)
    raise AssertionError(f"cde at difficulty {difficulty}: no model keeps the margins")


def _both(members: tuple[Facts, ...], n: int) -> tuple[Fraction, list[Fraction]]:
    first, *others = (_truth(member, n) for member in members)
    return first, others


def _kept(facts: Facts, n: int) -> bool:
    truth = _truth(facts, n)
    return abs(truth) >= _LEAST and discriminating(facts, truth, wrong=lambda: mistakes(facts, n))


def _truth(facts: Facts, n: int) -> Fraction:
    y, (x, _), held = _asked(facts)
    chances = chances_of(facts[:-1], n)
    return risk(chances, y, do=((x, 1), held)) - risk(chances, y, do=((x, 0), held))


def case(facts: Facts, n: int) -> Posed:
    """The controlled direct effect in the printed model."""
    (y, _), (x, _), (m, held) = _asked(facts)
    queries: list[dict[str, Json]] = [
        {"kind": "do", "event": {symbol(y): 1}, "do": {symbol(x): value, symbol(m): held}} for value in (1, 0)
    ]
    one, other = (f"P({symbol(y)}=1 | do({symbol(x)}={value}, {symbol(m)}={held}))" for value in (1, 0))
    return about_scm(scm_of(facts, n), *queries, estimand=f"{one} - {other}", formula="c1 - c2")


def spec(_facts: Facts, _lexicon: Lexicon) -> AnswerSpec:
    """A number."""
    return AnswerSpec(AnswerKind.NUMBER)


def answer(_facts: Facts, value: Value) -> Value:
    """The number itself."""
    return parts_of(value)[-1]


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """The other effects, and conditioning in place of holding fixed."""
    y, (x, _), held = _asked(facts)
    chances = chances_of(tuple(fact for fact in facts if fact is not the_ask(facts)), n)
    other = (held[0], 1 - held[1])
    return {
        "correlation is causation": gap(chances, y, x, do=False),
        "total effect": gap(chances, y, x, do=True),
        "condition on the mediator": gap(chances, y, x, do=False, given=(held,)),
        "condition on the mediator after the intervention": gap(chances, y, x, do=True, given=(held,)),
        "hold the mediator at its other state": risk(chances, y, do=((x, 1), other))
        - risk(chances, y, do=((x, 0), other)),
        "the effect of the mediator": risk(chances, y, do=((x, 1), (held[0], 1)))
        - risk(chances, y, do=((x, 1), (held[0], 0))),
    }


def _asked(facts: Facts) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    y, x = contrast_of(facts)
    return (y, 1), (x, 1), literal(the_ask(facts).slots[3])


FAMILY = Family(
    name="cde",
    title="Controlled direct effect",
    number=16,
    kinds=(Kind("cde", rung=2, size=2),),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
