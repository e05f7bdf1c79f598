"""Causation: the probabilities that one thing was needed for another, was enough for it, or both (rung 3).

PN: Y would not be so without X, where X and Y are so; PS: Y would be so with X, where neither is; PNS: both, in any
case. ``rules`` prints strict rules and the probabilities of the roots, which decide all three. ``tables`` prints
probabilities, which leave open how one case responds to either state of X: one twin asks for the sharp bounds over all
that fits, the other says besides that X never prevents Y, which makes them a point.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from causal_eval.causal.graph import bits
from causal_eval.causal.intervene import Worlds
from causal_eval.causal.kinds.kind import Json
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.circuit import Circuit, gates_of, share_of, sorted_gates
from causal_eval.questions.facts import Fact, Facts, of_form, the_ask
from causal_eval.questions.family import APART, Family, Group, Kind, Value
from causal_eval.questions.nets import MOST_DRAWS, Net, chances_of, discriminating, gap, random_tables, risk
from causal_eval.questions.network import literal, scm_of
from causal_eval.questions.posing import Posed, about_scm, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.ruled import Ruled, odds_of, shape_of
from causal_eval.questions.tables import states_of
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

ASKED = ("pn", "ps", "pns")

SIZES = ((3, 3), (4, 3), (4, 4), (5, 4), (5, 5))
"""Roots and quantities with a rule per difficulty, of ``rules``."""
STRUCTURES: tuple[tuple[str, ...], ...] = (
    ("Z>X Z>Y X>Y",),
    ("Z>W W>X Z>Y X>Y",),
    ("Z>X Z>W W>Y X>Y",),
    ("Z>W W>X Z>Y X>Y Z>X", "Z>X Z>Y W>Z X>Y"),
    ("Z>X Z>W W>Y X>Y W>X", "W>Z W>X Z>X Z>Y X>Y"),
)
"""Per difficulty of ``bounds`` and ``monotone``: X acts on Y directly, Z W V come before them."""

_NAMES = {"pn": "necessity", "ps": "sufficiency", "pns": "necessity and sufficiency at once"}
_LEAST = Fraction(1, 20)
"""Numbers are so far from 0 and 1 at least, and the ends of bounds so far apart."""


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """A group that keeps the margins."""
    make = _rules if kind.name == "rules" else _tables
    for _ in range(MOST_DRAWS):
        if (group := make(kind, difficulty, stream)) is not None:
            return group
    raise AssertionError(f"causation/{kind.name} at difficulty {difficulty}: no model keeps the margins")


def _rules(kind: Kind, difficulty: int, stream: Stream) -> Group | None:
    """One of the three probabilities in a system of rules, where X now helps and now hinders or Y has other causes."""
    shape = shape_of(*SIZES[difficulty - 1], reach=1, stream=stream)
    if shape is None:
        return None
    model = Ruled.draw(shape, stream)
    low, high = (column[shape.y] for column in model.changed)
    if low == high or not _can_be_seen(model):
        return None
    stated = (
        *(Fact("base", ((root, 1), p)) for root, p in odds_of(shape, stream).items()),
        *(gate.fact(node) for node, gate in model.gates.items()),
        Fact("mechanical"),
    )
    asked = ((*stated, _ask(name, shape.x, y=shape.y)) for name in stream.shuffled(ASKED))
    kept = next((facts for facts in asked if _is_kept(facts, shape.n)), None)
    return Group(kind.name, shape.n, tuple(range(shape.n)), (kept,)) if kept else None


def _can_be_seen(model: Ruled) -> bool:
    """Whether X and Y can both be so, and neither."""
    x, y = model.actual[model.shape.x], model.actual[model.shape.y]
    return bool(x & y) and x | y != model.full


def _tables(kind: Kind, difficulty: int, stream: Stream) -> Group | None:
    """Tables that leave the answer open, for bounds, or with the sentence that makes it a point."""
    net = Net.draw(stream.choice(STRUCTURES[difficulty - 1]), stream)
    x, y = net.at["X"], net.at["Y"]
    tables = random_tables(net, stream, fixed={"Y": _helping(net, stream)})
    name, bounds = stream.choice(ASKED), kind.name == "bounds"
    never = () if bounds else (Fact("monotone", ((y, 1), (x, 1), (x, 0))),)
    facts = (*tables, *never, _ask(name, x, y=y, bounds=bounds))
    return Group(kind.name, net.n, net.order, (facts,)) if _is_kept(facts, net.n) else None


def _is_kept(facts: Facts, n: int) -> bool:
    """Whether the answer is apart from the ends of the scale, from every guess and from every mistake."""
    name, _, _ = _asked(facts)
    low, high = _three(facts, n)[name]
    if _is_range(facts):
        return high - low >= 2 * _LEAST and all(_differ((low, high), one) for one in mistakes(facts, n).values())
    return _LEAST <= low <= 1 - _LEAST and discriminating(facts, low, wrong=lambda: mistakes(facts, n))


def _helping(net: Net, stream: Stream) -> list[int]:
    """A table of the outcome in which the treatment adds something in every stratum."""
    causes = net.parents[net.at["Y"]]
    place = causes.index(net.at["X"])
    without = {values: stream.between(5, 65) for values in states_of(len(causes)) if not values[place]}
    with_x = {values: p + stream.between(8, min(60, 95 - p)) for values, p in without.items()}
    return [
        (with_x if values[place] else without)[(*values[:place], 0, *values[place + 1 :])]
        for values in states_of(len(causes))
    ]


def _ask(name: str, x: int, *, y: int, bounds: bool = False) -> Fact:
    """PS is PN with every state turned round, and is asked in the same words."""
    way = int(name != "ps")
    form = ("ask-caused-both" if name == "pns" else "ask-caused") + ("-range" if bounds else "")
    return Fact(form, ((y, way), (y, 1 - way), (x, way), (x, 1 - way)))


def _differ(found: tuple[Fraction, Fraction], other: Value) -> bool:
    return isinstance(other, tuple) and any(
        isinstance(end, Fraction) and abs(own - end) >= APART for own, end in zip(found, other, strict=True)
    )


def case(facts: Facts, n: int) -> Posed:
    """The probability in the printed model, sharp bounds on it where the model leaves it open.

    Raises:
        VerificationMismatch: bounds are asked for where the facts give a point, or the other way round; or what never
            happens is said of something else.
    """
    name, x, y = _asked(facts)
    query: dict[str, Json] = {"kind": name, "X": symbol(x), "Y": symbol(y)}
    if never := of_form(facts, "monotone"):
        if len(never) != 1 or never[0].slots != ((y, 1), (x, 1), (x, 0)):
            raise VerificationMismatch("what never happens must be said once, of the quantities that are asked about")
        query["monotone"] = True
    with_x, without = (f"{symbol(y)} under {symbol(x)}={value}" for value in (1, 0))
    event = {
        "pn": f"{without} = 0 | {symbol(x)}=1, {symbol(y)}=1",
        "ps": f"{with_x} = 1 | {symbol(x)}=0, {symbol(y)}=0",
    }
    estimand = f"P({event.get(name, f'{with_x} = 1, {without} = 0')})"
    return about_scm(scm_of(facts, n), query, estimand=estimand)


def spec(facts: Facts, _lexicon: Lexicon) -> AnswerSpec:
    """A number, or the two ends of the bounds."""
    return AnswerSpec(AnswerKind.INTERVAL if _is_range(facts) else AnswerKind.NUMBER)


def answer(facts: Facts, value: Value) -> Value:
    """The number, or both ends.

    Raises:
        VerificationMismatch: it is the one where the question asks for the other.
    """
    (found,) = parts_of(value)
    if isinstance(found, tuple) != _is_range(facts):
        raise VerificationMismatch(f"the printed facts give {found!r}, which is not what the question asks for")
    return found


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What the other two probabilities, the average effect, the association, or a blanket formula would give."""
    name, x, y = _asked(facts)
    tables = tuple(fact for fact in facts if not fact.form.startswith("ask-"))
    told = Worlds(scm_of(facts, n)) if of_form(facts, "mechanical") else chances_of(tables, n)
    three = _three(facts, n)
    effect, seen = gap(told, (y, 1), x, do=True), gap(told, (y, 1), x, do=False)
    if not _is_range(facts):
        wrong: dict[str, Value] = {
            "average effect": effect,
            "correlation is causation": seen,
            "excess risk of those with it": seen / (risk(told, (y, 1), given=((x, 1),)) or 1),
        }
        return wrong | {_NAMES[other]: three[other][0] for other in ASKED if other != name}
    with_x, without = (risk(told, (y, 1), do=((x, value),)) for value in (1, 0))
    seen_with, seen_without = (risk(told, (y, 1), given=((x, value),)) for value in (1, 0))
    low, high = three[name]
    wrong = {
        "no strata": _limits(with_x, without),
        "correlation is causation": _limits(seen_with, seen_without),
        "it never prevents": (low, low),
        "anything": (Fraction(0), Fraction(1)),
        **{_NAMES[other]: three[other] for other in ASKED if other != name},
    }
    return {called: ends for called, ends in wrong.items() if ends != (low, high)}


