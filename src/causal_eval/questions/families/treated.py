"""Treated: the effect on those who were treated, or not treated, beside the effect on everybody (rung 3).

Truth: E[Y_1 - Y_0 | X = 1] (ETT) and E[Y_1 - Y_0 | X = 0] (ETU) of the printed tables; no hidden common cause and
independent chance, which the prompt says, decide them. ``effect`` asks for the number among either group of one model.
``compare`` asks of three models of one graph whether the effect on the treated is larger than that on everybody,
smaller, or the same (the treatment works alike in every stratum); the three answers are one scoring unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from causal_eval.causal.kinds.kind import Json
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.chances import Chances
from causal_eval.questions.facts import Fact, Facts, Literal, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.margins import apart
from causal_eval.questions.nets import MOST_DRAWS, Net, chances_of, discriminating, gap, random_tables, risk
from causal_eval.questions.network import contrast_of, literal, scm_of
from causal_eval.questions.posing import Posed, about_scm, number_of, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.tables import states_of
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

OPTIONS = ("higher in that group", "lower in that group", "the same")
"""How the change in the group can stand to the change in all cases."""

STRUCTURES: tuple[tuple[str, ...], ...] = (
    ("Z>X Z>Y X>Y",),
    ("Z>X Z>Y X>Y Y>C", "Z>W W>X Z>Y X>Y"),
    ("Z>X Z>Y W>X W>Y X>Y", "Z>X Z>Y X>Y X>C Y>C"),
    ("Z>X Z>Y W>X W>Y X>Y X>C", "Z>W W>X Z>Y W>Y X>Y Y>C"),
    ("Z>W W>X Z>V V>Y X>Y Z>Y X>C", "Z>X Z>Y W>X W>Y X>Y X>C Y>C"),
)
"""Per difficulty: X treatment, Y outcome, Z W V common causes, C an effect; X acts on Y directly."""

_LEAST = Fraction(1, 25)
"""Where they differ, they differ by so much."""


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """A group that keeps the margins."""
    make = _compared if kind.name == "compare" else _sized
    for _ in range(MOST_DRAWS):
        net = Net.draw(stream.choice(STRUCTURES[difficulty - 1]), stream)
        if members := make(net, stream):
            return Group(kind.name, net.n, net.order, members)
    raise AssertionError(f"treated/{kind.name} at difficulty {difficulty}: no model keeps the margins")


def _sized(net: Net, stream: Stream) -> tuple[Facts, ...]:
    """The question about the treated and that about the untreated of one model."""
    tables = random_tables(net, stream)
    members = tuple((*tables, _ask("ask-among", net, value=value)) for value in stream.shuffled((0, 1)))
    first, second = (_effect(facts, net.n) for facts in members)
    return members if apart(first, (second,)) and all(_kept(facts, net.n) for facts in members) else ()


def _kept(facts: Facts, n: int) -> bool:
    truth = _effect(facts, n)
    return abs(truth) >= _LEAST and discriminating(facts, truth, wrong=lambda: mistakes(facts, n))


def _compared(net: Net, stream: Stream) -> tuple[Facts, ...]:
    """A model for each of the three answers, in random order, or nothing."""
    ask = _ask("ask-group", net, value=stream.below(2))
    found = {0: (*random_tables(net, stream, fixed={"Y": _alike(net, stream)}), ask)}
    for _ in range(12):
        facts = (*random_tables(net, stream), ask)
        truth = _effect(facts, net.n) - _everybody(facts, net.n)
        if abs(truth) >= _LEAST:
            found[1 if truth > 0 else -1] = facts
    return tuple(stream.shuffled(list(found.values()))) if len(found) == len(OPTIONS) else ()


def _alike(net: Net, stream: Stream) -> list[int]:
    """A table of the outcome in which the treatment adds the same in every stratum."""
    causes = net.parents[net.at["Y"]]
    place = causes.index(net.at["X"])
    added = stream.between(15, 45) * (1 if stream.chance(1, 2) else -1)
    low, high = max(5, 5 - added), min(95, 95 - added)
    without = {values: stream.between(low, high) for values in states_of(len(causes)) if not values[place]}
    return [
        without[(*values[:place], 0, *values[place + 1 :])] + added * values[place] for values in states_of(len(causes))
    ]


def _ask(form: str, net: Net, *, value: int) -> Fact:
    x = net.at["X"]
    return Fact(form, ((net.at["Y"], 1), (x, 1), (x, 0), (x, value)))


def _effect(facts: Facts, n: int) -> Fraction:
    y, (x, value) = _asked(facts)
    return _among(chances_of(facts[:-1], n), y, x=x, value=value)


def _everybody(facts: Facts, n: int) -> Fraction:
    y, (x, _) = _asked(facts)
    return gap(chances_of(facts[:-1], n), y, x, do=True)


def _among(chances: Chances, y: Literal, *, x: int, value: int) -> Fraction:
    """E[Y_1 - Y_0 | X = value]: what was seen there, and the rest of the mean over everybody (consistency)."""
    share, seen = chances.probability(((x, value),)), risk(chances, y, given=((x, value),))
    other = (risk(chances, y, do=((x, 1 - value),)) - risk(chances, y, given=((x, 1 - value),)) * (1 - share)) / share
    return (seen - other) * (1 if value else -1)


def case(facts: Facts, n: int) -> Posed:
    """The effect in the group, that on everybody, and their difference."""
    (y, _), (x, value) = _asked(facts)
    ends: dict[str, Json] = {"X": symbol(x), "Y": symbol(y)}
    group = {"kind": "ett" if value else "etu", **ends}
    estimand = f"E[{symbol(y)} under {symbol(x)}=1 - {symbol(y)} under {symbol(x)}=0 | {symbol(x)}={value}]"
    if the_ask(facts).form == "ask-among":
        return about_scm(scm_of(facts, n), group, estimand=estimand)
    return about_scm(scm_of(facts, n), group, {"kind": "ate", **ends}, estimand=f"{estimand} - ATE", formula="c1 - c2")


def spec(facts: Facts, _lexicon: Lexicon) -> AnswerSpec:
    """A number, or how the group stands to everybody."""
    if the_ask(facts).form == "ask-among":
        return AnswerSpec(AnswerKind.NUMBER)
    return AnswerSpec(AnswerKind.CHOICE, options=OPTIONS)


def answer(facts: Facts, value: Value) -> Value:
    """The effect, or what the sign of the difference says."""
    found = number_of(parts_of(value)[-1])
    if the_ask(facts).form == "ask-among":
        return found
    return OPTIONS[0] if found > 0 else OPTIONS[1] if found < 0 else OPTIONS[2]


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What everybody's effect, the other group's, or the association would give."""
    y, (x, value) = _asked(facts)
    chances = chances_of(tuple(fact for fact in facts if fact is not the_ask(facts)), n)
    average, association = gap(chances, y, x, do=True), gap(chances, y, x, do=False)
    other = _among(chances, y, x=x, value=1 - value)
    if the_ask(facts).form == "ask-group":
        return {
            "the effect is the same for everybody": OPTIONS[2],
            "association in place of the group's effect": OPTIONS[0] if association > average else OPTIONS[1],
            "the other group": OPTIONS[0] if other > average else OPTIONS[1] if other < average else OPTIONS[2],
        }
    return {
        "correlation is causation": association,
        "the effect on everybody": average,
        "the other group": other,
        "turned round": -_among(chances, y, x=x, value=value),
    }


def _asked(facts: Facts) -> tuple[Literal, Literal]:
    y, x = contrast_of(facts)
    group = literal(the_ask(facts).slots[3])
    if group[0] != x:
        raise VerificationMismatch("the group must be told by the quantity whose effect is asked for")
    return (y, 1), group


FAMILY = Family(
    name="treated",
    title="Effect on the treated",
    number=27,
    kinds=(Kind("effect", rung=3, size=2), Kind("compare", rung=3, size=3, joint=True)),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
