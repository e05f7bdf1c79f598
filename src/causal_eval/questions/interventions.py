"""Interventions beyond setting one quantity: two at once, a mechanism replaced, an effect within a part of all cases.

Everything is a function of the printed facts alone, as in a family; :mod:`causal_eval.questions.families.effect` asks.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from fractions import Fraction

from causal_eval.causal.kinds.kind import Json
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, Literal, of_form, share, the_ask
from causal_eval.questions.family import APART, Group, Value
from causal_eval.questions.nets import MOST_DRAWS, Net, discriminating, gap, random_tables, risk, worlds_of
from causal_eval.questions.network import literal, node, scm_of
from causal_eval.questions.posing import Posed, about_scm, symbol
from causal_eval.questions.tables import HIGHEST, LOWEST
from causal_eval.seeds import Stream

FORMS = ("ask-joint", "ask-soft", "ask-cate")

_TWO = (
    ("Z>X Z>W Z>Y X>Y W>Y",),
    ("Z>X Z>W Z>Y X>W X>Y W>Y", "Z>X Z>W Z>Y X>M M>Y W>Y"),
    ("Z>X Z>W Z>M X>M M>Y W>Y V>X V>Y", "Z>X Z>W Z>Y X>M W>M M>Y V>W V>Y"),
    ("Z>X Z>V V>W V>Y X>M M>Y W>Y Z>M", "Z>X Z>W Z>Y X>M W>M M>Y V>X V>Y"),
    ("Z>X Z>V V>W V>Y X>M M>Y W>Y Z>M X>C Y>C", "Z>X Z>W Z>Y X>M W>M M>Y V>W V>Y X>C Y>C"),
)
_WITHIN = (
    ("V>X V>Y Z>Y X>Y",),
    ("V>X V>Y Z>X Z>Y X>Y", "V>X V>Y Z>Y X>M M>Y"),
    ("V>X V>Y Z>X Z>M X>M M>Y", "V>X V>Y Z>X Z>Y X>M M>Y"),
    ("V>X V>W W>Y Z>X Z>M X>M M>Y", "V>X V>Y Z>W W>Y Z>X X>M M>Y"),
    ("V>X V>Y Z>X Z>M X>M M>Y X>C Y>C", "V>X V>W W>Y Z>X Z>M X>M M>Y Z>Y"),
)
_POLICY = (
    ("Z>X Z>Y X>Y",),
    ("Z>X Z>Y X>M M>Y", "Z>X Z>V V>Y X>Y"),
    ("Z>X Z>V V>Y X>M M>Y", "Z>X Z>Y V>X V>Y X>Y"),
    ("Z>X Z>Y V>X V>Y X>M M>Y", "Z>X Z>V V>X V>Y X>Y X>C Y>C"),
    ("Z>X Z>V V>Y W>X W>Y X>M M>Y", "Z>X Z>M V>X V>Y X>M M>Y X>C Y>C"),
)
STRUCTURES: Mapping[str, tuple[tuple[str, ...], ...]] = {"joint": _TWO, "soft": _POLICY, "cate": _WITHIN}
"""Per kind and difficulty: X treatment, W another, Y outcome, Z what a policy or a part goes by, V M C as in effect."""

_LEAST, _MOST = 4, 34
"""Percent that a contrast exceeds: drawn for each question, so that no number is worth guessing."""
_REPAIRS, _MOVE = 5, 3
"""How often entries that lie too near to the answer are moved, and by how many hundredths at most."""
_REACH = 40
"""Entries of the outcome's table lie at most so far from a level that is drawn first, so that answers spread."""


