"""What a command that tells of stored runs opens: the user's database, and what they say models cost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from causal_eval.providers.prices import Prices, read_prices
from causal_eval.settings import read_settings
from causal_eval.store.database import Store, open_store


@contextmanager
def opened() -> Iterator[Store]:
    """The user's database."""
    store = open_store(read_settings(os.environ).database_url)
    try:
        yield store
    finally:
        store.close()


def prices() -> Prices:
    """The user's own, or list prices."""
    return read_prices(read_settings(os.environ).prices)
