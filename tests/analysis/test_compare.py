"""Paired comparisons: right pairs, right clusters, and no more false alarms than promised."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction

import pytest

from causal_eval.analysis.compare import Comparison, Finding, Needed, compare, finding, needed
from causal_eval.analysis.intervals import Exact, Interval, Tally, difference_cluster, difference_interval, tally
from causal_eval.analysis.observation import Observation
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Observation]
RIGHT = {True: Mark.CORRECT, False: Mark.WRONG}


def _side(make: Make, name: str, scores: Sequence[Sequence[bool]]) -> list[Observation]:
    return [
        make(f"q{cluster}-{place}", RIGHT[score], answerer=name, cluster=f"c{cluster}")
        for cluster, members in enumerate(scores)
        for place, score in enumerate(members)
    ]


def _random_sides(make: Make, rate_a: float, rate_b: float, clusters: int = 40) -> tuple[list[Observation], ...]:
    rng = random.Random(3)
    return tuple(
        _side(make, name, [[rng.random() < rate for _ in range(4)] for _ in range(clusters)])
        for name, rate in (("a", rate_a), ("b", rate_b))
    )


def _compare(sides: tuple[list[Observation], ...]) -> Comparison:
    return compare(*sides)


def test_a_clear_gap_is_found_and_mirrored(observation: Make) -> None:
    """The better side is called better, and worse when the sides change places, with the mirrored interval."""
    a, b = _random_sides(observation, 0.8, 0.3)
    forth, back = compare(a, b), compare(b, a)
    assert (forth.finding, back.finding) == (Finding.BETTER, Finding.WORSE)
    assert forth.difference.low == -(back.difference.high or 0.0)
    assert forth.difference.estimate == pytest.approx((forth.score_a.estimate or 0) - (forth.score_b.estimate or 0))


def test_the_same_answers_cannot_be_told_apart(observation: Make) -> None:
    """Equal answers give zero with an interval that is not empty, and no number of questions is asked for."""
    a, _ = _random_sides(observation, 0.5, 0.5)
    other = [observation(row.question, row.mark, answerer="b", cluster=row.cluster) for row in a]
    result = compare(a, other)
    assert result.finding is Finding.CANNOT_TELL
    assert result.difference.estimate == 0.0
    assert result.difference.low == -(result.difference.high or 0.0)
    assert result.difference.high == pytest.approx(1 - 0.025 ** (1 / 40))
    assert result.needed is None


def test_agreement_is_mcnemars_table(observation: Make) -> None:
    """Pairs are counted by who was right."""
    a = _side(observation, "a", [[True, True], [False, False], [True, False]])
    b = _side(observation, "b", [[True, False], [False, True], [False, False]])
    table = compare(a, b).agreement
    assert (table.both_right, table.only_a, table.only_b, table.neither) == (1, 2, 1, 2)


def test_only_pairs_scored_on_both_sides_count_and_the_rest_is_shown(observation: Make) -> None:
    """A missing answer on either side leaves the pair out; a question asked of one side only does too."""
    a = [observation(f"q{n}", mark, answerer="a") for n, mark in enumerate([Mark.CORRECT, Mark.MISSING, Mark.WRONG])]
    marks = [Mark.WRONG, Mark.WRONG, Mark.UNGRADED, Mark.CORRECT]
    b = [observation(f"q{n}", mark, answerer="b") for n, mark in enumerate(marks)]
    a += [observation("q9", Mark.MISSING, answerer="a")]
    result = compare(a, b)
    assert result.difference.n == 1
    assert result.score_a.estimate == 1.0
    left_out = result.unpaired
    assert (left_out.missing_a, left_out.missing_b, left_out.missing_both, left_out.exempt) == (2, 1, 1, 0)


def test_one_cached_reply_on_both_sides_is_no_pair(observation: Make) -> None:
    """What both runs have from the same observation says nothing about their difference, and is counted apart."""
    a = [observation(f"q{n}", Mark.CORRECT, answerer="a", source=f"s{n}") for n in range(4)]
    b = [observation(f"q{n}", Mark.CORRECT, answerer="b", source=f"s{n}", is_cached=True) for n in range(2)]
    b += [observation("q2", Mark.WRONG, answerer="b", source="other"), observation("q3", Mark.WRONG, answerer="b")]
    result = compare(a, b)
    assert (result.difference.n, result.agreement.only_a, result.agreement.both_right) == (2, 2, 0)
    assert (result.unpaired.shared, result.unpaired.missing_both) == (2, 0)


def test_a_joint_pair_that_shares_a_reply_is_no_pair(observation: Make) -> None:
    """One common reply makes two jointly scored groups dependent; other samples of the group are compared."""
    sides = [
        [
            observation(f"q{n}", Mark.CORRECT, answerer=name, cluster="c", twin="t", joint=True, sample=sample,
                        source="same" if (n, sample) == (0, 0) else f"{name}{n}{sample}")
            for n in range(2)
            for sample in range(2)
        ]
        for name in "ab"
    ]  # fmt: skip
    result = compare(*sides)
    assert (result.difference.n, result.agreement.both_right, result.unpaired.shared) == (1, 1, 0)


def test_samples_pair_by_number(observation: Make) -> None:
    """With epochs, sample n meets sample n, and a unit's difference is the mean over common samples."""
    a = [observation("q", RIGHT[score], answerer="a", sample=n) for n, score in enumerate([True, True, False])]
    b = [observation("q", RIGHT[score], answerer="b", sample=n) for n, score in enumerate([False, True])]
    result = compare(a, b)
    assert result.difference.estimate == 0.5
    assert (result.agreement.both_right, result.agreement.only_a) == (1, 1)


