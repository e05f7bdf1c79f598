"""Sets of chosen settings: just these, each as often as asked, and none twice in other words."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from causal_eval.errors import CausalEvalError, UnknownName, UsageError
from causal_eval.questions.certify import verify
from causal_eval.questions.commitment import commitment_to
from causal_eval.questions.generate import Plan, check_plan, generate
from causal_eval.questions.settings import Setting, asked

SETTINGS = (
    Setting("effect/do", "real", 1, 4),
    Setting("effect/do", "nonsense", 1, 4),
    Setting("effect/do", "nonsense", 4, 2),
    Setting("effect/direction", "anti", 3, 2),
    Setting("separation/claims", "placeholder", 2, 3),
)
PLAN = Plan(asked(SETTINGS), "chosen", settings=SETTINGS)


def test_the_set_is_what_was_chosen() -> None:
    """As many twin groups of each setting, proven; the questions say with which dials they were made."""
    made = list(generate(PLAN))
    assert len(made) == PLAN.n
    groups = {one.seed: (f"{one.family}/{one.kind}", one.regime, one.difficulty) for one in made}
    assert Counter(groups.values()) == {(one.kind, one.regime, one.size): one.groups for one in SETTINGS}
    for one in made:
        verify(one)
    assert [one.id for one in generate(PLAN)] == [one.id for one in made]
    assert not {one.id for one in made} & {one.id for one in generate(replace(PLAN, seed="other"))}


def test_a_kind_that_is_otherwise_left_out_can_be_chosen() -> None:
    """Its weight in a mix is of no concern."""
    settings = (Setting("equivalence/experiments", "placeholder", 1, 1),)
    assert {one.kind for one in generate(Plan(asked(settings), "w", settings=settings))} == {"experiments"}


@pytest.mark.parametrize(
    ("plan", "error", "words"),
    [
        (replace(PLAN, n=PLAN.n + 1), UsageError, "settings ask"),
        (replace(PLAN, families=("effect",)), UsageError, "nothing else"),
        (replace(PLAN, twins=("pressure",)), UsageError, "nothing else"),
        (replace(PLAN, rephrased=True, n=6 * PLAN.n), UsageError, "nothing else"),
        (replace(PLAN, settings=(Setting("effect/doo", "real", 1, 1),)), UnknownName, "did you mean effect/do"),
        (replace(PLAN, settings=(Setting("effect/do", "reel", 1, 1),)), UnknownName, "did you mean real"),
        (replace(PLAN, settings=(Setting("effect/do", "real", 6, 1),)), UsageError, "1 to 5"),
        (replace(PLAN, settings=(Setting("effect/do", "real", 1, 0),)), UsageError, "at least 1"),
        (replace(PLAN, language="de"), UsageError, "English only"),
        (replace(PLAN, n=500, settings=(Setting("attribution/labels", "real", 1, 500),)), UsageError, "distinct"),
    ],
)
def test_what_cannot_be_made_is_refused(plan: Plan, error: type[CausalEvalError], words: str) -> None:
    """Before anything is drawn, in words that name what is wrong."""
    with pytest.raises(error, match=words):
        check_plan(plan)


def test_settings_are_part_of_what_is_committed_to() -> None:
    """A commitment to other settings is another."""
    keyed = replace(PLAN, secret=b"0123456789abcdef")
    assert commitment_to(keyed) != commitment_to(replace(keyed, settings=SETTINGS[:1]))
