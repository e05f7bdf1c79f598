"""Several causal profiles side by side: a row for each figure, a column for each run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from causal_eval.analysis.columns import Row, table
from causal_eval.analysis.intervals import Interval
from causal_eval.analysis.numbers import NONE, count, ends, hundredths, level
from causal_eval.analysis.plain import one_line
from causal_eval.analysis.profiling.portrait import CausalProfile
from causal_eval.analysis.reports.profiling import Block, advice_lines

NOTE = "Each interval stands alone: `causal-eval compare` says whether two runs differ"
Named = Mapping[str, CausalProfile]
"""What a run is called -> its profile; in the order of the columns."""


def beside_lines(found: Named) -> Iterator[str]:
    """The profiles, a table a part, then what follows for each."""
    first = next(iter(found.values()))
    yield f"{len(found)} runs of one question set; intervals of {level(first.level)}, clustered. {NOTE}"
    for title, head, rows in beside_blocks(found):
        yield f"\n{title}:"
        yield from table([head], rows)
    for name, one in found.items():
        yield f"\n{one_line(name)}:"
        yield from advice_lines(one)


def beside_blocks(found: Named) -> Iterator[Block]:
    """The tables that hold something; a figure that a run has nothing for is a dash."""
    parts: list[tuple[str, list[tuple[str, Row]]]] = [
        ("Scores, per cent", _rows(found, _scores)),
        ("Linked questions, points", _rows(found, _metrics)),
        ("Shortcuts: the same wrong answers, less chance, points", _rows(found, _shortcuts)),
        ("Causes, per cent of the misses (* beyond coincidence)", _rows(found, _causes)),
    ]
    for title, rows in parts:
        if rows:
            yield title, ("part", *map(one_line, found)), [(label, *cells) for label, cells in rows]


def _rows(found: Named, figures: Callable[[CausalProfile], Mapping[str, str]]) -> list[tuple[str, Row]]:
    """A row for each figure that some run has."""
    columns = [figures(one) for one in found.values()]
    labels = dict.fromkeys(label for column in columns for label in column)
    return [(label, tuple(column.get(label, NONE) for column in columns)) for label in labels]


def _scores(one: CausalProfile) -> Mapping[str, str]:
    matrix = one.matrix
    places = [("overall", "", 0), *((f"rung {rung}", "", rung) for rung in matrix.rungs)]
    places += [(family, family, 0) for family in matrix.families]
    return {label: _told(matrix.cell(family, rung).score) for label, family, rung in places}


def _metrics(one: CausalProfile) -> Mapping[str, str]:
    told = [metric for metric in one.metrics if metric.value.estimate is not None]
    return {metric.name: _told(metric.value, signed=True) for metric in told}


def _shortcuts(one: CausalProfile) -> Mapping[str, str]:
    return {met.shortcut: _told(met.beyond, signed=True) for met in one.shortcuts if met.beyond.n}


def _causes(one: CausalProfile) -> Mapping[str, str]:
    """By title, those that some miss matches."""
    told = [cause for cause in one.diagnosis.causes if cause.share.estimate]
    return {cause.title: f"{_told(cause.share)}{' *' if cause.is_shown else ''}" for cause in told}


def _told(value: Interval, *, signed: bool = False) -> str:
    if value.estimate is None:
        return NONE
    return f"{hundredths(value.estimate, signed=signed)} {ends(value)} n {count(value.n)}"


def beside_names(answerers: Sequence[str], runs: Sequence[str]) -> list[str]:
    """What each run is called: its answerer, and its id too where another run is of the same."""
    return [f"{name} ({run})" if answerers.count(name) > 1 else name for name, run in zip(answerers, runs, strict=True)]
