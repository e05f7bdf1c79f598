"""Renderers and their inverse: whatever is printed, however it is laid out, is exactly what is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from causal_eval.errors import UnknownName, VerificationMismatch
from causal_eval.questions.catalog import FAMILIES, family
from causal_eval.questions.certify import lexicon_of, verify
from causal_eval.questions.facts import Fact, Facts, Slot, normal
from causal_eval.questions.family import Kind
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Question, content_id
from causal_eval.questions.render import RENDERERS, read_prompt, render
from causal_eval.questions.story import REGIMES, cast, contexts
from causal_eval.questions.telling import Slot as Place
from causal_eval.questions.telling import identity, rephrased
from causal_eval.questions.wording import Lexicon, forms
from causal_eval.seeds import Stream

KINDS = [(name, kind) for name in FAMILIES for kind in family(name).kinds]


@pytest.mark.sampled(7)
@pytest.mark.parametrize("renderer", sorted(RENDERERS))
@pytest.mark.parametrize(("name", "kind"), KINDS, ids=[f"{name}-{kind.name}" for name, kind in KINDS])
def test_what_is_read_is_what_was_printed(name: str, kind: Kind, renderer: str) -> None:
    """For every family, renderer, regime and difficulty the facts read back are those that were printed."""
    for index, regime in enumerate(REGIMES):
        stream = Stream("renderers", name, kind.name, renderer, index)
        group = family(name).draw(stream.child("draw"), kind, 1 + (index + len(renderer)) % 5)
        words = cast("medicine", regime, order=group.order, n=group.n, stream=stream.child("cast"))
        lexicon = Lexicon.of(words.names, words.states)
        for facts in group.members:
            prompt = render(facts, lexicon, context=words.context, stream=stream, renderer=renderer)
            read = read_prompt(prompt, lexicon, contexts=contexts("medicine", regime), renderer=renderer)
            assert read == normal(facts), prompt
            with pytest.raises(VerificationMismatch, match="context"):
                read_prompt(prompt, lexicon, contexts=(), renderer=renderer)


def test_the_renderers_take_turns() -> None:
    """Within a set every renderer is used for every family, and the record of a question says which."""
    questions = list(generate(Plan(n=60, seed="turns", families=("attribution",))))
    assert {question.renderer for question in questions} == set(RENDERERS)
    for question in questions:
        assert question.prompt.startswith("|", question.prompt.index("\n\n") + 2) == (question.renderer == "table")


def test_one_renderer_can_be_chosen() -> None:
    """A plan that names renderers uses these alone, and an unknown name is an error that lists those that exist."""
    chosen = generate(Plan(n=20, seed="one", renderers=("dialogue",)))
    assert {question.renderer for question in chosen} == {"dialogue"}
    with pytest.raises(UnknownName, match="dialogue"):
        list(generate(Plan(n=1, seed="one", renderers=("opera",))))


def test_the_renderer_is_part_of_what_is_verified() -> None:
    """A question whose record names another renderer than the one that printed it does not pass."""
    for question in generate(Plan(n=40, seed="other", renderers=("symbolic", "report"))):
        with pytest.raises(VerificationMismatch):
            verify(replace(question, renderer="story"))


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", FAMILIES)
def test_a_group_in_other_renderers_has_the_same_answers(name: str) -> None:
    """Paraphrase twins: another prompt each, one cluster, the same case and the same gold, and all of them verify."""
    found = family(name)
    slot = Place(found, found.kinds[0], "medicine", "real", 2, 0)
    questions = rephrased(slot, Stream("rephrased", name), seed="rephrased")
    size = found.kinds[0].size
    assert [question.renderer for question in questions[::size]] == list(RENDERERS)
    assert len({question.prompt for question in questions}) == len(questions)
    assert len({question.cluster for question in questions}) == 1
    for place, question in enumerate(questions):
        first = questions[place % size]
        assert (question.gold, question.answer) == (first.gold, first.answer)
        verify(question)


def broken(question: Question, stream: Stream) -> Iterator[Question]:
    """The question with one fact dropped, one altered and two mixed up, printed again by the same renderer.

    The id is made to fit, so that the facts alone can betray it.
    """
    assert question.certificate is not None
    lexicon = lexicon_of(question.certificate)
    context = question.prompt.split("\n\n")[0]
    facts = read_prompt(question.prompt, lexicon, contexts=(context,), renderer=question.renderer)
    place = stream.below(len(facts))
    others = facts[:place] + facts[place + 1 :]
    n = len(lexicon.names)
    for changed in (others, (*others, altered(facts[place], n, stream=stream)), mixed(facts, stream)):
        if normal(changed) == facts or sum(fact.form.startswith("ask-") for fact in changed) != 1:
            continue
        prompt = render(normal(changed), lexicon, context=context, stream=stream, renderer=question.renderer)
        mutant = replace(question, prompt=prompt)
        yield replace(mutant, id=identity(mutant))


def altered(fact: Fact, n: int, *, stream: Stream) -> Fact:
    """*fact* with one slot changed: another node, the other state, another number; one without slots as it is."""
    if not fact.slots:
        return fact
    place = stream.below(len(fact.slots))
    kind = forms()[fact.form].types[place]
    slots = list(fact.slots)
    slots[place] = other_slot(slots[place], kind, n=n, stream=stream)
    return fact._replace(slots=tuple(slots)) if kind != "clause" or fact.form not in ("share", "base") else turned(fact)


def turned(fact: Fact) -> Fact:
    """A share of the other state."""
    p = fact.slots[-1]
    assert isinstance(p, Fraction)
    return fact._replace(slots=(*fact.slots[:-1], 1 - p))


def other_slot(slot: Slot, kind: str, *, n: int, stream: Stream) -> Slot:
    """Another value of this kind than *slot*."""
    if isinstance(slot, Fraction):
        return slot - Fraction(1, 100) if slot > Fraction(1, 2) else slot + Fraction(1, 100)
    if isinstance(slot, int):
        return (
            (slot + 1 + stream.below(n - 1)) % n
            if kind == "name"
            else (slot + 1) % 26
            if kind == "letter"
            else slot + 1
        )
    if kind == "clause":
        return (slot[0], 1 - slot[1]) if isinstance(slot[0], int) and isinstance(slot[1], int) else slot
    pairs = [part for part in slot if isinstance(part, tuple)]
    if pairs:
        (one, other), *further = pairs
        return ((other, one) if kind == "arrows" else (one, 1 - other), *further)
    first, *rest = [part for part in slot if isinstance(part, int)]
    if kind == "names":
        return tuple(rest) or ((first + 1) % n,)
    return (first ^ 1, *rest)


def mixed(facts: Facts, stream: Stream) -> Facts:
    """Two facts of one form with their last slots exchanged, or nothing changed where there are no two."""
    one = facts[stream.below(len(facts))]
    alike = [fact for fact in facts if fact.form == one.form and fact.slots[-1:] != one.slots[-1:]]
    if not alike:
        return facts
    other = stream.choice(alike)
    rest = [fact for fact in facts if fact not in (one, other)]
    ends = (
        one._replace(slots=(*one.slots[:-1], *other.slots[-1:])),
        other._replace(slots=(*other.slots[:-1], *one.slots[-1:])),
    )
    return (*rest, *ends)


@pytest.mark.parametrize("count", [200, pytest.param(1000, marks=[pytest.mark.slow, pytest.mark.full])])
def test_every_mutation_of_a_printed_fact_is_caught(count: int) -> None:
    """A fact that is dropped, altered or swapped makes verification fail, every time, whatever the answer."""
    stream = Stream("mutation of facts", count)
    questions = generate(Plan(n=count, seed="mutants"))
    mutants = [mutant for question in questions for mutant in broken(question, stream)]
    assert len(mutants) >= count
    for mutant in mutants[:count]:
        with pytest.raises(VerificationMismatch):
            verify(mutant)


DECIDING = ("edge", "base", "share", "cell", "rule-one", "rule-all", "rule-any", "rule-count", "observed")
"""Statements of influences, numbers, rules and observations: the case is made of these."""


def stated(question: Question) -> Facts:
    """What the prompt states; nothing where it does not say what holds beyond that."""
    assert question.certificate is not None
    lexicon, context = lexicon_of(question.certificate), question.prompt.split("\n\n")[0]
    try:
        return read_prompt(question.prompt, lexicon, contexts=(context,), renderer=question.renderer)
    except VerificationMismatch:
        return ()


@pytest.mark.slow
def test_what_decides_is_solved_again() -> None:
    """An altered influence, number, rule or observation is caught by the case that it makes, its hash being renewed."""
    stream, tried = Stream("deciding"), 0
    for question in generate(Plan(n=120, seed="deciding")):
        for mutant in broken(question, stream):
            assert question.certificate is not None
            assert mutant.certificate is not None
            before, after = stated(question), stated(mutant)
            if not {fact.form for fact in set(before) ^ set(after)} <= set(DECIDING):
                continue
            tried += 1
            sealed = replace(mutant, certificate=replace(mutant.certificate, facts=content_id("f", after)))
            with pytest.raises(VerificationMismatch):
                verify(sealed)
    assert tried >= 100
