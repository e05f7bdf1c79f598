"""Adversarial sets: every category springs its trap in every twin group, and gets its share of questions."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from causal_eval.errors import UnknownName, UsageError
from causal_eval.questions.adversarial import CATEGORIES, adversarial_weights, category_of
from causal_eval.questions.card import card
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Question, canonical


def asked(n: int, *categories: str) -> list[Question]:
    weights = adversarial_weights(categories)
    return list(generate(Plan(n=n, seed="adversarial", kinds=tuple(weights), weights=weights)))


@pytest.mark.sampled(6)
@pytest.mark.parametrize("category", CATEGORIES)
def test_the_trap_is_sprung_in_every_group(category: str) -> None:
    """One of the tempting mistakes gives a wrong answer in every twin group, and nothing else is asked."""
    sprung: dict[str, bool] = defaultdict(bool)
    for question in asked(36, category):
        name = f"{question.family}/{question.kind}"
        assert category_of(name) == category
        assert question.certificate is not None
        right = canonical(question.gold).decode()
        answers = [question.certificate.mistakes.get(one) for one in CATEGORIES[category].kinds[name]]
        sprung[question.cluster] |= any(answer not in (None, right) for answer in answers)
    assert all(sprung.values())


@pytest.mark.slow
def test_categories_get_like_shares() -> None:
    """Of a set over all categories none has less than half of an even share."""
    counts = Counter(category_of(f"{one.family}/{one.kind}") for one in asked(180))
    assert set(counts) == set(CATEGORIES)
    assert min(counts.values()) >= 180 / len(CATEGORIES) / 2


def test_the_card_names_the_trap() -> None:
    """A person who looks at a question sees which trap it springs; of another kind nothing is said."""
    (question,) = asked(1, "post-hoc")
    assert "\nadversarial: post-hoc\n" in card(question)
    (plain,) = generate(Plan(n=1, seed="1", kinds=("blanket/blanket",)))
    assert "adversarial" not in card(plain)


def test_what_does_not_exist_is_refused() -> None:
    """A wrong category brings the nearest name, a family without the trap the kinds that have it."""
    with pytest.raises(UnknownName, match="did you mean collider"):
        adversarial_weights(("colider",))
    with pytest.raises(UsageError, match="selection/labels"):
        adversarial_weights(("collider",), families=("effect",))
