"""Shortcut shares: who copies a shortcut shows it, who guesses or knows does not."""

from __future__ import annotations

from dataclasses import replace

from tests.analysis.profiling.seeing import Answer, seen
from tests.drawn import drawn

from causal_eval.analysis.profiling.shortcuts import TAUGHT, UNTAUGHT, ShortcutShare, shortcut_shares
from causal_eval.evaluation.baselines.fit import Fitted
from causal_eval.evaluation.baselines.learn import NOTHING
from causal_eval.evaluation.baselines.shortcuts import association, random
from causal_eval.questions.question import Question


def _of(answer: Answer, name: str) -> ShortcutShare:
    return next(one for one in shortcut_shares(seen(drawn(160), answer)) if one.shortcut == name)


def _nothing(family: str) -> Fitted:
    del family
    return NOTHING


def test_a_copy_of_a_shortcut_is_recognised() -> None:
    """All its answers are the shortcut's, and its wrong ones far more often than by coincidence."""
    found = _of(lambda question: association(question, NOTHING), "association")
    assert found.equal.estimate == 1.0
    assert found.beyond.low is not None
    assert found.beyond.low > 0.5


def test_a_guesser_is_no_shortcut() -> None:
    """Where it meets a shortcut's wrong answer it does so about as often as random answers do."""

    def guess(question: Question) -> object:
        return random(replace(question, id=f"{question.id} again"), NOTHING)

    for name in UNTAUGHT:
        low = _of(guess, name).beyond.low
        assert low is not None
        assert low < 0.05


def test_who_is_right_shares_no_error() -> None:
    """There is no wrong answer to compare."""
    found = _of(lambda question: question.gold, "association")
    assert (found.beyond.n, found.beyond.estimate) == (0, None)
    assert found.equal.estimate is not None
    assert found.equal.estimate < 0.5


def test_shortcuts_that_learn_are_asked_only_with_what_they_learnt() -> None:
    """Without it, those that need to know nothing are told alone, and none of them labels items by what is usual."""
    rows = seen(drawn(40), lambda question: question.gold)
    assert tuple(one.shortcut for one in shortcut_shares(rows)) == UNTAUGHT
    taught = shortcut_shares(rows, learn=_nothing)
    assert tuple(one.shortcut for one in taught) == TAUGHT
    few, all_of_them = (
        next(one for one in found if one.shortcut == "no-graph") for found in (shortcut_shares(rows), taught)
    )
    assert few.equal.n < all_of_them.equal.n
