"""A run's scores with every interval, as lines of plain text."""

from __future__ import annotations

from collections.abc import Iterator

from causal_eval.analysis.columns import Row, table
from causal_eval.analysis.numbers import NONE, count, counted, ends, hundredths, level, percent
from causal_eval.analysis.plain import one_line
from causal_eval.analysis.robust import Ends, Robust
from causal_eval.analysis.scores import Score, Table, Weighted, Worst

_HEAD = ("score", "Wilson", "CR2", "bootstrap", "wild", "less chance", "if missing", "units", "clusters")


def score_lines(found: Table, *, by: str) -> Iterator[str]:
    """The table, then what is not a row of it: the lowest part, the mean of parts, what is rough or missing."""
    overall = found.overall
    yield f"{one_line(overall.answerer)}: per cent, intervals of {level(overall.score.level)}, clustered"
    yield from table([(by, *_HEAD)], [_row(one) for one in (overall, *found.parts)])
    yield ""
    yield "all: each unit weighs the same"
    if found.equal is not None:
        mean = found.equal
        yield f"each {by} weighs the same (1/{len(mean.weights)}): {percent(mean.estimate)} {_ends(mean)}"
    if found.worst is not None:
        worst = found.worst
        yield f"lowest: {one_line(worst.value)} {percent(worst.score)}; the lowest true score is within {_ends(worst)}"
    if few := [one.value or "all" for one in (overall, *found.parts) if one.few]:
        yield f"fewer than 20 clusters, so its intervals are rough: {', '.join(map(one_line, few))}"
    if overall.lost:
        yield f"{counted(overall.lost, 'unit')} missing or not judged: left out, and bounded"


def _row(one: Score) -> Row:
    missing = one.missing
    bounds = f"{hundredths(missing.low)} to {hundredths(missing.high)}" if one.lost else NONE
    corrected = one.corrected.estimate if one.corrected else None
    return (
        one_line(one.value) or "all", hundredths(one.score.estimate), ends(one.score), _ends(one.cr2),
        _ends(one.bootstrap), _ends(one.wild), hundredths(corrected), bounds, count(one.score.n),
        count(one.score.clusters),
    )  # fmt: skip


def _ends(interval: Robust | Ends | Weighted | Worst | None) -> str:
    return NONE if interval is None else f"[{hundredths(interval.low)},\u00a0{hundredths(interval.high)}]"
