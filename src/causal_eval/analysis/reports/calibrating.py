"""A calibration as lines of plain text, as rows of a table, and as it leaves as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from causal_eval.analysis.calibration.bins import Bin
from causal_eval.analysis.calibration.calibrate import Calibration
from causal_eval.analysis.columns import Row, table
from causal_eval.analysis.intervals import Interval
from causal_eval.analysis.numbers import NONE, count, counted, ends, hundredths, percent, points
from causal_eval.analysis.plain import one_line
from causal_eval.analysis.statements import FEW_CLUSTERS

Json = Mapping[str, object]
HEAD = ("stated, %", "mean", "right, %", "interval", "answers", "clusters")
RULE = (
    "Brier score = miscalibration - discrimination + uncertainty: the mean squared distance of confidence from what "
    "came, 0 at best. Its skill is what it saves of the uncertainty, the score of stating the share right every time. "
    "Calibration error, miscalibration and discrimination are too large where answers are few."
)
NOTHING = "ask with --elicitation confidence"


def calibration_lines(found: Calibration) -> Iterator[str]:
    """The statements, the table of bins, and what the words mean."""
    yield from sentences(found)
    if found.bins:
        yield ""
        yield from table([HEAD], bin_rows(found))
        yield ""
        yield RULE


def sentences(found: Calibration) -> Iterator[str]:
    """What may be said, one sentence a line, each with its interval and n."""
    name = one_line(found.answerer)
    if not found.counts.stated:
        yield f"No answer of {name} that could be read states a confidence: {NOTHING}"
        yield from _left_out(found)
        return
    yield (
        f"{name} is {percent(found.confidence.estimate)} sure on average and right in {percent(found.right.estimate)} "
        f"{ends(found.right)}: the difference of {points(found.gap.estimate)} {ends(found.gap)} shows "
        f"{verdict(found)}, {counted(found.counts.stated, 'answer')} in {counted(found.gap.clusters, 'cluster')}"
    )
    yield f"Brier score {decimal(found.brier.estimate)} {decimals(found.brier)}, skill {_skill(found.skill)}"
    if found.parts is not None:
        parts = found.parts
        yield (
            f"Of it, miscalibration {decimal(parts.miscalibration)}, discrimination {decimal(parts.discrimination)}, "
            f"uncertainty {decimal(parts.uncertainty)}"
        )
    if found.error is not None:
        yield (
            f"Expected calibration error {percent(found.error.ece)}; were every confidence deserved, luck alone would "
            f"make it about {percent(found.error.if_calibrated)}"
        )
    yield from _left_out(found)
    if found.gap.clusters < FEW_CLUSTERS:
        yield f"Fewer than {FEW_CLUSTERS} clusters: take intervals as rough"


def verdict(found: Calibration) -> str:
    """Over- or under-confidence only if the whole interval says so."""
    low, high = found.gap.low, found.gap.high
    if low is None or high is None or low <= 0 <= high:
        return "neither over- nor under-confidence"
    return "over-confidence" if low > 0 else "under-confidence"


def bin_rows(found: Calibration) -> list[Row]:
    """The rows of the table, below :data:`HEAD`."""
    return [
        (
            span(one), hundredths(one.confidence), hundredths(one.right.estimate), ends(one.right), count(one.right.n),
            count(one.right.clusters),
        )
        for one in found.bins
    ]  # fmt: skip


def span(one: Bin) -> str:
    """The confidences that a bin holds, in per cent: ``80 to 90``."""
    return f"{100 * one.low:g} to {100 * one.high:g}"


def decimal(number: float | None) -> str:
    """A number that is no share: ``0.247``."""
    return NONE if number is None else f"{number:.3f}"


def decimals(interval: Interval) -> str:
    """The ends of its interval: ``[0.201, 0.293]``."""
    if interval.low is None or interval.high is None:
        return NONE
    return f"[{interval.low:.3f}, {interval.high:.3f}]"


def calibration_line(found: Calibration) -> Json:
    """All of it as it leaves as JSON."""
    counts, parts, error = found.counts, found.parts, found.error
    return {
        "answerer": found.answerer, "level": found.level, "asked": counts.asked, "answers": counts.answers,
        "stated": counts.stated, "unstated": {why.value: n for why, n in counts.unstated.items()},
        "no_answer": counts.no_answer, "confidence": _figure(found.confidence), "right": _figure(found.right),
        "gap": _figure(found.gap), "brier": _figure(found.brier), "skill": _figure(found.skill),
        "miscalibration": None if parts is None else parts.miscalibration,
        "discrimination": None if parts is None else parts.discrimination,
        "uncertainty": None if parts is None else parts.uncertainty,
        "ece": None if error is None else error.ece,
        "ece_if_calibrated": None if error is None else error.if_calibrated,
        "bins": [
            {"low": one.low, "high": one.high, "confidence": one.confidence, "right": _figure(one.right)}
            for one in found.bins
        ],
    }  # fmt: skip


def _figure(one: Interval) -> Json:
    return {"estimate": one.estimate, "low": one.low, "high": one.high, "units": one.n, "clusters": one.clusters}


def _skill(one: Interval) -> str:
    if one.estimate is None:
        return "not defined, as all answers are right or all wrong"
    return f"{percent(one.estimate)} {ends(one)} against stating the share right every time"


def _left_out(found: Calibration) -> Iterator[str]:
    unstated, no_answer = found.counts.unstated, found.counts.no_answer
    if unstated and found.counts.stated:
        why = ", ".join(f"{count(n)} {one.value.replace('_', ' ')}" for one, n in unstated.items())
        silent, all_ = sum(unstated.values()), found.counts.answers
        yield f"No confidence is stated by {count(silent)} of {count(all_)} answers: {why}"
    if no_answer:
        yield f"Left out: {count(no_answer)} without an answer that could be read"
