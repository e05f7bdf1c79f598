"""Stored runs and what is said of them, as values that render."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from causal_eval.analysis import statements
from causal_eval.analysis.charts.chart import WIDE, Chart
from causal_eval.analysis.comparable import Concern
from causal_eval.analysis.compare import Comparison
from causal_eval.analysis.numbers import NONE, count, ends, hundredths, level, p_value, percent
from causal_eval.analysis.ranks import RankSet
from causal_eval.analysis.scores import Table
from causal_eval.analysis.shown import Shown
from causal_eval.errors import UsageError
from causal_eval.notebook.frame import samples_frame
from causal_eval.service.comparing import versus
from causal_eval.service.pictures import Subject, chart_of
from causal_eval.service.reporting import scores_by
from causal_eval.settings import read_settings
from causal_eval.store.database import Store, open_store
from causal_eval.store.evaluations import Evaluation, find_evaluation, list_evaluations
from causal_eval.store.exported import exported

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores(Shown):
    """A run's scores, every interval of them in ``table``."""

    table: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared(Shown):
    """Runs beside each other: all pairs, and sets of ranks."""

    comparisons: tuple[Comparison, ...]
    ranks: tuple[RankSet, ...]
    concerns: tuple[Concern, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """A stored run; what is asked of it is read from the database as it is then."""

    evaluation: Evaluation
    database: str
    """Where it lies."""

    @property
    def id(self) -> str:
        """``ev-...``."""
        return self.evaluation.id

    @property
    def answerer(self) -> str:
        """``openai/gpt-x``."""
        return self.evaluation.spec.answerer

    def scores(self, by: str = "family") -> Scores:
        """The overall score, then the parts *by* family, kind, rung, domain, regime or difficulty.

        Raises:
            UnknownName: there is no such trait.
        """
        with opened(self.database) as store:
            table = scores_by(store, self.evaluation, by=by)
        rows = tuple(
            (
                one.value or "all", hundredths(one.score.estimate), ends(one.score), hundredths(one.chance),
                count(one.score.n), count(one.score.clusters), count(one.lost),
            )
            for one in (table.overall, *table.parts)
        )  # fmt: skip
        title = f"{self.answerer}: per cent right, {level(table.overall.score.level)} intervals, clustered ({self.id})"
        head = (by, "score", "interval", "chance", "units", "clusters", "without score")
        return Scores(title=title, head=head, rows=rows, table=table)

    def chart(self, name: str, *others: Run, by: str = "", width: int = WIDE) -> Chart:
        """A picture of it (and *others*), by its name in ``causal-eval chart``: ``forest``, ``calibration``.

        Raises:
            UnknownName, UsageError: there is no such chart, or these runs do not allow it.
        """
        with opened(self.database) as store:
            evaluations = [one.evaluation for one in (self, *others)]
            return chart_of(name, Subject(store, evaluations, by, width))

    def samples_df(self) -> pl.DataFrame:
        """A row for every planned (question, sample), as Polars; ``.to_pandas()`` gives the other.

        Raises:
            UsageError: Polars is not installed.
        """
        with opened(self.database) as store:
            return samples_frame(self.evaluation, exported(store, self.evaluation))

    def _repr_html_(self) -> str:
        return self.scores()._repr_html_()

    def _repr_markdown_(self) -> str:
        return self.scores()._repr_markdown_()


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs(Shown):
    """The newest runs."""

    runs: tuple[Run, ...]

    def __iter__(self) -> Iterator[Run]:
        """The newest first."""
        return iter(self.runs)

    def __len__(self) -> int:
        """How many."""
        return len(self.runs)

    def __getitem__(self, place: int) -> Run:
        """That one."""
        return self.runs[place]


def runs(*, limit: int = 50, database: str | None = None) -> Runs:
    """The newest runs, newest first, of *database* (a URL; None: the one that the command line uses)."""
    where = database or _usual()
    with opened(where) as store:
        found = list_evaluations(store, limit=limit)
    rows = tuple(
        (one.evaluation.id, one.evaluation.spec.answerer, f"{one.kept}/{one.wanted}", one.question_set.name,
         f"{one.evaluation.created_at:%Y-%m-%d %H:%M}")
        for one in found
    )  # fmt: skip
    return Runs(
        title="Runs, newest first",
        head=("id", "answerer", "kept", "questions", "begun (UTC)"),
        rows=rows,
        runs=tuple(Run(one.evaluation, where) for one in found),
    )


def open_run(beginning: str, *, database: str | None = None) -> Run:
    """The run whose id begins so.

    Raises:
        UnknownName, UsageError: there is none, or there are several.
    """
    where = database or _usual()
    with opened(where) as store:
        return Run(find_evaluation(store, beginning), where)


def compare(a: Run | str, b: Run | str, *others: Run | str, level: float = 0.95) -> Compared:
    """Paired and clustered: which is better, or how many questions would tell; many: sets of ranks.

    Raises:
        UsageError: they cannot be compared, or lie in different databases; the message says why.
        UnknownName: there is no such run.
    """
    found = [one if isinstance(one, Run) else open_run(one) for one in (a, b, *others)]
    if len({one.database for one in found}) > 1:
        raise UsageError("runs of different databases cannot be compared: evaluate both in one")
    with opened(found[0].database) as store:
        all_ = versus(store, [one.evaluation for one in found], level=level)
    rows = tuple(_pair(one) for one in all_.comparisons)
    notes = tuple(f"{statements.comparison(one)}." for one in all_.comparisons)
    notes += tuple(f"Warning: {concern.said}" for concern in all_.concerns)
    return Compared(
        title="Paired differences in percentage points, clustered by causal model",
        head=("pair", "difference", "interval", "p", "Holm", "scores", "finding", "units", "clusters"),
        rows=rows, notes=notes, comparisons=all_.comparisons, ranks=all_.ranks, concerns=all_.concerns,
    )  # fmt: skip


def _pair(one: Comparison) -> tuple[str, ...]:
    gap, tests = one.difference, one.evidence
    return (
        f"{one.a} - {one.b}", hundredths(gap.estimate, signed=True), ends(gap), p_value(tests.sign_flip.p),
        NONE if tests.holm is None else p_value(tests.holm),
        f"{percent(one.score_a.estimate)} and {percent(one.score_b.estimate)}", one.finding.value, count(gap.n),
        count(gap.clusters),
    )  # fmt: skip


def _usual() -> str:
    return read_settings(os.environ).database_url


@contextmanager
def opened(database: str) -> Iterator[Store]:
    """The database at that address."""
    store = open_store(database)
    try:
        yield store
    finally:
        store.close()
