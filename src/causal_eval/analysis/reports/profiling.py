"""A causal profile as lines of plain text, as rows of tables, and as it leaves as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from causal_eval.analysis.columns import Row, table
from causal_eval.analysis.intervals import Interval
from causal_eval.analysis.numbers import NONE, count, counted, ends, hundredths, level, percent
from causal_eval.analysis.plain import one_line
from causal_eval.analysis.profiling.advice import Recommendation
from causal_eval.analysis.profiling.matrix import Matrix
from causal_eval.analysis.profiling.portrait import CausalProfile
from causal_eval.analysis.profiling.shortcuts import ShortcutShare
from causal_eval.analysis.reports.diagnosing import diagnosis_line, sentences
from causal_eval.analysis.reports.linked import metric_line

Json = Mapping[str, object]
Block = tuple[str, Row, Sequence[Row]]
"""Title, head and rows of a table."""
ADVICE_RULE = (
    "Recommendations are made only where a figure's whole interval lies beyond its threshold; intervals are not "
    "adjusted for how many figures are looked at."
)


def profile_lines(found: CausalProfile) -> Iterator[str]:
    """The profile, a table a part, and what follows from it."""
    whole = found.matrix.overall.score
    yield (
        f"{one_line(found.answerer)}: {percent(whole.estimate)} {ends(whole)}, {counted(whole.n, 'unit')} in "
        f"{counted(whole.clusters, 'cluster')}; intervals of {level(found.level)}, clustered"
    )
    for title, head, rows in blocks(found):
        yield ""
        yield f"{title}:"
        yield from table([head], rows)
    yield ""
    yield from sentences(found.diagnosis)
    yield ""
    yield from advice_lines(found)


def blocks(found: CausalProfile, *, narrow: bool = False) -> Iterator[Block]:
    """The tables that hold something; *narrow*: scores stand below each other, not a column a rung."""
    yield "Rungs and families, per cent", *(_listed(found.matrix) if narrow else _matrix(found.matrix))
    head: Row
    told = [one for one in found.metrics if one.value.estimate is not None]
    if told:
        head = ("linked questions", "value", "interval", "answers", "clusters")
        yield "Linked questions, points", head, [(one.name, *_figures(one.value)) for one in told]
    met = [one for one in found.shortcuts if one.equal.n]
    if met:
        head = ("shortcut", "answers equal", "interval", "wrong alike, less chance", "interval", "misses", "clusters")
        yield "Shortcuts, per cent and points", head, [_shortcut(one) for one in met]
    if (gap := found.memorisation) is not None:
        interval = Interval(gap.estimate, gap.low, gap.high, gap.fresh.clusters, gap.fresh.n)
        head = ("memorisation", "gap", "interval", "fresh units", "clusters")
        yield "Published questions less fresh ones, points", head, [(gap.said, *_figures(interval))]


def advice_lines(found: CausalProfile) -> Iterator[str]:
    """Every recommendation with the figure that it rests on, or that there is none."""
    if not found.recommendations:
        yield "No figure is shown to be beyond its threshold: nothing is recommended"
    for one in found.recommendations:
        yield f"{one.text} [{figure(one)}]"


def figure(one: Recommendation) -> str:
    """The figure of a recommendation in full: name, value, interval, n, threshold."""
    name = f"{one.rule} {one.about}".strip()
    way = "above" if one.above else "below"
    return (
        f"{name} {hundredths(one.value.estimate)} {ends(one.value)}, n {count(one.value.n)} in "
        f"{counted(one.value.clusters, 'cluster')}, {way} {hundredths(one.threshold)}"
    )


def profile_line(found: CausalProfile) -> Json:
    """All of it as it leaves as JSON."""
    return {
        "answerer": found.answerer,
        "level": found.level,
        "matrix": [
            {"family": cell.family or None, "rung": cell.rung or None, **interval_line(cell.score)}
            for cell in found.matrix.cells
        ],
        "metrics": [metric_line(metric) for metric in found.metrics],
        "shortcuts": [
            {"shortcut": one.shortcut, "equal": interval_line(one.equal), "beyond_chance": interval_line(one.beyond)}
            for one in found.shortcuts
        ],
        "unparsed": interval_line(found.unparsed),
        "memorisation": None if found.memorisation is None else _gap_line(found),
        "diagnosis": diagnosis_line(found.diagnosis),
        "recommendations": [recommendation_line(one) for one in found.recommendations],
    }


def recommendation_line(one: Recommendation) -> Json:
    """A recommendation as JSON, with its figure."""
    return {
        "rule": one.rule, "about": one.about, "text": one.text, "threshold": one.threshold, "above": one.above,
        "figure": interval_line(one.value),
    }  # fmt: skip


def interval_line(value: Interval) -> Json:
    """A figure as JSON."""
    return {
        "estimate": value.estimate, "low": value.low, "high": value.high, "n": value.n, "clusters": value.clusters
    }  # fmt: skip


def _gap_line(found: CausalProfile) -> Json:
    gap = found.memorisation
    assert gap is not None
    return {
        "estimate": gap.estimate, "low": gap.low, "high": gap.high, "said": gap.said,
        "published": interval_line(gap.published), "fresh": interval_line(gap.fresh),
    }  # fmt: skip


def _matrix(found: Matrix) -> tuple[Row, list[Row]]:
    """A row a family, a column a rung; each cell its score, interval and units."""
    rungs = (*found.rungs, 0)
    head = ("family", *(f"rung {rung}" if rung else "all" for rung in rungs))
    rows = [
        (family or "all", *(_cell(found.cell(family, rung).score) for rung in rungs))
        for family in (*found.families, "")
    ]
    return head, rows


def _listed(found: Matrix) -> tuple[Row, list[Row]]:
    """A row a cell; a family on one rung alone has one."""
    alone = [cell.family for cell in found.cells if cell.family and cell.rung]
    rows = [
        (cell.family or "all", str(cell.rung or "all"), *_figures(cell.score, signed=False))
        for cell in found.cells
        if cell.rung or alone.count(cell.family) != 1
    ]
    return ("family", "rung", "score", "interval", "units", "clusters"), rows


def _cell(score: Interval) -> str:
    return f"{hundredths(score.estimate)} {ends(score)} n {count(score.n)}" if score.n else NONE


def _figures(value: Interval, *, signed: bool = True) -> Row:
    return hundredths(value.estimate, signed=signed), ends(value), count(value.n), count(value.clusters)


def _shortcut(one: ShortcutShare) -> Row:
    return (
        one.shortcut, percent(one.equal.estimate), ends(one.equal), hundredths(one.beyond.estimate, signed=True),
        ends(one.beyond), count(one.beyond.n), count(one.beyond.clusters),
    )  # fmt: skip
