"""What a worker counts, told at a port of its own where one is set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from causal_eval.operations.listener import listening
from causal_eval.operations.metrics import Metrics
from causal_eval.settings import Settings


@contextmanager
def telling(metrics: Metrics, settings: Settings) -> Iterator[None]:
    """Tell *metrics* meanwhile, if *settings* say where.

    Raises:
        UsageError: nobody can listen there.
    """
    if not settings.metrics_port:
        yield
        return
    with listening(metrics, settings.metrics_host, port=settings.metrics_port, token_file=settings.metrics_token_file):
        yield
