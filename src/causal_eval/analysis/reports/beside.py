"""Several causal profiles side by side: a row for each figure, a column for each run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from causal_eval.analysis.columns import table
from causal_eval.analysis.intervals import Interval
from causal_eval.analysis.numbers import NONE, count, ends, hundredths, level
from causal_eval.analysis.plain import one_line
from causal_eval.analysis.profiling.portrait import CausalProfile
from causal_eval.analysis.reports.profiling import Block, advice_lines

NOTE = "Each interval stands alone: `causal-eval compare` says whether two runs differ"
_TITLES = {
    "scores": "Scores, per cent",
    "linked": "Linked questions, points",
    "shortcuts": "Shortcuts: the same wrong answers, less chance, points",
    "causes": "Causes, per cent of the misses (* beyond coincidence)",
}
_DIFFERENCES = frozenset({"linked", "shortcuts"})
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
    for part, rows in beside_rows(list(found.values())).items():
        signed = part in _DIFFERENCES
        cells = [(one.title, *(_cell(one, place, signed=signed) for place in range(len(found)))) for one in rows]
        yield _TITLES[part], ("part", *map(one_line, found)), cells


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of every run."""

    name: str
    """Of the scope, metric, shortcut or cause."""
    title: str
    """The same in words."""
    values: tuple[Interval | None, ...]
    """None: the run has none."""
    shown: frozenset[int] = frozenset()
    """Places of runs in which a cause is beyond coincidence."""


def beside_rows(found: Sequence[CausalProfile]) -> Mapping[str, Sequence[Row]]:
    """``scores``, ``linked``, ``shortcuts`` and ``causes`` -> a row for each figure that some run has."""
    parts = {
        "scores": _rows([_scores(one) for one in found]),
        "linked": _rows([{met.name: met.value for met in one.metrics} for one in found]),
        "shortcuts": _rows([{met.shortcut: met.beyond for met in one.shortcuts} for one in found]),
        "causes": _causes(found),
    }
    return {part: rows for part, rows in parts.items() if rows}


def _rows(columns: Sequence[Mapping[str, Interval]]) -> list[Row]:
    named = dict.fromkeys(name for column in columns for name, value in column.items() if value.estimate is not None)
    return [Row(name, name, tuple(column.get(name) for column in columns)) for name in named]


def _scores(one: CausalProfile) -> Mapping[str, Interval]:
    matrix = one.matrix
    places = [("overall", "", 0), *((f"rung {rung}", "", rung) for rung in matrix.rungs)]
    places += [(family, family, 0) for family in matrix.families]
    return {name: matrix.cell(family, rung).score for name, family, rung in places}


def _causes(found: Sequence[CausalProfile]) -> list[Row]:
    """Those that some miss matches."""
    columns = [{cause.key: cause for cause in one.diagnosis.causes if cause.share.estimate} for one in found]
    titles = {key: cause.title for column in columns for key, cause in column.items()}
    return [
        Row(
            key, title, tuple(column[key].share if key in column else None for column in columns),
            frozenset(place for place, column in enumerate(columns) if key in column and column[key].is_shown),
        )
        for key, title in titles.items()
    ]  # fmt: skip


def _cell(row: Row, place: int, *, signed: bool) -> str:
    value = row.values[place]
    if value is None or value.estimate is None:
        return NONE
    return f"{hundredths(value.estimate, signed=signed)} {ends(value)} n {count(value.n)}{' *' * (place in row.shown)}"


def beside_names(answerers: Sequence[str], runs: Sequence[str]) -> list[str]:
    """What each run is called: its answerer, and its id too where another run is of the same."""
    return [f"{name} ({run})" if answerers.count(name) > 1 else name for name, run in zip(answerers, runs, strict=True)]
