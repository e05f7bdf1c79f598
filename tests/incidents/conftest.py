"""A book of incidents, and signals with everything filled in that does not matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from causal_eval.incidents import desk, keeping
from causal_eval.incidents.book import Book, change, find, open_book
from causal_eval.incidents.causes import key_of
from causal_eval.incidents.incident import Key, Severity, Signal, Source
from causal_eval.incidents.rules import Rules
from causal_eval.incidents.status import gather
from causal_eval.incidents.status.page import StatusPage
from causal_eval.incidents.status.rendering import documents

NOW = 1_790_000_000.0
Make = Callable[..., Signal]
Show = Callable[[StatusPage], dict[str, str]]
SECRET = "db-7.internal.example: 10.1.2.3 answers nobody, says Olga"


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """An empty book."""
    opened = open_book(tmp_path / "incidents.db")
    yield opened
    opened.close()


@pytest.fixture
def signal() -> Make:
    """Makes a signal of an alert by its name; any field by keyword."""

    def make(name: str = "CausalEvalAPIDown", **other: Any) -> Signal:
        fields: dict[str, Any] = {
            "name": name, "key": key_of(name, {}), "severity": Severity.P0, "firing": True, "started_at": NOW,
            "fingerprint": f"alert:{name}", "source": Source.ALERTMANAGER, "summary": f"{name} fires",
        }  # fmt: skip
        return Signal(**{**fields, **other})

    return make


@pytest.fixture(scope="session")
def alert_names() -> frozenset[str]:
    """Every alert that Prometheus may raise."""
    folder = files("causal_eval.operations.monitoring")
    texts = [folder.joinpath(name).read_text("utf-8") for name in ("rules.yml", "slo.yml")]
    rules = [rule for text in texts for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    return frozenset(rule["alert"] for rule in rules if "alert" in rule)


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
            found = keeping.hear(rows, signal, at=NOW + at, rules=Rules())
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


@pytest.fixture
def rendered() -> Show:
    """All files of a page, as text."""
    return lambda page: {name: content.decode() for name, content in documents(page)}
