"""Selection: records mislead in two of three twins, and each in its own way."""

from __future__ import annotations

import pytest

from causal_eval.questions.facts import Facts
from causal_eval.questions.families.selection import FAMILY, ITEMS, LABELS
from causal_eval.questions.posing import Value, by_name
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream

SAME = LABELS[2]


def answered(facts: Facts, n: int) -> dict[str, Value]:
    return by_name(FAMILY.answer(facts, Proof.of(FAMILY.case(facts, n)).value))


@pytest.mark.slow
def test_each_group_has_a_collider_a_confounder_and_records_that_are_right() -> None:
    """One twin shows an association in the records alone, one among all but by no effect, one everywhere."""
    for index in range(15):
        group = FAMILY.draw(Stream("selection tests", index), FAMILY.kind("labels"), 1 + index % 5)
        shown = {tuple(answered(facts, group.n)[item] != SAME for item in ITEMS) for facts in group.members}
        assert len(group.members) == 3
        assert {(False, False), (True, False), (True, True)} == {(everyone, effect) for _, everyone, effect in shown}
        assert all(recorded for recorded, everyone, effect in shown if not everyone or effect)


def test_recorded_and_enforced_differ() -> None:
    """Where both numbers are asked for they are apart."""
    for index in range(10):
        group = FAMILY.draw(Stream("selection tests", index), FAMILY.kind("both"), 1 + index % 5)
        recorded, enforced = answered(group.members[0], group.n).values()
        assert recorded != enforced