def _limits(with_x: Fraction, without: Fraction) -> tuple[Fraction, Fraction]:
    """The bounds on *so with it, not so without*, of which the two probabilities alone are known."""
    return max(Fraction(0), with_x - without), min(with_x, 1 - without)


def _three(facts: Facts, n: int) -> dict[str, tuple[Fraction, Fraction]]:
    """The bounds on each of the three, both ends the same where the facts decide it."""
    return _of_rules(facts, n) if of_form(facts, "mechanical") else _of_tables(facts, n)


def _of_rules(facts: Facts, n: int) -> dict[str, tuple[Fraction, Fraction]]:
    """The three by the settings of the roots in which each holds."""
    _, x, y = _asked(facts)
    bases = [(literal(fact.slots[0])[0], fact.slots[1]) for fact in of_form(facts, "base")]
    odds = {root: p for root, p in sorted(bases, key=lambda pair: pair[0]) if isinstance(p, Fraction)}
    circuit = Circuit(n, odds, sorted_gates(gates_of(facts), odds))
    actual, high, low = circuit.columns(), circuit.columns({x: 1})[y], circuit.columns({x: 0})[y]
    weights, full = circuit.weights(), circuit.full
    both, neither = actual[x] & actual[y], full & ~(actual[x] | actual[y])
    found = {
        "pn": share_of(~low & full, both, weights=weights),
        "ps": share_of(high, neither, weights=weights),
        "pns": share_of(high & ~low, full, weights=weights),
    }
    return {name: (number, number) for name, number in found.items()}


