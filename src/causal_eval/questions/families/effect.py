"""Effect: what an intervention does to a probability, beside what mere observation says (rungs 1 and 2).

Truth: truncated factorisation of the printed tables. Every model is confounded, so that P(y | x) and P(y | do x)
differ by the margin, and no printed number or named mistake lies near the answer. ``direction`` asks *raises?* and
*lowers?* of two models of one graph, one in which association and effect agree in sign and one in which they do not;
the four answers are one scoring unit. Two interventions at once, a mechanism replaced by a policy and effects within a
part of all cases are those of :mod:`causal_eval.questions.interventions`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

from causal_eval.causal.query import Case, Query
from causal_eval.causal.query import Kind as Asked
from causal_eval.questions import interventions
from causal_eval.questions.facts import Fact, Facts, Literal, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.joint import Joint
from causal_eval.questions.margins import SCALE, clear, rough
from causal_eval.questions.network import Parents, literal, scm_of
from causal_eval.questions.posing import Posed, parts_of
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.tables import (
    HIGHEST,
    LOWEST,
    PERCENT,
    Rows,
    about,
    random_rows,
    share_facts,
    states_of,
)
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

MARGIN = Fraction(1, 20)
"""A direction question needs an effect, and an association, of at least this size."""

MOST_DRAWS = 1000
"""About every second draw keeps the margins: so many in vain are a bug."""

STRUCTURES: tuple[tuple[str, ...], ...] = (
    ("Z>X Z>Y X>Y",),
    ("Z>X Z>Y X>M M>Y", "Z>X Z>Y X>Y X>C Y>C", "Z>X Z>W W>Y X>Y"),
    ("Z>X Z>Y W>X W>Y X>Y", "Z>X Z>Y X>M M>Y X>C Y>C", "Z>X Z>W W>X W>Y X>Y", "Z>X Z>Y X>M M>Y X>Y"),
    ("Z>X Z>Y W>X W>Y X>M M>Y", "Z>W W>X Z>Y W>Y X>Y X>C Y>C", "Z>X Z>Y W>X W>M X>M M>Y"),
    ("Z>X Z>Y W>X W>Y X>M M>Y X>C Y>C", "Z>W W>X Z>V V>Y X>M M>Y V>M X>Y", "Z>X Z>W W>Y V>X V>M X>M M>Y X>Y"),
)
"""Per difficulty: X treatment, Y outcome, Z W V confounders, M mediator, C collider."""

_RANK = "ZWVXMYC"
"""Roles in causal order."""
_N = TypeVar("_N", int, Fraction)
_TRIES = 100
"""Pairs of models that are drawn of a given graph: one of twenty-five keeps the margins, or nearly all, or none."""
_REPAIRS = 6
"""How often entries that lie too near to the answer are moved before a draw is given up."""
_MOVE = 3
"""Most hundredths by which an entry is moved at a time."""
_REACH = 40
"""Entries of the outcome's table lie at most so far from its level."""
_ARMS = ((0, 1), (0,), (1,))
"""Where the common causes pull in a contrast: without and with the treatment, or at one of them, so that it varies."""
_GAP = 10
"""The outcome's levels with and without the treatment differ by at least so many hundredths."""


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """A twin group of *kind* that keeps every margin of ``engine.md``."""
    if kind.name in interventions.STRUCTURES:
        return interventions.draw(stream, kind.name, difficulty=difficulty)
    for again in itertools.count():
        parents, x, y = _structure(stream.choice(STRUCTURES[difficulty - 1]))
        members = (
            _direction(parents, x, y=y, stream=stream)
            if kind.name == "direction"
            else _number(parents, x, y, kind, stream)
        )
        if members:
            return Group(kind.name, len(parents), tuple(range(len(parents))), members)
        assert again < MOST_DRAWS, f"effect/{kind.name} at difficulty {difficulty}: no model keeps the margins"
    raise AssertionError("unreachable")


