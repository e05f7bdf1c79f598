"""All that measurements of one model over time allow to say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from causal_eval.analysis.numbers import counted, ends, percent, points
from causal_eval.analysis.plain import one_line
from causal_eval.analysis.trends.changes import Change, changes
from causal_eval.analysis.trends.drift import Drift, drift, is_anchored
from causal_eval.analysis.trends.measurement import Measurement
from causal_eval.analysis.trends.swaps import Agreement, Swap, agreements, swaps
from causal_eval.errors import UsageError

FEWEST = 2


@dataclass(frozen=True, slots=True)
class Trend:
    """Measurements, oldest first, and what they show."""

    measurements: tuple[Measurement, ...]
    anchored: bool
    """The same questions again and again; False: fresh ones of one suite."""
    changes: tuple[Change, ...]
    drift: Drift
    agreements: tuple[Agreement, ...]
    swaps: tuple[Swap, ...]


def trend(measurements: Sequence[Measurement]) -> Trend:
    """What *measurements* show.

    Raises:
        UsageError: there are fewer than two, of several models, or of questions that cannot stand beside each other.
    """
    found = sorted(measurements, key=lambda one: (one.at, one.evaluation))
    if len(found) < FEWEST:
        raise UsageError(f"{counted(len(found), 'measurement')}: a trend needs at least {FEWEST} runs of one model")
    for what, names in (
        ("answerers", {one.answerer for one in found}),
        ("suites", {one.suite for one in found}),
    ):
        if len(names) > 1:
            raise UsageError(f"runs are of several {what} ({', '.join(sorted(names))}): name those of one")
    agreeing = agreements(found)
    return Trend(tuple(found), is_anchored(found), changes(found), drift(found), agreeing, swaps(found, agreeing))


def day(at: float) -> str:
    """The day of a time, UTC."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def sentences(found: Trend) -> list[str]:
    """What is shown, a line each: measurements, changes, drift, signs of another model."""
    name = one_line(found.measurements[0].answerer)
    kind = "the same questions" if found.anchored else "fresh questions of one suite"
    said = [f"{name}: {counted(len(found.measurements), 'measurement')} of {kind}"]
    said += [
        f"{day(one.at)}  {one.evaluation}  {percent(one.score.estimate)} {ends(one.score)}"
        for one in found.measurements
    ]
    said += [
        f"Change between {one.before} and {one.after}: {points(one.jump)} (p = {one.p:.3f})" for one in found.changes
    ] or ["No change of the mean is shown (with fewer than eight measurements hardly any could be)"]
    capital = max(max(one.down, one.up) for one in found.drift.path)
    if found.drift.alarm is None:
        said.append(
            f"No drift is shown: capital {math.exp(capital):.2g} at most, {1 / found.drift.alpha:g} would show one"
        )
    else:
        way = "fallen" if found.drift.is_fall else "risen"
        said.append(f"Drift: since {found.drift.alarm} its answers are shown to have {way}")
    return said + [_swap(one) for one in found.swaps]


def trend_line(found: Trend) -> dict[str, Any]:
    """The same as it leaves as JSON."""
    return {
        "answerer": found.measurements[0].answerer,
        "anchored": found.anchored,
        "measurements": [
            {
                "evaluation": one.evaluation, "at": one.at, "score": one.score.estimate, "low": one.score.low,
                "high": one.score.high, "clusters": one.score.clusters, "served": dict(one.served),
                "fingerprints": dict(one.fingerprints),
            }
            for one in found.measurements
        ],
        "changes": [asdict(one) for one in found.changes],
        "drift": asdict(found.drift),
        "agreements": [asdict(one) for one in found.agreements],
        "swaps": [asdict(one) for one in found.swaps],
    }  # fmt: skip


def _swap(one: Swap) -> str:
    match one.what:
        case "served":
            said = f"the provider says that {one_line(one.after)} answered, before it was {one_line(one.before)}"
        case "mixed":
            said = f"the provider says that several answered: {one_line(one.after)}"
        case "fingerprint":
            said = f"the provider's fingerprint is {one_line(one.after)}, before it was {one_line(one.before)}"
        case _:
            said = f"answers agree less with those before: {one.after} of them, {one.before} the time before"
    return f"Perhaps another model, {one.evaluation}: {said}"
