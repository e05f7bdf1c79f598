"""The profile of a run: right counts, right clusters, any order, flat memory."""

from __future__ import annotations

import itertools
import random
import tracemalloc
from collections.abc import Callable, Iterator
from fractions import Fraction

import pytest

from causal_eval.analysis.intervals import score_cluster, score_interval, tally
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.profile import Profile, Scope, profile
from causal_eval.analysis.tables import score_rows
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Observation]


def _run(make: Make, clusters: int, *, seed: int = 1) -> list[list[Observation]]:
    """Clusters of three questions over two families and three rungs, with every mark somewhere."""
    rng = random.Random(seed)
    marks = [*Mark, Mark.WRONG, Mark.WRONG, Mark.CORRECT]
    return [
        [
            make(
                f"q{cluster}-{place}",
                mark,
                cluster=f"c{cluster}",
                family="effect" if place else "chain",
                kind=f"k{place}",
                rung=place + 1,
                strict=mark if rng.random() < 0.9 else Mark.UNPARSED,
                share=Fraction(1, 3) if mark is Mark.PARTIAL else Fraction(mark is Mark.CORRECT),
                reason="bad_format" if mark is Mark.UNPARSED else "",
                input_tokens=rng.randrange(100),
                output_tokens=rng.choice([None, 7]),
                latency_ms=rng.uniform(1, 3000),
                cost=rng.choice([None, Fraction(1, 7000)]),
            )
            for place in range(3)
            for mark in [rng.choice(marks)]
        ]
        for cluster in range(clusters)
    ]


def _flat(clusters: list[list[Observation]]) -> Iterator[Observation]:
    return itertools.chain.from_iterable(clusters)


def test_any_order_of_clusters_gives_the_same_profile_bit_for_bit(observation: Make) -> None:
    """Scores, counts, intervals, money and times do not depend on the order in which clusters finished."""
    clusters = _run(observation, 60)
    expected = profile(_flat(clusters))
    for seed in range(5):
        random.Random(seed).shuffle(clusters)
        assert profile(_flat(clusters)) == expected


def test_scopes_are_overall_rungs_families_and_kinds(observation: Make) -> None:
    """Every rung, family and kind has its standing, families ordered by their lowest rung."""
    (found,) = profile(_flat(_run(observation, 30))).answerers
    labels = [standing.scope.label for standing in found.standings]
    assert labels == ["overall", "rung 1", "rung 2", "rung 3", "chain", "effect", "chain/k0", "effect/k1", "effect/k2"]


def test_scores_are_the_clustered_intervals_of_the_scored_answers(observation: Make) -> None:
    """The overall score equals the interval computed by hand from the marks, missing and ungraded left out."""
    clusters = _run(observation, 40)
    (found,) = profile(_flat(clusters)).answerers
    scored = [[row for row in rows if row.mark not in {Mark.MISSING, Mark.UNGRADED}] for rows in clusters]
    by_hand = tally(score_cluster([int(row.mark is Mark.CORRECT) for row in rows]) for rows in scored)
    assert found.overall.score == score_interval(by_hand)
    strict = tally(score_cluster([int(row.strict is Mark.CORRECT) for row in rows]) for rows in scored)
    assert found.overall.strict == score_interval(strict)
    assert found.overall.excluded == 120 - by_hand.n


def test_every_asked_sample_is_counted_once_in_every_scope(observation: Make) -> None:
    """Counts of rungs, families and kinds add up to the overall ones, and those to the rows."""
    rows = list(_flat(_run(observation, 25)))
    (found,) = profile(rows).answerers
    for parts in (found.rungs, found.families, found.kinds):
        for mark in Mark:
            assert sum(part.outcomes.marks[mark] for part in parts) == found.overall.outcomes.marks[mark]
    assert found.overall.outcomes.marks == {mark: sum(row.mark is mark for row in rows) for mark in Mark}
    assert found.overall.outcomes.asked == len(rows)
    assert found.overall.outcomes.reasons == {"bad_format": sum(row.mark is Mark.UNPARSED for row in rows)}


def test_unknown_cost_and_tokens_are_counted_never_zero(observation: Make) -> None:
    """A reply without a price makes the cost partly unknown; without any price it is None, not zero."""
    rows = [
        observation("q1", Mark.CORRECT, cost=Fraction(1, 3), input_tokens=5, output_tokens=2),
        observation("q2", Mark.WRONG, input_tokens=5),
        observation("q3", Mark.MISSING),
    ]
    outcomes = profile(rows).answerers[0].overall.outcomes
    assert (outcomes.cost.known, outcomes.cost.unknown) == (Fraction(1, 3), 1)
    assert (outcomes.tokens.input, outcomes.tokens.output, outcomes.tokens.unknown) == (10, 2, 1)
    assert profile(rows[1:]).answerers[0].overall.outcomes.cost.known is None


def test_latency_quantiles_are_within_one_per_cent(observation: Make) -> None:
    """Median and 95th percentile come from bins and stay within one per cent; sum and maximum are exact."""
    times = [float(place) for place in range(1, 1001)]
    rows = (observation(f"q{time}", Mark.WRONG, latency_ms=time) for time in times)
    latency = profile(rows).answerers[0].overall.outcomes.latency
    assert latency is not None
    assert latency.median_ms == pytest.approx(500, rel=0.011)
    assert latency.p95_ms == pytest.approx(950, rel=0.011)
    assert (latency.count, latency.total_ms, latency.max_ms) == (1000, 500500.0, 1000.0)


