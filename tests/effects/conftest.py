"""A fresh database, and incidents as they are told, with everything that does not matter filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.effects.calls import told as told_of

from causal_eval.incidents.view import Told
from causal_eval.store.database import Store, open_store

Make = Callable[..., Told]


@pytest.fixture
def told() -> Callable[..., Told]:
    """An incident by its id; any field by keyword."""
    return told_of


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An empty, up-to-date database, on SQLite and on PostgreSQL."""
    opened = open_store(database_url)
    yield opened
    opened.close()
