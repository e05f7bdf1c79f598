"""Webhooks: where a project's events are sent, by admins' word alone; the secret that signs is shown once."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec

from causal_eval.errors import Conflict, UnknownName, UsageError
from causal_eval.operations.guard import Allowed, is_outside
from causal_eval.service.access import Permission, require
from causal_eval.service.audit import Deed, record
from causal_eval.service.vault import origin_of, seal
from causal_eval.service.wiring import Visit
from causal_eval.store import webhooks as kept
from causal_eval.store.evaluations import LOCAL
from causal_eval.store.events import kinds_of, newest_event
from causal_eval.store.projects import find_project
from causal_eval.store.webhooks import Delivery, Webhook

KINDS = ("created", "progress", "waiting", "paused", "resumed", "cancelled", "halted", "done")
MOST = 20
"""Webhooks of a project."""
LONGEST_URL = 2_000
PAGE = 100


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """What somebody wants events sent to."""

    url: str
    project: str = LOCAL
    kinds: tuple[str, ...] = ()
    """Empty: all but progress."""


@dataclass(frozen=True, slots=True)
class MadeWebhook:
    """A webhook and, this once, the secret that its receiver checks signatures with."""

    webhook: Webhook
    secret: str = field(repr=False)


def bound(one: Webhook) -> str:
    """What the seal of the secret holds it to: another project or address cannot use it."""
    return f"{one.id}\n{one.project}\n{one.url}"


def add(visit: Visit, wanted: NewWebhook) -> MadeWebhook:
    """Make a webhook; events from now on are sent.

    Raises:
        UsageError: the address cannot be called, a kind is unknown, or there is no master key.
        Conflict: the project has too many.
    """
    require(visit.caller, Permission.ADMINISTER, project=wanted.project)
    service, now = visit.service, visit.service.clock()
    _check_url(wanted.url, Allowed.parse(service.settings.allowed_networks))
    if unknown := [kind for kind in wanted.kinds if kind not in KINDS]:
        raise UnknownName("kind of event", unknown[0], KINDS)
    key = bytes.fromhex(service.token() + service.token())
    kinds = msgspec.json.encode(sorted(set(wanted.kinds))).decode()
    with service.store.writing() as connection:
        find_project(connection, wanted.project)
        if len(kept.list_webhooks(connection, wanted.project)) >= MOST:
            raise Conflict(f"project {wanted.project} has {MOST} webhooks: remove one first")
        one = Webhook(
            service.token(), wanted.project, wanted.url, kinds, visit.caller.actor, now, seen=newest_event(connection)
        )
        kept.insert_webhook(connection, one, secret=seal(service, key, row=one.id, bound=bound(one)))
        told = {"origin": origin_of(one.url), "kinds": list(wanted.kinds)}
        record(connection, visit, deed=Deed("webhook.add", one.id, one.project), detail=told)
    return MadeWebhook(one, f"whsec_{base64.b64encode(key).decode()}")


def listed(visit: Visit, project: str) -> list[Webhook]:
    """Those of *project*, newest first."""
    require(visit.caller, Permission.ADMINISTER, project=project)
    with visit.service.store.reading() as connection:
        return kept.list_webhooks(connection, project)


def find(visit: Visit, webhook: str) -> Webhook:
    """The webhook with this id.

    Raises:
        UnknownName: there is none that the caller may see.
    """
    require(visit.caller, Permission.ADMINISTER)
    with visit.service.store.reading() as connection:
        found = kept.find_webhook(connection, webhook)
    if not visit.caller.enters(found.project):
        raise UnknownName("webhook", webhook, ())
    return found


def remove(visit: Visit, webhook: str) -> None:
    """Delete it, its secret and the list of its deliveries."""
    found = find(visit, webhook)
    with visit.service.store.writing() as connection:
        kept.delete_webhook(connection, found.id)
        record(connection, visit, deed=Deed("webhook.remove", found.id, found.project))


def disable(visit: Visit, webhook: str) -> Webhook:
    """Send nothing to it until it is enabled again."""
    found = find(visit, webhook)
    with visit.service.store.writing() as connection:
        kept.change_webhook(connection, found.id, values={"disabled_at": visit.service.clock()})
        record(connection, visit, deed=Deed("webhook.disable", found.id, found.project))
    return find(visit, webhook)


def enable(visit: Visit, webhook: str) -> Webhook:
    """Send to it again after it was disabled; what was not delivered meanwhile can be sent again one by one."""
    found = find(visit, webhook)
    with visit.service.store.writing() as connection:
        values = {"disabled_at": None, "failing_since": None, "seen": newest_event(connection) + kept.LOOK_BACK}
        kept.change_webhook(connection, found.id, values=values)
        record(connection, visit, deed=Deed("webhook.enable", found.id, found.project))
    return find(visit, webhook)


def deliveries(visit: Visit, webhook: str, *, before: int | None = None, limit: int = PAGE) -> list[Delivery]:
    """What was, is or could not be sent, the newest first."""
    found = find(visit, webhook)
    with visit.service.store.reading() as connection:
        return kept.list_deliveries(connection, found.id, before=before, limit=min(limit, PAGE))


def event_kinds(visit: Visit, sent: Sequence[Delivery]) -> dict[int, str]:
    """What happened in the event of each of *sent*, by its number; an event that is gone is left out."""
    with visit.service.store.reading() as connection:
        return kinds_of(connection, [one.event_id for one in sent])


def resend(visit: Visit, webhook: str, *, delivery: str) -> Delivery:
    """Send an event again, whether or not it has arrived, with the same id.

    Raises:
        Conflict: the webhook is disabled.
        UnknownName: it is no delivery of this webhook.
    """
    found, now = find(visit, webhook), visit.service.clock()
    if found.disabled_at is not None:
        raise Conflict(f"webhook {webhook} is disabled: enable it first")
    with visit.service.store.writing() as connection:
        if kept.find_delivery(connection, delivery).webhook_id != found.id:
            raise UnknownName("delivery", delivery, ())
        fresh = {"status": "open", "tries": 0, "created_at": now, "next_at": now}
        kept.change_delivery(connection, delivery, values=fresh)
        record(connection, visit, deed=Deed("webhook.resend", found.id, found.project), detail={"delivery": delivery})
        return kept.find_delivery(connection, delivery)


def _check_url(url: str, allowed: Allowed) -> None:
    """Refuse what can never be called; what a name resolves to is checked whenever it is."""
    origin = urlsplit(origin_of(url))
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise UsageError(f"url is longer than {LONGEST_URL} characters, or no address: give such as https://host/path")
    try:
        address = ipaddress.ip_address(origin.hostname or "")
    except ValueError:
        return
    if not is_outside(address) and not allowed.lets(address, origin.port or 0):
        raise UsageError(f"url leads to {address}, which lies inside: an operator can list it in CEB_ALLOWED_NETWORKS")
