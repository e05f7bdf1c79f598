"""What a person sees while a run goes on, and the score table after it; never on stdout while JSON is asked for."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Self

from causal_eval.analysis.numbers import duration, money, percent
from causal_eval.analysis.tables import ScoreRow
from causal_eval.cli import output
from causal_eval.evaluation import events as run_events
from causal_eval.providers import events as call_events
from causal_eval.scoring.verdict import Mark

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID
    from rich.table import Table

DISPLAYS = ("full", "plain", "none")
PLAIN_SECONDS = 10.0
"""A plain display says where it stands this often."""
REFRESH_SECONDS = 0.1
"""A bar moves this often, however many answers arrive."""


class Display:
    """Listens to runs and calls; shows a bar on a terminal, a line now and then elsewhere, nothing for ``none``."""

    def __init__(self, kind: str, *, json: bool = False) -> None:
        self._kind = "plain" if kind == "full" and not output.live() else kind
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._name = ""
        self._planned = self._done = 0
        self._marks: Counter[Mark] = Counter()
        self._waiting = ""
        self._broken = False
        self._json = json
        self._warned = set[str]()
        self._waits_until = self._said = self._next = 0.0

    def __enter__(self) -> Self:
        if self._kind == "full":
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
                TextColumn("{task.fields[note]}"), console=output.console(stderr=True), transient=True,
            )  # fmt: skip
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def on_run(self, event: run_events.Event) -> None:
        """Take note of an event of the run."""
        match event:
            case run_events.RunStarted(answerer=name, progress=progress):
                self._begin(name, progress.planned, progress.kept)
            case run_events.AnswerJudged(verdict=verdict):
                self._marks[verdict.mark] += 1
                self._done += 1
                self._show()
            case run_events.RunHalting(reason=reason):
                self.say(f"{self._name}: stopping: {reason}")
            case run_events.RunEnded():
                self._waiting, self._waits_until = "", 0.0
                self._said = self._next = 0.0
                self._show()

    def on_event(self, event: call_events.Event) -> None:
        """Take note of an event of the calls: what is being waited for, and what somebody should know."""
        match event:
            case call_events.Waiting(seconds=seconds):
                self._wait(str(event), seconds)
            case call_events.Paused(reason=reason):
                self._wait(f"paused: {reason}", float("inf"))
                self.say(f"{self._name}: paused: {reason}; what is to be asked of it waits")
            case call_events.Resumed():
                self._wait("", 0.0)
                self.say(f"{self._name}: switched on again")
            case call_events.BreakerChanged(state=call_events.BreakerState.OPEN, reason=reason) if not self._broken:
                self._broken = True
                self.say(f"{self._name}: no call is made until the provider answers again: {reason}")
            case call_events.BreakerChanged(state=call_events.BreakerState.CLOSED) if self._broken:
                self._broken = False
                self.say(f"{self._name}: the provider answers again")
            case call_events.KeyChanged(status=call_events.KeyStatus.REVOKED | call_events.KeyStatus.EXHAUSTED):
                self.warn("key", f"{self._name}: {event}")
            case call_events.Reread(problem=problem) if problem:
                self.warn("settings", f"{self._name}: {event}")
            case call_events.KeyChanged() | call_events.Reread():
                self.say(f"{self._name}: {event}")

    @property
    def standing(self) -> tuple[int, int]:
        """How many outcomes are there, and how many are planned."""
        return self._done, self._planned

    @property
    def waiting(self) -> str:
        """What is being waited for now, in one line."""
        return self._waiting if time.monotonic() < self._waits_until else ""

    def waits(self, text: str) -> None:
        """Say from now on what is being waited for; empty: for replies alone."""
        self._waiting, self._waits_until = text, float("inf") if text else 0.0
        self._show()

    def _wait(self, text: str, seconds: float) -> None:
        self._waiting = text
        self._waits_until = time.monotonic() + seconds
        self._next = 0.0
        self._show()

    def _begin(self, name: str, planned: int, kept: int) -> None:
        self._name, self._planned, self._done = name, planned, kept
        self._marks.clear()
        self._waiting = ""
        self._said = time.monotonic()
        if kept:
            self.say(f"{name}: {kept} of {planned} are there already; asking the rest")
        if self._bar is not None:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(name, total=planned, completed=kept, note="")

    def _show(self) -> None:
        if self._kind == "none" or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + REFRESH_SECONDS
        note = self.waiting or self._counts()
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._done, note=note)
        elif self._kind == "plain" and time.monotonic() - self._said >= PLAIN_SECONDS:
            self._said = time.monotonic()
            output.note(f"{self._name}: {self._done}/{self._planned}  {note}")

    def _counts(self) -> str:
        return "  ".join(f"{mark.value} {count}" for mark, count in sorted(self._marks.items()))

    def warn(self, about: str, problem: str) -> None:
        """Trouble that the run goes on with, said once: a line for the person, and an event where JSON is asked for."""
        if problem in self._warned:
            return
        self._warned.add(problem)
        if self._json:
            output.emit({"event": "warning", "about": about, "message": problem})
        self.say(problem)

    def say(self, text: str) -> None:
        """A line for the person, above the bar if there is one."""
        if self._kind == "none":
            return
        if self._bar is not None:
            self._bar.console.print(text)
        else:
            output.note(text)


HEADINGS = (
    "scope", "score", "95 % interval", "chance", "strict", "units", "clusters", "unpars.", "abst.", "miss.", "ungr.",
    "cost", "time", "cached",
)  # fmt: skip


def score_table(rows: Sequence[ScoreRow]) -> None:
    """The table per answerer, rung and family on stdout; where it is too wide, columns go below each other, whole."""
    console = output.console()
    whole = _table(rows, _columns(rows), named=True)
    if output.fits(whole, console):
        output.print_whole(whole, console)
        return
    for _, group in groupby(rows, key=lambda row: row.answerer):
        mine = list(group)
        output.say(mine[0].answerer)
        for block in _blocks(mine, console):
            output.print_whole(block, console)
            output.say("")


def _columns(rows: Sequence[ScoreRow]) -> range:
    """Places in HEADINGS of what is shown; the last, replies from the cache, only where there are any."""
    return range(1, len(HEADINGS) if any(row.cached for row in rows) else len(HEADINGS) - 1)


def _blocks(rows: Sequence[ScoreRow], console: Console) -> Iterator[Table]:
    """As few tables as the width allows, each with the scope and the next columns."""
    columns: list[int] = []
    for column in _columns(rows):
        if columns and not output.fits(_table(rows, [*columns, column], named=False), console):
            yield _table(rows, columns, named=False)
            columns = []
        columns.append(column)
    yield _table(rows, columns, named=False)


def _table(rows: Sequence[ScoreRow], columns: Sequence[int], *, named: bool) -> Table:
    """The scope and *columns* (places in HEADINGS) of *rows*, after the answerer's name where *named*."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for title in ("answerer", "scope") if named else ("scope",):
        table.add_column(title, no_wrap=True, overflow="ignore")
    for column in columns:
        table.add_column(HEADINGS[column], justify="right", no_wrap=True, overflow="ignore")
    before = ""
    for row in rows:
        cells = _cells(row)
        name = [row.answerer if row.answerer != before else ""] if named else []
        table.add_row(*name, cells[0], *(cells[column] for column in columns))
        before = row.answerer
    return table


def _cells(row: ScoreRow) -> tuple[str, ...]:
    interval = "-" if row.low is None or row.high is None else f"{100 * row.low:.1f} .. {100 * row.high:.1f}"
    return (
        row.scope.label, percent(row.score), interval, percent(row.chance), percent(row.strict), str(row.units),
        str(row.clusters), f"{row.unparsed}{' !' if row.alarm else ''}", str(row.abstained), str(row.missing),
        str(row.ungraded), money(row.cost), duration(row.time_ms), str(row.cached),
    )  # fmt: skip