def draw(stream: Stream, kind: str, *, difficulty: int) -> Group:
    """One question of *kind* that keeps the margins."""
    least = Fraction(stream.between(_LEAST, _MOST), 100) if kind == "cate" else Fraction(0)
    for _ in range(MOST_DRAWS):
        net = Net.draw(stream.choice(STRUCTURES[kind][difficulty - 1]), stream)
        fixed = {} if kind == "cate" else {"Y": _about_a_level(len(net.parents[net.at["Y"]]), stream)}
        facts = (*random_tables(net, stream, fixed=fixed), *_asking(kind, net.at, stream=stream))
        truth = _truth(facts, net.n)
        for _ in range(_REPAIRS):
            moved = _moved(facts, truth, stream=stream)
            if moved is facts:
                break
            facts, truth = moved, _truth(moved, net.n)
        if abs(truth) >= least and discriminating(facts, truth, wrong=functools.partial(mistakes, facts, net.n)):
            return Group(kind, net.n, net.order, (facts,))
    raise AssertionError(f"effect/{kind} at difficulty {difficulty}: no model keeps the margins")


def _moved(facts: Facts, truth: Fraction, *, stream: Stream) -> Facts:
    """*facts* with every printed probability moved that is, or whose complement is, too near to *truth*."""
    spans = [(one - APART, one, one + APART) for one in (truth, 1 - truth)]
    found = []
    for fact in facts:
        *rest, p = fact.slots or (0,)
        near = [one for low, one, high in spans if low < p < high] if isinstance(p, Fraction) else []
        if near and isinstance(p, Fraction):
            step = Fraction(stream.between(1, _MOVE) * (1 if p >= near[0] else -1), 100)
            moved = p + step if LOWEST <= 100 * (p + step) <= HIGHEST else p - 3 * step
            found.append(Fact(fact.form, (*rest, moved)))
        else:
            found.append(fact)
    return tuple(found) if any(one is not other for one, other in zip(found, facts, strict=True)) else facts


def _about_a_level(count: int, stream: Stream) -> list[int]:
    level = stream.between(10, 90)
    low, high = max(LOWEST + 1, level - _REACH), min(HIGHEST - 1, level + _REACH)
    return [stream.between(low, high) for _ in range(1 << count)]


def _asking(kind: str, at: Mapping[str, int], *, stream: Stream) -> Facts:
    """The question, and the new mechanism where one is asked about."""
    x, y, z = at["X"], (at["Y"], 1), at["Z"]
    if kind == "joint":
        return (Fact("ask-joint", (y, (x, stream.below(2)), (at["W"], stream.below(2)))),)
    if kind == "cate":
        first = stream.below(2)
        return (Fact("ask-cate", (y, (x, first), (x, 1 - first), (z, stream.below(2)))),)
    rows = stream.shuffled([Fraction(stream.between(3, 30), 100), Fraction(stream.between(70, 97), 100)])
    return (*(Fact("soft", ((x, 1), (z, value), p)) for value, p in enumerate(rows)), Fact("ask-soft", (y, x)))


