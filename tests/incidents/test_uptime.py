"""Uptime is what probes found: none, no claim; none twice, whatever the clock does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from causal_eval.incidents.book import Book
from causal_eval.incidents.maintenance import NewWindow, announce
from causal_eval.incidents.uptime import DAY, Day, count, histories, history, overall, together

MIDNIGHT = 1_790_035_200.0
"""The beginning of 2026-09-22, UTC."""


def probe(book: Book, *found: tuple[float, bool], component: str = "api") -> None:
    """Count probes."""
    with book.writing() as rows:
        for at, up in found:
            count(rows, component, at=at, up=up)


def days_of(book: Book, *, at: float, days: int = 90) -> Sequence[Day]:
    """The history of the component ``api``."""
    with book.reading() as rows:
        return history(rows, "api", at=at, days=days)


def test_days_without_probes_are_no_data(book: Book) -> None:
    """Never 100 %: neither a day of ninety, nor all of them together."""
    days = days_of(book, at=MIDNIGHT)
    assert len(days) == 90
    assert {day.uptime for day in days} == {None}
    assert overall(days) is None
    probe(book, (MIDNIGHT, True))
    *before, today = days_of(book, at=MIDNIGHT)
    assert {day.uptime for day in before} == {None}
    assert today == Day("2026-09-22", 1, 0)


def test_a_day_ends_at_midnight_utc(book: Book) -> None:
    """The last millisecond belongs to the day before."""
    probe(book, (MIDNIGHT - 0.001, False), (MIDNIGHT, True))
    assert days_of(book, at=MIDNIGHT, days=2) == (Day("2026-09-21", 0, 1), Day("2026-09-22", 1, 0))


def test_uptime_is_the_share_of_probes_that_were_answered(book: Book) -> None:
    """Of a day, and of all days by their probes."""
    probe(book, *((MIDNIGHT + number, number != 7) for number in range(10)), (MIDNIGHT - 60, True))
    yesterday, today = days_of(book, at=MIDNIGHT, days=2)
    assert (yesterday.uptime, today.uptime) == (1.0, 0.9)
    assert overall((yesterday, today)) == 10 / 11


def test_probes_become_sums_of_days(book: Book) -> None:
    """Nothing is lost, and the file does not grow with their number."""
    probe(book, *((MIDNIGHT + hour * 3600, True) for hour in range(24 * 10)))
    with book.reading() as rows:
        assert rows.execute("SELECT count(*) FROM days").fetchone()[0] == 10
    found = days_of(book, at=MIDNIGHT + 10 * DAY - 1, days=11)
    assert [day.up for day in found] == [0, *[24] * 10]


def test_a_clock_that_jumps_counts_no_probe_twice(book: Book) -> None:
    """Forward by a year, back, and on: each probe is on the day on which it was told to be."""
    probe(book, (MIDNIGHT, True), (MIDNIGHT + 365 * DAY, False), (MIDNIGHT + 60, True), (MIDNIGHT - 40 * DAY, False))
    probe(book, (MIDNIGHT + 120, False))
    found = {day.day: (day.up, day.down) for day in days_of(book, at=MIDNIGHT) if day.probes}
    assert found == {"2026-08-13": (0, 1), "2026-09-22": (2, 1)}
    assert [day.down for day in days_of(book, at=MIDNIGHT + 365 * DAY, days=1)] == [1]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.tuples(st.integers(-30 * DAY, 30 * DAY), st.booleans()), max_size=40), st.sampled_from(["a", "b", "c"])
)
def test_every_probe_is_counted_once(book: Book, found: list[tuple[int, bool]], name: str) -> None:
    """Whatever the clock does."""
    with book.writing() as rows:
        rows.execute("DELETE FROM days")
    probe(book, *((MIDNIGHT + offset, up) for offset, up in found), component=name)
    with book.reading() as rows:
        days = history(rows, name, at=MIDNIGHT + 30 * DAY, days=61)
    assert sum(day.up for day in days) == sum(up for _, up in found)
    assert sum(day.down for day in days) == sum(not up for _, up in found)


def test_maintenance_is_shown_apart(book: Book) -> None:
    """Seconds of each day, what overlaps once; a probe that failed meanwhile still failed."""
    with book.writing() as rows:
        announce(rows, NewWindow("api", MIDNIGHT - 600, MIDNIGHT + 300, "a"), at=MIDNIGHT - DAY)
        announce(rows, NewWindow("api", MIDNIGHT, MIDNIGHT + 900, "b"), at=MIDNIGHT - DAY)
        announce(rows, NewWindow("database", MIDNIGHT, MIDNIGHT + 60, "c"), at=MIDNIGHT - DAY)
    probe(book, (MIDNIGHT + 1, False))
    assert days_of(book, at=MIDNIGHT, days=2) == (Day("2026-09-21", 0, 0, 600.0), Day("2026-09-22", 0, 1, 900.0))
    with book.reading() as rows:
        assert set(histories(rows, at=MIDNIGHT)) == {"api", "database"}


def test_parts_of_one_thing_are_counted_together() -> None:
    """All probes of a day; maintenance is that of the part that has most."""
    one, other = Day("2026-09-22", 3, 1, 60.0), Day("2026-09-22", 4, 0, 30.0)
    assert together([[one], [other]]) == (Day("2026-09-22", 7, 1, 60.0),)


@pytest.mark.parametrize("days", [1, 90, 366])
def test_a_history_has_as_many_days_as_asked_for(book: Book, days: int) -> None:
    """Without a gap, today last."""
    found = days_of(book, at=MIDNIGHT + 5, days=days)
    assert len({day.day for day in found}) == days
    assert found[-1].day == "2026-09-22"
