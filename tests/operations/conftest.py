"""A store with nothing in it, and what looks after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from causal_eval.operations.watch import Watch
from causal_eval.settings import Settings, read_settings
from causal_eval.store.database import Store

NOW = 1_790_000_000.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings over an empty folder."""
    return read_settings({"CEB_DATA_DIR": str(tmp_path), "HOME": str(tmp_path)}, cwd=tmp_path)


@pytest.fixture
def store(settings: Settings, fresh_store: Callable[..., Store]) -> Iterator[Store]:
    """A database in that folder."""
    store = fresh_store(settings.database_url, kept=8)
    yield store
    store.close()


@pytest.fixture
def watch(store: Store, settings: Settings) -> Iterator[Watch]:
    """It looks when it is asked: no thread is started."""
    watch = Watch(store, settings, clock=lambda: NOW)
    yield watch
    watch.stop()
