"""Responses: clusters weigh one each, twin groups count once, what was not scored says nothing."""

from __future__ import annotations

from collections.abc import Callable

from causal_eval.analysis.adaptive.dials import Dial, Response, responses, summed
from causal_eval.analysis.observation import Observation
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Observation]


def test_a_cluster_weighs_one(observation: Make) -> None:
    """Two questions of one model share its weight; a missing one leaves it to the other."""
    both = [observation("q1", Mark.CORRECT, cluster="c"), observation("q2", Mark.WRONG, cluster="c", difficulty=4)]
    easy, hard = Dial("effect/ate", "real", 1), Dial("effect/ate", "real", 4)
    assert list(responses(both)) == [
        Response("lab/model", easy, 0.5, 0.5),
        Response("lab/model", hard, 0.5, 0.0),
    ]
    lost = [both[0], observation("q2", Mark.MISSING, cluster="c")]
    assert list(responses(lost)) == [Response("lab/model", easy, 1.0, 1.0)]


def test_a_twin_group_is_one_unit(observation: Make) -> None:
    """Right where all of it is."""
    twins = [observation(f"q{n}", Mark.CORRECT, cluster="c", twin="t", joint=True) for n in range(2)]
    assert [(one.weight, one.right) for one in responses(twins)] == [(1.0, 1.0)]
    twins[1] = observation("q1", Mark.WRONG, cluster="c", twin="t", joint=True)
    assert [(one.weight, one.right) for one in responses(twins)] == [(1.0, 0.0)]


def test_sums_are_one_response_for_each_setting() -> None:
    """Weights and what was right of them add up; answerers and settings stay apart."""
    easy, hard = Dial("effect/ate", "real", 1), Dial("effect/ate", "real", 4)
    found = [Response("a", easy, 0.5, 0.5), Response("b", easy, 1.0, 0.0), Response("a", easy, 1.0, 0.0)]
    assert list(summed([*found, Response("a", hard, 1.0, 1.0)])) == [
        Response("a", easy, 1.5, 0.5),
        Response("b", easy, 1.0, 0.0),
        Response("a", hard, 1.0, 1.0),
    ]
