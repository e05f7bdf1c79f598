"""What is counted, what is left out, and intervals that hold the truth."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest

from causal_eval.analysis.calibration.calibrate import Calibration, calibrate
from causal_eval.analysis.calibration.stated import Replied, Stated
from causal_eval.analysis.observation import Observation
from causal_eval.scoring.confidence import Unstated
from causal_eval.scoring.verdict import Mark

Draw = Callable[..., list[list[Stated]]]
ROW = Observation(
    answerer="lab/sure", question="q", sample=0, family="effect", kind="ate", rung=2, domain="medicine", regime="real",
    difficulty=1, cluster="c", twin=None, joint=False, exempt=(), mark=Mark.CORRECT, strict=Mark.CORRECT,
    share=Fraction(1),
)  # fmt: skip


def _replied(mark: Mark, line: str, *, cluster: str = "c", finish: str = "stop") -> Replied:
    return Replied(replace(ROW, mark=mark, cluster=cluster), f"So.\n{line}\nANSWER: x", finish)


def _calibrated(clusters: list[list[Stated]]) -> Calibration:
    rows = [
        _replied(Mark.CORRECT if one.y else Mark.WRONG, f"CONFIDENCE: {float(100 * one.c):g}", cluster=one.cluster)
        for own in clusters
        for one in own
    ]
    return calibrate("lab/sure", rows)


def test_what_is_counted_and_what_is_left_out() -> None:
    """Right in part is not right; no answer is not calibrated; what is missing or ungraded is nobody's doing."""
    rows = [
        _replied(Mark.CORRECT, "CONFIDENCE: 90"), _replied(Mark.PARTIAL, "CONFIDENCE: 70", cluster="d"),
        _replied(Mark.WRONG, "CONFIDENCE: 0.8"), _replied(Mark.WRONG, "CONFIDENCE: 200"), _replied(Mark.CORRECT, ""),
        _replied(Mark.UNPARSED, "CONFIDENCE: 60"), Replied(replace(ROW, mark=Mark.ABSTAINED), None, ""),
        Replied(replace(ROW, mark=Mark.MISSING), None, ""), _replied(Mark.UNGRADED, "CONFIDENCE: 60"),
    ]  # fmt: skip
    found = calibrate("lab/sure", rows)
    counts = found.counts
    assert (counts.asked, counts.answers, counts.stated, counts.no_answer) == (9, 5, 2, 2)
    assert counts.unstated == {Unstated.ABSENT: 1, Unstated.OUT_OF_RANGE: 1, Unstated.UNREADABLE: 1}
    assert (found.confidence.estimate, found.right.estimate, found.gap.estimate) == pytest.approx((0.8, 0.5, 0.3))
    assert found.brier.estimate == pytest.approx((0.01 + 0.49) / 2)
    assert (found.gap.n, found.gap.clusters) == (2, 2)


def test_where_nothing_is_stated_there_is_no_figure() -> None:
    """Every estimate is None, every count is there."""
    found = calibrate("lab/sure", [_replied(Mark.CORRECT, ""), _replied(Mark.WRONG, "I am sure.")])
    assert (found.counts.answers, found.counts.stated, found.bins) == (2, 0, ())
    figures = (found.confidence, found.right, found.gap, found.brier, found.skill)
    assert [one.estimate for one in figures] == [None] * 5
    assert (found.parts, found.error) == (None, None)


def test_the_order_of_clusters_changes_nothing(draw: Draw) -> None:
    """Sums are exact: the same answers in another order give the same bits."""
    clusters = draw(random.Random("order"), clusters=25, shift=0.1)
    assert _calibrated(clusters) == _calibrated(clusters[::-1])


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.2, 0.0])
def test_intervals_cover(draw: Draw, shift: float) -> None:
    """100 runs in 30 clusters of three: 95 % of the intervals of gap and Brier score hold what is true."""
    rng, gaps, briers = random.Random(f"cover/{shift}"), 0, 0
    skills = {c: min(1.0, c - shift) for c in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)}
    gap = sum(c - p for c, p in skills.items()) / 7
    brier = sum(p * (1 - c) ** 2 + (1 - p) * c * c for c, p in skills.items()) / 7
    for _ in range(100):
        found = _calibrated(draw(rng, clusters=30, shift=shift, size=3))
        gaps += (found.gap.low or 0) <= gap <= (found.gap.high or 0)
        briers += (found.brier.low or 0) <= brier <= (found.brier.high or 0)
    assert 89 <= gaps <= 100
    assert 89 <= briers <= 100


def test_who_is_never_wrong_may_yet_be() -> None:
    """All right at 90 %: under-confident by 10 points, but with 30 clusters nothing of it is certain."""
    found = _calibrated([[Stated(f"c{place}", Fraction(9, 10), 1)] for place in range(30)])
    assert found.gap.estimate == pytest.approx(-0.1)
    assert found.gap.low == pytest.approx(-0.1)
    assert found.gap.high == pytest.approx(0.9 - (found.right.low or 0))
    assert (found.gap.high or 0) > 0
    assert (found.brier.high or 0) > 0.1
    assert found.skill.estimate is None
