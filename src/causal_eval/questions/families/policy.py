"""Policy: which interventions are worth most, when the outcome has its price (rung 2).

Truth: the expected points under do(...) of the printed tables, for plans that fix one or two quantities. ``rank`` asks
for the order of four plans, which is not their order by what is merely observed where the same holds, nor that of the
outcome alone; ``worth`` asks for the expected points of one plan. Either state of what is enforced may be the one that
costs, so that no state is better than the other by its name.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction

from causal_eval.causal.kinds.kind import Json
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.chances import Chances
from causal_eval.questions.facts import Fact, Facts, Literal, of_form, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.margins import apart
from causal_eval.questions.nets import MOST_DRAWS, Net, chances_of, random_tables, risk
from causal_eval.questions.network import literal, literals_of, scm_of
from causal_eval.questions.posing import Posed, about_scm, number_of, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

STRUCTURES: tuple[tuple[str, ...], ...] = (
    ("Z>X Z>Y X>Y W>Y",),
    ("Z>X Z>Y X>Y X>W W>Y", "Z>X Z>W X>Y W>Y"),
    ("Z>X Z>W Z>Y X>Y W>Y", "Z>X Z>Y X>M M>Y W>Y"),
    ("Z>X Z>W Z>Y X>M M>Y W>Y", "Z>X V>W Z>Y V>Y X>Y W>M M>Y"),
    ("Z>X Z>W Z>Y X>M M>Y W>N N>Y", "Z>X V>W Z>Y V>M X>M M>Y W>Y X>S"),
)
"""Per difficulty: X and W can be enforced, Y is worth most, Z V common causes, M N between, S a side effect."""

_APART = Fraction(1, 5)
"""Points by which two plans differ at least."""
_PLANS = 4


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """Four plans of one model that keep the margins."""
    for _ in range(MOST_DRAWS):
        net = Net.draw(stream.choice(STRUCTURES[difficulty - 1]), stream)
        x, w, y = (net.at[role] for role in "XWY")
        plans = [Fact("plan", (number, does)) for number, does in enumerate(_plans(x, w, stream=stream), 1)]
        costly = [node for node in (x, w, net.at.get("S", -1)) if node >= 0]
        priced = [(y, 1), *((node, stream.below(2)) for node in costly)]
        values = [Fraction(stream.between(8, 20)), *(Fraction(-stream.between(1, 4)) for _ in priced[1:])]
        worth = [Fact("worth", pair) for pair in zip(priced, values, strict=True)]
        ask = Fact("ask-rank") if kind.name == "rank" else Fact("ask-plan-worth", (stream.between(1, _PLANS),))
        facts = (*random_tables(net, stream), *plans, *worth, Fact("points"), ask)
        if _kept(facts, net.n):
            return Group(kind.name, net.n, net.order, (facts,))
    raise AssertionError(f"policy/{kind.name} at difficulty {difficulty}: no model keeps the margins")


def _plans(x: int, w: int, *, stream: Stream) -> list[tuple[Literal, ...]]:
    """Four of the eight ways to fix one or both."""
    singles = [((node, value),) for node in (x, w) for value in (0, 1)]
    doubles = [tuple(sorted(((x, one), (w, other)))) for one in (0, 1) for other in (0, 1)]
    return [*stream.sample([*singles, *doubles], _PLANS)]


def _kept(facts: Facts, n: int) -> bool:
    chances, plans = chances_of(_model(facts), n), _given_plans(facts)
    points = [_points(facts, chances, do=does) for does in plans.values()]
    if any(abs(one - other) < _APART for one, other in itertools.combinations(points, 2)):
        return False
    if the_ask(facts).form == "ask-rank":
        seen = _ranked({number: _points(facts, chances, given=does) for number, does in plans.items()})
        return seen != _ranked(dict(zip(plans, points, strict=True)))
    truth = dict(zip(plans, points, strict=True))[_number(the_ask(facts).slots[0])]
    return apart(truth, [one for one in mistakes(facts, n).values() if isinstance(one, Fraction)])


def case(facts: Facts, n: int) -> Posed:
    """For every plan that is asked about, the probability of each priced state under it.

    Raises:
        VerificationMismatch: plans are not numbered 1 to 4, nothing is priced, or the prices are not said to be all.
    """
    plans, prices = _given_plans(facts), _prices(facts)
    chosen = list(plans) if the_ask(facts).form == "ask-rank" else [_number(the_ask(facts).slots[0])]
    if not plans.keys() >= set(chosen):
        raise VerificationMismatch(f"the question asks about plan {chosen[0]}, which the prompt does not describe")
    asked = {number: plans[number] for number in chosen}
    queries: list[dict[str, Json]] = [
        {"kind": "do", "event": {symbol(node): value}, "do": {symbol(cause): held for cause, held in does}}
        for does in asked.values()
        for node, value in prices
    ]
    terms = [f"({price}) * c{place}" for place, price in enumerate(prices.values(), 1)]
    names = " + ".join(f"{price} P({symbol(node)}={value} | do)" for (node, value), price in prices.items())
    formula = " + ".join(terms) if the_ask(facts).form == "ask-plan-worth" else ""
    return about_scm(scm_of(_model(facts), n), *queries, estimand=names, formula=formula)


def spec(facts: Facts, _lexicon: Lexicon) -> AnswerSpec:
    """All plans in order, or a number."""
    if the_ask(facts).form == "ask-rank":
        return AnswerSpec(AnswerKind.ORDER, items=tuple(f"plan {number}" for number in sorted(_given_plans(facts))))
    return AnswerSpec(AnswerKind.NUMBER)


def answer(facts: Facts, value: Value) -> Value:
    """The plans by expected points, or these."""
    found, prices = [number_of(part) for part in parts_of(value)], _prices(facts)
    if the_ask(facts).form == "ask-plan-worth":
        return found[-1]
    sums = [
        sum((price * p for price, p in zip(prices.values(), found[start:], strict=False)), Fraction(0))
        for start in range(0, len(found), len(prices))
    ]
    return _ranked(dict(zip(_given_plans(facts), sums, strict=True)))


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What looking on, forgetting prices, or asking the treated alone would give."""
    chances, plans, prices = chances_of(_model(facts), n), _given_plans(facts), _prices(facts)
    dearest = max(prices, key=lambda what: (prices[what], what))
    seen = {number: _points(facts, chances, given=does) for number, does in plans.items()}
    single = {number: risk(chances, dearest, do=does) * prices[dearest] for number, does in plans.items()}
    done = {number: _points(facts, chances, do=does) for number, does in plans.items()}
    if the_ask(facts).form == "ask-rank":
        wrong = {
            "correlation is causation": _ranked(seen),
            "forget what it costs": _ranked(single),
            "fewest interventions first": _ranked({number: Fraction(-len(does)) for number, does in plans.items()}),
            "worst first": _ranked(done)[::-1],
        }
        return {name: order for name, order in wrong.items() if order != _ranked(done)}
    number = _number(the_ask(facts).slots[0])
    return {
        "correlation is causation": seen[number],
        "forget what it costs": single[number],
        "no intervention": _points(facts, chances),
    }


