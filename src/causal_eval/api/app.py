"""The API put together: routes, problems, the guard before them, and what every route works with."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI

import causal_eval
from causal_eval.api import (
    adapting,
    api_keys,
    calibrating,
    charts,
    comparisons,
    contamination,
    diagnosing,
    effects,
    evaluations,
    incidents,
    leaderboard,
    listening,
    makings,
    measuring,
    offers,
    operating,
    planning,
    problem,
    profiles,
    projects,
    question_sets,
    reports,
    reproducing,
    results,
    sequential,
    sessions,
    submissions,
    trends,
    users,
    webhooks,
    wellness,
    wording,
)
from causal_eval.api.guard import Guard, Network
from causal_eval.api.logged import Logged
from causal_eval.api.routing import PREFIX, PlainRoute, add_routes, name_of
from causal_eval.api.who import COOKIE, CSRF, PERMISSIONS, PLAIN_COOKIE, Door, Identify
from causal_eval.operations.collectors import Counted
from causal_eval.operations.deployments import revision
from causal_eval.operations.metrics import Metrics
from causal_eval.operations.watch import Watch
from causal_eval.service import accounts
from causal_eval.service.inbound import Inbound, make_inbound
from causal_eval.service.wiring import Service

TITLE = "Causal Eval Bench"
SUMMARY = "Whether a language model reasons about cause and effect: questions with proof, evaluations, scores."
SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key."},
    "session": {
        "type": "apiKey", "in": "cookie", "name": COOKIE,
        "description": f"The cookie of `POST {PREFIX}/session` (over plain HTTP `{PLAIN_COOKIE}`); what changes "
        f"something also sends the session's token as `{CSRF}`.",
    },
}  # fmt: skip
ROUTERS = (
    evaluations, results, comparisons, contamination, planning, reports, listening, question_sets, makings, offers,
    sessions, api_keys, users, projects, operating, leaderboard, submissions, webhooks, incidents, effects, sequential,
    trends, diagnosing, wording, reproducing, adapting, profiles,
    calibrating, charts,
)  # fmt: skip


def make_app(
    service: Service, *, open_to_all: bool = False, identify: Identify | None = accounts, proxies: Sequence[str] = (),
    metrics: Metrics | None = None, watch: Watch | None = None,
) -> FastAPI:  # fmt: skip
    """The API over *service*.

    Args:
        service: what the routes offer.
        open_to_all: nobody logs in: only for a server that listens on this machine alone.
        identify: who somebody is; None: nobody has an account.
        proxies: addresses or networks whose forwarded headers are believed.
        metrics: what counts in this process, hearing what *service* tells already; None: requests alone are counted.
        watch: what looks after the database and all else; None: it is looked at when somebody asks.
    """
    app = Api(
        title=TITLE, summary=SUMMARY, version=causal_eval.__version__, docs_url=None, redoc_url=None,
        openapi_url=f"{PREFIX}/openapi.json", generate_unique_id_function=name_of,
    )  # fmt: skip
    app.router.routes.append(PlainRoute("/health/live", wellness.live, methods=["GET"]))
    app.state.door = Door(service, identify, _inbound(service), open_to_all)
    app.state.revision, app.state.started_at = revision(), service.clock()
    app.state.hub = listening.Hub()
    app.state.watch = watch or Watch(service.store, service.settings, clock=service.clock, now=lambda: service.now)
    add_routes(app, (*(module.router for module in ROUTERS), wellness.router))
    problem.install(app)
    app.add_middleware(Guard, proxies=[_network(one) for one in proxies])
    app.add_middleware(Logged)
    inbound = app.state.door.inbound
    counted = metrics or Metrics()
    counted.add(Counted("inbound_limiter_fallback", "Redis could not be asked how often", value=lambda: inbound.lapses))
    measuring.install(app, counted)
    measuring.expect(app)
    return app


class Api(FastAPI):
    """The application, whose description says with what each route is opened."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document; made once."""
        if self.openapi_schema is None:
            described = super().openapi()
            described["components"]["securitySchemes"] = SCHEMES
            for methods in described["paths"].values():
                for operation in methods.values():
                    named = PERMISSIONS.get(operation["operationId"]) is not None
                    operation["security"] = [{"key": []}, {"session": []}] if named else []
        return self.openapi_schema or {}


def _inbound(service: Service) -> Inbound:
    return make_inbound(service.settings, most=lambda: service.now.requests_per_minute)


def _network(text: str) -> Network:
    return ipaddress.ip_network(text, strict=False)
