"""Webhooks over HTTP: where a project's events are sent, what was sent, and once more."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from causal_eval.api.paging import After, Limit, Name, cursor, place
from causal_eval.api.routing import make_router
from causal_eval.api.who import Visiting
from causal_eval.service import webhooks
from causal_eval.service.webhooks import KINDS, LONGEST_URL, NewWebhook
from causal_eval.store.webhooks import Webhook

router = make_router("/webhooks", tag="webhooks")

Hook = Annotated[Name, Path(description="Id of a webhook.")]
Kind = Literal["created", "progress", "waiting", "paused", "resumed", "cancelled", "halted", "done"]


class WebhookOrder(BaseModel):
    """Where events are to be sent; signed as Standard Webhooks are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, StringConstraints(max_length=LONGEST_URL, pattern=r"^https?://[!-~]+$")]
    project: Name = "local"
    kinds: list[Kind] = Field(default_factory=list, max_length=len(KINDS), description="Empty: all but progress.")


class WebhookOut(BaseModel):
    """A webhook; its secret is shown when it is made, and never again."""

    id: str
    project: str
    url: str
    kinds: list[str]
    created_by: str
    created_at: float
    failing_since: float | None
    disabled_at: float | None

    @classmethod
    def of(cls, one: Webhook) -> WebhookOut:
        """From the service's."""
        return cls.model_validate(_fields(one))


class NewWebhookOut(WebhookOut):
    """A new webhook with the secret of its signatures."""

    secret: str


class DeliveryOut(BaseModel):
    """That an event is, was or could not be sent; its id is the ``webhook-id`` of every try."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    event_id: int
    status: Literal["open", "done", "failed"]
    tries: int
    created_at: float
    next_at: float
    last_status: int | None
    last_error: str


class DeliveryPage(BaseModel):
    """Deliveries, newest first."""

    items: list[DeliveryOut]
    next: str | None


@router.post("", status_code=201)
def create_webhook(visit: Visiting, order: WebhookOrder, response: Response) -> NewWebhookOut:
    """Send a project's events to an address from now on; the secret in the answer is kept nowhere in clear."""
    made = webhooks.add(visit, NewWebhook(order.url, order.project, tuple(order.kinds)))
    response.headers["Location"] = f"/api/v1/webhooks/{made.webhook.id}"
    return NewWebhookOut.model_validate({**_fields(made.webhook), "secret": made.secret})


@router.get("")
def list_webhooks(visit: Visiting, project: Annotated[Name, Query()] = "local") -> list[WebhookOut]:
    """The webhooks of a project."""
    return [WebhookOut.of(one) for one in webhooks.listed(visit, project)]


@router.get("/{webhook}")
def get_webhook(visit: Visiting, webhook: Hook) -> WebhookOut:
    """One webhook."""
    return WebhookOut.of(webhooks.find(visit, webhook))


@router.delete("/{webhook}", status_code=204)
def delete_webhook(visit: Visiting, webhook: Hook) -> Response:
    """Send nothing there any more, and forget its secret."""
    webhooks.remove(visit, webhook)
    return Response(status_code=204)


@router.post("/{webhook}/disable")
def disable_webhook(visit: Visiting, webhook: Hook) -> WebhookOut:
    """Send nothing there until it is enabled."""
    return WebhookOut.of(webhooks.disable(visit, webhook))


@router.post("/{webhook}/enable")
def enable_webhook(visit: Visiting, webhook: Hook) -> WebhookOut:
    """Send there again after it was disabled."""
    return WebhookOut.of(webhooks.enable(visit, webhook))


@router.get("/{webhook}/deliveries")
def list_deliveries(visit: Visiting, webhook: Hook, after: After = None, limit: Limit = 50) -> DeliveryPage:
    """What was, is or could not be sent."""
    found = webhooks.deliveries(visit, webhook, before=place(after, int), limit=limit)
    following = cursor(found[-1].event_id) if len(found) == limit else None
    return DeliveryPage(items=[DeliveryOut.model_validate(one) for one in found], next=following)


@router.post("/{webhook}/deliveries/{delivery}/resend")
def resend_delivery(visit: Visiting, webhook: Hook, delivery: Name) -> DeliveryOut:
    """Send an event again, under the same id."""
    return DeliveryOut.model_validate(webhooks.resend(visit, webhook, delivery=delivery))


def _fields(one: Webhook) -> dict[str, object]:
    return {
        "id": one.id, "project": one.project, "url": one.url, "kinds": msgspec.json.decode(one.kinds, type=list[str]),
        "created_by": one.created_by, "created_at": one.created_at, "failing_since": one.failing_since,
        "disabled_at": one.disabled_at,
    }  # fmt: skip
