"""Rank sets of many answerers: they hold the true ranks, and say so little where little is known."""

from __future__ import annotations

import math
import random
from collections import Counter
from itertools import combinations

import pytest
from tests.analysis.conftest import Make

from causal_eval.analysis.compare import Comparison, Finding, compare
from causal_eval.analysis.intervals import score_cluster, score_interval, tally
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.ranks import Paired, RankSet, Scored, jointly, ranges, rank_sets, shared_ranks
from causal_eval.scoring.verdict import Mark


def _rows(make: Make, name: str, right: list[list[bool]]) -> list[Observation]:
    return [
        make(f"q{g}-{n}", Mark.CORRECT if one else Mark.WRONG, answerer=name, cluster=f"c{g}")
        for g, cluster in enumerate(right)
        for n, one in enumerate(cluster)
    ]


def _pairs(make: Make, rates: dict[str, float], *, seed: int, clusters: int = 40) -> tuple[Comparison, ...]:
    rng = random.Random(seed)
    rows = [
        _rows(make, name, [[rng.random() < rate for _ in range(3)] for _ in range(clusters)])
        for name, rate in rates.items()
    ]
    return jointly([compare(a, b) for a, b in combinations(rows, 2)])


def test_the_clear_order_is_found(observation: Make) -> None:
    """Three answerers far apart have one rank each; two alike below them share a set."""
    found = rank_sets(_pairs(observation, {"low": 0.1, "top": 0.95, "mid": 0.5, "alike": 0.5}, seed=1))
    assert found == (RankSet("top", 1, 1), RankSet("alike", 2, 3), RankSet("mid", 2, 3), RankSet("low", 4, 4))


def test_many_comparisons_need_more_evidence(observation: Make) -> None:
    """A pair that is told apart alone may not be among many: Holm's value is at least the pair's own."""
    pairs = _pairs(observation, dict.fromkeys("abcdefgh", 0.5) | {"i": 0.62}, seed=3)
    assert all((one.evidence.holm or 0) >= one.evidence.sign_flip.p for one in pairs)
    alone = sum(one.evidence.sign_flip.p <= 0.05 for one in pairs)
    assert alone > sum(one.finding is not Finding.CANNOT_TELL for one in pairs)


@pytest.mark.slow
def test_equal_answerers_keep_every_rank(observation: Make) -> None:
    """Four equal answerers: in at most 5 % of 100 runs (within two standard errors) does anybody lose a rank."""
    runs, wrong = 100, Counter[bool]()
    for seed in range(runs):
        pairs = _pairs(observation, dict.fromkeys("abcd", 0.5), seed=seed, clusters=20)
        wrong[any((one.best, one.worst) != (1, 4) for one in rank_sets(pairs))] += 1
    assert wrong[True] / runs <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / runs)


@pytest.mark.slow
def test_ranks_of_different_questions_hold_at_once() -> None:
    """Six answerers two points apart, each with clustered questions of its own: all sets hold in 95 % of 400 boards."""
    rng, runs, held = random.Random(5), 400, 0
    truth = [0.70 - 0.02 * place for place in range(6)]
    for _ in range(runs):
        scores = []
        for share in truth:
            lucks = [rng.betavariate(4 * share, 4 * (1 - share)) for _ in range(60)]
            found = score_interval(tally(score_cluster([int(rng.random() < luck) for _ in range(3)]) for luck in lucks))
            scores.append(Scored(found.estimate or 0.0, found.low, found.high))
        held += all(best <= place <= worst for place, (best, worst) in enumerate(ranges(scores), start=1))
    assert held / runs >= 0.95 - 2 * math.sqrt(0.05 * 0.95 / runs)


def test_ranges_say_what_is_clear_and_no_more() -> None:
    """Far apart: one rank each; without an interval: all ranks; alone: the first; at the ends of the scale, too."""
    far = [Scored(0.9, 0.86, 0.93), Scored(0.5, 0.45, 0.55), Scored(0.0, 0.0, 0.05)]
    assert ranges(far) == [(1, 1), (2, 2), (3, 3)]
    assert ranges([*far[:2], Scored(0.2, None, None)]) == [(1, 2), (2, 3), (1, 3)]
    assert ranges([Scored(1.0, 1.0, 1.0)]) == [(1, 1)]
    assert ranges([]) == []


def test_more_results_widen_the_ranges() -> None:
    """Two that are just told apart by themselves are not among fifty."""
    pair = [Scored(0.64, 0.593, 0.684), Scored(0.50, 0.452, 0.548)]
    assert ranges(pair) == [(1, 1), (2, 2)]
    crowd = ranges(pair + [Scored(0.1, 0.07, 0.13)] * 48)
    assert crowd[:2] == [(1, 2), (1, 2)]


@pytest.mark.slow
def test_tests_and_intervals_hold_at_once(observation: Make) -> None:
    """Four equal answerers on the same questions: in at most 5 % of 100 boards does anybody lose a rank."""
    runs, wrong = 100, 0
    for seed in range(runs):
        found = _pairs(observation, dict.fromkeys("abcd", 0.5), seed=seed, clusters=20)
        shown = {one.a: one.score_a for one in found} | {one.b: one.score_b for one in found}
        names = sorted(shown, key=lambda name: -(shown[name].estimate or 0.0))
        scores = [Scored(shown[name].estimate or 0.0, shown[name].low, shown[name].high) for name in names]
        wrong += set(ranges(scores, [_paired(one, names) for one in found])) != {(1, 4)}
    assert wrong / runs <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / runs)


def test_a_paired_test_tells_what_intervals_cannot(observation: Make) -> None:
    """Answerers who differ on few questions of the same set: intervals meet, and the test parts them."""
    hard = [[number % 2 == 0] * 3 for number in range(60)]
    better = [cluster if number % 6 else [True] * 3 for number, cluster in enumerate(hard[1:] + hard[:1])]
    one = compare(_rows(observation, "a", better), _rows(observation, "b", hard[1:] + hard[:1]))
    scores = [Scored(part.estimate or 0.0, part.low, part.high) for part in (one.score_a, one.score_b)]
    assert ranges(scores) == [(1, 2), (1, 2)]
    assert ranges(scores, [_paired(one, ["a", "b"])]) == [(1, 1), (2, 2)]


def test_a_shared_rank_lies_within_every_set() -> None:
    """Also where a lower score is known so badly that it alone could be first."""
    rng = random.Random(11)
    for _ in range(200):
        points = sorted((rng.random() for _ in range(12)), reverse=True)
        scores = [Scored(one, max(0.0, one - rng.random() / 3), min(1.0, one + rng.random() / 3)) for one in points]
        pairs = [Paired(a, b, rng.random() ** 8) for a, b in combinations(range(12), 2)]
        sets = ranges(scores, pairs)
        ranks = shared_ranks(sets)
        assert ranks == sorted(ranks)
        assert all(best <= rank <= worst for rank, (best, worst) in zip(ranks, sets, strict=True))


def _paired(one: Comparison, names: list[str]) -> Paired:
    a, b = names.index(one.a), names.index(one.b)
    p = one.evidence.sign_flip.p
    return Paired(a, b, p) if (one.difference.estimate or 0.0) > 0 else Paired(b, a, p)
