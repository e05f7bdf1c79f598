"""Counterfactual: exact truth by joint abduction, margins against every shortcut, nothing to be had by guessing."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache

import pytest

from causal_eval.causal import second
from causal_eval.causal.case import write_case
from causal_eval.causal.solve import solve
from causal_eval.errors import CausalEvalError
from causal_eval.questions.abduction import Unit
from causal_eval.questions.circuit import gates_of, share_of
from causal_eval.questions.facts import Fact, Facts, Literal, Slot, of_form, the_ask
from causal_eval.questions.families.counterfactual import FAMILY, RAREST, SIZES, _unit
from causal_eval.questions.families.counterfactual import case as case_of
from causal_eval.questions.family import APART, Group, Value
from causal_eval.questions.margins import guesses, printed_shares
from causal_eval.questions.network import literal
from causal_eval.questions.question import TOLERANCE
from causal_eval.seeds import Stream

KINDS = {kind.name: kind for kind in FAMILY.kinds}
MANY = 2000


@cache
def draws(name: str, count: int = 60) -> tuple[Group, ...]:
    return tuple(
        FAMILY.draw(Stream("counterfactual tests", name, index), KINDS[name], 1 + index % 5) for index in range(count)
    )


def members(name: str, count: int = 60) -> Iterator[tuple[Facts, int]]:
    return ((facts, group.n) for group in draws(name, count) for facts in group.members)


def truth(facts: Facts, n: int) -> Value:
    return FAMILY.answer(facts, solve(case_of(facts, n)).value)


def run(facts: Facts, roots: Mapping[int, int], do: Mapping[int, int]) -> dict[int, int]:
    """The state of every quantity, straight from the printed rules, each read until nothing is open."""
    gates = gates_of(facts)
    values = {**roots, **do}
    while left := [node for node in gates if node not in values]:
        for node in left:
            gate = gates[node]
            if all(cause in values for cause, _ in gate.literals):
                held = sum(values[cause] == wanted for cause, wanted in gate.literals)
                values[node] = gate.value if held >= gate.needed else 1 - gate.value
    return values


def by_hand(facts: Facts) -> list[tuple[Fraction, dict[int, int], dict[int, int]]]:
    """(probability, what happened, what would have happened) of every case that fits what was observed."""
    odds = {literal(fact.slots[0])[0]: fact.slots[1] for fact in of_form(facts, "base")}
    seen = [literal(fact.slots[0]) for fact in of_form(facts, "observed")]
    do = dict([literal(the_ask(facts).slots[-1])])
    found = []
    for values in itertools.product((0, 1), repeat=len(odds)):
        roots = dict(zip(odds, values, strict=True))
        actual = run(facts, roots, {})
        if all(actual[node] == value for node, value in seen):
            p = Fraction(1)
            for root, value in roots.items():
                share = odds[root]
                assert isinstance(share, Fraction)
                p *= share if value else 1 - share
            found.append((p, actual, run(facts, {**roots, **{k: v for k, v in do.items() if k in roots}}, do)))
    return found


@pytest.mark.parametrize("name", KINDS)
def test_both_solvers_agree(name: str) -> None:
    """Abduction on the exogenous grid and elimination on the twin network give the same fraction."""
    for facts, n in members(name, 25):
        case = case_of(facts, n)
        assert solve(case).value == second.solve(case)


def test_the_number_is_the_share_of_the_cases_that_fit() -> None:
    """Going through all cases by hand gives the same exact fraction."""
    for facts, n in members("probability"):
        (y, value), cases = literal(the_ask(facts).slots[0]), by_hand(facts)
        held = sum((p for p, _, then in cases if then[y] == value), Fraction(0))
        assert truth(facts, n) == held / sum(p for p, _, _ in cases)


def test_what_was_observed_decides_the_whole_world() -> None:
    """Exactly one case fits, and the answer is what it would have been, for every quantity but the changed one."""
    for facts, n in members("world"):
        ((_, actual, then),) = by_hand(facts)
        x = literal(the_ask(facts).slots[0])[0]
        gold = {node: value for node, value in then.items() if node != x}
        assert truth(facts, n) == gold
        assert sum(actual[node] != value for node, value in gold.items()) >= 2


def test_what_was_observed_decides_whether_it_would() -> None:
    """In all cases that fit, the outcome after the change is the same."""
    for facts, n in members("would"):
        y, value = literal(the_ask(facts).slots[0])
        assert {then[y] == value for _, _, then in by_hand(facts)} == {truth(facts, n)}


@pytest.mark.parametrize("name", KINDS)
def test_an_effect_of_the_change_is_observed_and_matters(name: str) -> None:
    """Without the observations downstream of the change the answer would be another, or open."""
    for facts, n in members(name):
        unit = _unit(facts, n)
        less = replace(unit, evidence=tuple(unit.upstream()))
        assert len(less.evidence) < len(unit.evidence)
        assert unit.do[0] in dict(less.evidence)
        assert dict(less.evidence)[unit.do[0]] == 1 - unit.do[1]
        if name == "probability":
            wrong = FAMILY.mistakes(facts, n)["ignore what was seen downstream"]
            assert isinstance(wrong, Fraction)
            assert wrong != truth(facts, n)
        else:
            assert any(column & less.support not in (0, less.support) for column in less.changed)


def test_numbers_lie_apart_from_every_mistake_and_guess() -> None:
    """No named wrong method, printed number, complement, mean, 1/2, 0 or 1 would be graded right."""
    for facts, n in members("probability", 200):
        gold, wrong = truth(facts, n), FAMILY.mistakes(facts, n)
        assert {"skip abduction", "product of marginal posteriors", "factual value stays"} <= wrong.keys()
        assert isinstance(gold, Fraction)
        for value in [*wrong.values(), *guesses(facts), Fraction(0), Fraction(1)]:
            assert isinstance(value, Fraction)
            assert abs(value - gold) >= APART


def test_the_mistakes_are_what_their_names_say() -> None:
    """Interventional, plain conditional and marginal probabilities are those of the cases gone through by hand."""
    for facts, n in members("probability", 20):
        (y, value), do = (literal(slot) for slot in the_ask(facts).slots)
        everyone = by_hand(tuple(fact for fact in facts if fact.form != "observed"))
        wrong = FAMILY.mistakes(facts, n)
        assert wrong["skip abduction"] == sum(p for p, _, then in everyone if then[y] == value)
        assert wrong["no observation and no intervention"] == sum(p for p, was, _ in everyone if was[y] == value)
        seen = [do, *(seen for seen in _unit(facts, n).evidence if seen[0] != do[0])]
        alike = [(p, was) for p, was, _ in everyone if all(was[node] == state for node, state in seen)]
        assert ("condition only" in wrong) == bool(alike)
        if alike:
            share = sum(p for p, was in alike if was[y] == value) / sum(p for p, _ in alike)
            assert wrong["condition only"] == share


def test_no_observation_is_rare() -> None:
    """What was observed in a question for a number has a probability of at least 1/20."""
    for facts, _ in members("probability"):
        assert sum(p for p, _, _ in by_hand(facts)) >= RAREST


def test_every_wrong_world_is_wrong() -> None:
    """Skipping abduction, forgoing evidence, conditioning and copying each miss at least one state."""
    for facts, n in members("world"):
        gold, wrong = truth(facts, n), FAMILY.mistakes(facts, n)
        assert {"skip abduction", "ignore what was seen downstream", "copy what happened"} <= wrong.keys()
        assert gold not in wrong.values()


def test_would_groups_pair_an_outcome_that_stays_with_one_that_does_not() -> None:
    """Two models with the same observations and the same questions; each is asked both ways round."""
    for group in draws("would"):
        stays, goes = group.members[:2], group.members[2:]
        assert [the_ask(facts) for facts in stays] == [the_ask(facts) for facts in goes]
        assert of_form(stays[0], "observed") == of_form(goes[0], "observed")
        for pair, same in ((stays, True), (goes, False)):
            y, value = literal(the_ask(pair[0]).slots[0])
            seen = {literal(fact.slots[0]) for fact in of_form(pair[0], "observed")}
            assert truth(pair[0], group.n) is not truth(pair[1], group.n)
            assert truth(pair[0], group.n) is (((y, value) in seen) is same)


def test_forgoing_evidence_is_right_in_one_model_of_each_pair() -> None:
    """Neither a reader who skips abduction or forgoes evidence, nor who answers the opposite, gets a group right."""
    for group in draws("would"):
        for name in ("skip abduction", "ignore what was seen downstream"):
            misled = [name in FAMILY.mistakes(facts, group.n) for facts in group.members]
            assert sum(misled) == 2
            assert misled[0] is misled[1]


@pytest.mark.parametrize("name", KINDS)
def test_every_difficulty_has_its_size(name: str) -> None:
    """Groups of difficulty d have the quantities that the table promises, five to nine."""
    for index, group in enumerate(draws(name)):
        assert group.n == sum(SIZES[name][index % 5])
        assert 5 <= group.n <= 9
        assert len(group.members) == KINDS[name].size


def test_the_same_stream_draws_the_same_group() -> None:
    """A group follows from its stream alone."""
    for name, kind in KINDS.items():
        assert FAMILY.draw(Stream("again", name), kind, 3) == FAMILY.draw(Stream("again", name), kind, 3)


def outcome(facts: Facts, n: int) -> object:
    """Everything that verification compares, or that the facts state no case."""
    try:
        return write_case(case_of(facts, n)), the_ask(facts).form
    except CausalEvalError as error:
        return type(error)


def altered(slot: Slot) -> Slot:
    """A slot of the same type with another content."""
    match slot:
        case Fraction():
            return slot + Fraction(1, 20) if slot < Fraction(1, 2) else slot - Fraction(1, 20)
        case int():
            return slot + 1
        case (int() as node, int() as value):
            return (node, 1 - value)
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
                swapped = Fact(fact.form, (*fact.slots[:-1], *other.slots[-1:]))
                yield (*before, swapped, *after)
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
    facts = draws("probability")[0].members[0]
    assert outcome((*facts, Fact("edge", (0, 1))), draws("probability")[0].n) is not None
    with pytest.raises(CausalEvalError, match="no place"):
        case_of((*facts, Fact("edge", (0, 1))), draws("probability")[0].n)


def votes(unit: Unit, facts: Facts, *, own: int, named: int, seen: bool) -> dict[int, int]:
    """The states that the wording alone suggests: *any* mostly holds, *all* mostly fails, roots are as is likely."""
    count: Counter[int] = Counter()
    for node, gate in gates_of(facts).items():
        if len(gate.literals) == 2:
            holds = gate.needed == 1
            count[node] += own * (1 if (gate.value == 1) == holds else -1)
            for cause, wanted in gate.literals:
                count[cause] += named * (1 if (wanted == 1) != holds else -1)
    for node, p in unit.circuit.odds.items():
        count[node] += 1 if p > Fraction(1, 2) else -1
    guess = {node: int(count[node] > 0) for node in range(unit.circuit.n) if node != unit.do[0]}
    return guess | {node: value for node, value in unit.evidence if seen and node != unit.do[0]}


@pytest.mark.slow
def test_no_number_is_worth_guessing() -> None:
    """The best window of a hundredth holds less than 3 % of the answers; means and products of printed shares less."""
    golds = []
    hits: Counter[str] = Counter()
    for facts, n in members("probability", MANY):
        unit, (y, value) = _unit(facts, n), literal(the_ask(facts).slots[0])
        then = unit.changed[y] if value else ~unit.changed[y]
        gold = share_of(then, unit.support, weights=unit.circuit.weights())
        golds.append(gold)
        shares = printed_shares(facts)
        product = Fraction(1)
        for share in shares:
            product *= share
        for name, guess in {"mean": sum(shares) / len(shares), "product": product}.items():
            hits[name] += abs(Fraction(guess) - gold) <= TOLERANCE
    best = max(sum(abs(gold - Fraction(at, 500)) <= TOLERANCE for gold in golds) for at in range(501))
    assert best <= MANY * 3 // 100
    assert all(hit <= best + MANY * 2 // 100 for hit in hits.values())


@pytest.mark.slow
def test_no_world_is_worth_guessing() -> None:
    """Chance is under 5 %, both states are about equally frequent, and no reading of words beats it by 2 points."""
    policies = {
        "own rule": (2, 0, False),
        "rules that name it": (0, 1, False),
        "both": (2, 1, True),
        "seen": (0, 0, True),
    }
    hits: Counter[str] = Counter()
    chance, ones, items = 0.0, 0, 0
    for facts, n in members("world", MANY):
        unit = _unit(facts, n)
        gold = unit.decided()
        chance += 2.0 ** -len(gold)
        ones, items = ones + sum(gold.values()), items + len(gold)
        for name, (own, named, seen) in policies.items():
            hits[name] += votes(unit, facts, own=own, named=named, seen=seen) == gold
    assert chance <= 0.05 * MANY
    assert 0.45 < ones / items < 0.55
    assert all(hit <= chance + 0.02 * MANY for hit in hits.values()), hits


@pytest.mark.slow
def test_would_is_not_worth_guessing() -> None:
    """Always yes, always no, what is seen, its opposite and the stated state get no group right."""
    policies: Sequence[str] = ("yes", "no", "as seen", "not as seen", "state 1", "state 0")
    hits: Counter[str] = Counter()
    for group in draws("would", MANY // 4):
        right: dict[str, list[bool]] = {name: [] for name in policies}
        for facts in group.members:
            gold = truth(facts, group.n)
            asked: Literal = literal(the_ask(facts).slots[0])
            seen = asked in {literal(fact.slots[0]) for fact in of_form(facts, "observed")}
            said = (True, False, seen, not seen, asked[1] == 1, asked[1] == 0)
            for name, guess in zip(policies, said, strict=True):
                right[name].append(guess is gold)
        hits.update(name for name, each in right.items() if all(each))
    assert not hits
