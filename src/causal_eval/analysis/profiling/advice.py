"""What follows from a figure: said only where the figure's whole interval lies beyond its threshold."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import NamedTuple

from causal_eval.analysis.intervals import Interval


class Figure(NamedTuple):
    """Something that was measured."""

    rule: str
    """The key in ``advice.toml``: a metric's name, ``cause``, ``shortcut``, ``family`` ..."""
    about: str
    """Which of its kind: ``conditioned on a collider``; empty: there is one."""
    value: Interval
    named: str = ""
    """What the advice names."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to do, and the figure that says so."""

    rule: str
    about: str
    value: Interval
    """Estimate, interval, clusters and n of the figure."""
    threshold: float
    above: bool
    """The interval lies above the threshold; else below."""
    named: str
    text: str


class _Rule(NamedTuple):
    threshold: float
    above: bool
    text: str


def recommended(figures: Iterable[Figure]) -> tuple[Recommendation, ...]:
    """What follows from the figures, in their order; nothing from one whose interval does not clear its threshold."""
    return tuple(_followed(figures))


def _followed(figures: Iterable[Figure]) -> Iterator[Recommendation]:
    for figure in figures:
        rule = rules().get(figure.rule)
        if rule is not None and _clears(figure.value, rule):
            text = rule.text.format(figure.rule, figure.named)
            yield Recommendation(
                figure.rule, figure.about, figure.value, rule.threshold, rule.above, figure.named, text
            )


def _clears(value: Interval, rule: _Rule) -> bool:
    if value.low is None or value.high is None:
        return False
    return value.low > rule.threshold if rule.above else value.high < rule.threshold


@functools.cache
def rules() -> Mapping[str, _Rule]:
    """What follows from which figure."""
    table = tomllib.loads(resources.files(__package__).joinpath("advice.toml").read_text("utf-8"))
    return {
        key: _Rule(float(one["threshold"]), "above" in one, str(one.get("above") or one["below"]))
        for key, one in table.items()
    }
