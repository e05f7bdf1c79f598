"""Two sets are told apart where they differ, and seldom where they do not."""

from __future__ import annotations

import functools
import itertools

import pytest

from causal_eval.analysis.alike import RISK, alike
from causal_eval.errors import UsageError
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Question


@functools.cache
def questions(seed: str, *, low: int = 1, kind: str = "attribution/causes", n: int = 60) -> tuple[Question, ...]:
    return tuple(generate(Plan(n=n, seed=seed, kinds=(kind,), difficulties=(low, 5))))


@pytest.mark.slow
def test_splits_of_one_distribution_are_not_told_apart() -> None:
    """Of six pairs from one plan none differs: the features are exactly as likely either way."""
    found = [alike(questions(one), questions(other)) for one, other in itertools.combinations("abcd", 2)]
    assert not any(one.differ for one in found)
    assert {len(one.features) for one in found} == {11}


@pytest.mark.slow
def test_harder_questions_are_told_apart() -> None:
    """Other levels show in the levels themselves, in the numbers of nodes and in the length of the text."""
    found = alike(questions("a"), questions("hard", low=5))
    small = {one.feature for one in found.features if one.p < RISK}
    assert found.differ
    assert {"difficulty", "nodes", "words"} <= small
    assert "regime" not in small


@pytest.mark.slow
def test_other_kinds_are_told_apart() -> None:
    """Another kind of question is another distribution even where graphs have the same size."""
    assert alike(questions("a"), questions("b", kind="attribution/sequence")).differ


@pytest.mark.slow
def test_p_is_reproducible_and_never_zero() -> None:
    """The seed decides the permutations, and no number of them proves the impossible."""
    one, other = questions("a"), questions("hard", low=5)
    assert alike(one, other, seed="7") == alike(one, other, seed="7")
    assert min(feature.p for feature in alike(one, other).features) > 0


def test_sets_that_share_questions_are_not_compared() -> None:
    """A set against itself, or one with a single cluster, has no test."""
    with pytest.raises(UsageError, match="share none"):
        alike(questions("a"), questions("a"))
    with pytest.raises(UsageError, match="at least two"):
        alike(questions("a")[:1], questions("b"))