@pytest.mark.parametrize(("unparsed", "alarm"), [(0, False), (2, False), (3, True)])
def test_the_alarm_rings_above_two_per_cent_of_the_replies(observation: Make, unparsed: int, alarm: bool) -> None:
    """Two unparsed of a hundred replies are tolerated, three are not; missing ones are no replies."""
    marks = [Mark.UNPARSED] * unparsed + [Mark.WRONG] * (100 - unparsed) + [Mark.MISSING] * 400
    rows = (observation(f"q{place}", mark) for place, mark in enumerate(marks))
    assert profile(rows).answerers[0].overall.outcomes.alarm is alarm


def test_bounds_show_what_unparsed_replies_could_hide(observation: Make) -> None:
    """The bounds run from the score to what it would be with every unparsed reply right."""
    marks = [Mark.CORRECT] * 2 + [Mark.WRONG] * 5 + [Mark.UNPARSED] * 3 + [Mark.MISSING]
    bounds = profile(observation(f"q{n}", mark) for n, mark in enumerate(marks)).answerers[0].overall.bounds
    assert (bounds.low, bounds.high) == (0.2, 0.5)


def test_partial_credit_stands_beside_the_score(observation: Make) -> None:
    """PARTIAL scores nothing; its share is reported on its own."""
    rows = [observation("q1", Mark.PARTIAL, share=Fraction(2, 3)), observation("q2", Mark.CORRECT)]
    overall = profile(rows).answerers[0].overall
    assert overall.score.estimate == 0.5
    assert overall.outcomes.share == pytest.approx(5 / 6)


def test_exempt_questions_are_not_part_of_a_baselines_score(observation: Make) -> None:
    """Questions made for the association are counted apart for that baseline, and scored for the model."""
    rows = [
        observation(name, Mark.CORRECT, answerer=answerer, exempt=("association",) if name == "q1" else ())
        for answerer in ("lab/model", "baseline/association")
        for name in ("q1", "q2")
    ]
    model, baseline = profile(rows).answerers
    assert (model.overall.score.n, model.overall.exempt) == (2, 0)
    assert (baseline.overall.score.n, baseline.overall.exempt) == (1, 1)


def test_answerers_may_come_interleaved(observation: Make) -> None:
    """Rows of several answerers may alternate cluster by cluster."""
    clusters = _run(observation, 12)
    other = [
        [observation(row.question, Mark.WRONG, answerer="b", cluster=row.cluster) for row in rows] for rows in clusters
    ]
    mixed = profile(_flat([part for pair in zip(clusters, other, strict=True) for part in pair]))
    assert mixed.answerer("lab/model") == profile(_flat(clusters)).answerers[0]
    assert mixed.answerer("b") == profile(_flat(other)).answerers[0]
    with pytest.raises(KeyError):
        mixed.answerer("c")


def test_a_torn_cluster_is_refused(observation: Make) -> None:
    """Rows of one cluster that do not stand together would be counted as two clusters; the message says what to do."""
    rows = [observation(name, Mark.WRONG, cluster=cluster) for name, cluster in (("1", "a"), ("2", "b"), ("3", "a"))]
    with pytest.raises(ValueError, match=r"cluster 'a'.*order the rows by cluster"):
        profile(rows)


def test_no_rows_give_an_empty_profile() -> None:
    """Nothing in, nothing out."""
    assert profile([]) == Profile(())


def test_an_answerer_with_only_missing_answers_has_no_score(observation: Make) -> None:
    """Nothing scored is None, never zero."""
    overall = profile([observation("q", Mark.MISSING)]).answerers[0].overall
    assert (overall.score.estimate, overall.bounds.high, overall.outcomes.share) == (None, None, None)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(observation: Make) -> None:
    """Ten times the rows take less than 1.3 times the memory, apart from the one integer per cluster."""

    def peak(clusters: int) -> int:
        rows = (
            observation(f"q{cluster}-{place}", Mark.WRONG, cluster=f"c{cluster}")
            for cluster in range(clusters)
            for place in range(10)
        )
        tracemalloc.start()
        profile(rows)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(1000) < 1.3 * peak(100) + 1000 * 120


def test_scope_labels_read_like_words() -> None:
    """A scope names itself as tables print it."""
    assert [Scope().label, Scope(rung=2).label, Scope("effect").label, Scope("effect", "ate", 2).label] == [
        "overall",
        "rung 2",
        "effect",
        "effect/ate",
    ]


def test_cached_replies_are_counted_once_and_said(observation: Make) -> None:
    """A reply from the cache counts like any other, once, and the number of such replies stands beside."""
    rows = [observation(f"q{n}", Mark.CORRECT, source=f"s{n}", is_cached=n < 3) for n in range(5)]
    standing = profile(rows).answerers[0].overall
    assert (standing.outcomes.cached, standing.outcomes.asked, standing.score.n) == (3, 5, 5)
    assert score_rows(profile(rows), {})[0].cached == 3
