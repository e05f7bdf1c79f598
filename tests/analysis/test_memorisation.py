"""The memorisation gap is a difference of two independent clustered scores, and claims no more than they show."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from causal_eval.analysis.intervals import score_cluster, score_interval, tally
from causal_eval.analysis.memorisation import memorisation
from causal_eval.analysis.observation import Observation
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Observation]


def rows(make: Make, run: str, *, right: int, clusters: int, each: int = 1) -> Iterator[Observation]:
    for number in range(clusters):
        mark = Mark.CORRECT if number < right else Mark.WRONG
        for place in range(each):
            yield make(f"{run}{number}.{place}", mark, cluster=f"{run}{number}")


def test_a_model_that_knows_the_published_set_is_found(observation: Make) -> None:
    """90 % against 50 % of a hundred clusters each: the whole interval lies above zero."""
    gap = memorisation(rows(observation, "p", right=90, clusters=100), rows(observation, "f", right=50, clusters=100))
    assert gap.estimate == pytest.approx(0.4)
    assert gap.low is not None
    assert gap.high is not None
    assert 0.25 < gap.low < 0.4 < gap.high < 0.55
    assert gap.said == "published questions are answered better"


def test_the_ends_are_newcombes(observation: Make) -> None:
    """56 of 70 against 48 of 80: Newcombe's table II for method 10, a little wider by t in place of the normal."""
    gap = memorisation(rows(observation, "p", right=56, clusters=70), rows(observation, "f", right=48, clusters=80))
    assert gap.estimate == pytest.approx(0.2)
    assert gap.low == pytest.approx(0.0524, abs=0.004)
    assert gap.high == pytest.approx(0.3339, abs=0.004)
    assert gap.low is not None
    assert gap.high is not None
    assert gap.high - gap.low > 0.3339 - 0.0524


def test_clusters_count_and_not_questions(observation: Make) -> None:
    """Ten questions of one model that are right together widen the interval to that of the models."""
    plain = memorisation(rows(observation, "p", right=14, clusters=20), rows(observation, "f", right=10, clusters=20))
    many = memorisation(
        rows(observation, "p", right=14, clusters=20, each=10), rows(observation, "f", right=10, clusters=20, each=10)
    )
    assert (many.low, many.high) == (plain.low, plain.high)
    assert many.said == "no gap is shown"


def test_scores_are_those_of_the_runs(observation: Make) -> None:
    """Either side is the clustered score that a report shows."""
    gap = memorisation(rows(observation, "p", right=3, clusters=8), rows(observation, "f", right=8, clusters=8))
    assert gap.published == score_interval(tally([score_cluster([1])] * 3 + [score_cluster([0])] * 5))
    assert gap.fresh.estimate == 1


def test_too_few_clusters_tell_nothing(observation: Make) -> None:
    """One cluster has no spread, and an empty run no score."""
    one = rows(observation, "p", right=1, clusters=1)
    assert memorisation(one, rows(observation, "f", right=1, clusters=9)).said.startswith("cannot tell")
    assert memorisation(iter(()), rows(observation, "f", right=1, clusters=9)).estimate is None
