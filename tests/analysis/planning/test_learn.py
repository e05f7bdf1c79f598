"""What a plan learns from past answers is what they hold, and not more."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from causal_eval.analysis.observation import Observation
from causal_eval.analysis.planning.learn import Seen, apart, basis_of_pair, basis_of_score, seen, shape_of, usual_of
from causal_eval.analysis.planning.plan import Basis
from causal_eval.questions.generate import Plan, generate
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Observation]


@pytest.fixture
def run(observation: Make) -> Callable[..., Seen]:
    """Makes a run of 200 single questions, right as often as *lucks* lie below *chance*."""

    def make(answerer: str, lucks: Sequence[float], *, chance: float) -> Seen:
        marks = [Mark.CORRECT if luck < chance else Mark.WRONG for luck in lucks]
        rows = [
            observation(f"q{n}", mark, answerer=answerer, input_tokens=100, output_tokens=n, latency_ms=2000.0)
            for n, mark in enumerate(marks)
        ]
        found = seen(rows)
        assert found is not None
        return found

    return make


def _lucks(seed: int) -> list[float]:
    rng = random.Random(seed)
    return [rng.random() for _ in range(200)]


def test_a_pair_that_agrees_varies_less(run: Callable[..., Seen]) -> None:
    """Two that are right on the same questions take fewer of them than two that were never paired."""
    a, b = run("a", _lucks(1), chance=0.7), run("b", _lucks(1), chance=0.5)
    paired = basis_of_pair(a, b, source="runs a and b")
    alone = [basis_of_score(one, one.side.answerer) for one in (a, b)]
    assert paired is not None
    assert alone[0] is not None
    assert alone[1] is not None
    unpaired = apart(alone[0], alone[1])
    assert paired.variance(1) == pytest.approx(0.2 * 0.8, abs=0.06)
    assert unpaired.variance(1) == pytest.approx(0.21 + 0.25, abs=0.03)
    assert (paired.source, paired.clusters) == ("runs a and b", 200)
    assert "independently" in unpaired.source


def test_the_variance_of_few_is_taken_with_caution(run: Callable[..., Seen]) -> None:
    """What 200 causal models tell may be too low, by a factor above 1 that is small."""
    found = basis_of_score(run("a", _lucks(2), chance=0.9), "run a")
    assert found is not None
    assert 1.02 < found.caution < 1.3


def test_what_does_not_vary_tells_nothing(run: Callable[..., Seen]) -> None:
    """Runs that are right everywhere give no basis, and neither do pairs that never differ."""
    right = run("a", _lucks(3), chance=1.0)
    assert basis_of_score(right, "run a") is None
    assert basis_of_pair(right, run("b", _lucks(3), chance=1.0), source="both") is None


def test_tokens_and_time_are_means_of_replies_that_were_asked_for(observation: Make) -> None:
    """Cached replies and those that nobody counted are left out; without any there is no usual reply."""
    rows = [
        observation("q1", Mark.CORRECT, input_tokens=100, output_tokens=10, latency_ms=1000.0),
        observation("q2", Mark.CORRECT, input_tokens=300, output_tokens=30, latency_ms=None),
        observation("q3", Mark.CORRECT, input_tokens=9999, output_tokens=9999, latency_ms=9.0, is_cached=True),
        observation("q4", Mark.MISSING),
    ]
    found = seen(rows)
    assert found is not None
    usual = usual_of([found])
    assert usual is not None
    assert (usual.replies, usual.input, usual.output, usual.seconds) == (2, 200.0, 20.0, 1.0)
    assert usual_of([]) is None


def test_families_and_twin_groups(observation: Make) -> None:
    """Other families' rows are not looked at; a twin group that is scored as one is one unit of two questions."""
    rows = [
        observation("q1", Mark.CORRECT, family="chain", cluster="c", twin="t", joint=True),
        observation("q2", Mark.WRONG, family="chain", cluster="c", twin="t", joint=True),
        observation("q3", Mark.WRONG, family="effect", cluster="d"),
    ]
    found = seen(rows, frozenset({"chain"}))
    assert found is not None
    assert found.per_unit == 2.0
    assert list(found.side.clusters) == ["c"]
    assert seen(rows, frozenset({"bounds"})) is None


def test_the_shape_of_fresh_questions() -> None:
    """Questions, units and causal models of drawn questions are counted as analysis counts them."""
    drawn = list(generate(Plan(30, seed="shape", families=("effect", "contrast"))))
    made, per_unit = shape_of(drawn)
    assert made.clusters == len({question.cluster for question in drawn})
    assert made.items * per_unit == pytest.approx(len(drawn))
    assert made.spread >= 1.0


def test_apart_of_the_same_run() -> None:
    """Where one run stands for both sides, its variance counts twice and is named once."""
    one = Basis((0.1, 0.1, 0.0), 0.5, 1.0, 1.0, 1.0, "run a", clusters=50, caution=1.1)
    both = apart(one, one)
    assert both.parts == (0.2, 0.2, 0.0)
    assert both.source == "run a, as if the two were right independently of each other"
