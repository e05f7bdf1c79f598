"""Who can be asked: the catalogue of providers, what of it is set up, and the limits."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.service import catalog
from causal_eval.web.asked import Asked


def shown(asked: Asked) -> Response:
    """The page."""
    settings = asked.door.service.settings
    values = {
        "offers": catalog.offers(asked.visit),
        "cap": settings.max_concurrent_api_calls,
        "is_offline": settings.offline,
        "is_cached": settings.response_cache,
    }
    return asked.page("providers", values)
