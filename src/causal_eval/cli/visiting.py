"""The service as whoever sits at its machine visits it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from causal_eval.service.accounts import local_caller
from causal_eval.service.wiring import Visit, close_service, open_service
from causal_eval.settings import read_settings


@contextmanager
def visiting() -> Iterator[Visit]:
    """A visit by an admin: whoever may read the settings of the database is its operator."""
    service = open_service(read_settings(os.environ))
    try:
        yield Visit(service, local_caller(""))
    finally:
        close_service(service)
