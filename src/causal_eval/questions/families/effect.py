"""Effect: what an intervention does to a probability, beside what mere observation says (rungs 1 and 2).

Truth: truncated factorisation of the printed tables. Every model is confounded, so that P(y | x) and P(y | do x)
differ by the margin, and no printed number or named mistake lies near the answer. ``direction`` asks *raises?* and
*lowers?* of two models of one graph, one in which association and effect agree in sign and one in which they do not;
the four answers are one scoring unit.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from fractions import Fraction

from causal_eval.causal.query import Case, Query
from causal_eval.causal.query import Kind as Asked
from causal_eval.questions.facts import Fact, Facts, Literal, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.joint import Joint
from causal_eval.questions.margins import clear_of_print, discriminates
from causal_eval.questions.network import GRID, TWENTIETHS, Parents, Rows, literal, random_rows, scm_of, share_facts
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

MARGIN = Fraction(1, 20)
"""A direction question needs an effect, and an association, of at least this size."""

MOST_DRAWS = 1000
"""About one draw in four keeps the margins: so many in vain are a bug."""

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


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """A twin group of *kind* that keeps every margin of ``engine.md``."""
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


def case(facts: Facts, n: int) -> Case:
    """The numeric query that the printed tables decide."""
    scm = scm_of(facts, n)
    ask = the_ask(facts)
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
    event, given = literal(ask.slots[0]), literal(ask.slots[1])
    return _mistakes(ask.form, Joint.of_facts(facts, n, x=given[0]), event=event, value=given[1])


def _mistakes(form: str, joint: Joint, *, event: Literal, value: int) -> dict[str, Value]:
    if form in ("ask-seeing", "ask-do"):
        return dict(_wrong(joint, event, value=value, seeing=form == "ask-seeing"))
    if form == "ask-ate":
        wrong = _wrong(joint, event, value=value, seeing=False)
        other = _wrong(joint, event, value=1 - value, seeing=False)
        return {name: wrong[name] - other[name] for name in wrong if name != "ignore the treatment"}
    association = _gap(joint, event[0], do=False) * (1 if value else -1)
    return {"correlation is causation": (association > 0) == (form == "ask-raises")}


def _wrong(joint: Joint, event: Literal, *, value: int, seeing: bool) -> dict[str, Fraction]:
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
    if set(causes) != set(others):
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
    tables = [_drawn(len(causes), role, kind=kind, stream=stream) for causes, role in _roles(parents, x, y=y)]
    joint = Joint(parents, tables, x)
    value = 1 if kind.name == "ate" else stream.below(2)
    truth = _truth(joint, kind.name, event=(y, 1), value=value)
    ask = (
        Fact("ask-ate", ((y, 1), (x, 1), (x, 0)))
        if kind.name == "ate"
        else Fact(f"ask-{kind.name}", ((y, 1), (x, value)))
    )
    if (kind.name == "ate" and abs(truth) < MARGIN) or not clear_of_print(truth, tables):
        return ()
    facts = (*share_facts(parents, tables), Fact("markov"), ask)
    return (
        (facts,) if discriminates(truth, facts, mistakes=_mistakes(ask.form, joint, event=(y, 1), value=value)) else ()
    )


def _roles(parents: Parents, x: int, *, y: int) -> list[tuple[tuple[int, ...], str]]:
    """Per node its causes and whether it is the treatment, the outcome or another."""
    return [(causes, {x: "x", y: "y"}.get(node, "")) for node, causes in enumerate(parents)]


def _drawn(count: int, role: str, *, kind: Kind, stream: Stream) -> Rows:
    """A random table: the treatment follows its causes strongly, the outcome's level is spread over the whole range."""
    if role == "x":
        return _entries(count, lambda: stream.between(1, 6) + 13 * stream.below(2))
    if role == "y" and kind.name != "ate":
        centre = stream.between(1, GRID - 1)
        low, high = max(1, centre - 8), min(GRID - 1, centre + 8)
        return _entries(count, lambda: stream.between(low, high))
    return random_rows(count, stream)


def _entries(count: int, twentieths: Callable[[], int]) -> Rows:
    return {values: TWENTIETHS[twentieths()] for values in itertools.product((0, 1), repeat=count)}


def _truth(joint: Joint, kind: str, *, event: Literal, value: int) -> Fraction:
    if kind == "seeing":
        return joint.observed(event, ((joint.x, value),))
    return joint.enforced(event, value) if kind == "do" else _gap(joint, event[0], do=True)


def _direction(parents: Parents, x: int, *, y: int, stream: Stream) -> tuple[Facts, ...]:
    """*Raises?* and *lowers?* of an agreeing and a disagreeing model of one graph, or nothing."""
    members: list[Facts] = []
    for agree in (True, False):
        tables = _leaning(parents, x, y=y, agree=agree, stream=stream)
        joint = Joint(parents, tables, x)
        effect, association = _gap(joint, y, do=True), _gap(joint, y, do=False)
        if min(abs(effect), abs(association)) < MARGIN or ((effect > 0) == (association > 0)) != agree:
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
            tables.append({(): Fraction(stream.between(8, 12), GRID)})
        elif node == y:
            through = [cause for cause in causes if cause in below]
            common = [cause for cause in causes if cause not in below]
            pulls = dict.fromkeys(through, sign * 5 // len(through))
            pulls |= dict.fromkeys(common, (sign if agree else -sign) * 12 // len(common))
            tables.append(_additive(causes, pulls, stream=stream))
        elif node in below - {x}:
            share = 11 // sum(cause in below for cause in causes)
            tables.append(_additive(causes, {cause: share if cause in below else 3 for cause in causes}, stream=stream))
        else:
            tables.append(_additive(causes, dict.fromkeys(causes, 16 // len(causes)), stream=stream))
    return tables


def _additive(causes: tuple[int, ...], pulls: Mapping[int, int], *, stream: Stream) -> Rows:
    """P(1 | causes) = base + the pulls (in twentieths) of the causes that are 1, the base drawn where it fits."""
    shaken = {cause: pull - stream.below(2) if pull > 0 else pull + stream.below(2) for cause, pull in pulls.items()}
    low = 1 - sum(min(pull, 0) for pull in shaken.values())
    high = GRID - 1 - sum(max(pull, 0) for pull in shaken.values())
    base = stream.between(low, high)
    return {
        values: Fraction(base + sum(shaken[cause] for cause, value in zip(causes, values, strict=True) if value), GRID)
        for values in itertools.product((0, 1), repeat=len(causes))
    }


def _below(x: int, parents: Parents) -> set[int]:
    """*x* and the nodes that it affects."""
    reached = {x}
    for node, causes in enumerate(parents):
        if reached & set(causes):
            reached.add(node)
    return reached


def _gap(joint: Joint, y: int, *, do: bool) -> Fraction:
    """P(y | x = 1) - P(y | x = 0), by intervention or by observation."""
    if do:
        return joint.enforced((y, 1), 1) - joint.enforced((y, 1), 0)
    return joint.observed((y, 1), ((joint.x, 1),)) - joint.observed((y, 1), ((joint.x, 0),))


FAMILY = Family(
    name="effect",
    title="Effect of an intervention",
    kinds=(
        Kind("do", rung=2, weight=2),
        Kind("ate", rung=2, weight=2),
        Kind("seeing", rung=1, weight=1, exempt=("association",)),
        Kind("direction", rung=2, size=4, joint=True, weight=1),
    ),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