def _of_tables(facts: Facts, n: int) -> dict[str, tuple[Fraction, Fraction]]:
    """The three by strata of the other causes of Y: within each, the two probabilities alone are known."""
    _, x, y = _asked(facts)
    scm = scm_of(facts, n)
    chances = chances_of(tuple(fact for fact in facts if not fact.form.startswith("ask-")), n)
    others = [cause for cause in bits(scm.graph.parents[y]) if cause != x]
    never = bool(of_form(facts, "monotone"))
    sums = {name: (Fraction(0), Fraction(0)) for name in ASKED}
    for values in states_of(len(others)):
        stratum = tuple(zip(others, values, strict=True))
        low, high = _limits(*(risk(chances, (y, 1), given=((x, value), *stratum)) for value in (1, 0)))
        ends = low, low if never else high
        for name, own in zip(ASKED, (((x, 1),), ((x, 0),), ()), strict=True):
            weight = chances.probability(tuple(sorted((*stratum, *own))))
            sums[name] = sums[name][0] + weight * ends[0], sums[name][1] + weight * ends[1]
    wholes = {name: chances.probability(tuple(sorted(((x, v), (y, v))))) for name, v in (("pn", 1), ("ps", 0))}
    return {name: (low / wholes.get(name, 1), high / wholes.get(name, 1)) for name, (low, high) in sums.items()}


def _is_range(facts: Facts) -> bool:
    return the_ask(facts).form.endswith("-range")


def _asked(facts: Facts) -> tuple[str, int, int]:
    ask = the_ask(facts)
    what, _, do, _ = (literal(slot) for slot in ask.slots)
    if {literal(slot) for slot in ask.slots} != {(what[0], 0), (what[0], 1), (do[0], 0), (do[0], 1)} or what[1] != do[
        1
    ]:
        raise VerificationMismatch("the question must name both states of two quantities")
    if ask.form.startswith("ask-caused-both"):
        return "pns", do[0], what[0]
    return "pn" if what[1] else "ps", do[0], what[0]


FAMILY = Family(
    name="causation",
    title="Necessary and sufficient causes",
    number=30,
    kinds=(Kind("rules", rung=3), Kind("bounds", rung=3), Kind("monotone", rung=3)),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
