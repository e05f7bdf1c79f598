"""Attribution: which quantities are causes of a target, and which only go with it (rung 1).

Truth: reachability in the printed graph. A quantity is a *cause* (a directed path leads from it to the target), an
*effect* (a directed path leads from the target to it), *associated* (neither, but some quantity is a cause of both) or
*unrelated* (none of these: no open path given nothing). Every graph is built role by role, so that its labels hold by
construction: colliders, indirect causes and mere correlates are there on purpose, not by luck.

``reversed`` asks for the labels in two twins that differ in the direction of one arrow at the target; their graphs are
Markov equivalent, so that no correlation tells cause from effect. ``sequence`` says when each quantity comes, too, and
asks for the causes: of what comes before the target some is no cause, and some comes shortly before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from causal_eval.causal.attribution import Label, attribution
from causal_eval.causal.graph import Graph, closure
from causal_eval.causal.query import Case, Query
from causal_eval.causal.query import Kind as Asked
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, edge, of_form, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.graphs import arrows_of, is_covered, reversed_arrow
from causal_eval.questions.network import graph_of, node
from causal_eval.questions.numbering import hidden, linear_extension
from causal_eval.questions.posing import by_node
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

LABELS = ("cause", "effect", "associated", "unrelated")
"""What a quantity can be to the target; exclusive and exhaustive."""

SIZES = {
    "labels": (6, 8, 10, 12, 14),
    "causes": (8, 10, 12, 14, 16),
    "reversed": (6, 8, 10, 12, 14),
    "sequence": (8, 10, 12, 14, 16),
}
"""Nodes per kind and difficulty, the target included; to be hard to guess, a set needs more than labels do."""

_SETS = ("causes", "sequence")
_ASKS = {"labels": "ask-labels", "causes": "ask-causes", "reversed": "ask-labels", "sequence": "ask-after"}

_CAUSE, _EFFECT, _ASSOCIATED, _UNRELATED = LABELS
_PRINTED = {str(Label.COMMON): _ASSOCIATED}
"""The engine's label that would read like another one when printed."""
_TARGET = "target"
_RANK = (_UNRELATED, _CAUSE, _TARGET, _ASSOCIATED, _EFFECT)
"""Roles in an order in which every edge of ``_MAY_CAUSE`` leads on."""
_MAY_CAUSE: Mapping[str, tuple[str, ...]] = {
    _UNRELATED: (_UNRELATED, _ASSOCIATED, _EFFECT),
    _CAUSE: (_CAUSE, _TARGET, _ASSOCIATED, _EFFECT),
    _TARGET: (_EFFECT,),
    _ASSOCIATED: (_ASSOCIATED, _EFFECT),
    _EFFECT: (_EFFECT,),
}
"""Edges that change no label, whatever else is there."""
_MOST_CAUSES = 3
"""Direct causes a node may get beyond those its role needs."""


_TRIES = 500
_SHORTLY = 2
"""So many quantities right before the target hold one that is no cause."""
_FEWEST_BEFORE = 3
"""Quantities that come before the target and are no cause of it, at least."""


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """A group over a graph built role by role; its roles are hidden by a random numbering."""
    for _ in range(_TRIES):
        plain = _drawn(stream, kind, n=SIZES[kind.name][difficulty - 1])
        made = _MAKE[kind.name](plain, stream) if kind.name in _MAKE else plain
        if made is not None:
            return made
    raise AssertionError(f"attribution/{kind.name} at difficulty {difficulty}: no graph in {_TRIES} tries")


def _drawn(stream: Stream, kind: Kind, *, n: int) -> Group:
    """One question about a graph of *n* quantities."""
    counts = _cause_counts(n, stream) if kind.name in _SETS else _label_counts(n, stream)
    roles = [role for role in _RANK for _ in range(counts.get(role, 1))]
    edges = _edges(roles, stream)
    number, arrows = hidden(n, edges, stream=stream)
    target = number[roles.index(_TARGET)]
    others = tuple(other for other in stream.shuffled(range(n)) if other != target)
    facts = (*(edge(*arrow) for arrow in arrows), Fact("closed"), Fact(_ASKS[kind.name], (target, others)))
    return Group(
        kind.name, n, linear_extension(n, arrows, stream=stream, late=target if kind.name in _SETS else -1), (facts,)
    )


def _reversed(group: Group, stream: Stream) -> Group | None:
    """The question and its twin, in which one arrow at the target is turned and no independence differs, or nothing."""
    (facts,) = group.members
    target, graph = _asked(facts)[0], graph_of(facts, group.n)
    arrows = [arrow for arrow in arrows_of(graph) if target in arrow and is_covered(graph, arrow)]
    if not arrows:
        return None
    turned = stream.choice(arrows)
    twin = tuple(edge(*turned[::-1]) if fact == edge(*turned) else fact for fact in facts)
    order = linear_extension(group.n, arrows_of(reversed_arrow(graph, turned)), stream=stream)
    return Group(group.kind, group.n, stream.choice((group.order, order)), (facts, twin))


