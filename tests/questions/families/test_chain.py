"""Chain: both worlds are exact, changes are swallowed on the way, and nothing is to be had by guessing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache

import pytest

from causal_eval.causal import second
from causal_eval.causal.case import write_case
from causal_eval.causal.solve import solve
from causal_eval.errors import CausalEvalError
from causal_eval.questions.circuit import Gate, gates_of
from causal_eval.questions.facts import Fact, Facts, Slot, of_form, the_ask
from causal_eval.questions.families.chain import FAMILY, SIZES, _system
from causal_eval.questions.families.chain import case as case_of
from causal_eval.questions.family import Group, Value
from causal_eval.questions.network import literal
from causal_eval.questions.regime import System, differs
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

KINDS = {kind.name: kind for kind in FAMILY.kinds}
MANY = 2000


@cache
def draws(name: str, count: int = 60) -> tuple[Group, ...]:
    return tuple(FAMILY.draw(Stream("chain tests", name, index), KINDS[name], 1 + index % 5) for index in range(count))


def members(name: str, count: int = 60) -> Iterator[tuple[Facts, int]]:
    return ((facts, group.n) for group in draws(name, count) for facts in group.members)


def truth(facts: Facts, n: int) -> Value:
    return FAMILY.answer(facts, solve(case_of(facts, n)).value)


def settle(sources: Mapping[int, int], gates: Mapping[int, Gate | int]) -> dict[int, int]:
    """The state of every quantity, straight from the rules, each read until nothing is open."""
    values = dict(sources)
    while left := [node for node in gates if node not in values]:
        for node in left:
            gate = gates[node]
            if isinstance(gate, int):
                values[node] = gate
            elif all(cause in values for cause, _ in gate.literals):
                held = sum(values[cause] == wanted for cause, wanted in gate.literals)
                values[node] = gate.value if held >= gate.needed else 1 - gate.value
    return values


def by_hand(facts: Facts) -> tuple[dict[int, int], dict[int, int]]:
    """The world before the change and the world after it."""
    start = dict(literal(fact.slots[0]) for fact in of_form(facts, "start"))
    switched = dict(literal(fact.slots[0]) for fact in of_form(facts, "switched"))
    stuck = dict(literal(fact.slots[0]) for fact in of_form(facts, "broken"))
    old = gates_of(facts)
    return settle(start, old), settle(start | switched, {**old, **gates_of(facts, "rewired"), **stuck})


def ancestors(system: System, node: int) -> set[int]:
    """Everything that affects *node*, directly or not, under old or new rules, among quantities with a rule."""
    found: set[int] = set()
    frontier = [node]
    while frontier:
        causes = (system.causes(frontier.pop()) & system.gates.keys()) - found
        found |= causes
        frontier += causes
    return found


@pytest.mark.parametrize("name", KINDS)
def test_both_solvers_agree(name: str) -> None:
    """Evaluation in causal order and recursion from the definition give the same two worlds."""
    for facts, n in members(name):
        case = case_of(facts, n)
        assert solve(case).value == second.solve(case)


@pytest.mark.parametrize("name", KINDS)
def test_the_case_holds_both_worlds(name: str) -> None:
    """Settling the printed rules by hand gives the states of the case before and after."""
    for facts, n in members(name):
        before, after = by_hand(facts)
        both = {**after, **{n + node: value for node, value in before.items()}}
        assert solve(case_of(facts, n)).value == both


def test_values_are_the_states_after() -> None:
    """Every quantity with a rule, and no other, has its state after the change."""
    for facts, n in members("values"):
        _, after = by_hand(facts)
        assert truth(facts, n) == {node: after[node] for node in gates_of(facts)}


def test_changed_is_all_that_moved() -> None:
    """One set is right: the quantities whose two states differ; some rules pass the change on and some swallow it."""
    for facts, n in members("changed"):
        before, after = by_hand(facts)
        moved = tuple(node for node in range(n) if before[node] != after[node])
        assert truth(facts, n) == (moved,)
        ruled = gates_of(facts).keys()
        assert 2 <= len(ruled & set(moved)) < len(ruled)


def test_one_quantity_is_the_earliest() -> None:
    """Exactly one moved while nothing with a rule upstream of it did, by direct causes and by all causes alike."""
    for facts, n in members("earliest"):
        before, after = by_hand(facts)
        system = _system(facts, n)
        moved = {node for node in system.gates if before[node] != after[node]}
        assert [node for node in moved if moved.isdisjoint(ancestors(system, node))] == [truth(facts, n)]
        assert [node for node in moved if moved.isdisjoint(system.causes(node))] == [truth(facts, n)]


def test_twins_share_the_graph_and_differ_in_the_answer() -> None:
    """Who depends on whom, which sources switch and which rule is replaced are the same; the earliest is another."""
    for group in draws("earliest"):
        one, other = (_system(facts, group.n) for facts in group.members)
        assert (one.switched, one.target) == (other.switched, other.target)
        assert all(one.causes(node) == other.causes(node) for node in one.gates)
        assert truth(group.members[0], group.n) != truth(group.members[1], group.n)


@pytest.mark.parametrize("name", ["values", "changed"])
def test_no_half_of_the_change_gives_the_answer(name: str) -> None:
    """Overlooking the new rule, the switched sources, or what rules swallow, gives another answer."""
    for facts, n in members(name):
        wrong = FAMILY.mistakes(facts, n)
        assert {"ignore the new rule", "nothing is swallowed"} <= wrong.keys()
        assert truth(facts, n) not in wrong.values()


def test_the_mistakes_are_what_their_names_say() -> None:
    """Without the new rule, and without the switches, the worlds are those settled by hand."""
    for facts, n in members("values", 20):
        wrong = FAMILY.mistakes(facts, n)
        ruled = gates_of(facts)
        start = dict(literal(fact.slots[0]) for fact in of_form(facts, "start"))
        switched = dict(literal(fact.slots[0]) for fact in of_form(facts, "switched"))
        stuck = dict(literal(fact.slots[0]) for fact in of_form(facts, "broken"))
        half = settle(start | switched, ruled)
        other = settle(start, {**ruled, **gates_of(facts, "rewired"), **stuck})
        assert wrong["ignore the new rule"] == {node: half[node] for node in ruled}
        assert wrong["ignore the sources"] == {node: other[node] for node in ruled}


@pytest.mark.parametrize("name", KINDS)
def test_every_difficulty_has_its_size(name: str) -> None:
    """Groups of difficulty d have the quantities and sources that the table promises; two or more sources switch."""
    for index, group in enumerate(draws(name)):
        assert len(group.members) == KINDS[name].size
        for facts in group.members:
            starts, switches = of_form(facts, "start"), of_form(facts, "switched")
            assert (group.n, len(starts)) == SIZES[index % 5]
            assert 2 <= len(switches) < len(starts)


def test_the_same_stream_draws_the_same_group() -> None:
    """A group follows from its stream alone."""
    for name, kind in KINDS.items():
        assert FAMILY.draw(Stream("again", name), kind, 3) == FAMILY.draw(Stream("again", name), kind, 3)


def test_answers_name_only_what_may_be_named() -> None:
    """Labels are asked for quantities with a rule alone; sets and choices offer every quantity."""
    for name in KINDS:
        for facts, n in members(name, 5):
            lexicon = Lexicon.of(tuple(f"variable {chr(65 + v)}" for v in range(n)), (("0", "1"),) * n)
            spec = FAMILY.spec(facts, lexicon)
            ruled = sorted(lexicon.names[node] for node in gates_of(facts))
            assert list(spec.items or spec.options) == (ruled if name == "values" else sorted(lexicon.names))


def outcome(facts: Facts, n: int) -> object:
    """Everything that verification compares, or that the facts state no case."""
    try:
        return write_case(case_of(facts, n)), the_ask(facts).form
    except CausalEvalError as error:
        return type(error)


def altered(slot: Slot) -> Slot:
    """A slot of the same type with another content."""
    match slot:
        case int():
            return slot + 1
        case (int() as node, int() as value):
            return (node, 1 - value)
    assert isinstance(slot, tuple)
    (node, value), *rest = (literal(part) for part in slot if isinstance(part, tuple))
    return ((node, 1 - value), *rest)


def mutants(facts: Facts) -> Iterator[Facts]:
    """The facts with one dropped, doubled, altered in one slot, or with a slot swapped for that of the next fact."""
    for place, fact in enumerate(facts):
        before, after = facts[:place], facts[place + 1 :]
        yield (*before, *after)
        yield (*before, fact, fact, *after)
        for index, slot in enumerate(fact.slots):
            slots = (*fact.slots[:index], altered(slot), *fact.slots[index + 1 :])
            yield (*before, Fact(fact.form, slots), *after)
        for other in after:
            if other.form == fact.form and other.slots[-1:] != fact.slots[-1:]:
                yield (*before, Fact(fact.form, (*fact.slots[:-1], *other.slots[-1:])), *after)
                break


@pytest.mark.parametrize("name", KINDS)
def test_every_mutation_of_a_fact_changes_the_case(name: str) -> None:
    """Dropping, doubling, altering or swapping any printed fact gives another case, or none."""
    for facts, n in members(name, 10):
        original = outcome(facts, n)
        assert isinstance(original, tuple)
        for mutant in mutants(facts):
            assert outcome(mutant, n) != original, mutant


def test_a_foreign_statement_has_no_place() -> None:
    """A statement that the family does not use is refused, not ignored."""
    group = draws("values")[0]
    with pytest.raises(CausalEvalError, match="no place"):
        case_of((*group.members[0], Fact("edge", (0, 1))), group.n)


def votes(facts: Facts, *, own: int, named: int) -> dict[int, int]:
    """The states that the wording alone suggests: *any* mostly holds, *all* mostly fails; what is stuck is known."""
    count: Counter[int] = Counter()
    gates = gates_of(facts)
    for node, gate in (gates | gates_of(facts, "rewired")).items():
        if len(gate.literals) == 2:
            holds = gate.needed == 1
            count[node] += own * (1 if (gate.value == 1) == holds else -1)
            for cause, wanted in gate.literals:
                count[cause] += named * (1 if (wanted == 1) != holds else -1)
    stuck = dict(literal(fact.slots[0]) for fact in of_form(facts, "broken"))
    return {node: int(count[node] > 0) for node in gates} | stuck


@pytest.mark.slow
def test_no_states_are_worth_guessing() -> None:
    """Chance is under 5 %, both states are about equally frequent, and no reading of words beats it by 2 points."""
    policies = {"all 0": (0, 0), "own rule": (2, 0), "rules that name it": (0, 1), "both": (2, 1)}
    hits: Counter[str] = Counter()
    chance, ones, items, same = 0.0, 0, 0, 0
    for facts, n in members("values", MANY):
        gold = {node: column >> 1 for node, column in enumerate(_system(facts, n).columns()) if node in gates_of(facts)}
        before, _ = by_hand(facts)
        chance += 2.0 ** -len(gold)
        ones, items = ones + sum(gold.values()), items + len(gold)
        same += sum(before[node] == value for node, value in gold.items())
        hits["as before"] += all(before[node] == value for node, value in gold.items())
        for name, (own, named) in policies.items():
            hits[name] += votes(facts, own=own, named=named) == gold
    assert chance <= 0.05 * MANY
    assert 0.45 < ones / items < 0.55
    assert 0.4 < same / items < 0.6
    assert all(hit <= chance + 0.02 * MANY for hit in hits.values()), hits


@pytest.mark.slow
def test_no_set_is_worth_guessing() -> None:
    """Everything, everything downstream, what the change touches and the sources alone are hardly ever what moved."""
    hits: Counter[str] = Counter()
    for facts, n in members("changed", MANY):
        system = _system(facts, n)
        moved = {node for node, column in enumerate(system.columns()) if differs(column)}
        touched = {node for node in system.gates if node == system.target or system.causes(node) & system.switched}
        guesses = {
            "everything": set(range(n)),
            "downstream": set(system.downstream()),
            "touched": system.switched | touched,
            "sources": set(system.switched),
            "what is named": system.switched | {system.target},
        }
        hits.update(name for name, guess in guesses.items() if guess == moved)
    assert all(hit <= MANY * 3 // 100 for hit in hits.values()), hits


@pytest.mark.slow
def test_no_earliest_is_worth_guessing() -> None:
    """Whatever only looks at the graph and at what the change names gets no pair right; places are about uniform."""
    hits: Counter[str] = Counter()
    places: dict[int, Counter[int]] = {}
    single: Counter[str] = Counter()
    for group in draws("earliest", MANY):
        right: dict[str, list[bool]] = {}
        for facts in group.members:
            system = _system(facts, group.n)
            gold = system.entries(system.columns())[0]
            touched = [n for n in system.gates if n == system.target or system.causes(n) & system.switched]
            assert gold in touched
            assert len(touched) >= 4
            places.setdefault(len(system.gates), Counter())[sorted(system.gates).index(gold)] += 1
            for name, guess in {"new rule": system.target, "first": touched[0], "last": touched[-1]}.items():
                right.setdefault(name, []).append(guess == gold)
                single[name] += guess == gold
        hits.update(name for name, each in right.items() if all(each))
    assert not hits
    assert all(count <= 0.25 * 2 * MANY for count in single.values()), single
    for size, counts in places.items():
        even = counts.total() / size
        assert all(0.5 * even < counts[place] < 1.6 * even for place in range(size)), counts
