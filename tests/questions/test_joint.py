"""The joint distribution of a small network, and the integers in which a draw is judged."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

from causal_eval.causal.intervene import Worlds
from causal_eval.questions.family import APART
from causal_eval.questions.joint import Joint
from causal_eval.questions.margins import SCALE, clear, near_to, rough
from causal_eval.questions.network import Parents, scm_of
from causal_eval.questions.tables import HIGHEST, LOWEST, about, random_rows, share_facts
from causal_eval.seeds import Stream

PARENTS: Parents = ((), (0,), (0, 1), (1, 2))
X, Y = 1, 2


def tables(seed: int) -> list[list[int]]:
    stream = Stream("joint tests", seed)
    return [random_rows(len(causes), stream) for causes in PARENTS]


@pytest.mark.parametrize("seed", range(5))
def test_numbers_are_those_of_the_engine(seed: int) -> None:
    """Conditionals and interventions equal what the exact engine finds in the printed tables."""
    joint = Joint(PARENTS, tables(seed), x=X, ratio=Fraction)
    worlds = Worlds(scm_of(tuple(share_facts(PARENTS, tables(seed))), len(PARENTS)))
    for event, value in itertools.product(((Y, 1), (3, 0)), (0, 1)):
        assert joint.observed(event, ((X, value),)) == worlds.probability((event,), ((X, value),))
        assert joint.observed(event) == worlds.probability((event,))
        assert joint.enforced(event, value) == joint.adjusted(event, value, strata=(0,))


@pytest.mark.parametrize("seed", range(5))
def test_means_over_strata_are_written_out(seed: int) -> None:
    """Weighted and unweighted means are the sums that their definitions say."""
    joint = Joint(PARENTS, tables(seed), x=X, ratio=Fraction)
    strata = [((0, a), (3, b)) for a, b in itertools.product((0, 1), repeat=2)]
    means = [joint.observed((Y, 1), ((X, 1), *stratum)) for stratum in strata]
    shares = [joint.observed(first) * joint.observed(second, (first,)) for first, second in strata]
    weighted = sum(mean * share for mean, share in zip(means, shares, strict=True))
    assert joint.adjusted((Y, 1), 1, strata=(0, 3)) == weighted
    assert joint.adjusted((Y, 1), 1, strata=(0, 3), weighted=False) == sum(means) / 4


@pytest.mark.parametrize("seed", range(5))
def test_rough_numbers_are_the_exact_ones_rounded(seed: int) -> None:
    """In integers every number is right to a billionth, the joint read back from the facts included."""
    facts = tuple(share_facts(PARENTS, tables(seed)))
    exact, near = Joint.of_facts(facts, 4, x=X), Joint(PARENTS, tables(seed), x=X, ratio=rough)
    pairs = [
        (exact.observed((Y, 1), ((X, 0),)), near.observed((Y, 1), ((X, 0),))),
        (exact.enforced((3, 1), 1), near.enforced((3, 1), 1)),
        (exact.adjusted((Y, 1), 1, strata=(0, 3)), near.adjusted((Y, 1), 1, strata=(0, 3))),
        (
            exact.adjusted((Y, 0), 0, strata=(3,), weighted=False),
            near.adjusted((Y, 0), 0, strata=(3,), weighted=False),
        ),
    ]
    assert all(abs(p - Fraction(q, SCALE)) < Fraction(1, 10**9) for p, q in pairs)


def test_what_is_clear_is_apart() -> None:
    """Integers never let through what lies nearer than the margin, and let through what lies a hair beyond it."""
    truth, gap = SCALE // 3, int(APART * SCALE)
    assert not clear(truth, (truth + gap, 0))
    assert not clear(truth, (truth - gap,))
    assert clear(truth, (truth + gap + SCALE // 10**6, truth - gap - SCALE // 10**6))


def test_percentages_near_to_a_number() -> None:
    """They are those that lie nearer than the margin, and no other; the margin itself is far enough."""
    for truth in (Fraction(1, 2), Fraction(1, 3), Fraction(7, 200), Fraction(-1, 7), Fraction(999, 1000)):
        assert near_to(truth) == {p for p in range(-120, 220) if abs(Fraction(p, 100) - truth) < APART}


def test_entries_are_about_their_level() -> None:
    """An entry is within reach and on its side; without a side the level is its mean."""
    stream = Stream("about")
    for level in (4, 30, 50, 96):
        sides = {side: [about(level, 40, side=side, stream=stream) for _ in range(2000)] for side in (-1, 0, 1)}
        assert all(
            max(LOWEST, level - 40) <= entry <= min(HIGHEST, level + 40) for entry in itertools.chain(*sides.values())
        )
        assert max(sides[-1]) <= level <= min(sides[1])
        assert abs(sum(sides[0]) / 2000 - level) < 3
