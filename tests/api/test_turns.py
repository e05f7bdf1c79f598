"""Which requests are given which threads."""

from __future__ import annotations

from fastapi.routing import APIRoute

from causal_eval.api.app import make_app
from causal_eval.api.turns import SHORT
from causal_eval.service.wiring import Service


def test_short_routes_change_nothing(service: Service) -> None:
    """Every route that is called short is there, and only reads."""
    methods = {route.name: route.methods for route in make_app(service).routes if isinstance(route, APIRoute)}
    assert {name: methods.get(name) for name in SHORT} == {name: {"GET"} for name in SHORT}
