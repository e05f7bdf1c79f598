"""Charts of stored runs: each loads what it shows and hands it to its definition."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from causal_eval.analysis.charts import dots, lines, profile
from causal_eval.analysis.charts.chart import NARROW, WIDE, Chart
from causal_eval.analysis.charts.palette import Theme
from causal_eval.analysis.charts.points import Bin, Moment, Point, Priced
from causal_eval.analysis.profile import profile as profiled
from causal_eval.analysis.profiling.matrix import matrix
from causal_eval.analysis.reports.data import Picture
from causal_eval.errors import UnknownName, UsageError
from causal_eval.providers.prices import Prices
from causal_eval.service.calibrating import calibration_of
from causal_eval.service.comparing import versus
from causal_eval.service.pricing import pricer
from causal_eval.service.reporting import diagnosed, scores_by
from causal_eval.service.trending import measured
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.observations import observations

MOST_CAUSES = 12
"""Of misses, in one picture."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a chart is about."""

    store: Store
    evaluations: Sequence[Evaluation]
    by: str = ""
    """A trait of the questions; empty: the chart's usual one."""
    width: int = WIDE
    prices: Prices = field(default_factory=Prices)


def chart_of(name: str, subject: Subject) -> Chart:
    """The chart of that name.

    Raises:
        UnknownName: there is no such chart or trait.
        UsageError: these runs do not allow it; the message says why.
    """
    if name not in CHARTS:
        raise UnknownName("chart", name, CHARTS)
    return CHARTS[name](subject)


def picture_of(name: str, subject: Subject) -> Picture:
    """The chart of that name, drawn for a page.

    Raises:
        UnknownName, UsageError: as :func:`chart_of`, or the extra [charts] is not installed.
    """
    wide, narrow = (chart_of(name, replace(subject, width=width)) for width in (WIDE, NARROW))
    return Picture(wide.said, wide.svg(Theme.PAGE), narrow.svg(Theme.PAGE), wide.numbers)


def _forest(subject: Subject) -> Chart:
    points = sorted(_points(subject, usual="rung"), key=lambda point: bool(point.part))
    return dots.forest([replace(one, part=one.part or "overall") for one in points], width=subject.width)


def _differences(subject: Subject) -> Chart:
    if len(subject.evaluations) < 2:  # noqa: PLR2004 - one is no comparison
        raise UsageError("differences are of two runs and more: name another")
    found = versus(subject.store, subject.evaluations).comparisons
    points = [
        Point(part, f"{one.a} - {one.b}", gap)
        for one in found
        for part, gap in (("overall", one.difference), *((part.scope.label, part.difference) for part in one.scopes))
        if subject.by == "family" or " " in part or part == "overall"
    ]
    return dots.differences(points, width=subject.width)


def _heat(subject: Subject) -> Chart:
    found = matrix(observations(subject.store, _alone(subject)))
    points = [
        Point(one.family or "all families", f"rung {one.rung}" if one.rung else "all rungs", one.score)
        for one in found.cells
    ]
    return profile.heat(points, width=subject.width)


def _radar(subject: Subject) -> Chart:
    points = [point for point in _points(subject, usual="domain") if point.part]
    try:
        return profile.radar(points, width=subject.width)
    except ValueError as error:
        raise UsageError(f"{error}: choose --by family, domain or difficulty") from error


def _dose(subject: Subject) -> Chart:
    by = subject.by or "difficulty"
    points = [point for point in _points(subject, usual=by) if point.part]
    return dots.dose(points, by=by, width=subject.width)


def _cost(subject: Subject) -> Chart:
    points = []
    for one in subject.evaluations:
        price = pricer(one.spec, subject.prices)
        (found,) = profiled(observations(subject.store, one, price=price)).answerers
        dollars = found.overall.outcomes.cost
        if dollars.unknown:
            raise UsageError(f"what {one.id} cost is not known: give prices by --price-table or CEB_PRICES")
        points.append(Priced(one.spec.answerer, float(dollars.known or 0), found.overall.score))
    return lines.cost(points, width=subject.width)


def _trend(subject: Subject) -> Chart:
    """By answerer; where one has several runs, changes between them are looked for."""
    moments = []
    ordered = sorted(subject.evaluations, key=lambda one: (one.spec.answerer, one.created_at))
    for name, group in groupby(ordered, key=lambda one: one.spec.answerer):
        runs = list(group)
        begins = {one.after for one in measured(subject.store, runs).changes} if len(runs) > 1 else set()
        for one in runs:
            score = scores_by(subject.store, one, by="rung").overall.score
            moments.append(Moment(one.created_at.isoformat(), name, score, one.id in begins))
    return lines.trend(moments, width=subject.width)


def _mistakes(subject: Subject) -> Chart:
    """The largest causes of any run; the tick is what random wrong answers would match."""
    points, most = [], dict[str, float]()
    for one in subject.evaluations:
        found = diagnosed(subject.store, one)
        for cause in found.causes if found.misses else ():
            points.append(Point(cause.title, one.spec.answerer, cause.share, cause.expected / found.misses))
            most[cause.title] = max(most.get(cause.title, 0.0), cause.share.estimate or 0.0)
    shown = sorted((title for title in most if most[title]), key=lambda title: -most[title])[:MOST_CAUSES]
    if not shown:
        raise UsageError("nothing was answered wrong, so there is nothing to diagnose")
    points = sorted((point for point in points if point.part in shown), key=lambda point: shown.index(point.part))
    return dots.mistakes(points, width=subject.width)


def _calibration(subject: Subject) -> Chart:
    """A series a run; those that state no confidence have no bin."""
    names = [one.spec.answerer for one in subject.evaluations]
    bins = [
        Bin(one.confidence, one.right, "" if len(names) == 1 else _named(run, names))
        for run in subject.evaluations
        for one in calibration_of(subject.store, run).bins
    ]
    if not bins:
        raise UsageError("no answer that could be read states a confidence: ask with --elicitation confidence")
    return lines.calibration(bins, width=subject.width)


CHARTS: Mapping[str, Callable[[Subject], Chart]] = {
    "forest": _forest,
    "differences": _differences,
    "profile": _heat,
    "radar": _radar,
    "dose": _dose,
    "calibration": _calibration,
    "cost": _cost,
    "trend": _trend,
    "mistakes": _mistakes,
}
"""Name -> what makes it."""


def _points(subject: Subject, *, usual: str) -> Iterator[Point]:
    """Overall (an empty part) and the parts of each run."""
    names = [one.spec.answerer for one in subject.evaluations]
    for one in subject.evaluations:
        table = scores_by(subject.store, one, by=subject.by or usual)
        name = "" if len(names) == 1 else _named(one, names)
        prefix = "rung " if (subject.by or usual) == "rung" else ""
        for part in (table.overall, *table.parts):
            yield Point(f"{prefix}{part.value}" if part.value else "", name, part.score, part.chance)


def _named(one: Evaluation, names: Sequence[str]) -> str:
    """Its answerer, with the id where another is called so."""
    name = one.spec.answerer
    return f"{name} ({one.id})" if names.count(name) > 1 else name


def _alone(subject: Subject) -> Evaluation:
    if len(subject.evaluations) > 1:
        raise UsageError("this chart is about one run: name one")
    return subject.evaluations[0]
