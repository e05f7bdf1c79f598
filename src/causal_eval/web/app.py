"""The pages as an application: routes, error pages and the headers that every answer carries."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from causal_eval.errors import CausalEvalError, NotAllowed, StoreError
from causal_eval.service import accounts
from causal_eval.service.access import NOBODY
from causal_eval.service.wiring import Service
from causal_eval.web.asked import Handler, asked_by, handled, keep_token, own_path, see
from causal_eval.web.pages import (
    adapting,
    audit,
    calibrating,
    comparison,
    contamination,
    diagnosing,
    download,
    evaluation,
    evaluations,
    families,
    gating,
    incidents,
    keys,
    leaderboard,
    looking,
    making,
    one_set,
    ordering,
    password,
    planning,
    playground,
    problem,
    project,
    projects,
    providers,
    question,
    reproducing,
    sessions,
    sets,
    settings,
    submission,
    submissions,
    submitting,
    trend,
    users,
    vault,
    webhooks,
    wording,
)
from causal_eval.web.statuses import status_of
from causal_eval.web.who import Door, Guest, Identify

log = logging.getLogger("causal_eval.web")

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
STATIC = "/static"

GET: Sequence[tuple[str, Handler]] = (
    ("/", evaluations.front),
    ("/login", sessions.form),
    ("/login/provider", sessions.to_provider),
    ("/login/provider/back", sessions.from_provider),
    ("/evaluations", evaluations.listed),
    ("/evaluations/new", ordering.form),
    ("/evaluations/{evaluation}", evaluation.shown),
    ("/evaluations/{evaluation}/live", evaluation.live),
    ("/evaluations/{evaluation}/questions/{question}", question.shown),
    ("/evaluations/{evaluation}/sequential", looking.shown),
    ("/evaluations/{evaluation}/table", planning.table),
    ("/evaluations/{evaluation}/variance", planning.budgeted),
    ("/evaluations/{evaluation}/diagnosis", diagnosing.diagnosis),
    ("/evaluations/{evaluation}/profile", diagnosing.profile),
    ("/evaluations/{evaluation}/reproduction", reproducing.shown),
    ("/evaluations/{evaluation}/ability", adapting.shown),
    ("/evaluations/{evaluation}/calibration", calibrating.shown),
    ("/compare", comparison.shown),
    ("/profiles", diagnosing.profiles),
    ("/gate", gating.shown),
    ("/memorisation", contamination.memorisation),
    ("/plan", planning.shown),
    ("/trend", trend.shown),
    ("/leaderboard", leaderboard.shown),
    ("/submissions", submissions.listed),
    ("/submissions/new", submitting.form),
    ("/submissions/{submission}", submission.shown),
    ("/submissions/{submission}/badge.svg", submission.badge),
    ("/submissions/{submission}/result.yaml", submission.exported),
    ("/submissions/{submission}/signed.json", submission.signed),
    ("/sets", sets.listed),
    ("/sets/new", sets.form),
    ("/sets/compare", contamination.sets),
    ("/reveal", contamination.reveal),
    ("/sets/{set}", one_set.shown),
    ("/makings/{making}", making.shown),
    ("/makings/{making}/check.html", making.page),
    ("/makings/{making}/card.md", making.card),
    ("/families", families.shown),
    ("/domains", wording.form),
    ("/playground", playground.shown),
    ("/playground/question", playground.drawn),
    ("/providers", providers.shown),
    ("/keys", keys.shown),
    ("/users", users.shown),
    ("/password", password.form),
    ("/projects", projects.shown),
    ("/projects/{project}", project.shown),
    ("/projects/{project}/export.jsonl", project.exported),
    ("/projects/{project}/keys", vault.shown),
    ("/projects/{project}/webhooks", webhooks.shown),
    ("/projects/{project}/webhooks/{webhook}", webhooks.sent),
    ("/audit", audit.shown),
    ("/incidents", incidents.shown),
    ("/incidents/{incident}", incidents.one),
    ("/problem", problem.form),
    ("/settings", settings.shown),
)
FILES: Sequence[tuple[str, Handler]] = (
    ("/evaluations/{evaluation}/results.csv", download.as_csv),
    ("/evaluations/{evaluation}/results.jsonl", download.as_jsonl),
    ("/evaluations/{evaluation}/report/{form}", download.as_report),
    ("/evaluations/{evaluation}/charts/{chart}/{form}", download.as_chart),
    ("/sets/{set}/questions.jsonl", one_set.as_public),
    ("/sets/{set}/questions.gold.jsonl", one_set.as_gold),
    ("/sets/{set}/commitment.json", one_set.committed),
)
"""What is kept by whoever asks, and no page."""
POST: Sequence[tuple[str, Handler]] = (
    ("/login", sessions.log_in),
    ("/logout", sessions.log_out),
    ("/language", sessions.language),
    ("/evaluations/new", ordering.order),
    ("/evaluations/{evaluation}/ability", adapting.ordered),
    ("/evaluations/{evaluation}/{act}", evaluation.steered),
    ("/sets/new", sets.made),
    ("/sets/file", sets.brought),
    ("/sets/{set}/check", one_set.checked),
    ("/sets/{set}/reveal", one_set.disclosed),
    ("/makings/{making}/cancel", making.cancelled),
    ("/reveal", contamination.revealed),
    ("/domains", wording.checked),
    ("/submissions/new", submitting.submitted),
    ("/submissions/{submission}/moderation", submission.moderated),
    ("/keys", keys.made),
    ("/keys/{key}/revoke", keys.revoked),
    ("/users", users.added),
    ("/users/{user}", users.changed),
    ("/projects", projects.added),
    ("/password", password.changed),
    ("/projects/{project}", project.changed),
    ("/projects/{project}/delete", project.deleted),
    ("/projects/{project}/keys", vault.kept),
    ("/projects/{project}/keys/{key}/revoke", vault.revoked),
    ("/projects/{project}/webhooks", webhooks.made),
    ("/projects/{project}/webhooks/{webhook}/{act}", webhooks.steered),
    ("/incidents", incidents.opened),
    ("/incidents/{incident}/rerun", incidents.asked_again),
    ("/incidents/{incident}/{act}", incidents.acted),
    ("/problem", problem.reported),
    ("/playground", playground.solved),
    ("/playground/question", playground.judged),
)


def make_pages(service: Service, *, identify: Identify | None = accounts, open_to_all: bool = False) -> Starlette:
    """The pages of *service*.

    Args:
        service: what they show.
        identify: tells who a session belongs to; None: there are no accounts.
        open_to_all: whoever reaches this machine's own address is its user.
    """
    door = Door(service, identify, open_to_all)
    routes: list[BaseRoute] = [Route(path, handled(door, handler), methods=["GET"]) for path, handler in (*GET, *FILES)]
    routes += [Route(path, handled(door, handler), methods=["POST"]) for path, handler in POST]
    routes.append(Mount(STATIC, StaticFiles(packages=[("causal_eval.web", "static")])))
    app = Starlette(routes=routes, middleware=[Middleware(Headers)])
    app.state.door = door
    app.add_exception_handler(CausalEvalError, _known)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _unknown)
    return app


@dataclass(frozen=True, slots=True)
class Headers:
    """Puts :data:`HEADERS` on every answer; pages are kept by no cache, static files (named by content) by all."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                is_static = scope["path"].startswith(f"{scope.get('root_path', '')}{STATIC}/")
                usual = "public, max-age=31536000, immutable" if is_static else "no-store"
                headers.setdefault("Cache-Control", usual)
            await send(message)

        await self.app(scope, receive, sending)


def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, CausalEvalError)
    status = status_of(error)
    if status == HTTPStatus.UNAUTHORIZED:
        return _to_login(request)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _unknown(request, error)
    if isinstance(error, StoreError):
        log.warning("%s: %s", request.url.path, error)
        return _page(request, status, detail="")  # where the database lies is nobody's business
    return _page(request, status, detail=str(error))


def _to_login(request: Request) -> Response:
    if request.headers.get("hx-request"):  # a part of a page: the whole page goes to the form
        return Response(status_code=401, headers={"HX-Redirect": "/login"})
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return see("/login", {"next": own_path(here)} if request.method == "GET" and here != "/" else {})


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _page(request, error.status_code, detail="")


def _unknown(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    response = _page(request, 500, detail="")
    for name, value in HEADERS.items():  # made outside of the middleware
        response.headers.setdefault(name, value)
    return response


def _page(request: Request, status: int, *, detail: str) -> Response:
    door: Door = request.app.state.door
    try:
        guest = door.guest(request)
    except (NotAllowed, StoreError):
        guest = Guest(NOBODY, "")
    asked = asked_by(request, door, guest=guest)
    response = asked.page("error", {"status": status, "detail": detail}, status=status)
    keep_token(response, asked)
    return response
