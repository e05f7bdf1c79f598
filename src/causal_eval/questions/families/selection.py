"""Selection: what the records show of a treatment and an outcome when not everybody is recorded (rung 2).

Truth: P(y | x, s) among the recorded, P(y | x) among all, and P(y | do x). ``labels`` asks for the direction of all
three in three twins of one text: treatment and outcome share an effect that decides who is recorded, so that the
records show an association where there is none; or a cause, on which records depend; or the treatment acts on the
outcome and alone decides about the records, which then are right. The three are one scoring unit. ``both`` asks for two
numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from causal_eval.causal.kinds.kind import Json
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, Literal, of_form, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.margins import apart, guesses
from causal_eval.questions.nets import MOST_DRAWS, Net, chances_of, random_tables, risk
from causal_eval.questions.network import contrast_of, literal, scm_of
from causal_eval.questions.posing import Posed, about_scm, number_of, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

ITEMS = ("recorded", "everyone", "effect")
LABELS = ("more probable", "less probable", "equally probable")
PAIR = ("recorded", "enforced")

STRUCTURES: tuple[tuple[tuple[str, str, str], ...], ...] = (
    (("X>S Y>S", "S>X S>Y", "X>S X>Y"),),
    (("X>S Y>S A>Y", "S>X S>Y A>Y", "X>S X>Y A>Y"), ("X>A A>S Y>S", "A>X S>A S>Y", "X>A A>S X>Y")),
    (("X>A A>S Y>S B>Y", "A>X S>A S>Y B>Y", "X>A A>S X>Y B>Y"), ("X>A Y>A A>S", "A>X A>Y A>S", "X>A A>S X>Y")),
    (
        ("X>A Y>A A>S B>X", "A>X A>Y A>S B>X", "X>A A>S X>Y B>X"),
        ("X>A A>S Y>B B>S", "A>X S>A B>Y S>B", "X>A A>S X>B B>Y"),
    ),
    (
        ("X>A A>S Y>B B>S D>X", "A>X S>A B>Y S>B D>X", "X>A A>S X>B B>Y D>X"),
        ("X>A Y>A A>B B>S D>Y", "A>X A>Y A>B B>S D>Y", "X>A A>B B>S X>Y D>Y"),
    ),
)
"""Per difficulty triples: a common effect of X and Y decides about S, a common cause does or is it, X alone does."""

ACTING: tuple[tuple[str, ...], ...] = (
    ("X>Y X>S Y>S A>Y",),
    ("X>Y X>S Y>S A>Y B>Y", "X>A A>Y X>S Y>S B>Y"),
    ("X>Y X>A Y>A A>S B>Y", "X>Y Y>S X>S B>X B>Y"),
    ("X>Y X>A Y>A A>S B>X B>Y", "X>M M>Y M>S Y>S B>Y"),
    ("X>M M>Y Y>A A>S X>A B>X B>Y", "X>Y X>A A>S Y>B B>S D>X D>Y"),
)
"""Per difficulty structures in which X acts on Y too, for numbers."""

_LEAST = Fraction(1, 25)
"""Where something differs, it differs by so much."""
_SHOWN = ((True, False, False), (False, True, False), (True, True, True))
"""Per graph of a triple: whether the records, everyone and the effect must show something."""
_LOOKS = 60
"""Tables that are tried for one graph of a triple."""


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """A group that keeps the margins."""
    for again in range(MOST_DRAWS):
        if kind.name == "both":
            nets = [Net.draw(stream.choice(ACTING[difficulty - 1]), stream)]
            members = _numbers(nets[0], stream)
        else:
            triple = stream.choice(STRUCTURES[difficulty - 1])
            nets = [
                Net.draw(one, stream.child("nodes", again)) for one in triple
            ]  # the same numbers for the same roles
            members = _labels(nets, stream)
        if members:
            return Group(kind.name, nets[0].n, nets[0].order, members)
    raise AssertionError(f"selection/{kind.name} at difficulty {difficulty}: no model keeps the margins")


def _labels(nets: Sequence[Net], stream: Stream) -> tuple[Facts, ...]:
    """A question a net, in random order, or nothing where a difference is neither nothing nor clear."""
    x, y, s = (nets[0].at[role] for role in "XYS")
    ask, recorded = Fact("ask-selected", ((y, 1), (x, 1), (x, 0))), Fact("recorded", ((s, stream.below(2)),))
    members = []
    for net, shown in zip(nets, _SHOWN, strict=True):
        tries = ((*random_tables(net, stream), recorded, ask) for _ in range(_LOOKS))
        found = next((facts for facts in tries if _plain(_gaps(facts, net.n), shown)), None)
        if found is None:
            return ()
        members.append(found)
    return tuple(stream.shuffled(members))


def _plain(gaps: Sequence[Fraction], shown: Sequence[bool]) -> bool:
    """Each gap is nothing or clearly something, and those of *shown* are something."""
    return all(abs(gap) >= _LEAST if wanted or gap else True for gap, wanted in zip(gaps, shown, strict=True))


def _numbers(net: Net, stream: Stream) -> tuple[Facts, ...]:
    x, y, s = (net.at[role] for role in "XYS")
    ask, recorded = Fact("ask-selected-both", ((y, 1), (x, stream.below(2)))), Fact("recorded", ((s, stream.below(2)),))
    facts = (*random_tables(net, stream), recorded, ask)
    seen, everyone, done = _three(facts, net.n)
    tries = [*guesses(facts), everyone]
    return (facts,) if abs(seen - done) >= _LEAST and apart(seen, tries) and apart(done, guesses(facts)) else ()


def _gaps(facts: Facts, n: int) -> tuple[Fraction, ...]:
    """The differences in P(y) between x and x': recorded, everyone, effect."""
    y, (x, _) = _asked(facts)
    pairs = zip(_at(facts, n, y=y, x=(x, 1)), _at(facts, n, y=y, x=(x, 0)), strict=True)
    return tuple(one - other for one, other in pairs)


