"""Who can be asked: the catalogue of providers, what of it is set up, the limits, and which keys are in trouble."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from starlette.responses import Response

from causal_eval.service import catalog
from causal_eval.store.key_states import KeyState
from causal_eval.web.asked import Asked

HEALTHY = "closed"


class Health(NamedTuple):
    """How a key is, said in one word."""

    state: KeyState
    how: str
    """``refused``, ``open``, ``half-open`` (breakers), ``cooling`` or ``closed``: the gravest that holds."""
    until: float | None
    """When it is tried again; None: now, or nobody knows."""


def shown(asked: Asked) -> Response:
    """The page."""
    settings, now = asked.door.service.now, asked.door.service.clock()
    found = [(one, [health(state, now) for state in one.states]) for one in catalog.offers(asked.visit)]
    values = {
        "offers": [(one, Counter(state.how for state in states)) for one, states in found],
        "ill": [state for _, states in found for state in states if state.how != HEALTHY],
        "cap": settings.max_concurrent_api_calls,
        "is_offline": settings.offline,
        "is_cached": settings.response_cache,
    }
    return asked.page("providers", values)


def health(state: KeyState, now: float) -> Health:
    """How the key of *state* is at *now*; a wait that is over is none."""
    if state.revoked_at is not None:
        return Health(state, "refused", None)
    if state.breaker != HEALTHY:
        is_over = state.breaker_until is None or state.breaker_until <= now
        return Health(state, "half-open", None) if is_over else Health(state, state.breaker, state.breaker_until)
    if state.cooldown_until is not None and state.cooldown_until > now:
        return Health(state, "cooling", state.cooldown_until)
    return Health(state, HEALTHY, None)
