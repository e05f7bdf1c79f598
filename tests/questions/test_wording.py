"""Wording and its inverse: what is printed is exactly what is read."""

from __future__ import annotations

from fractions import Fraction

import pytest

from causal_eval.questions.facts import Fact, Slot, normal
from causal_eval.questions.render import read_prompt, render
from causal_eval.questions.story import REGIMES, cast, contexts, domains
from causal_eval.questions.wording import SHARE_STYLES, Form, Lexicon, forms, read, read_match, say, share_text
from causal_eval.seeds import Stream

N = 8


def lexicon(domain: str = "medicine", regime: str = "real", seed: int = 0) -> Lexicon:
    words = cast(domain, regime, order=range(N), n=N, stream=Stream(seed, domain, regime))
    return Lexicon.of(words.names, words.states)


def random_slot(kind: str, stream: Stream) -> Slot:
    """A value that fits a slot of this type."""
    literal = (stream.below(N), stream.below(2))
    match kind:
        case "name":
            return stream.below(N)
        case "names":
            return tuple(stream.sample(range(N), stream.between(2, 6)))
        case "clause":
            return literal
        case "clauses" | "list":
            nodes = stream.sample(range(N), stream.between(2, 3))
            return tuple(sorted((node, stream.below(2)) for node in nodes))
        case "share":
            return Fraction(stream.between(0, 20), 20)
        case "number":
            return Fraction(stream.between(-40, 40), stream.choice((1, 2, 7, 8)))
        case "arrows":
            return tuple((one, other) for one, other in zip(stream.sample(range(N), 3), range(N), strict=False))
        case "paths":
            start, *rest = stream.sample(range(N), 6)
            return ((start, rest[0]), (rest[0], rest[1]), (start, rest[2]), (rest[2], rest[3]), (rest[3], rest[4]))
        case "answer":
            return stream.choice(("0.347", "yes", "{a b, c}; {}", "x = more; y = 1/2", "first > second. Third"))
        case "sets":
            return tuple(stream.below(1 << N) for _ in range(stream.between(1, 4)))
    return stream.between(2, 3)


def random_fact(form: Form, stream: Stream) -> Fact:
    slots = tuple(random_slot(kind, stream) for kind in form.types)
    if form.name in ("share", "base"):
        what = slots[0]
        assert isinstance(what, tuple)
        node = what[0]
        assert isinstance(node, int)
        slots = ((node, 1), *slots[1:])
    return Fact(form.name, slots)


@pytest.mark.parametrize("name", sorted(forms()))
def test_every_form_has_four_wordings(name: str) -> None:
    """Each statement can be said in at least four ways."""
    assert len(forms()[name].templates) >= 4


@pytest.mark.sampled(7)
@pytest.mark.parametrize("name", sorted(forms()))
@pytest.mark.parametrize("regime", REGIMES)
def test_every_wording_reads_back_as_the_fact_it_states(name: str, regime: str) -> None:
    """Reading a rendered sentence gives the same fact, in every regime, domain and style."""
    stream = Stream("wording", name, regime)
    for domain in domains():
        words = lexicon(domain, regime)
        for _ in range(40):
            fact = random_fact(forms()[name], stream)
            sentence = say(fact, words, stream=stream, style=stream.choice(SHARE_STYLES))
            assert read(sentence, words) == fact, sentence


def test_no_wording_reads_like_another_form() -> None:
    """A sentence matches the wordings of its own form only, so the order of trying forms is immaterial."""
    stream = Stream("ambiguity")
    words = lexicon()
    for form in forms().values():
        for _ in range(20):
            sentence = say(random_fact(form, stream), words, stream=stream)
            readers = {
                other.name
                for other in forms().values()
                for template in other.templates
                if template.pattern.fullmatch(sentence) and read(sentence, words)
            }
            assert form.name in readers
            assert all(read_as(other, sentence, words) is None for other in readers - {form.name}), sentence


def read_as(name: str, sentence: str, words: Lexicon) -> Fact | None:
    """What *sentence* says if only the form *name* exists."""
    for template in forms()[name].templates:
        match = template.pattern.fullmatch(sentence)
        if match and (fact := read_match(forms()[name], template, match=match, lexicon=words)):
            return fact
    return None


def test_a_sentence_of_no_form_reads_as_nothing() -> None:
    """An unknown sentence is not guessed at."""
    assert read("The weather was fine.", lexicon()) is None


@pytest.mark.parametrize(
    ("p", "style", "text"),
    [
        (Fraction(7, 20), "percent", "35%"),
        (Fraction(7, 20), "decimal", "0.35"),
        (Fraction(7, 20), "fraction", "7/20"),
        (Fraction(1, 3), "percent", "1/3"),
        (Fraction(1, 3), "decimal", "1/3"),
        (Fraction(1), "decimal", "1"),
        (Fraction(0), "percent", "0%"),
        (Fraction(1, 2), "decimal", "0.5"),
    ],
)
def test_shares_are_printed_exactly(p: Fraction, style: str, text: str) -> None:
    """No printed probability is rounded."""
    assert share_text(p, style) == text


@pytest.mark.parametrize("seed", range(30))
def test_a_prompt_reads_back_as_its_facts(seed: int) -> None:
    """Context, statements, assumptions and question: nothing is lost, added or altered, in any layout."""
    stream = Stream("prompt", seed)
    regime = REGIMES[seed % 4]
    words = cast("economics", regime, order=range(N), n=N, stream=stream)
    lexicon_ = Lexicon.of(words.names, words.states)
    said = [form for form in forms().values() if not form.name.startswith("ask-") and not form.assumption]
    asks = [form for form in forms().values() if form.name.startswith("ask-")]
    facts = normal(
        [random_fact(stream.choice(said), stream) for _ in range(12)]
        + [Fact("markov"), random_fact(stream.choice(asks), stream)]
    )
    prompt = render(facts, lexicon_, context=words.context, stream=stream)
    assert read_prompt(prompt, lexicon_, contexts=contexts("economics", regime)) == facts
