"""Attribution: labels as defined, balanced, not to be guessed, and decided by every printed fact."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

import pytest

from causal_eval.causal.graph import Graph
from causal_eval.causal.query import Case
from causal_eval.causal.solve import solve
from causal_eval.errors import CausalEvalError, VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, edge, of_form, the_ask
from causal_eval.questions.families.attribution import FAMILY, LABELS
from causal_eval.questions.families.attribution import case as case_of
from causal_eval.questions.family import Group
from causal_eval.questions.graphs import arrows_of
from causal_eval.questions.network import graph_of
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

N = 2000
KINDS = ("labels", "causes")
LEVELS = (1, 2, 3, 4, 5)


@functools.cache
def groups(kind: str) -> tuple[Group, ...]:
    """N groups of a kind, the five difficulties in turn."""
    return tuple(
        FAMILY.draw(Stream("test", kind, number), FAMILY.kind(kind), number % len(LEVELS) + 1) for number in range(N)
    )


def truth_by_definition(facts: Facts) -> dict[int, str]:
    """Labels straight from the printed definitions, by walking arrows; shares no code with the engine."""
    arrows = [fact.slots for fact in of_form(facts, "edge")]
    target, others = the_ask(facts).slots
    assert isinstance(others, tuple)

    def affects(start: object) -> set[object]:
        found: set[object] = set()
        waiting = [start]
        while waiting:
            here = waiting.pop()
            new = {effect for cause, effect in arrows if cause == here} - found
            found |= new
            waiting += new
        return found

    reach = {node: affects(node) for node in (target, *others)}
    labels = {}
    for other in others:
        assert isinstance(other, int)
        if target in reach[other]:
            labels[other] = "cause"
        elif other in reach[target]:
            labels[other] = "effect"
        elif any({target, other} <= reached for reached in reach.values()):
            labels[other] = "associated"
        else:
            labels[other] = "unrelated"
    return labels


def members(kind: str, first: int = N) -> Iterator[tuple[Group, Facts]]:
    for group in groups(kind)[:first]:
        for facts in group.members:
            yield group, facts


def decided(facts: Facts, n: int) -> tuple[Case, AnswerSpec]:
    """All that the facts decide about a question."""
    lexicon = Lexicon.of(tuple(f"n{index}" for index in range(n)), (("low", "high"),) * n)
    return case_of(facts, n), FAMILY.spec(facts, lexicon)


def causes_of(labels: Mapping[int, str]) -> tuple[int, ...]:
    return tuple(sorted(other for other, label in labels.items() if label == "cause"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_is_what_the_printed_definitions_say(kind: str) -> None:
    """The engine's labels, and the set of causes, follow from the definitions in the ask alone."""
    for group, facts in members(kind):
        value = FAMILY.answer(facts, solve(case_of(facts, group.n)).value)
        labels = truth_by_definition(facts)
        assert value == (labels if kind == "labels" else (causes_of(labels),))


@pytest.mark.parametrize("kind", KINDS)
def test_a_group_is_one_question_with_names_in_causal_order(kind: str) -> None:
    """Every arrow leads on in the order for casting names, every quantity is in an arrow, and sizes grow."""
    sizes = defaultdict(set)
    for number, (group, facts) in enumerate(members(kind)):
        place = {node: index for index, node in enumerate(group.order)}
        arrows = [fact.slots for fact in of_form(facts, "edge")]
        assert all(place[cause] < place[effect] for cause, effect in arrows)  # type: ignore[index]  # slots of "edge" are nodes
        assert {node for arrow in arrows for node in arrow} == set(range(group.n))
        assert len(group.members) == 1
        sizes[number % len(LEVELS)].add(group.n)
    assert [len(found) for found in sizes.values()] == [1] * len(LEVELS)
    assert sorted(max(found) for found in sizes.values()) == [max(sizes[level]) for level in range(len(LEVELS))]


def test_the_same_stream_gives_the_same_group() -> None:
    """A draw follows from its stream and from nothing else."""
    for kind in FAMILY.kinds:
        assert FAMILY.draw(Stream("again"), kind, 3) == FAMILY.draw(Stream("again"), kind, 3)


def test_no_label_is_frequent() -> None:
    """No label makes up more than 45 % of all, and none is rare; the same holds at every difficulty but for chance."""
    counts = Counter(label for _, facts in members("labels") for label in truth_by_definition(facts).values())
    total = sum(counts.values())
    assert set(counts) == set(LABELS)
    assert min(counts.values()) / total > 0.15
    assert max(counts.values()) / total < 0.45


