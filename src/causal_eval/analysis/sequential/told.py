"""What a run that is followed says, in sentences and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from causal_eval.analysis.intervals import Interval
from causal_eval.analysis.numbers import counted, ends, level, percent, points
from causal_eval.analysis.plain import one_line
from causal_eval.analysis.sequential.following import Followed, Sequential
from causal_eval.analysis.sequential.rule import StopRule


def sequential_line(evaluation: str, rule: StopRule, *, found: Sequential) -> dict[str, Any]:
    """All but the way there, as it leaves as JSON."""
    return {
        "evaluation": evaluation, "answerer": found.answerer, "rule": asdict(rule),
        "reached": None if found.reached is None else found.reached.value,
        "score": _followed_line(found.score),
        "difference": None if found.difference is None else _followed_line(found.difference),
        "baseline": found.baseline,
    }  # fmt: skip


def sentences(found: Sequential) -> list[str]:
    """What is known now, and why the run may stop, a sentence each."""
    name = one_line(found.answerer)
    said = [f"{name} scores {_said(found.score, is_difference=False)}"]
    if found.difference is not None:
        said.append(f"{name} minus {one_line(found.baseline)}: {_said(found.difference, is_difference=True)}")
    first = found.stopped
    if first is not None and first.after is not None and found.reached is not None:
        said.append(f"Stopped by the rule after {counted(first.after.clusters, 'cluster')}: {_REACHED[found.reached]}")
    return said


_REACHED = {
    "narrow enough": "the interval of the score is narrow enough",
    "better": "better than the baseline",
    "worse": "worse than the baseline",
    "pass": "no more than the margin worse than the baseline",
    "fail": "worse than the baseline by more than the margin",
}


def _said(found: Followed, *, is_difference: bool) -> str:
    now = found.now
    if not now.clusters:
        return "nothing yet: no cluster of the order is over"
    value = points(now.estimate) if is_difference else percent(now.estimate)
    between = ends(Interval(now.estimate, now.low, now.high, now.clusters, now.clusters, found.level))
    missing = f", {counted(found.bounded, 'cluster')} with something missing bounded" if found.bounded else ""
    return (
        f"{value} {between} over {counted(now.clusters, 'cluster')}, valid at {level(found.level)} whenever it is "
        f"looked at{missing}"
    )


def _followed_line(found: Followed) -> dict[str, Any]:
    now, after = found.now, found.after
    return {
        "estimate": now.estimate if now.clusters else None, "low": now.low if now.clusters else None,
        "high": now.high if now.clusters else None, "clusters": now.clusters, "bounded": found.bounded,
        "level": found.level, "reached": None if found.reached is None else found.reached.value,
        "after": None if after is None else asdict(after),
    }  # fmt: skip
