"""A book with something to show, and hands that act on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from causal_eval.incidents import desk, keeping
from causal_eval.incidents.book import Book, change, find, open_book
from causal_eval.incidents.incident import Key, Severity, Signal, Source
from causal_eval.incidents.status import gather
from causal_eval.incidents.status.page import StatusPage

NOW = 1_790_000_000.0
SECRET = "db-7.internal.example: 10.1.2.3 answers nobody, says Olga"


class Hands:
    """What happens to incidents, at moments after NOW."""

    def __init__(self, book: Book) -> None:
        self.book = book

    def open(self, component: str = "api", severity: Severity = Severity.P0, **other: Any) -> str:
        """A new incident with a title that is nobody's business; its id."""
        at = other.pop("at", 0.0)
        signal = Signal(
            **{
                "name": "Alert", "key": Key(component, other.pop("family", "down")), "severity": severity,
                "firing": True, "started_at": NOW + at, "fingerprint": f"alert:{component}:{at}",
                "source": Source.ALERTMANAGER, "summary": SECRET, **other,
            }
        )  # fmt: skip
        with self.book.writing() as rows:
            found = keeping.hear(rows, signal, at=NOW + at, rules=keeping.Rules())
        assert found is not None
        return found.id

    def say(self, incident: str, text: str, *, at: float, public: bool = True) -> None:
        """Somebody writes an update."""
        with self.book.writing() as rows:
            desk.update(rows, incident, text=text, public=public, who="olga", at=NOW + at)

    def end(self, incident: str, text: str, *, at: float) -> None:
        """It is over."""
        with self.book.writing() as rows:
            keeping.resolve(rows, find(rows, incident), who="olga", at=NOW + at, resolution=text)

    def change(self, incident: str, **values: str | float | None) -> None:
        """Something of it is otherwise."""
        with self.book.writing() as rows:
            change(rows, find(rows, incident), values)

    def page(self, *, at: float = 0.0) -> StatusPage:
        """What is public."""
        with self.book.reading() as rows:
            return gather(rows, at=NOW + at)


@pytest.fixture
def hands(tmp_path: Path) -> Iterator[Hands]:
    """Over an empty book."""
    book = open_book(tmp_path / "incidents.db")
    yield Hands(book)
    book.close()


Show = Callable[[StatusPage], dict[str, str]]


@pytest.fixture
def files() -> Show:
    """All files of a page, as text."""
    from causal_eval.incidents.status.rendering import documents

    return lambda page: {name: content.decode() for name, content in documents(page)}
