"""Batches: rows that are answered later, all at once, and what can become of them. No wire format here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from causal_eval.mock.wire import Json
from causal_eval.seeds import Stream


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """When batches end, and how; *every* n counts the rows of a batch from 1, 0 means none."""

    seconds: float = 0.0
    """Time that must have passed since it was made, and ..."""
    polls: int = 1
    """... how often it must have been asked for: with this request it has ended."""
    invalid: bool = False
    """Its input never passes validation."""
    errored_every: int = 0
    expired_every: int = 0
    missing_every: int = 0
    """Rows that no file of results mentions."""
    shuffled: bool = False
    """Results stand in another order than the requests."""


class RowEnd(StrEnum):
    """What became of a row."""

    SUCCEEDED = "succeeded"
    ERRORED = "errored"
    EXPIRED = "expired"
    CANCELED = "canceled"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Row:
    """One request of a batch."""

    name: str
    """Its ``custom_id``."""
    body: Json


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one row."""

    row: Row
    end: RowEnd
    body: Json | None = None
    """The reply, or the error of an errored row."""


Work = Callable[[Row, RowEnd], Result]
"""Answers one row that has not been left out."""


class Batch:
    """Rows on their way; ended once, and then for good."""

    def __init__(self, name: str, rows: Sequence[Row], *, plan: BatchPlan, wall: float) -> None:
        self.name = name
        self.rows = tuple(rows)
        self.made = wall
        """Seconds since 1970, as all times here."""
        self.cancelled: float | None = None
        self.ended: float | None = None
        self.results: tuple[Result, ...] = ()
        self.polls = 0
        self._plan = plan

    def poll(self, wall: float, work: Work) -> None:
        """Ask how far it is: it ends when it was asked often enough and long enough has passed.

        One that was cancelled ends with the next request: the first half of its rows was done by then.
        """
        self.polls += 1
        due = self.polls >= self._plan.polls and wall - self.made >= self._plan.seconds
        if self.ended is None and (due or self.cancelled is not None):
            self.ended = wall
            self.results = tuple(
                self._order([work(row, end) for row, end in self._ends() if end is not RowEnd.MISSING])
            )

    def cancel(self, wall: float) -> None:
        """Stop it, unless it has ended."""
        if self.ended is None and self.cancelled is None:
            self.cancelled = wall

    def count(self, *ends: RowEnd) -> int:
        """How many rows have come to one of these *ends*."""
        return sum(result.end in ends for result in self.results)

    def _ends(self) -> Sequence[tuple[Row, RowEnd]]:
        done = len(self.rows) if self.cancelled is None else len(self.rows) // 2
        return [(row, self._end(n) if n <= done else RowEnd.CANCELED) for n, row in enumerate(self.rows, start=1)]

    def _end(self, number: int) -> RowEnd:
        plan = self._plan
        for end, every in (
            (RowEnd.MISSING, plan.missing_every),
            (RowEnd.EXPIRED, plan.expired_every),
            (RowEnd.ERRORED, plan.errored_every),
        ):
            if every and number % every == 0:
                return end
        return RowEnd.SUCCEEDED

    def _order(self, results: list[Result]) -> list[Result]:
        return Stream("mock", "batch", self.name).shuffled(results) if self._plan.shuffled else results