def case(facts: Facts, n: int) -> Case | Posed:
    """The numeric query that the printed tables decide."""
    ask = the_ask(facts)
    if ask.form in interventions.FORMS:
        return interventions.case(facts, n)
    scm = scm_of(facts, n)
    (y, value), (x, seen) = literal(ask.slots[0]), literal(ask.slots[1])
    match ask.form:
        case "ask-seeing":
            query = Query(kind=Asked.PROBABILITY, event=((y, value),), given=((x, seen),))
        case "ask-do":
            query = Query(kind=Asked.DO, event=((y, value),), do=((x, seen),))
        case _:
            query = Query(kind=Asked.ATE, x=(x,), y=(y,), x1=seen, x0=1 - seen)
    return Case(tuple(f"V{node}" for node in range(n)), scm.graph, scm, query)


def spec(facts: Facts, _lexicon: Lexicon) -> AnswerSpec:
    """A number, or yes / no for the direction."""
    yes_no = the_ask(facts).form in ("ask-raises", "ask-lowers")
    return AnswerSpec(AnswerKind.YES_NO if yes_no else AnswerKind.NUMBER)


def answer(facts: Facts, value: Value) -> Value:
    """The number itself; for a direction its sign."""
    if the_ask(facts).form in interventions.FORMS:
        return parts_of(value)[0]
    assert isinstance(value, Fraction)
    match the_ask(facts).form:
        case "ask-raises":
            return value > 0
        case "ask-lowers":
            return value < 0
    return value


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What reading off, adjusting wrongly or turning the arrow round would give."""
    ask = the_ask(facts)
    if ask.form in interventions.FORMS:
        return interventions.mistakes(facts, n)
    event, given = literal(ask.slots[0]), literal(ask.slots[1])
    joint = Joint.of_facts(facts, n, x=given[0])
    if ask.form in ("ask-raises", "ask-lowers"):
        association = _gap(joint, event[0], do=False) * (1 if given[1] else -1)
        return {"correlation is causation": (association > 0) == (ask.form == "ask-raises")}
    return dict(_wrong_numbers(ask.form, joint, event=event, value=given[1]))


def _wrong_numbers(form: str, joint: Joint[_N], *, event: Literal, value: int) -> dict[str, _N]:
    """Named wrong methods for the number that is asked for."""
    wrong = _wrong(joint, event, value=value, seeing=form == "ask-seeing")
    if form != "ask-ate":
        return wrong
    other = _wrong(joint, event, value=1 - value, seeing=False)
    return {name: wrong[name] - other[name] for name in wrong if name != "ignore the treatment"}


def _wrong(joint: Joint[_N], event: Literal, *, value: int, seeing: bool) -> dict[str, _N]:
    """Named wrong methods for P(event | x = value) or P(event | do x = value)."""
    given = (joint.x, value)
    others = [node for node in range(len(joint.parents)) if node not in (joint.x, event[0])]
    causes = joint.parents[joint.x]
    wrong = {"ignore the treatment": joint.observed(event), "reverse the conditional": joint.observed(given, (event,))}
    if seeing:
        wrong["treat seeing as doing"] = joint.enforced(event, value)
    else:
        wrong["correlation is causation"] = joint.observed(event, (given,))
    wrong["unweighted mean over strata"] = joint.adjusted(event, value, strata=causes, weighted=False)
    if not _below(joint.x, joint.parents).isdisjoint(others):
        wrong["adjust for everything"] = joint.adjusted(event, value, strata=others)
    return wrong


def _structure(text: str) -> tuple[Parents, int, int]:
    """Parents per node (nodes in causal order), the treatment and the outcome."""
    edges = [part.split(">") for part in text.split()]
    roles = sorted({role for pair in edges for role in pair}, key=_RANK.index)
    number = {role: node for node, role in enumerate(roles)}
    parents = tuple(tuple(sorted(number[cause] for cause, effect in edges if effect == role)) for role in roles)
    return parents, number["X"], number["Y"]


def _number(parents: Parents, x: int, y: int, kind: Kind, stream: Stream) -> tuple[Facts, ...]:
    """One question for a number, or nothing where a margin is not kept."""
    contrast = kind.name == "ate"
    value = 1 if contrast else stream.below(2)
    levels = _two_levels(contrast=contrast, value=value, stream=stream)
    arms = stream.choice(_ARMS) if contrast else _ARMS[0]
    tables = _spread_tables(parents, x, y=y, levels=levels, arms=arms, stream=stream)
    form = f"ask-{kind.name}"
    for _ in range(_REPAIRS):
        joint = Joint(parents, tables, x=x, ratio=rough)
        truth = _truth(joint, form, event=(y, 1), value=value)
        if not _cleared(tables, truth, stream=stream):
            continue
        shares = [p for rows in tables for p in rows]
        guesses = (SCALE // 2, rough(sum(shares), len(shares) * PERCENT))
        if (contrast and abs(truth) < MARGIN * SCALE) or not clear(truth, guesses):
            return ()
        if not clear(truth, _wrong_numbers(form, joint, event=(y, 1), value=value).values()):
            return ()
        ask = Fact(form, ((y, 1), (x, 1), (x, 0)) if contrast else ((y, 1), (x, value)))
        return ((*share_facts(parents, tables), Fact("markov"), ask),)
    return ()


def _spread_tables(
    parents: Parents, x: int, *, y: int, levels: tuple[int, int], arms: tuple[int, ...], stream: Stream
) -> list[list[int]]:
    """Random tables of a model that is confounded, and in which the answer is spread over its whole range.

    The outcome is about the first of *levels* without the treatment and about the second with it; what lies between
    them carries the treatment on. The common causes pull at the *arms* of it, and are mostly in one state.
    """
    below = _below(x, parents)
    tables: list[list[int]] = []
    for node, causes in enumerate(parents):
        if not causes:
            tables.append([stream.between(10, 35) + 55 * stream.below(2)])
        elif node == y:
            tables.append(_carried(causes, below, levels=levels, arms=arms, stream=stream))
        elif node in below - {x} and node < y:
            ends = stream.between(5, 22), stream.between(78, 95)
            tables.append(_carried(causes, below, levels=ends, arms=_ARMS[0], stream=stream))
        elif node > y:
            tables.append(random_rows(len(causes), stream))
        else:
            pull = 80 // len(causes)
            tables.append(_additive([pull if stream.chance(1, 2) else -pull for _ in causes], stream))
    return tables


def _two_levels(*, contrast: bool, value: int, stream: Stream) -> tuple[int, int]:
    """The outcome's levels: in a *contrast* their difference is uniform, else the level under the asked *value* is."""
    if contrast:
        gap = stream.between(10, 90)
        low = stream.between(LOWEST + 2, HIGHEST - 2 - gap)
        return (low, low + gap) if stream.chance(1, 2) else (low + gap, low)
    asked = stream.between(LOWEST + 2, HIGHEST - 2)
    other = stream.choice([level for level in range(LOWEST + 2, HIGHEST - 1) if abs(level - asked) >= _GAP])
    return (other, asked) if value else (asked, other)


