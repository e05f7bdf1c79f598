"""The full score table: parts add up, chance and missing answers are dealt with in the open, order changes nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

import pytest

from causal_eval.analysis.observation import Observation
from causal_eval.analysis.reports.scoring import score_lines
from causal_eval.analysis.scores import SEVERAL, Table, score_tables
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Observation]
FAMILIES = ("effect", "chain", "policy")


def _rows(make: Make, clusters: int = 40, seed: int = 1) -> list[list[Observation]]:
    """Clusters of two questions of one family each, the third family never asked alone."""
    rng, found = random.Random(seed), []
    for g in range(clusters):
        families = (FAMILIES[g % 2], FAMILIES[2] if g % 4 == 0 else FAMILIES[g % 2])
        marks = [Mark.CORRECT if rng.random() < 0.6 else Mark.WRONG for _ in families]
        found.append(
            [
                make(f"q{g}-{n}", mark, cluster=f"c{g}", family=family, difficulty=1 + n)
                for n, (family, mark) in enumerate(zip(families, marks, strict=True))
            ]
        )
    return found


def _table(clusters: list[list[Observation]], **other: object) -> Table:
    rows = [row for cluster in clusters for row in cluster]
    return score_tables(rows, **other)["lab/model"]  # type: ignore[arg-type]  # by name


def test_parts_add_up_to_the_whole(observation: Make) -> None:
    """Units, and right answers, of all families together are those of the overall score."""
    found = _table(_rows(observation))
    assert sum(part.score.n for part in found.parts) == found.overall.score.n == 80
    right = sum((part.score.estimate or 0) * part.score.n for part in found.parts)
    assert right == pytest.approx((found.overall.score.estimate or 0) * 80)


def test_order_of_clusters_changes_nothing(observation: Make) -> None:
    """Every figure, the resampled ones too, is the same bit for bit when clusters come in another order."""
    clusters = _rows(observation)
    assert _table(clusters[::-1]) == _table(clusters)


def test_equal_weights_are_the_mean_of_the_parts(observation: Make) -> None:
    """The stated weights are equal, and the interval is wider where a small part weighs as much as a large one."""
    found = _table(_rows(observation))
    assert found.equal is not None
    assert found.equal.estimate == pytest.approx(sum(part.score.estimate or 0 for part in found.parts) / 3)
    assert dict(found.equal.weights) == dict.fromkeys(sorted(FAMILIES), 1 / 3)
    assert found.overall.cr2 is not None
    assert found.equal.high - found.equal.low > found.overall.cr2.high - found.overall.cr2.low


def test_equal_weights_over_one_part_are_the_cluster_robust_mean(observation: Make) -> None:
    """With a single part the variance is the linearised one of the ratio, as the headline has it."""
    found = _table(_rows(observation), by="rung")
    assert found.equal is not None
    half = (found.equal.high - found.equal.low) / 2
    assert half == pytest.approx(2.0226909 * (found.overall.score.se or 0), rel=1e-6)


def test_a_part_of_one_cluster_is_not_taken_for_known(observation: Make) -> None:
    """A mean of parts with equal weights has no interval where a part has a single cluster: there is none to give."""
    alone = [observation("alone", Mark.CORRECT, family="bounds", cluster="alone")]
    assert _table([*_rows(observation), alone]).equal is None


def test_the_lowest_part_knows_that_it_was_looked_for(observation: Make) -> None:
    """The lowest score is found, and its interval reaches at least as low as the part's own."""
    found = _table(_rows(observation))
    assert found.worst is not None
    lowest = min(found.parts, key=lambda part: part.score.estimate or 0)
    assert found.worst.value == lowest.value
    assert found.worst.low < (lowest.score.low or 0) < found.worst.score < found.worst.high


def test_chance_is_taken_off(observation: Make) -> None:
    """A score at chance is 0, a perfect one 1, and ends move with it; an unknown kind leaves it open."""
    rows = [[observation(f"q{n}", Mark.CORRECT if n % 4 else Mark.WRONG)] for n in range(40)]
    known = _table(rows, chance={("effect", "ate"): Fraction(1, 2)}).overall
    assert known.corrected is not None
    assert (known.chance, known.corrected.estimate) == (0.5, 0.5)
    assert known.corrected.low == pytest.approx(2 * (known.score.low or 0) - 1)
    assert _table(rows).overall.corrected is None


def test_missing_answers_are_counted_and_bounded(observation: Make) -> None:
    """Ten of forty missing: the score rests on thirty, and lies between 15/40 and 25/40 whatever they would be."""
    marks = [Mark.MISSING] * 10 + [Mark.CORRECT] * 15 + [Mark.WRONG] * 15
    found = _table([[observation(f"q{n}", mark)] for n, mark in enumerate(marks)]).overall
    assert (found.lost, found.score.n, found.score.estimate) == (10, 30, 0.5)
    assert (found.missing.low, found.missing.high) == (15 / 40, 25 / 40)


def test_few_clusters_are_said_and_get_the_wild_bootstrap(observation: Make) -> None:
    """Nineteen clusters are few, twenty are not; only where they are few is the wild bootstrap there."""
    for clusters, few in ((19, True), (20, False)):
        found = _table(_rows(observation, clusters))
        assert (found.overall.few, found.overall.wild is not None) == (few, few)
        assert any("rough: all" in line for line in score_lines(found, by="family")) == few


def test_a_joint_group_of_several_regimes_is_a_part_of_its_own(observation: Make) -> None:
    """A twin group that is scored as one across regimes belongs to none of them."""
    rows = [
        [
            observation(f"q{g}-{n}", Mark.CORRECT, cluster=f"c{g}", twin=f"t{g}", joint=g % 2 == 0, regime=regime)
            for n, regime in enumerate(("real", "anti"))
        ]
        for g in range(8)
    ]
    found = _table(rows, by="regime")
    assert [(part.value, part.score.n) for part in found.parts] == [("anti", 4), ("real", 4), (SEVERAL, 4)]


def test_difficulties_stand_in_their_order(observation: Make) -> None:
    """Numbers are ordered as numbers."""
    rows = [[observation(f"q{n}", Mark.WRONG, difficulty=n)] for n in (10, 2, 1)]
    assert [part.value for part in _table(rows, by="difficulty").parts] == ["1", "2", "10"]