def case(facts: Facts, n: int) -> Posed:
    """The query that the printed tables, and the new mechanism, decide."""
    ask, scm = the_ask(facts), scm_of(_model(facts), n)
    y, value = literal(ask.slots[0])
    event: dict[str, Json] = {symbol(y): value}
    match ask.form:
        case "ask-joint":
            do: dict[str, Json] = {symbol(one): level for one, level in map(literal, ask.slots[1:])}
            return about_scm(scm, {"kind": "do", "event": event, "do": do}, estimand=f"P({symbol(y)} | do both)")
        case "ask-cate":
            (x, first), (z, level) = _contrast(ask), literal(ask.slots[3])
            query: dict[str, Json] = {
                "kind": "cate", "X": symbol(x), "Y": symbol(y), "x1": first, "x0": 1 - first,
                "given": {symbol(z): level},
            }  # fmt: skip
            return about_scm(scm, query, estimand=f"E[{symbol(y)} | do, {symbol(z)}={level}], a difference")
    x, z, rows = _policy(facts)
    table: dict[str, Json] = {str(level): [str(1 - p), str(p)] for level, p in rows.items()}
    policies: dict[str, Json] = {symbol(x): {"parents": [symbol(z)], "table": table}}
    return about_scm(
        scm, {"kind": "soft_do", "event": event, "policies": policies}, estimand=f"P({symbol(y)} | policy)"
    )


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What observing, forgetting one of two things, or asking about everybody would give."""
    ask = the_ask(facts)
    worlds, y = worlds_of(_model(facts), n), literal(ask.slots[0])
    if ask.form == "ask-joint":
        one, other = (literal(slot) for slot in ask.slots[1:])
        return {
            "correlation is causation": risk(worlds, y, given=(one, other)),
            "forget the second intervention": risk(worlds, y, do=(one,)),
            "forget the first intervention": risk(worlds, y, do=(other,)),
            "no intervention": risk(worlds, y),
        }
    if ask.form == "ask-cate":
        (x, first), (z, level) = _contrast(ask), literal(ask.slots[3])
        sign = 1 if first else -1
        return {
            "correlation is causation": sign * gap(worlds, y, x, do=False, given=((z, level),)),
            "the average over everybody": sign * gap(worlds, y, x, do=True),
            "the other part": sign * gap(worlds, y, x, do=True, given=((z, 1 - level),)),
            "the association among everybody": sign * gap(worlds, y, x, do=False),
        }
    x, z, rows = _policy(facts)
    often = sum((risk(worlds, (z, level)) * p for level, p in rows.items()), Fraction(0))

    def mixed(by: Callable[[Literal], Fraction]) -> Fraction:
        return often * by((x, 1)) + (1 - often) * by((x, 0))

    return {
        "correlation is causation": mixed(lambda level: risk(worlds, y, given=(level,))),
        "forget what the policy goes by": mixed(lambda level: risk(worlds, y, do=(level,))),
        "the policy changes nothing": risk(worlds, y),
        "enforce it in every case": risk(worlds, y, do=((x, 1),)),
    }


def _truth(facts: Facts, n: int) -> Fraction:
    ask = the_ask(facts)
    y, model = literal(ask.slots[0]), _model(facts)
    if ask.form == "ask-joint":
        return risk(worlds_of(model, n), y, do=[literal(slot) for slot in ask.slots[1:]])
    if ask.form == "ask-cate":
        x, first = _contrast(ask)
        return (1 if first else -1) * gap(worlds_of(model, n), y, x, do=True, given=(literal(ask.slots[3]),))
    x, z, rows = _policy(facts)
    kept = tuple(fact for fact in model if fact.form == "markov" or literal(fact.slots[0])[0] != x)
    return risk(worlds_of((*kept, *(share(x, p, ((z, level),)) for level, p in rows.items())), n), y)


def _model(facts: Facts) -> Facts:
    return tuple(of_form(facts, "base", "share", "markov"))


def _contrast(ask: Fact) -> Literal:
    """The quantity at the level that is enforced.

    Raises:
        VerificationMismatch: the two levels are not those of one quantity.
    """
    (x, first), (same, second) = literal(ask.slots[1]), literal(ask.slots[2])
    if x != same or first == second:
        raise VerificationMismatch("two states of one quantity must be compared")
    return x, first


def _policy(facts: Facts) -> tuple[int, int, dict[int, Fraction]]:
    """The quantity whose mechanism is replaced, what the new one goes by, and its probabilities.

    Raises:
        VerificationMismatch: a row is missing or doubled, or the rows are about several quantities.
    """
    rows = [(literal(fact.slots[0]), literal(fact.slots[1]), fact.slots[2]) for fact in of_form(facts, "soft")]
    found = {level: p if value else 1 - p for (_, value), (_, level), p in rows if isinstance(p, Fraction)}
    ends = {(x, z) for (x, _), (z, _), _ in rows}
    if len(rows) != len(found) or set(found) != {0, 1} or len(ends) != 1 or {x for x, _ in ends} != {_replaced(facts)}:
        raise VerificationMismatch("a new mechanism needs a probability for both states of one quantity, once each")
    ((x, z),) = ends
    return x, z, dict(sorted(found.items()))


def _replaced(facts: Facts) -> int:
    return node(the_ask(facts).slots[1])