def _sequenced(group: Group, _stream: Stream) -> Group | None:
    """The question with the order of its names as that of time, or nothing where it would tempt nobody."""
    (facts,) = group.members
    target = _asked(facts)[0]
    before = group.order[: group.order.index(target)]
    idle = [other for other in before if not graph_of(facts, group.n).ancestors(1 << target) >> other & 1]
    if len(idle) < _FEWEST_BEFORE or not set(idle) & set(before[-_SHORTLY:]):
        return None
    *stated, ask = facts
    return replace(group, members=((*stated, Fact("sequence", (group.order,)), ask),))


_MAKE: Mapping[str, Callable[[Group, Stream], Group | None]] = {"reversed": _reversed, "sequence": _sequenced}
"""What makes the group of a kind from a plain question."""


def case(facts: Facts, n: int) -> Case:
    """What every other quantity is to the target, in the graph of the printed edges.

    Raises:
        VerificationMismatch: the list of influences is not said to be complete, or the ask does not name every
            quantity once.
    """
    if len(of_form(facts, "closed")) != 1:
        raise VerificationMismatch("the prompt must say once that its list of direct influences is complete")
    target, others = _asked(facts)
    if sorted((target, *others)) != list(range(n)):
        raise VerificationMismatch(f"the question must name each of {n} quantities once")
    graph = graph_of(facts, n)
    if the_ask(facts).form == "ask-after":
        _check_sequence(graph, _sequence(facts))
    query = Query(kind=Asked.ATTRIBUTION, y=(target,))
    return Case(tuple(f"V{index}" for index in range(n)), graph, None, query)


def _sequence(facts: Facts) -> tuple[int, ...]:
    """The order in which quantities are said to come.

    Raises:
        VerificationMismatch: none is said, or more than one.
    """
    found = of_form(facts, "sequence")
    if len(found) != 1 or not isinstance(found[0].slots[0], tuple):
        raise VerificationMismatch("the prompt must say once in which order the quantities come")
    return tuple(node for node in found[0].slots[0] if isinstance(node, int))


def _check_sequence(graph: Graph, order: Sequence[int]) -> None:
    """See that *order* is one of all quantities, causes before effects.

    Raises:
        VerificationMismatch: it is not.
    """
    place = {node: index for index, node in enumerate(order)}
    if sorted(order) != list(range(graph.n)) or any(place[one] > place[other] for one, other in arrows_of(graph)):
        raise VerificationMismatch("in the order of time every quantity comes once, and no effect before its cause")


def spec(facts: Facts, lexicon: Lexicon) -> AnswerSpec:
    """A label for each other quantity, or the set of the causes; items in the order in which the ask lists them."""
    items = tuple(lexicon.names[other] for other in _asked(facts)[1])
    if the_ask(facts).form != "ask-labels":
        return AnswerSpec(AnswerKind.SET, items=items)
    return AnswerSpec(AnswerKind.LABELS, options=LABELS, items=items)


def answer(facts: Facts, value: Value) -> Value:
    """The printed label of each other quantity, or the one right set of causes."""
    return _printed(the_ask(facts).form, by_node(value))


