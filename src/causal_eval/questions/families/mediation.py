"""Mediation: how much of an effect goes through what lies between, and how much past it (rung 3).

Truth: the natural direct effect E[Y with x, M as under x'] - E[Y under x'], the natural indirect effect
E[Y with x', M as under x] - E[Y under x'] and the total effect of the printed tables, all three in one answer. That no
hidden quantity is shared and all other chance is independent, which the prompt says, decides them. Treatment and
mediator interact, so that the two do not add up to the total: TE = NDE - NIE of the reverse change. Two questions of
one model ask about the change and about its reverse; where a quantity acts on mediator and outcome, it has to be
averaged over and must not be overlooked.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from causal_eval.causal.graph import bits
from causal_eval.causal.kinds.kind import Json
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, Literal, the_ask
from causal_eval.questions.family import APART, Family, Group, Kind, Value
from causal_eval.questions.nets import MOST_DRAWS, Net, chances_of, gap, random_tables, risk
from causal_eval.questions.network import literal, scm_of
from causal_eval.questions.posing import Posed, about_scm, number_of, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.tables import states_of
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

ITEMS = ("NDE", "NIE", "TE")

STRUCTURES: tuple[tuple[str, ...], ...] = (
    ("X>M M>Y X>Y",),
    ("X>M M>Y X>Y M>C", "W>X X>M M>Y X>Y"),
    ("X>M M>N N>Y X>Y", "X>L L>M M>Y X>Y", "X>M M>Y X>Y Z>X Z>M"),
    ("X>M M>Y X>Y Z>X Z>Y", "X>M M>N N>Y X>Y Z>X Z>M", "X>L L>M M>Y X>Y Z>X Z>M"),
    ("X>M M>Y X>Y Z>M Z>Y", "X>M M>Y X>Y Z>M Z>Y Z>X"),
)
"""Per difficulty: X treatment, M mediator, Y outcome, Z a common cause, W before, L and N others between, C after."""

_LEAST = Fraction(3, 100)
"""Direct, indirect and total effect are at least this large, and so is the interaction."""


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """The change and its reverse in one model that keeps the margins."""
    for _ in range(MOST_DRAWS):
        net = Net.draw(stream.choice(STRUCTURES[difficulty - 1]), stream)
        x, m, y = (net.at[role] for role in "XMY")
        facts = random_tables(net, stream)
        members = tuple(
            (*facts, Fact("ask-mediation", ((y, 1), (x, value), (x, 1 - value), m)))
            for value in stream.shuffled((0, 1))
        )
        if all(_is_kept(member, net.n) for member in members):
            return Group(kind.name, net.n, net.order, members)
    raise AssertionError(f"mediation at difficulty {difficulty}: no model keeps the margins")


def _is_kept(facts: Facts, n: int) -> bool:
    """Whether no effect is small, the two do not add up, and every mistake misses at least one by the margin."""
    found = _effects(facts, n)
    direct, indirect, total = found.values()
    if min(*map(abs, found.values()), abs(total - direct - indirect), abs(direct - indirect)) < _LEAST:
        return False
    return all(_differs(found, one) for one in mistakes(facts, n).values())


def _differs(found: Mapping[str, Fraction], other: Value) -> bool:
    return isinstance(other, Mapping) and any(
        abs(own - number) >= APART
        for (_, own), number in zip(found.items(), other.values(), strict=True)
        if isinstance(number, Fraction)
    )


def _effects(facts: Facts, n: int) -> dict[str, Fraction]:
    """The three by strata of what acts on mediator or outcome and does not follow from the treatment."""
    y, (x, to), m = _asked(facts)
    chances = chances_of(_stated(facts), n)
    graph = chances.graph
    others = bits((graph.parents[m] | graph.parents[y[0]]) & ~graph.descendants(1 << x) & ~(1 << x))

    def nested(active: int, mediating: int) -> Fraction:
        """E[Y with X at *active* and M as with X at *mediating*]."""
        mean = Fraction(0)
        for values in states_of(len(others)):
            stratum = tuple(zip(others, values, strict=True))
            weight = chances.probability(tuple(sorted(stratum))) if stratum else Fraction(1)
            for level in (0, 1):
                share = risk(chances, (m, level), do=((x, mediating),), given=stratum)
                mean += weight * share * risk(chances, y, do=((x, active), (m, level)), given=stratum)
        return mean

    start = nested(1 - to, 1 - to)
    ends = nested(to, 1 - to), nested(1 - to, to), nested(to, to)
    return {item: end - start for item, end in zip(ITEMS, ends, strict=True)}


def case(facts: Facts, n: int) -> Posed:
    """The direct effect, the indirect ones of change and reverse, the outcome after either; the total follows.

    Raises:
        VerificationMismatch: the quantity that is to be between treatment and outcome is not.
    """
    (y, _), (x, to), m = _asked(facts)
    scm = scm_of(facts, n)
    if not scm.graph.descendants(1 << x) & scm.graph.ancestors(1 << y) & ~(1 << x | 1 << y) & 1 << m:
        raise VerificationMismatch("what is called between treatment and outcome must be there")
    ends: dict[str, Json] = {"X": symbol(x), "Y": symbol(y), "mediators": [symbol(m)]}
    way: dict[str, Json] = {**ends, "x1": to, "x0": 1 - to}
    back: dict[str, Json] = {"kind": "nie", **ends, "x1": 1 - to, "x0": to}
    after: list[dict[str, Json]] = [
        {"kind": "do", "event": {symbol(y): 1}, "do": {symbol(x): value}} for value in (to, 1 - to)
    ]
    queries = ({"kind": "nde", **way}, {"kind": "nie", **way}, back, *after)
    estimand = f"NDE, NIE, TE of {symbol(x)}={to} on {symbol(y)}"
    return about_scm(scm, *queries, estimand=estimand, formula="c4 - c5")


def spec(_facts: Facts, _lexicon: Lexicon) -> AnswerSpec:
    """Three numbers."""
    return AnswerSpec(AnswerKind.NUMBERS, items=ITEMS)


def answer(_facts: Facts, value: Value) -> Value:
    """The three effects.

    Raises:
        VerificationMismatch: the total is not the direct effect less the indirect one of the reverse change.
    """
    direct, indirect, back, _, _, total = parts_of(value)
    if number_of(total) != number_of(direct) - number_of(back):
        raise VerificationMismatch(f"the total effect {total} is not NDE {direct} less NIE of the reverse {back}")
    return dict(zip(ITEMS, (direct, indirect, total), strict=True))


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What adding up, looking at records, holding the mediator still or turning the change round would give."""
    y, (x, to), m = _asked(facts)
    chances, sign = chances_of(_stated(facts), n), 1 if to else -1
    right = _effects(facts, n)
    direct, indirect, total = right.values()
    seen = sign * gap(chances, y, x, do=False)
    held = {
        level: risk(chances, y, do=((x, to), (m, level))) - risk(chances, y, do=((x, 1 - to), (m, level)))
        for level in (0, 1)
    }
    among = sign * gap(chances, y, x, do=False, given=((m, 0),))
    product = sign * gap(chances, (m, 1), x, do=False) * gap(chances, y, m, do=False)
    wrong = {
        "the rest is indirect": (direct, total - direct, total),
        "correlation is causation": (direct, indirect, seen),
        "compare records with the same mediator": (among, seen - among, seen),
        "multiply associations": (total - product, product, total),
        "hold the mediator at its first state": (held[0], total - held[0], total),
        "hold the mediator at its second state": (held[1], total - held[1], total),
        "the change turned round": (-direct, -indirect, -total),
        "direct for indirect": (indirect, direct, total),
    }
    told = {name: dict(zip(ITEMS, numbers, strict=True)) for name, numbers in wrong.items()}
    return {name: numbers for name, numbers in told.items() if numbers != right}


def _stated(facts: Facts) -> Facts:
    return tuple(fact for fact in facts if not fact.form.startswith("ask-"))


def _asked(facts: Facts) -> tuple[Literal, Literal, int]:
    what, do, _, between = the_ask(facts).slots
    assert isinstance(between, int)
    return literal(what), literal(do), between


FAMILY = Family(
    name="mediation",
    title="Direct and indirect effects",
    number=28,
    kinds=(Kind("effects", rung=3, size=2),),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
