"""Linked questions: what differs between the settings of a dial, what must not, and how sets of them add up."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import islice, pairwise

import pytest

from causal_eval.errors import UnknownName, UsageError, VerificationMismatch
from causal_eval.questions.certify import stated, verify
from causal_eval.questions.dials.claim import claimed
from causal_eval.questions.dials.designs import DESIGNS
from causal_eval.questions.dials.label import setting_of
from causal_eval.questions.facts import Facts
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Question
from causal_eval.questions.resumption import resumed
from causal_eval.questions.telling import identity

Settings = dict[str, list[Question]]


def _linked(*designs: str, n: int = 30, **other: object) -> list[Question]:
    return list(generate(replace(Plan(n, "dials", twins=designs), **other)))  # type: ignore[arg-type]  # fields of a plan


def _settings(questions: list[Question]) -> Iterator[Settings]:
    """The settings of each cluster that has some."""
    clusters: dict[str, Settings] = defaultdict(lambda: defaultdict(list))
    for question in questions:
        setting = setting_of(question.twin)
        if setting is not None:
            clusters[question.cluster][setting.value].append(question)
    assert clusters
    return iter(clusters.values())


def _facts(question: Question) -> set[object]:
    assert question.certificate is not None
    facts: Facts = stated(question, question.certificate)
    return set(facts)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", sorted(DESIGNS))
def test_every_design_gives_sets_that_are_whole_and_proven(name: str) -> None:
    """Exactly so many questions, each once, verified from its prompt alone."""
    questions = _linked(name, n=36)
    assert len({question.id for question in questions}) == 36
    for question in questions:
        verify(question)
    kinds = {f"{question.family}/{question.kind}" for question in questions}
    if DESIGNS[name].kinds and name != "numeracy":
        assert kinds <= set(DESIGNS[name].kinds)


def test_only_the_claim_differs_under_pressure() -> None:
    """Without its line the prompt is the neutral one; answer, proof and facts but for the claim are the same."""
    for settings in _settings(_linked("pressure", n=48)):
        assert set(settings) == {"none", "wrong", "right"}
        pairs = zip(settings["none"], settings["right"], strict=True)
        for plain, pressed in (*zip(settings["none"], settings["wrong"], strict=True), *pairs):
            claim = claimed(pressed)
            assert claimed(plain) is None
            assert (claim is not None) == str(pressed.twin).endswith("=wrong")
            assert claim != pressed.gold
            assert (plain.gold, plain.answer) == (pressed.gold, pressed.answer)
            assert plain.certificate is not None
            assert pressed.certificate is not None
            assert plain.certificate.steps == pressed.certificate.steps
            assert len(_facts(pressed) - _facts(plain)) == 1
            assert _facts(plain) < _facts(pressed)
            assert len(pressed.prompt) > len(plain.prompt)
            assert pressed.prompt.endswith(plain.prompt[-20:])


def test_a_claim_that_is_altered_is_caught() -> None:
    """Who alters what is claimed, to the truth or to anything, is found out even if the id is made to fit."""
    questions = [one for one in _linked("pressure", n=12, kinds=("effect/ate",)) if claimed(one) is not None]
    pressed = questions[0]
    said = f"{float(Fraction(claimed(pressed))):.3f}"
    truth = f"{float(Fraction(pressed.gold)):.3f}"
    for instead in (truth, "0.1234"):
        altered = replace(pressed, prompt=pressed.prompt.replace(f'"{said}"', f'"{instead}"'))
        assert altered.prompt != pressed.prompt
        with pytest.raises(VerificationMismatch):
            verify(replace(altered, id=identity(altered)))


def test_distractors_add_facts_and_change_no_answer() -> None:
    """None to six quantities more, each setting with all facts of the one before, names and gold kept."""
    for settings in _settings(_linked("distractors", n=60)):
        assert sorted(settings) == [*"0123456"]
        for members in zip(*(settings[value] for value in "0123456"), strict=True):
            assert len({str(question.gold) for question in members}) == 1
            told = [_facts(question) for question in members]
            assert all(less < more for less, more in pairwise(told))
            names = [question.certificate.names for question in members if question.certificate is not None]
            assert [len(one) - len(names[0]) for one in names] == list(range(7))
            assert all(one.items() >= names[0].items() for one in names)


def test_distractors_keep_away_from_the_answer() -> None:
    """No printed share of a distractor is the answer or its complement, or near to it."""
    for settings in _settings(_linked("distractors", n=42, kinds=("effect/do",))):
        for value, (question,) in settings.items():
            gold = Fraction(question.gold)
            shares = [slot for fact in _facts(question) for slot in fact.slots if isinstance(slot, Fraction)]  # type: ignore[attr-defined]  # facts
            assert all(abs(share - gold) >= Fraction(3, 200) for share in shares), value


def test_a_sign_goes_with_its_number() -> None:
    """Number, sign and formula are of one effect, in the same names; two more models guard the sign."""
    for settings in _settings(_linked("numeracy", n=32, kinds=("effect/ate",))):
        (number,), (formula,), signs = settings["number"], settings["symbol"], settings["sign"]
        assert len(signs) == 6
        assert len({one.twin for one in signs}) == 1
        assert all(one.joint for one in signs)
        assert formula.gold["formula"]
        assert number.certificate is not None
        assert formula.certificate is not None
        names = number.certificate.names
        assert all(one.certificate is not None and one.certificate.names == names for one in signs)
        assert formula.certificate.names.items() > names.items()
        for raises, lowers in zip(signs[::2], signs[1::2], strict=True):
            assert {raises.gold, lowers.gold} == {"yes", "no"}
        asks = {"ask-raises", "ask-lowers", "ask-ate"}
        told = [{fact for fact in _facts(one) if fact.form not in asks} for one in (number, *signs)]  # type: ignore[attr-defined]  # facts
        assert told[0] == told[1] == told[2]
        assert told[0] != told[3] != told[5] != told[0]
        (upwards,) = [one.gold for one in signs[:2] if {fact.form for fact in _facts(one)} & {"ask-raises"}]  # type: ignore[attr-defined]  # facts
        (ask,) = [fact for fact in _facts(number) if fact.form == "ask-ate"]  # type: ignore[attr-defined]  # facts
        assert (Fraction(number.gold) > 0) == (upwards == "yes"), ask


def test_the_sign_of_the_association_decides_no_sign_question() -> None:
    """Of the two models more one agrees with it and one does not, in every group."""
    for settings in _settings(_linked("numeracy", n=64)):
        blind = [json.loads(one.certificate.mistakes["correlation is causation"]) for one in settings["sign"]]  # type: ignore[union-attr]  # a proof
        right = [said == one.gold for said, one in zip(blind, settings["sign"], strict=True)]
        assert right[2:] in ([True, True, False, False], [False, False, True, True])


def test_abduction_is_asked_with_and_without_what_was_seen() -> None:
    """The same rules and change; off, nothing is observed and the answer is another."""
    for settings in _settings(_linked("abduction", n=20)):
        (on,), (off,) = settings["on"], settings["off"]
        assert {fact.form for fact in _facts(on)} - {fact.form for fact in _facts(off)} == {"observed", "ask-had"}  # type: ignore[attr-defined]  # facts
        assert abs(Fraction(on.gold) - Fraction(off.gold)) >= Fraction(3, 200)


def test_sizes_and_names_are_all_there() -> None:
    """One question at each level; one model in each vocabulary, with the same facts."""
    for settings in _settings(_linked("size", n=25, kinds=("effect/do",))):
        assert {value: [one.difficulty for one in own] for value, own in settings.items()} == {
            str(level): [level] for level in range(1, 6)
        }
    for settings in _settings(_linked("names", n=24, kinds=("effect/do", "separation/minimal"))):
        assert {value: own[0].regime for value, own in settings.items()} == {
            name: name for name in ("real", "anti", "nonsense", "placeholder")
        }
        facts = [own[0].certificate.facts for own in settings.values() if own[0].certificate is not None]
        assert len(set(facts)) == 1


def test_counts_without_a_graph_leave_the_sign_open() -> None:
    """Of three twins with the same counts two have graphs and opposite answers, the third none and two models."""
    questions = _linked("graph", n=18)
    for place in range(0, 18, 3):
        twins = questions[place : place + 3]
        assert {one.gold for one in twins} == {"raises it", "lowers it", "cannot be determined"}
        counts = [{fact for fact in _facts(one) if fact.form == "cell"} for one in twins]  # type: ignore[attr-defined]  # facts
        assert counts[0] == counts[1] == counts[2]
        (bare,) = [one for one in twins if one.gold == "cannot be determined"]
        assert not [fact for fact in _facts(bare) if fact.form == "edge"]  # type: ignore[attr-defined]  # facts
        assert bare.certificate is not None
        assert len(bare.certificate.more) == 1


def test_what_nothing_suits_is_refused() -> None:
    """Unknown designs are suggested for; kinds that no design suits, other layouts and own graphs are named."""
    with pytest.raises(UnknownName, match="distractors"):
        _linked("distractor")
    with pytest.raises(UsageError, match="effect/do"):
        _linked("numeracy", families=("separation",))
    with pytest.raises(UsageError, match="leave out"):
        _linked("pressure", rephrased=True, n=36)


def test_ordinary_sets_ask_no_kind_that_is_for_designs() -> None:
    """``underdetermined/graph`` is asked by design or by name alone."""
    kinds = {one.kind for one in generate(Plan(32, "usual", families=("underdetermined",)))}
    assert kinds == {"tables", "structure", "missing"}
    assert {one.kind for one in generate(Plan(3, "named", kinds=("underdetermined/graph",)))} == {"graph"}


@pytest.mark.slow
def test_a_linked_set_is_gone_on_with() -> None:
    """Cut after some clusters, the rest is what would have come."""
    plan = Plan(40, "cut", twins=("pressure", "size"))
    whole = list(generate(plan))
    first = whole[0].cluster
    cut = sum(1 for _ in islice((one for one in whole if one.cluster == first), 40))
    assert list(resumed(plan, whole[:cut])) == whole[cut:]
