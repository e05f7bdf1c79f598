"""Learning: one family at a time, once, and nothing of questions that no family made."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from causal_eval.evaluation.baselines.learn import NOTHING, learnt


def test_what_is_learnt_is_of_the_family_alone_and_the_same_for_all_who_ask_at_once() -> None:
    """Eight who ask together get one value, whose keys are kinds of that family."""
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(learnt, ["attribution"] * 8))
    assert len({id(one) for one in found}) == 1
    assert {family for family, _ in found[0].majority} == {"attribution"}


def test_of_a_users_own_questions_nothing_is_known() -> None:
    """A family that nobody offers has nothing to learn from."""
    assert learnt("custom") is NOTHING