def test_the_set_of_causes_is_neither_empty_nor_everything() -> None:
    """The two constant answers to ``causes`` are never right, and no size of set is."""
    sizes: dict[int, Counter[int]] = defaultdict(Counter)
    for group, facts in members("causes"):
        causes = causes_of(truth_by_definition(facts))
        assert 2 <= len(causes) <= group.n - 3
        sizes[group.n][len(causes)] += 1
    assert all(max(found.values()) / found.total() < 0.6 for found in sizes.values())


@pytest.mark.parametrize("kind", KINDS)
def test_names_and_format_do_not_give_the_answer(kind: str) -> None:
    """The best policy that knows the causal order of all names (as ``real`` stories reveal it) scores at most 5 %."""
    seen: dict[tuple[int, int], Counter[tuple[str, ...]]] = defaultdict(Counter)
    right = 0
    for number, (group, facts) in enumerate(members(kind)):
        target = the_ask(facts).slots[0]
        assert isinstance(target, int)
        labels = truth_by_definition(facts) | {target: "target"}
        pattern = tuple(labels[node] for node in group.order)
        if kind == "causes":
            pattern = tuple("cause" if label == "cause" else "" for label in pattern)
        known = seen[group.n, group.order.index(target)]
        if number < N // 2:
            known[pattern] += 1
        elif known:
            right += known.most_common(1)[0][0] == pattern
    assert right / (N // 2) <= 0.05


def _baselines(facts: Facts) -> dict[str, dict[int, str]]:
    """Methods that count, order or look one step far."""
    target, others = the_ask(facts).slots
    assert isinstance(target, int)
    assert isinstance(others, tuple)
    nodes = [other for other in others if isinstance(other, int)]
    arrows = [(cause, effect) for cause, effect in (fact.slots for fact in of_form(facts, "edge"))]
    mentions = Counter(node for arrow in arrows for node in arrow)
    order = list(dict.fromkeys(node for arrow in arrows for node in arrow))
    where = order.index(target)
    middle = sorted(mentions[node] for node in nodes)[len(nodes) // 2]
    starts, ends = {cause for cause, _ in arrows}, {effect for _, effect in arrows}
    cause_else = {True: "cause", False: "effect"}
    return {
        **{f"always {label}": dict.fromkeys(nodes, label) for label in LABELS},
        "mentioned before the target": {node: cause_else[order.index(node) < where] for node in nodes},
        "number smaller": {node: cause_else[node < target] for node in nodes},
        "listed in the first half": {node: cause_else[place < len(nodes) / 2] for place, node in enumerate(nodes)},
        "mentioned often": {node: cause_else[mentions[node] >= middle] for node in nodes},
        "a cause of something": {node: cause_else[node in starts] for node in nodes},
        "an effect of nothing": {node: cause_else[node not in ends] for node in nodes},
        "correlated": {
            node: "cause" if label != "unrelated" else "unrelated" for node, label in truth_by_definition(facts).items()
        },
        "named with the target": {
            node: "cause" if (node, target) in arrows else "effect" if (target, node) in arrows else "associated"
            for node in nodes
        },
    }


@pytest.mark.parametrize("kind", KINDS)
def test_shortcuts_do_not_pay(kind: str) -> None:
    """Constants, orders, counts of mentions, correlation and one-step views stay within two points of nothing."""
    right: Counter[str] = Counter()
    for _, facts in members(kind):
        truth = truth_by_definition(facts)
        for name, labels in _baselines(facts).items():
            right[name] += labels == truth if kind == "labels" else causes_of(labels) == causes_of(truth)
    assert all(count / N <= 0.02 for count in right.values()), right


@pytest.mark.parametrize("kind", KINDS)
def test_mistakes_are_wrong_and_mostly_there(kind: str) -> None:
    """No named mistake gives the right answer; correlation and one-step views are always available as traps."""
    names: Counter[str] = Counter()
    for group, facts in members(kind, 500):
        right = FAMILY.answer(facts, solve(case_of(facts, group.n)).value)
        found = FAMILY.mistakes(facts, group.n)
        assert all(answer not in (right, ((),)) for answer in found.values())
        names.update(found.keys())
    assert names["correlation is causation"] == names["direct influences only"] == 500
    assert names["a common cause makes a cause"] == 500
    assert names["direction reversed"] > 350
    assert kind == "causes" or names["association through a common effect"] > 300


def _altered(facts: Facts, n: int) -> Iterator[Facts]:
    """Every fact dropped; every arrow turned or bent to another end; the ask about another target."""
    for place, fact in enumerate(facts):
        rest = (*facts[:place], *facts[place + 1 :])
        yield rest
        if fact.form == "edge":
            cause, effect = fact.slots
            assert isinstance(cause, int)
            assert isinstance(effect, int)
            yield (*rest, edge(effect, cause))
            yield (*rest, edge(cause, (effect + 1) % n))
            yield (*rest, edge((cause + 1) % n, effect))
        elif fact.form.startswith("ask-"):
            target, others = fact.slots
            assert isinstance(others, tuple)
            yield (*rest, Fact(fact.form, (others[0], (target, *others[1:]))))
            yield (*rest, Fact(fact.form, (target, others[1:])))


@pytest.mark.parametrize("kind", KINDS)
def test_every_fact_matters(kind: str) -> None:
    """Dropping, turning or altering any one fact changes the case, or leaves none at all."""
    for group, facts in members(kind, 60):
        right = decided(facts, group.n)
        for altered in _altered(facts, group.n):
            try:
                found = decided(altered, group.n)
            except (CausalEvalError, ValueError):
                continue
            assert found != right, altered


def test_the_format_lists_what_the_ask_lists() -> None:
    """Labels are asked for every other quantity, causes from the same list; both in the printed order."""
    for kind, answer in (("labels", AnswerKind.LABELS), ("causes", AnswerKind.SET)):
        group, facts = next(members(kind))
        spec = decided(facts, group.n)[1]
        listed = the_ask(facts).slots[1]
        assert isinstance(listed, tuple)
        assert spec.kind is answer
        assert spec.items == tuple(f"n{other}" for other in listed)
        assert spec.options == (LABELS if kind == "labels" else ())
        assert not spec.may_be_none


def extra(kind: str) -> list[Group]:
    return [FAMILY.draw(Stream("extra", kind, number), FAMILY.kind(kind), number % 5 + 1) for number in range(60)]


def test_no_correlation_tells_reversed_twins_apart() -> None:
    """The twins differ in one arrow at the target, imply the same independences, and have different labels."""
    for group in extra("reversed"):
        one, other = group.members
        (here,), (there,) = ([fact for fact in a if fact not in b] for a, b in ((one, other), (other, one)))
        assert here.slots == there.slots[::-1]
        assert the_ask(one).slots[0] in here.slots
        assert implied(graph_of(one, group.n)) == implied(graph_of(other, group.n))
        assert truth_by_definition(one) != truth_by_definition(other)


def implied(graph: Graph) -> set[tuple[object, ...]]:
    """Skeleton and colliders of a graph: two graphs imply the same independences iff both are equal (Verma, Pearl)."""
    arrows = set(arrows_of(graph))
    joined = {frozenset(arrow) for arrow in arrows}
    colliders = {
        ("collider", frozenset((a, b)), c)
        for a, c in arrows
        for b, d in arrows
        if c == d and a != b and frozenset((a, b)) not in joined
    }
    return colliders | {("joined", pair) for pair in joined}


def test_before_is_not_because() -> None:
    """Time never runs against an arrow; at least three earlier quantities are no causes, one of them just before."""
    for group in extra("sequence"):
        (facts,) = group.members
        (order,) = of_form(facts, "sequence")[0].slots
        assert isinstance(order, tuple)
        labels, target = truth_by_definition(facts), the_ask(facts).slots[0]
        before = [node for node in order[: order.index(target)] if isinstance(node, int)]
        assert sum(labels[node] != "cause" for node in before) >= 3
        assert any(labels[node] != "cause" for node in before[-2:])
        assert all(order.index(one) < order.index(two) for one, two in arrows_of(graph_of(facts, group.n)))
        value = FAMILY.answer(facts, solve(case_of(facts, group.n)).value)
        assert value == (causes_of(labels),)
        assert FAMILY.mistakes(facts, group.n)["after it, therefore because of it"] == (tuple(sorted(before)),)


def test_a_sequence_must_be_told_and_possible() -> None:
    """Without the order of time, with one that leaves something out or runs against an arrow there is no case."""
    group = extra("sequence")[0]
    (facts,) = group.members
    (order,) = of_form(facts, "sequence")[0].slots
    assert isinstance(order, tuple)
    rest = tuple(fact for fact in facts if fact.form != "sequence")
    for altered in (rest, (*rest, Fact("sequence", (order[1:],))), (*rest, Fact("sequence", (order[::-1],)))):
        with pytest.raises(VerificationMismatch, match="order"):
            case_of(altered, group.n)
