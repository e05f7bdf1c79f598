"""Metrics of linked questions as lines of plain text, and as they leave as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from causal_eval.analysis.columns import table
from causal_eval.analysis.numbers import count, ends, hundredths, level
from causal_eval.analysis.plain import one_line
from causal_eval.analysis.twins.metrics import Metric

_HEAD = ("metric", "value", "interval", "answers", "clusters", "what it is")


def metric_lines(answerer: str, metrics: Sequence[Metric]) -> Iterator[str]:
    """A row for each metric that something was answered for, and the names of the others."""
    told = [one for one in metrics if one.value.estimate is not None]
    if told:
        yield f"{one_line(answerer)}: points of a hundred, intervals of {level(told[0].value.level)}, clustered"
        yield from table([_HEAD], [_row(one) for one in told])
    if rest := [one.name for one in metrics if one.value.estimate is None]:
        yield f"nothing was answered for {', '.join(rest)}"


def metric_line(metric: Metric) -> dict[str, Any]:
    """A metric as it leaves as JSON."""
    value = metric.value
    return {
        "metric": metric.name, "about": metric.about, "estimate": value.estimate, "low": value.low, "high": value.high,
        "answers": value.n, "clusters": value.clusters, "level": value.level,
    }  # fmt: skip


def _row(one: Metric) -> tuple[str, ...]:
    value = one.value
    return (
        one.name, hundredths(value.estimate), ends(value), count(value.n), count(value.clusters), one.about
    )  # fmt: skip
