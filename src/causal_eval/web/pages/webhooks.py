"""Where a project's events are sent: webhooks with their state, and what became of the last deliveries."""

from __future__ import annotations

import json

from starlette.exceptions import HTTPException
from starlette.responses import Response

from causal_eval.errors import Conflict, UnknownName, UsageError
from causal_eval.service import projects, webhooks
from causal_eval.service.webhooks import KINDS, NewWebhook
from causal_eval.store.webhooks import Webhook
from causal_eval.web.asked import Asked, see
from causal_eval.web.forms import faults

SHOWN = 50
"""The newest deliveries."""


def shown(asked: Asked) -> Response:
    """The list, and the form for another one."""
    return _page(asked, {})


def made(asked: Asked) -> Response:
    """The list with the new webhook's secret, which is shown this once."""
    kinds = tuple(kind for kind in KINDS if asked.form.get(f"kind_{kind}"))
    try:
        wanted = NewWebhook(asked.form.get("url", "").strip(), asked.part("project"), kinds)
        new = webhooks.add(asked.visit, wanted)
    except (UsageError, Conflict) as error:
        return _page(asked, {"url": str(error)} if "origin" in str(error) else faults(error, ("url",)))
    return _page(asked, {}, secret=new.secret)


def steered(asked: Asked) -> Response:
    """Enable, disable or remove it, or send an event again."""
    found, at = _found(asked), f"/projects/{asked.part('project')}/webhooks"
    match asked.part("act"):
        case "enable":
            webhooks.enable(asked.visit, found.id)
        case "disable":
            webhooks.disable(asked.visit, found.id)
        case "remove":
            webhooks.remove(asked.visit, found.id)
        case "resend":
            webhooks.resend(asked.visit, found.id, delivery=asked.form.get("delivery", ""))
            return see(f"{at}/{found.id}")
        case _:
            raise HTTPException(404)
    return see(at)


def sent(asked: Asked) -> Response:
    """The newest deliveries of one."""
    found = _found(asked)
    deliveries = webhooks.deliveries(asked.visit, found.id, limit=SHOWN)
    values = {
        "project": projects.find(asked.visit, found.project),
        "webhook": found,
        "deliveries": deliveries,
        "happened": webhooks.event_kinds(asked.visit, deliveries),
        "most": SHOWN,
    }
    return asked.page("deliveries", values)


def _found(asked: Asked) -> Webhook:
    found = webhooks.find(asked.visit, asked.part("webhook"))
    if found.project != asked.part("project"):
        raise UnknownName("webhook", found.id, ())
    return found


def _page(asked: Asked, wrong: dict[str, str], *, secret: str = "") -> Response:
    project = asked.part("project")
    there = webhooks.listed(asked.visit, project)
    values = {
        "project": projects.find(asked.visit, project),
        "webhooks": there,
        "kinds_of": {one.id: json.loads(one.kinds) for one in there},
        "kinds": KINDS,
        "has_master": asked.door.service.settings.master_key_file is not None,
        "given": asked.form if wrong else {},
        "secret": secret,
        "wrong": dict.fromkeys(("", "url"), "") | wrong,
    }
    return asked.page("webhooks", values, status=422 if wrong else 200)
