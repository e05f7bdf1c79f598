"""Traces where they are wanted: what happens, handed to whoever makes spans of it; otherwise nothing, at no cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from causal_eval.errors import UsageError
from causal_eval.operations.asked import Asked
from causal_eval.operations.notices import Event, Listener
from causal_eval.settings import Settings


class Traces(Protocol):
    """What makes spans."""

    def hear(self, event: Event) -> None:
        """Make a span of *event*, if it ends something."""

    def answered(self, asked: Asked) -> None:
        """Make a span of a request."""

    def close(self) -> None:
        """Send what is left."""


@contextmanager
def tracing(
    settings: Settings, *, process: str, clock: Callable[[], float], clean: Callable[[str], str]
) -> Iterator[Traces | None]:
    """What makes spans in a block, if *settings* say where they go; *clean* hides secrets.

    Raises:
        UsageError: the libraries for it are not there.
    """
    if not settings.traces_url:
        yield None
        return
    try:
        from causal_eval.operations.spans import Origin, sending
    except ModuleNotFoundError as error:
        raise UsageError(
            f"CEB_TRACES_URL is set and {error.name} is not there: pip install 'causal-eval-bench[traces]', or leave "
            "CEB_TRACES_URL out"
        ) from error
    traces = sending(settings.traces_url, Origin(process, clock, clean))
    try:
        yield traces
    finally:
        traces.close()


def both(first: Listener, traces: Traces | None) -> Listener:
    """*first*, and *traces* where there are any."""
    if traces is None:
        return first
    second = traces.hear

    def hear(event: Event) -> None:
        first(event)
        second(event)

    return hear