def test_order_of_clusters_changes_nothing(observation: Make) -> None:
    """The comparison is the same bit for bit when either side's clusters come in another order."""
    a, b = _random_sides(observation, 0.6, 0.5)
    turned = [row for at in reversed(range(0, len(b), 4)) for row in b[at : at + 4]]
    assert compare(a, turned) == compare(a, b)


def test_rungs_and_families_have_their_own_difference(observation: Make) -> None:
    """Each rung and family gets its paired difference, over its own pairs."""
    a = [observation(f"q{n}", RIGHT[n % 2 == 0], answerer="a", rung=1 + n % 2) for n in range(20)]
    b = [observation(f"q{n}", Mark.WRONG, answerer="b", rung=1 + n % 2) for n in range(20)]
    found = {part.scope.label: part.difference.estimate for part in compare(a, b).scopes}
    assert found == {"rung 1": 1.0, "rung 2": 0.0, "effect": 0.5}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "side b holds no observation"),
        ([("q", "b", "c"), ("p", "x", "d")], "side b holds two answerers, b and x"),
        ([("q", "b", "c"), ("p", "b", "d"), ("r", "b", "c")], "cluster 'c' comes in pieces"),
    ],
)
def test_sides_that_make_no_sense_are_refused(
    observation: Make, rows: list[tuple[str, str, str]], message: str
) -> None:
    """An empty side, two answerers on one side and torn clusters are named."""
    side = [observation(name, Mark.WRONG, answerer=answerer, cluster=cluster) for name, answerer, cluster in rows]
    with pytest.raises(ValueError, match=message):
        compare([observation("q", Mark.WRONG)], side)


def test_needed_units_follow_the_power_formula() -> None:
    """A gap of one standard error needs (1.96 + 0.84)^2 = 7.85 times as many clusters for 80 % power."""
    gap = Interval(0.05, -0.05, 0.15, clusters=50, n=500, se=0.05)
    assert needed(gap) == Needed(units=3930, clusters=393)
    assert needed(Interval(0.0, -0.1, 0.1, 50, 500, se=0.05)) is None


