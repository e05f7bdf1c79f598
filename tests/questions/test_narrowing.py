"""Plans that name kinds and weigh them: what is asked, how often, and how many there can be."""

from __future__ import annotations

from collections import Counter

import pytest

from causal_eval.errors import UnknownName, UsageError
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.narrowing import kind_names, sums


def test_a_kind_narrows_its_family_and_no_other() -> None:
    """Of a family with a named kind that kind alone is asked; a family that is named beside it asks all of its own."""
    found = list(generate(Plan(n=24, seed="1", families=("blanket",), kinds=("attribution/causes",))))
    kinds = {f"{one.family}/{one.kind}" for one in found}
    assert kinds == {"attribution/causes", "blanket/blanket", "blanket/separator"}


def test_weights_share_out_kinds_regimes_and_levels() -> None:
    """What weighs three times as much comes three times as often; what weighs nothing never comes."""
    weights = {"attribution/causes": 3, "blanket/blanket": 1, "blanket/separator": 0, "real": 3, "anti": 1}
    weights |= {"nonsense": 0, "placeholder": 0, "1": 1, "2": 3, "3": 0, "4": 0, "5": 0}
    kinds = ("attribution/causes", "blanket/blanket", "blanket/separator")
    found = list(generate(Plan(n=80, seed="1", kinds=kinds, weights=weights)))
    assert Counter(one.family for one in found) == {"attribution": 60, "blanket": 20}
    regimes, levels = Counter(one.regime for one in found), Counter(one.difficulty for one in found)
    assert regimes.keys() == {"real", "anti"}
    assert levels.keys() == {1, 2}
    assert abs(regimes["real"] - 60) <= 4
    assert abs(levels[2] - 60) <= 4


def test_twin_groups_fill_a_set_exactly_or_it_is_refused() -> None:
    """With groups of two and three every number from two on is met; with groups of three the next one is named."""
    assert [total for total, whole in enumerate(sums({2, 3}, 7)) if whole] == [0, 2, 3, 4, 5, 6, 7]
    for n in (2, 3, 5, 7):
        plan = Plan(n=n, seed="1", kinds=("contrast/compare", "attribution/reversed"))
        assert sum(1 for _ in generate(plan)) == n
    with pytest.raises(UsageError, match="in groups of 3, never torn apart; choose 12"):
        next(generate(Plan(n=10, seed="1", kinds=("contrast/compare",))))


@pytest.mark.parametrize(
    ("plan", "error", "words"),
    [
        (Plan(n=1, seed="1", kinds=("effect/doo",)), UnknownName, "did you mean effect/do"),
        (Plan(n=1, seed="1", kinds=("efect/do",)), UnknownName, "did you mean effect"),
        (Plan(n=1, seed="1", weights={"effect/doo": 1}), UnknownName, "did you mean effect/do"),
        (Plan(n=1, seed="1", weights={"reel": 1}), UnknownName, "did you mean real"),
        (Plan(n=1, seed="1", weights={"3": 0}, difficulties=(3, 3)), UsageError, "every level"),
        (Plan(n=1, seed="1", kinds=("effect/do",), weights={"effect/do": 0}), UsageError, "every kind"),
    ],
)
def test_plans_that_ask_nothing_are_refused(plan: Plan, error: type[Exception], words: str) -> None:
    """A name that does not exist, or weights that leave nothing, are refused before the first question."""
    with pytest.raises(error, match=words):
        next(generate(plan))


def test_every_kind_has_one_name() -> None:
    """``family/kind`` names a kind, and only one."""
    assert len(set(kind_names())) == len(kind_names())
