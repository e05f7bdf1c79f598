"""Contrast: what is seen beside what is done, and which of the two is more probable (rung 2).

Truth: P(y | x) and P(y | do x) of the printed tables. ``both`` asks for the two numbers. ``compare`` asks of three
models of one graph which of the two is higher: in one it is observation, in one intervention, and in one they are equal
although the graph is confounded, because the treatment does not heed its causes; the three answers are one unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from causal_eval.causal.kinds.kind import Json
from causal_eval.questions.facts import Fact, Facts, Literal, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.margins import apart, guesses
from causal_eval.questions.nets import MOST_DRAWS, Net, chances_of, random_tables, risk
from causal_eval.questions.network import literal, scm_of
from causal_eval.questions.posing import Posed, about_scm, number_of, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

OPTIONS = ("observing makes it more probable", "enforcing makes it more probable", "both make it equally probable")
"""How P(y | x) can stand to P(y | do x)."""

STRUCTURES: tuple[tuple[str, ...], ...] = (
    ("Z>X Z>Y X>Y",),
    ("Z>X Z>Y X>M M>Y", "Z>X Z>W W>Y X>Y"),
    ("Z>X Z>Y W>X W>Y X>Y", "Z>X Z>Y X>M M>Y X>C Y>C", "Z>X Z>Y X>M M>Y X>Y"),
    ("Z>X Z>Y W>X W>Y X>M M>Y", "Z>W W>X Z>Y W>Y X>Y X>C", "Z>X Z>Y W>X W>M X>M M>Y"),
    ("Z>X Z>Y W>X W>Y X>M M>Y Y>C", "Z>W W>X Z>V V>Y X>M M>Y V>M", "Z>X Z>W W>Y V>X V>M X>M M>Y"),
)
"""Per difficulty: X treatment, Y outcome, Z W V common causes, M mediator, C an effect."""

ITEMS = ("observed", "enforced")
"""What the two numbers are called."""

_LEAST = Fraction(1, 20)
"""Where they differ, they differ by so much."""


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """A group that keeps the margins."""
    make = _compared if kind.name == "compare" else _both
    for _ in range(MOST_DRAWS):
        net = Net.draw(stream.choice(STRUCTURES[difficulty - 1]), stream)
        if members := make(net, stream):
            return Group(kind.name, net.n, net.order, members)
    raise AssertionError(f"contrast/{kind.name} at difficulty {difficulty}: no model keeps the margins")


def _both(net: Net, stream: Stream) -> tuple[Facts, ...]:
    facts = (*random_tables(net, stream), _ask("ask-both", net, value=stream.below(2)))
    seen, done = _two(facts, net.n)
    plain, tries = risk(chances_of(facts[:-1], net.n), (net.at["Y"], 1)), guesses(facts)
    kept = abs(seen - done) >= _LEAST and apart(seen, tries) and apart(done, [plain, *tries])
    return (facts,) if kept else ()


def _compared(net: Net, stream: Stream) -> tuple[Facts, ...]:
    """A model for each of the three answers, in random order, or nothing."""
    ask = _ask("ask-compare", net, value=stream.below(2))
    causes = len(net.parents[net.at["X"]])
    heedless = [stream.between(20, 80)] * (1 << causes)
    found = {0: (*random_tables(net, stream, fixed={"X": heedless}), ask)}
    for _ in range(12):
        facts = (*random_tables(net, stream), ask)
        seen, done = _two(facts, net.n)
        if abs(seen - done) >= _LEAST:
            found[1 if seen > done else -1] = facts
    return tuple(stream.shuffled(list(found.values()))) if len(found) == len(OPTIONS) else ()


def _ask(form: str, net: Net, *, value: int) -> Fact:
    return Fact(form, ((net.at["Y"], 1), (net.at["X"], value)))


def _two(facts: Facts, n: int) -> tuple[Fraction, Fraction]:
    """P(y | x) and P(y | do x)."""
    (y, x), chances = _asked(facts), chances_of(facts[:-1], n)
    return risk(chances, y, given=(x,)), risk(chances, y, do=(x,))


def case(facts: Facts, n: int) -> Posed:
    """Both probabilities in the printed model."""
    (y, level), (x, value) = _asked(facts)
    event: dict[str, Json] = {symbol(y): level}
    seen: dict[str, Json] = {"kind": "probability", "event": event, "given": {symbol(x): value}}
    done: dict[str, Json] = {"kind": "do", "event": event, "do": {symbol(x): value}}
    estimand = f"P({symbol(y)}={level} | {symbol(x)}={value}) beside P({symbol(y)}={level} | do({symbol(x)}={value}))"
    return about_scm(scm_of(facts, n), seen, done, estimand=estimand)


def spec(facts: Facts, _lexicon: Lexicon) -> AnswerSpec:
    """Two numbers, or which of them is higher."""
    if the_ask(facts).form == "ask-both":
        return AnswerSpec(AnswerKind.NUMBERS, items=ITEMS)
    return AnswerSpec(AnswerKind.CHOICE, options=OPTIONS)


def answer(facts: Facts, value: Value) -> Value:
    """The two numbers, or what their difference says."""
    seen, done = map(number_of, parts_of(value))
    if the_ask(facts).form == "ask-both":
        return dict(zip(ITEMS, (seen, done), strict=True))
    return OPTIONS[0] if seen > done else OPTIONS[1] if seen < done else OPTIONS[2]


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What taking one for the other would give."""
    y, x = _asked(facts)
    chances = chances_of(tuple(fact for fact in facts if fact is not the_ask(facts)), n)
    seen, done, plain = risk(chances, y, given=(x,)), risk(chances, y, do=(x,)), risk(chances, y)
    if the_ask(facts).form == "ask-compare":
        return {
            "seeing is doing": OPTIONS[2],
            "what is associated is stronger when seen": OPTIONS[0] if seen > plain else OPTIONS[1],
        }
    pairs = {
        "correlation is causation": (seen, seen),
        "doing is seeing": (done, done),
        "turned round": (done, seen),
        "enforcing changes nothing": (seen, plain),
    }
    return {name: dict(zip(ITEMS, pair, strict=True)) for name, pair in pairs.items()}


def _asked(facts: Facts) -> tuple[Literal, Literal]:
    what, given = the_ask(facts).slots
    return literal(what), literal(given)


FAMILY = Family(
    name="contrast",
    title="Observation against intervention",
    number=15,
    kinds=(Kind("both", rung=2), Kind("compare", rung=2, size=3, joint=True)),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
