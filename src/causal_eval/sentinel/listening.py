"""Where the sentinel listens: letters of Alertmanager, incidents, its metrics, its health, and the status page."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from causal_eval.errors import CausalEvalError, UsageError
from causal_eval.incidents.book import live
from causal_eval.incidents.incident import Incident, Severity
from causal_eval.sentinel.answering import add_routes
from causal_eval.sentinel.process import LARGEST, Sentinel
from causal_eval.sentinel.subscribing import HERE, Network, add_pages

LOOPBACK = frozenset({"127.0.0.1", "::1"})
OWN_NAMES = LOOPBACK | {"localhost"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where it listens, and who may talk."""

    host: str
    port: int
    token_file: Path | None = None
    """Holds what others than this machine have to show; without one nobody else is heard."""
    proxies: tuple[Network, ...] = HERE
    """What may say whose request it hands on."""


def make_app(sentinel: Sentinel, address: Address) -> web.Application:
    """The application that listens for *sentinel*."""

    async def alerts(request: web.Request) -> web.Response:
        _admit(request, address)
        try:
            changed = await sentinel.hear(await request.read())
        except UsageError as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        except CausalEvalError as error:  # Alertmanager sends it again
            raise web.HTTPServiceUnavailable(text=f"{error}\n") from error
        return web.json_response({"incidents": sorted({one.id for one in changed})})

    async def metrics(request: web.Request) -> web.Response:
        _admit(request, address)
        text = await asyncio.to_thread(_metrics, sentinel)
        return web.Response(text=text, content_type="text/plain", charset="utf-8")

    async def health(_: web.Request) -> web.Response:
        status = "degraded" if sentinel.faults else "ok"
        return web.json_response({"status": status, "faults": sorted(sentinel.faults)})

    async def index(_: web.Request) -> web.FileResponse:
        page = sentinel.status_dir / "index.html"
        if not page.is_file():
            raise web.HTTPNotFound(text="the status page is not written yet\n")
        return web.FileResponse(page)

    app = web.Application(client_max_size=LARGEST)
    app.router.add_post("/alerts", alerts)
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/health", health)
    add_routes(app, sentinel, admit=lambda request: _admit(request, address))
    add_pages(app, sentinel, proxies=address.proxies)
    sentinel.status_dir.mkdir(parents=True, exist_ok=True)
    app.router.add_get("/", index)
    app.router.add_static("/", sentinel.status_dir)
    return app


def _admit(request: web.Request, address: Address) -> None:
    """Refuse who neither is a program on this machine nor shows the token."""
    if _is_at_home(request):
        return
    wanted = "" if address.token_file is None else address.token_file.read_text("utf-8").strip()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not wanted or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise web.HTTPForbidden(text="other machines show the token in CEB_SENTINEL_TOKEN_FILE\n")


def _is_at_home(request: web.Request) -> bool:
    """Whether a program on this machine asks: by no proxy, and no page that a browser here has open."""
    sent = request.headers
    is_own = (urlsplit(f"//{request.host}").hostname or "") in OWN_NAMES and "Origin" not in sent
    is_page = sent.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}
    return request.remote in LOOPBACK and is_own and not is_page and "X-Forwarded-For" not in sent


def _metrics(sentinel: Sentinel) -> str:
    with sentinel.book.reading() as rows:
        there = live(rows)
        waiting = rows.execute("SELECT count(*) FROM outbox WHERE sent_at IS NULL").fetchone()[0]
    counts = {severity: _count(there, severity) for severity in Severity}
    return "".join(
        [
            "# TYPE incidents_open gauge\n",
            *(f'incidents_open{{severity="{severity}"}} {count}\n' for severity, count in counts.items()),
            "# TYPE sentinel_letters_waiting gauge\n",
            f"sentinel_letters_waiting {waiting}\n",
            "# TYPE sentinel_faults gauge\n",
            f"sentinel_faults {len(sentinel.faults)}\n",
            "# TYPE status_page_last_publish_timestamp_seconds gauge\n",
            *(f"status_page_last_publish_timestamp_seconds {at:.3f}\n" for at in sentinel.published),
        ]
    )


def _count(incidents: list[Incident], severity: Severity) -> int:
    return sum(one.severity is severity for one in incidents)
