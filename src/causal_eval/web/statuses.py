"""Which status an error of ours is answered with."""

from __future__ import annotations

from causal_eval.errors import (
    CausalError,
    CausalEvalError,
    Conflict,
    NotAllowed,
    NotLoggedIn,
    ReadOnlyMode,
    SentinelAway,
    StoreError,
    StoreFull,
    TooSoon,
    UnknownName,
    UsageError,
)

STATUSES: tuple[tuple[type[CausalEvalError], int], ...] = (
    (NotLoggedIn, 401),
    (NotAllowed, 403),
    (UnknownName, 404),
    (Conflict, 409),
    (TooSoon, 429),
    (ReadOnlyMode, 503),
    (SentinelAway, 503),
    (StoreFull, 507),
    (StoreError, 503),
    (UsageError, 422),
    (CausalError, 422),
)
"""The first class that fits decides."""


def status_of(error: CausalEvalError) -> int:
    """The status that *error* is answered with; 500 for what no request should be able to cause."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)