def _points(facts: Facts, chances: Chances, *, do: Sequence[Literal] = (), given: Sequence[Literal] = ()) -> Fraction:
    """The expected points."""
    return sum((price * risk(chances, what, do=do, given=given) for what, price in _prices(facts).items()), Fraction(0))


def _ranked(points: Mapping[int, Fraction]) -> tuple[str, ...]:
    """The plans, most points first; equals by number."""
    return tuple(f"plan {number}" for number in sorted(points, key=lambda number: (-points[number], number)))


def _given_plans(facts: Facts) -> dict[int, tuple[Literal, ...]]:
    plans = {_number(fact.slots[0]): literals_of(fact.slots[1]) for fact in of_form(facts, "plan")}
    if sorted(plans) != list(range(1, _PLANS + 1)) or len(of_form(facts, "plan")) != _PLANS:
        raise VerificationMismatch(f"the prompt must describe the plans 1 to {_PLANS} once each")
    return dict(sorted(plans.items()))


def _prices(facts: Facts) -> dict[Literal, Fraction]:
    prices: dict[Literal, Fraction] = {}
    for fact in of_form(facts, "worth"):
        what, price = literal(fact.slots[0]), fact.slots[1]
        if what in prices or not isinstance(price, Fraction):
            raise VerificationMismatch(f"what {what} is worth is said twice")
        prices[what] = price
    if not prices or len(of_form(facts, "points")) != 1:
        raise VerificationMismatch("the prompt must say once what points there are, and that there are no others")
    return dict(sorted(prices.items()))


def _model(facts: Facts) -> Facts:
    return tuple(of_form(facts, "base", "share"))


def _number(slot: object) -> int:
    assert isinstance(slot, int)
    return slot


FAMILY = Family(
    name="policy",
    title="Policy choice under utility",
    number=24,
    kinds=(Kind("rank", rung=2), Kind("worth", rung=2)),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