def _printed(form: str, value: Mapping[int, Value]) -> Value:
    labels = {other: _PRINTED.get(str(label), str(label)) for other, label in value.items()}
    if form != "ask-labels":
        return (tuple(sorted(other for other, label in labels.items() if label == _CAUSE)),)
    return labels


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What correlation, a view of one step, reversed arrows or a walk through common effects would give."""
    target, others = _asked(facts)
    graph = graph_of(facts, n)
    found = attribution(graph, target)
    truth = {other: str(found[other]) for other in sorted(others)}
    near = graph.parents[target] | graph.children[target]
    joined = closure([one | other for one, other in zip(graph.parents, graph.children, strict=True)], 1 << target)
    wrong: dict[str, dict[int, str]] = {
        "correlation is causation": _relabelled(truth, {_EFFECT: _CAUSE, Label.COMMON: _CAUSE}),
        "a common cause makes a cause": _relabelled(truth, {Label.COMMON: _CAUSE}),
        "direction reversed": _relabelled(truth, {_CAUSE: _EFFECT, _EFFECT: _CAUSE}),
        "direct influences only": _relabelled(truth, {_CAUSE: _ASSOCIATED, _EFFECT: _ASSOCIATED}, where=~near),
        "association through a common effect": _relabelled(truth, {_UNRELATED: _ASSOCIATED}, where=joined),
    }
    form = the_ask(facts).form
    if form == "ask-after":
        order = _sequence(facts)
        before = order[: order.index(target)]
        wrong["after it, therefore because of it"] = dict.fromkeys(before, _CAUSE)
        wrong["what came last before it"] = dict.fromkeys(before[-1:], _CAUSE)
    right = _printed(form, truth)
    answers = {name: _printed(form, labels) for name, labels in wrong.items()}
    return {name: given for name, given in answers.items() if given not in (right, ((),))}


def _relabelled(truth: Mapping[int, str], new: Mapping[str, str], *, where: int = -1) -> dict[int, str]:
    """The labels with some exchanged, at the nodes of the mask *where*."""
    return {other: new.get(label, label) if where >> other & 1 else label for other, label in truth.items()}


def _cause_counts(n: int, stream: Stream) -> dict[str, int]:
    """Two causes to half of the nodes, a mere correlate and an unrelated one at least, the rest no causes."""
    counts = {_CAUSE: stream.between(2, n // 2), _EFFECT: 0, _ASSOCIATED: 1, _UNRELATED: 1}
    return _filled(counts, n, weights=(0, 2, 1, 1), stream=stream)


def _label_counts(n: int, stream: Stream) -> dict[str, int]:
    """A cause and a mere correlate at least, something indirect, and the rest anything."""
    causes, effects = (2, 0) if stream.chance(1, 2) else (1, 2)
    counts = {_CAUSE: causes, _EFFECT: effects, _ASSOCIATED: 1, _UNRELATED: 0}
    return _filled(counts, n, weights=(2, 2, 3, 4), stream=stream)


def _filled(counts: dict[str, int], n: int, *, weights: tuple[int, ...], stream: Stream) -> dict[str, int]:
    for _ in range(n - 1 - sum(counts.values())):
        counts[LABELS[stream.weighted(weights)]] += 1
    return counts


def _edges(roles: list[str], stream: Stream) -> list[tuple[int, int]]:
    """Edges that give every node its role, then some that change none."""
    at = {role: [index for index, name in enumerate(roles) if name == role] for role in _RANK}
    (target,) = at[_TARGET]
    edges = {
        *_upward(at[_CAUSE], target, stream=stream),
        *_downward([target], at[_EFFECT], stream=stream),
        *_downward(list(at[_CAUSE]), at[_ASSOCIATED], stream=stream),
        *_aside(at[_UNRELATED], at[_ASSOCIATED] + at[_EFFECT], stream=stream),
    }
    barred = {(at[_CAUSE][0], target)} if len(at[_CAUSE]) > 1 else {(target, at[_EFFECT][-1])}
    _add_extras(edges, roles, barred=barred, stream=stream)
    return sorted(edges)


def _upward(causes: list[int], target: int, *, stream: Stream) -> list[tuple[int, int]]:
    """Every cause leads to the target, the first one (of several) only through another."""
    ahead = [*causes, target]
    edges = []
    for place, cause in enumerate(causes):
        near = ahead[place + 1 : place + 4]
        if place == 0 and len(causes) > 1:
            near = [effect for effect in near if effect != target]
        edges.append((cause, stream.choice(near)))
    return edges


def _downward(sources: list[int], nodes: list[int], *, stream: Stream) -> list[tuple[int, int]]:
    """Every node follows from a source or from an earlier node; the last of several from an earlier node."""
    roots, edges = len(sources), []
    for place, index in enumerate(nodes):
        pool = sources[-1:] if len(sources) > roots and place == len(nodes) - 1 else sources
        edges.append((stream.choice(pool), index))
        sources.append(index)
    return edges


def _aside(nodes: list[int], below: list[int], *, stream: Stream) -> list[tuple[int, int]]:
    """Every unrelated node meets the rest in a common effect, or another unrelated node."""
    return [(index, stream.choice([*nodes[place + 1 :], *below])) for place, index in enumerate(nodes)]


def _add_extras(edges: set[tuple[int, int]], roles: list[str], *, barred: set[tuple[int, int]], stream: Stream) -> None:
    """Between a quarter and a half as many edges as nodes, of the allowed kinds."""
    n = len(roles)
    for _ in range(stream.between(n // 4, n // 2)):
        cause = stream.below(n - 1)
        effect = stream.between(cause + 1, n - 1)
        allowed = roles[effect] in _MAY_CAUSE[roles[cause]] and (cause, effect) not in barred
        if allowed and sum(end == effect for _, end in edges) < _MOST_CAUSES:
            edges.add((cause, effect))


def _asked(facts: Facts) -> tuple[int, tuple[int, ...]]:
    """The target and the other quantities in the order of the ask."""
    target, others = the_ask(facts).slots
    assert isinstance(others, tuple)
    return node(target), tuple(other for other in others if isinstance(other, int))


FAMILY = Family(
    name="attribution",
    title="Cause or mere correlate",
    number=1,
    kinds=(
        Kind("labels", rung=1, weight=2),
        Kind("causes", rung=1, weight=1),
        Kind("reversed", rung=1, size=2, joint=True),
        Kind("sequence", rung=1),
    ),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
