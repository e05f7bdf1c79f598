"""Routers of the API, laid flat: a request finds its route in one pass; nested ones would be walked twice each."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Match, Route
from starlette.types import Scope

from causal_eval.api.direct import Direct
from causal_eval.api.problem import USUAL

PREFIX = "/api/v1"


class PlainRoute(Route):
    """A route that is described nowhere and takes no parameters; the request knows it, as it knows FastAPI's."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether it takes the request, and what it adds to that."""
        match, added = super().matches(scope)
        return match, {**added, "route": self}


def name_of(route: APIRoute) -> str:
    """The operation id of *route*: the name of its function."""
    return route.name


def make_router(prefix: str = "", *, tag: str = "") -> APIRouter:
    """A router of routes under *prefix*, which all say how they refuse."""
    return APIRouter(
        prefix=PREFIX + prefix, tags=[tag] if tag else [], responses=USUAL, generate_unique_id_function=name_of,
        route_class=Direct,
    )  # fmt: skip


def add_routes(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Put the routes of *routers* into *app* in this order."""
    for one in routers:
        app.router.routes.extend(one.routes)
