"""How long the status page takes: a year with an incident and its words each day, and twelve components probed.

Times are medians: all of it from the book to files, first into an empty folder, then into one that holds the page of a
minute before. Run: ``python benchmarks/incidents/status.py``.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from causal_eval.incidents import desk, keeping
from causal_eval.incidents.book import Book, find, open_book
from causal_eval.incidents.incident import Key, Severity, Signal, Source
from causal_eval.incidents.rules import Rules
from causal_eval.incidents.status import gather, write
from causal_eval.incidents.status.gathering import publish_review
from causal_eval.incidents.status.words import words
from causal_eval.incidents.uptime import DAY, count

NOW, YEAR, ROUNDS, WANTED_MS = 1_790_000_000.0, 365, 15, 100.0
PLACES = [one.id for one in words().components]


def fill(book: Book) -> None:
    """A year: each day one incident with three updates, an end and a review; ten probes a day, of three days all."""
    for day in range(YEAR):
        at = NOW - (YEAR - day) * DAY + 3600
        key = Key(PLACES[day % len(PLACES)], f"cause-{day}")
        signal = Signal(
            name="Alert", key=key, severity=list(Severity)[day % 4], firing=True, started_at=at, fingerprint=str(day),
            source=Source.ALERTMANAGER, summary="Something is wrong",
        )  # fmt: skip
        with book.writing() as rows:
            one = keeping.hear(rows, signal, at=at, rules=Rules())
            assert one is not None
            for step in range(3):
                text = "What we know and what we do about it now. " * 4
                desk.update(rows, one.id, text=text, public=True, who="somebody", at=at + 600 * step)
            if day < YEAR - 2:
                keeping.resolve(rows, find(rows, one.id), who="somebody", at=at + 5400, resolution="It was mended.")
                publish_review(rows, one.id, text="What we found. " * 40, who="somebody", at=at + DAY)
    with book.writing() as rows:
        for place in PLACES:
            for number in range(10 * (YEAR - 3)):
                count(rows, place, at=NOW - YEAR * DAY + number * DAY / 10, up=number % 97 != 0)
            for minute in range(3 * 1440):
                count(rows, place, at=NOW - 3 * DAY + minute * 60, up=True)


def timed(name: str, deed: Callable[[int], object]) -> None:
    """Print how long *deed* takes, by the clock and of the processor; it is told its turn."""
    clock, cpu = [], []
    for turn in range(ROUNDS):
        began, used = time.perf_counter(), time.process_time()
        deed(turn)
        clock.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - used) * 1000)
    print(
        f"{name:16}{statistics.median(clock):6.1f} ms ({min(clock):.1f} best), {statistics.median(cpu):.1f} ms of CPU"
    )


def main() -> None:
    """Print the medians."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        book = open_book(folder / "incidents.db")
        fill(book)

        def build(at: float, where: Path) -> None:
            with book.reading() as rows:
                page = gather(rows, at=at)
            write(page, where)

        def collect(turn: int) -> None:
            with book.reading() as rows:
                gather(rows, at=NOW + turn)

        build(NOW, folder / "warm")
        timed("gathered", collect)
        timed("all written", lambda turn: build(NOW, folder / f"www-{turn}"))
        timed("a minute later", lambda turn: build(NOW + 60 * turn, folder / "warm"))
        print(f"wanted: {WANTED_MS:g} ms")
        book.close()


if __name__ == "__main__":
    main()
