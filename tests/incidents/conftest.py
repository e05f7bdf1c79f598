"""A book of incidents, and signals with everything filled in that does not matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from causal_eval.incidents.book import Book, open_book
from causal_eval.incidents.causes import key_of
from causal_eval.incidents.incident import Severity, Signal, Source

NOW = 1_790_000_000.0
Make = Callable[..., Signal]


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