def _three(facts: Facts, n: int) -> tuple[Fraction, ...]:
    y, x = _asked(facts)
    return _at(facts, n, y=y, x=x)


def _at(facts: Facts, n: int, *, y: Literal, x: Literal) -> tuple[Fraction, ...]:
    """P(y | x, s), P(y | x), P(y | do x)."""
    chances = chances_of(tuple(fact for fact in facts if fact is not the_ask(facts)), n)
    return risk(chances, y, given=(x, _recorded(facts))), risk(chances, y, given=(x,)), risk(chances, y, do=(x,))


def case(facts: Facts, n: int) -> Posed:
    """The probabilities to compare, in the printed model."""
    (y, level), (x, value) = _asked(facts)
    s, kept = _recorded(facts)
    event: dict[str, Json] = {symbol(y): level}
    queries: list[dict[str, Json]] = []
    several = the_ask(facts).form == "ask-selected"
    for held in (1, 0) if several else (value,):
        given: dict[str, Json] = {symbol(x): held}
        queries.append({"kind": "probability", "event": event, "given": {**given, symbol(s): kept}})
        if several:
            queries.append({"kind": "probability", "event": event, "given": given})
        queries.append({"kind": "do", "event": event, "do": given})
    event_name, cause = symbol(y), symbol(x)
    estimand = (
        f"P({event_name} | {cause}, {symbol(s)}={kept}), P({event_name} | {cause}), P({event_name} | do({cause}))"
    )
    return about_scm(scm_of(facts, n), *queries, estimand=estimand)


def spec(facts: Facts, _lexicon: Lexicon) -> AnswerSpec:
    """Three labels, or two numbers."""
    if the_ask(facts).form == "ask-selected":
        return AnswerSpec(AnswerKind.LABELS, options=LABELS, items=ITEMS)
    return AnswerSpec(AnswerKind.NUMBERS, items=PAIR)


def answer(facts: Facts, value: Value) -> Value:
    """The signs of the three differences, or the two numbers."""
    found = [number_of(part) for part in parts_of(value)]
    if the_ask(facts).form == "ask-selected":
        half = len(ITEMS)
        return _said([one - other for one, other in zip(found[:half], found[half:], strict=True)])
    return dict(zip(PAIR, found, strict=True))


def _said(gaps: Sequence[Fraction]) -> dict[str, Value]:
    """A label for each difference."""
    return {
        item: LABELS[0] if gap > 0 else LABELS[1] if gap < 0 else LABELS[2]
        for item, gap in zip(ITEMS, gaps, strict=True)
    }


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What trusting the records, or taking association for effect, would give."""
    if the_ask(facts).form == "ask-selected":
        seen, everyone, done = _gaps(facts, n)
        wrong = {
            "the records are everyone": _said([seen, seen, seen]),
            "correlation is causation": _said([seen, everyone, everyone]),
            "records change nothing": _said([everyone, everyone, done]),
        }
        return {name: labels for name, labels in wrong.items() if labels != _said([seen, everyone, done])}
    seen, everyone, done = _three(facts, n)
    pairs = {
        "the records are everyone": (seen, seen),
        "records change nothing": (everyone, done),
        "turned round": (done, seen),
    }
    return {name: dict(zip(PAIR, pair, strict=True)) for name, pair in pairs.items()}


def _recorded(facts: Facts) -> Literal:
    found = of_form(facts, "recorded")
    if len(found) != 1:
        raise VerificationMismatch("the prompt must say once which cases were recorded")
    return literal(found[0].slots[0])


def _asked(facts: Facts) -> tuple[Literal, Literal]:
    if the_ask(facts).form == "ask-selected":
        y, x = contrast_of(facts)
        return (y, 1), (x, 1)
    what, given = the_ask(facts).slots
    return literal(what), literal(given)


FAMILY = Family(
    name="selection",
    title="Collider and selection bias",
    number=7,
    kinds=(Kind("labels", rung=2, size=3, joint=True), Kind("both", rung=2)),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
