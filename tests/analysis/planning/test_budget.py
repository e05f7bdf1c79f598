"""A variance budget names the source of error that there is, and what to buy next."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable
from fractions import Fraction

import pytest
from tests.analysis.planning.nested import Known

from causal_eval.analysis.intervals import score_cluster, score_interval, tally
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.planning.budget import SOURCES, Costs, budget, variance_budget
from causal_eval.analysis.planning.nests import nest
from causal_eval.analysis.reports.planning import budget_lines
from causal_eval.errors import UsageError
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Observation]
BY_MODEL = Known(Fraction(9, 20), Fraction(0), sizes=(4,), samples=(3,))
BY_SAMPLE = Known(Fraction(0), Fraction(0), sizes=(4,), samples=(3,))


def test_the_source_is_named() -> None:
    """Answers that depend on the causal model alone, or on luck alone, have their error there."""
    of_model = budget(BY_MODEL.drawn(random.Random(1), 80), answerer="m", costs=Costs())
    assert of_model.parts[0].share > 0.9
    assert of_model.purchases[0].source == SOURCES[0]
    of_luck = budget(BY_SAMPLE.drawn(random.Random(1), 80), answerer="m", costs=Costs())
    assert of_luck.parts[2].share > 0.5
    gains = {one.source: one.gain for one in of_luck.purchases}
    assert gains["sampling"] > 0.1
    assert math.fsum(part.share for part in of_luck.parts) == pytest.approx(1.0)


def test_the_next_dollar_goes_where_it_is_cheap() -> None:
    """With calls alone to pay, new causal models are best; where a model is dear, more is asked about each."""
    drawn = Known(Fraction(1, 10), Fraction(1, 4), sizes=(2,), samples=(2,)).drawn(random.Random(2), 300)
    best = [
        budget(drawn, answerer="m", costs=costs).best
        for costs in (Costs(), Costs(call=0.01, cluster=5.0), Costs(call=0.01, question=1.0))
    ]
    cheap, dear, checked = (one for one in best if one is not None)
    assert cheap.questions == 1
    assert dear.questions > 4
    assert checked.samples > 2


def test_nothing_is_recommended_that_is_not_known() -> None:
    """Where hardly a causal model has two questions, no allocation is given, and it is said why."""
    drawn = Counter({nest([[0]]): 14, nest([[1]]): 14, nest([[0], [1]]): 2})
    found = budget(drawn, answerer="m", costs=Costs(cluster=5.0))
    assert found.best is None
    assert "too few causal models" in "\n".join(budget_lines(found))


def test_the_rows_of_a_run(observation: Make) -> None:
    """Rows with two samples give the budget; its standard error is about the headline's, which knows no components."""
    rng, rows, clusters = random.Random(3), [], []
    for number in range(150):
        lean, scores = rng.random(), []
        for question in range(rng.randint(1, 3)):
            marks = [rng.random() < lean for _ in range(2)]
            scores.append(Fraction(sum(marks), 2))
            rows += [
                observation(
                    f"q{number}-{question}", Mark.CORRECT if mark else Mark.WRONG, sample=sample, cluster=f"c{number}"
                )
                for sample, mark in enumerate(marks)
            ]
        clusters.append(score_cluster(scores, 2 * len(scores)))
    found = variance_budget(rows)
    assert found.se == pytest.approx(score_interval(tally(clusters)).se or 0, rel=0.1)
    assert (found.answerer, found.shape.clusters) == ("lab/model", 150)
    assert "causal model" in "\n".join(budget_lines(found))


def test_what_was_not_repeated_is_said() -> None:
    """Where every question was asked once, no purchase of samples is recommended, and the text says how to know."""
    found = budget(Counter({nest([[0], [1]]): 20, nest([[1], [1]]): 20}), answerer="m", costs=Costs())
    assert {one.source for one in found.purchases} == {"causal model", "wording"}
    assert "--epochs 2" in "\n".join(budget_lines(found))


def test_what_cannot_be_budgeted_is_refused() -> None:
    """Answers that are all alike have no variance, and costs are dollars."""
    with pytest.raises(UsageError, match="same score"):
        budget(Counter({nest([[1], [1]]): 20}), answerer="m", costs=Costs())
    for wrong in ({"call": -1.0}, {"call": math.nan}, {"call": 0.0}):
        with pytest.raises(UsageError, match="dollars"):
            Costs(**wrong)