def _carried(
    causes: Sequence[int], below: set[int], *, levels: tuple[int, int], arms: tuple[int, ...], stream: Stream
) -> list[int]:
    """A table that leads from the first to the second of *levels* as more of the causes *below* the treatment are 1.

    One of the other causes decides on which side of that an entry lies, in those *arms* alone.
    """
    carriers = [place for place, cause in enumerate(causes) if cause in below]
    others = [place for place in range(len(causes)) if place not in carriers]
    pull = stream.choice(others) if others else -1
    sign = 1 if stream.chance(1, 2) else -1
    rows = []
    for values in states_of(len(causes)):
        on = sum([values[place] for place in carriers])
        level = levels[0] + (levels[1] - levels[0]) * on // len(carriers)
        pulled = pull >= 0 and (2 * on >= len(carriers)) in arms
        rows.append(about(level, _REACH, side=sign * (2 * values[pull] - 1) if pulled else 0, stream=stream))
    return rows


def _cleared(tables: Sequence[list[int]], truth: int, *, stream: Stream) -> bool:
    """True if no entry nor its complement is too near to *truth*; else those that are have been moved away."""
    step = SCALE // PERCENT
    near = {p for p in range(truth // step - 1, truth // step + 3) if not clear(truth, (p * step,))}
    clean = True
    for rows in tables:
        for row, p in enumerate(rows):
            if p in near or PERCENT - p in near:
                clean = False
                away = 1 if (p * step >= truth) == (p in near) else -1
                rows[row] = min(max(p + away * stream.between(1, _MOVE), LOWEST), HIGHEST)
    return clean


def _truth(joint: Joint[_N], form: str, *, event: Literal, value: int) -> _N:
    if form == "ask-seeing":
        return joint.observed(event, ((joint.x, value),))
    return joint.enforced(event, value) if form == "ask-do" else _gap(joint, event[0], do=True)


def flipped_pair(parents: Parents, x: int, *, y: int, stream: Stream) -> tuple[Facts, ...]:
    """The four questions of ``direction`` about *x* and *y* of that graph; nothing where no models keep the margins.

    Two independent common causes pull too weakly apart for a model in which association and effect disagree.
    """
    pairs = (_direction(parents, x, y=y, stream=stream) for _ in range(_TRIES))
    return next(filter(None, pairs), ())


def _direction(parents: Parents, x: int, *, y: int, stream: Stream) -> tuple[Facts, ...]:
    """*Raises?* and *lowers?* of an agreeing and a disagreeing model of one graph, or nothing."""
    members: list[Facts] = []
    for agree in (True, False):
        tables = _leaning(parents, x, y=y, agree=agree, stream=stream)
        joint = Joint(parents, tables, x=x, ratio=rough)
        effect, association = _gap(joint, y, do=True), _gap(joint, y, do=False)
        least = min(abs(effect), abs(association))
        if least < MARGIN * SCALE + 1 or ((effect > 0) == (association > 0)) != agree:
            return ()
        statements = (*share_facts(parents, tables), Fact("markov"))
        members += [(*statements, Fact(form, ((y, 1), (x, 1), (x, 0)))) for form in ("ask-raises", "ask-lowers")]
    return tuple(members)


def _leaning(parents: Parents, x: int, *, y: int, agree: bool, stream: Stream) -> list[Rows]:
    """Tables in which the common causes of X and Y pull strongly, with or against a weaker effect of X."""
    sign = 1 if stream.chance(1, 2) else -1
    below = _below(x, parents)
    tables: list[Rows] = []
    for node, causes in enumerate(parents):
        if not causes:
            tables.append([stream.between(40, 60)])
        elif node == y:
            through = sum(cause in below for cause in causes)
            common = (sign if agree else -sign) * 60 // (len(causes) - through)
            tables.append(_additive([sign * 25 // through if cause in below else common for cause in causes], stream))
        elif node in below - {x}:
            share = 55 // sum(cause in below for cause in causes)
            tables.append(_additive([share if cause in below else 15 for cause in causes], stream))
        else:
            tables.append(_additive([80 // len(causes)] * len(causes), stream))
    return tables


def _additive(pulls: Sequence[int], stream: Stream) -> list[int]:
    """Base plus the pulls (in percent) of the causes that are 1, the base drawn where it fits."""
    shaken = [pull - stream.between(0, 5) * (1 if pull > 0 else -1) for pull in pulls]
    low = LOWEST - sum(min(pull, 0) for pull in shaken)
    high = HIGHEST - sum(max(pull, 0) for pull in shaken)
    base = stream.between(low, high)
    return [
        base + sum(pull for pull, value in zip(shaken, values, strict=True) if value)
        for values in states_of(len(pulls))
    ]


def _below(x: int, parents: Parents) -> set[int]:
    """*x* and the nodes that it affects."""
    reached = {x}
    for node, causes in enumerate(parents):
        if reached & set(causes):
            reached.add(node)
    return reached


def _gap(joint: Joint[_N], y: int, *, do: bool) -> _N:
    """P(y | x = 1) - P(y | x = 0), by intervention or by observation."""
    if do:
        return joint.enforced((y, 1), 1) - joint.enforced((y, 1), 0)
    return joint.observed((y, 1), ((joint.x, 1),)) - joint.observed((y, 1), ((joint.x, 0),))


FAMILY = Family(
    name="effect",
    title="Effect of an intervention",
    number=14,
    kinds=(
        Kind("do", rung=2, weight=2),
        Kind("ate", rung=2, weight=2),
        Kind("seeing", rung=1, weight=1, exempt=("association",)),
        Kind("direction", rung=2, size=4, joint=True, weight=1),
        Kind("joint", rung=2),
        Kind("soft", rung=2),
        Kind("cate", rung=2),
    ),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
