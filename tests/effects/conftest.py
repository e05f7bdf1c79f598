"""A fresh database, and incidents as they are told, with everything that does not matter filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from causal_eval.incidents.incident import Severity, State
from causal_eval.incidents.view import Told
from causal_eval.store.database import Store, open_store

NOW = 1_790_000_000.0
Make = Callable[..., Told]


def _told(name: str, **other: Any) -> Told:
    fields: dict[str, Any] = {
        "component": "api",
        "family": "down",
        "severity": Severity.P1,
        "state": State.INVESTIGATING,
        "title": "nothing answers",
        "private": False,
        "began_at": NOW,
        "opened_at": NOW,
        "seq": 1,
        "due": {},
        "firing": (),
        **dict.fromkeys(("impact", "responder", "root_cause", "resolution"), ""),
        **dict.fromkeys(("published_at", "acknowledged_at", "mitigated_at", "quiet_until", "resolved_at"), None),
        "reviewed_at": None,
    }
    return Told(**{"id": name, **fields, **other})


@pytest.fixture
def told() -> Callable[..., Told]:
    """An incident by its id; any field by keyword."""
    return _told


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An empty, up-to-date database, on SQLite and on PostgreSQL."""
    opened = open_store(database_url)
    yield opened
    opened.close()
