"""What happens to calls, as lines of the log: a worker that nobody watches still says why it waits."""

from __future__ import annotations

import logging
from http import HTTPStatus

from causal_eval.providers.events import BreakerChanged, BreakerState, CallEnded, Event, KeyChanged, KeyStatus

_LOG = logging.getLogger("causal_eval.providers")
_BAD_KEYS = frozenset({KeyStatus.REVOKED, KeyStatus.EXHAUSTED})


def log_event(event: Event) -> None:
    """Write a line about *event*, where it is trouble or the end of one."""
    match event:
        case CallEnded(provider, kind, status, took) if kind is not None:
            what = "rate limit" if status == HTTPStatus.TOO_MANY_REQUESTS else f"call failed ({kind})"
            _LOG.warning("%s: %s", what, provider, extra={"status": status or "-", "took_ms": round(took, 1)})
        case BreakerChanged(provider, key, state, reason):
            level = logging.WARNING if state is BreakerState.OPEN else logging.INFO
            _LOG.log(level, "circuit %s: %s %s", state, provider, reason, extra={"key": key or "-"})
        case KeyChanged(provider, key, status, reason) if status in _BAD_KEYS:
            _LOG.error("key %s of %s is %s: %s", key, provider, status, reason)
        case _:
            pass