def test_the_needed_number_gives_the_promised_power() -> None:
    """A set of the needed size finds the gap in about 80 % of simulated runs."""
    rng = random.Random(5)

    def verdict(clusters: int) -> Interval:
        drawn = ([_draw(rng, 0.3, 0.2) for _ in range(5)] for _ in range(clusters))
        return difference_interval(tally(map(difference_cluster, drawn)))

    expected = Interval(0.1, None, None, clusters=100, n=500, se=math.sqrt((0.5 - 0.01) / 500))
    need = needed(expected)
    assert need is not None
    runs = 400
    power = sum(finding(verdict(need.clusters)) is Finding.BETTER for _ in range(runs)) / runs
    assert power == pytest.approx(0.8, abs=3 * math.sqrt(0.16 / runs))


def _draw(rng: random.Random, up: float, down: float) -> Exact:
    place = rng.random()
    return 1 if place < up else -1 if place < up + down else 0


def _null_cluster(rng: random.Random, size: int = 10) -> list[Exact]:
    """Paired differences of two equally good answerers whose luck is shared within a causal model."""
    lean = rng.betavariate(1.0, 1.0)  # the chance that a, not b, is right where they differ: symmetric about 1/2
    return [_draw(rng, 0.4 * lean, 0.4 * (1 - lean)) for _ in range(size)]


def _as_questions(clusters: list[list[Exact]]) -> Tally:
    """The tally if every question were a cluster of its own (equal to adding them one by one, only faster)."""
    drawn = Counter(difference for differences in clusters for difference in differences)
    n, differ = drawn.total(), drawn[1] + drawn[-1]
    total = drawn[1] - drawn[-1]
    return Tally(n, n, total, n, total, differ, samples=n, up=drawn[1], down=drawn[-1], moved=differ)


def test_the_shortcut_to_the_unclustered_tally_is_no_other_tally() -> None:
    """Counting differences gives the tally of single-question clusters."""
    clusters = [_null_cluster(random.Random(seed)) for seed in range(5)]
    single = ([difference] for differences in clusters for difference in differences)
    assert _as_questions(clusters) == tally(map(difference_cluster, single))


@pytest.mark.slow
def test_null_simulation_false_alarms() -> None:
    """Two equal answerers, 50 clusters of 10: at most 5 % false verdicts when clustered, far more when not."""
    rng, runs = random.Random(11), 4000
    clustered = unclustered = 0
    for _ in range(runs):
        clusters = [_null_cluster(rng) for _ in range(50)]
        clustered += finding(difference_interval(tally(map(difference_cluster, clusters)))) is not Finding.CANNOT_TELL
        unclustered += finding(difference_interval(_as_questions(clusters))) is not Finding.CANNOT_TELL
    error = 2 * math.sqrt(0.05 * 0.95 / runs)
    assert clustered / runs <= 0.05 + error
    assert unclustered / runs > 0.10


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.002, 0.01, 0.03])
def test_rare_differences_raise_no_false_alarms(rate: float) -> None:
    """Where answerers hardly differ, verdicts stay as rare as promised."""
    rng, runs = random.Random(13), 2000
    alarms = 0
    for _ in range(runs):
        clusters = ([_draw(rng, rate, rate) for _ in range(10)] for _ in range(50))
        alarms += finding(difference_interval(tally(map(difference_cluster, clusters)))) is not Finding.CANNOT_TELL
    assert alarms / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


def test_a_joint_pair_is_one_pair(observation: Make) -> None:
    """A jointly scored twin group is one unit of the comparison."""
    fields = {"cluster": "c", "twin": "t", "joint": True}
    a = [observation(name, Mark.CORRECT, answerer="a", **fields) for name in ("q1", "q2")]
    b = [observation(name, mark, answerer="b", **fields) for name, mark in (("q1", Mark.CORRECT), ("q2", Mark.WRONG))]
    result = compare(a, b)
    assert (result.difference.n, result.difference.estimate) == (1, 1.0)
    assert Fraction(result.agreement.only_a) == 1
