"""Sends events to webhooks, signed, again and again for up to a day, and never to where nobody may go."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
import msgspec

from causal_eval.errors import CausalEvalError
from causal_eval.operations.hooks import signed
from causal_eval.service.vault import unseal
from causal_eval.service.webhooks import bound
from causal_eval.service.wiring import Service
from causal_eval.store import webhooks as kept
from causal_eval.store.audit import Entry, note
from causal_eval.store.webhooks import Delivery, Due

DELAYS = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0)
"""Seconds before the next try; the last one for ever after."""
DAY = 86_400.0
"""After which a delivery is given up, and a webhook to which nothing arrives is disabled."""
AT_ONCE = 10
PER_ROUND = 20
TIMEOUT = aiohttp.ClientTimeout(total=10.0)
_GOOD = range(200, 300)

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered."""

    status: int | None
    """None: there was no answer."""
    error: str = ""

    @property
    def arrived(self) -> bool:
        """True: it said that it has it."""
        return self.status in _GOOD


def is_needed(service: Service) -> bool:
    """Whether there is any webhook to send to."""
    with service.store.reading() as connection:
        return bool(kept.list_webhooks(connection))


async def deliver(service: Service, session: aiohttp.ClientSession) -> int:
    """Queue what has happened, and send what is due with *session* (``guard.guarded``); how many those were."""
    found = await asyncio.to_thread(_due, service)
    places = asyncio.Semaphore(AT_ONCE)

    async def one(due: Due) -> None:
        async with places:
            answer = await _send(service, session, due=due)
        await asyncio.to_thread(_note, service, due, answer)

    await asyncio.gather(*(one(due) for due in found))
    return len(found)


def _due(service: Service) -> list[Due]:
    now = service.clock()
    with service.store.writing() as connection:
        for webhook in kept.list_webhooks(connection):
            fresh = kept.unqueued(connection, webhook)
            rows = [Delivery(service.token(), webhook.id, event, "open", 0, now, now) for event in fresh]
            kept.insert_deliveries(connection, rows)
            if fresh and fresh[-1] > webhook.seen:
                kept.change_webhook(connection, webhook.id, values={"seen": fresh[-1]})
        return kept.due(connection, now=now, limit=PER_ROUND)


async def _send(service: Service, session: aiohttp.ClientSession, *, due: Due) -> Answer:
    event, webhook = due.event, due.webhook
    told = {
        "type": f"evaluation.{event.kind}",
        "timestamp": datetime.fromtimestamp(event.at, UTC).isoformat(timespec="milliseconds"),
        "data": {**event.body, "evaluation": event.evaluation_id, "project": event.project},
    }
    body = msgspec.json.encode(told)
    try:
        key = unseal(service, due.secret, row=webhook.id, bound=bound(webhook))
        headers = signed(key, body, name=due.delivery.id, at=service.clock())
        async with session.post(webhook.url, data=body, headers=headers, timeout=TIMEOUT) as response:
            return Answer(response.status, "" if response.status in _GOOD else f"HTTP {response.status}")
    except (aiohttp.ClientError, TimeoutError, ValueError, CausalEvalError) as error:
        return Answer(None, _words(error))


def _words(error: Exception) -> str:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return f"{type(cause).__name__}: {cause}"[:300]


def _note(service: Service, due: Due, answer: Answer) -> None:
    """Write down how it went, and what follows from it."""
    now, delivery, webhook = service.clock(), due.delivery, due.webhook
    tries = delivery.tries + 1
    next_at = now + DELAYS[min(tries, len(DELAYS)) - 1]
    is_over = not answer.arrived and next_at > delivery.created_at + DAY
    status = "done" if answer.arrived else "failed" if is_over else "open"
    values = {"status": status, "tries": tries, "next_at": next_at, "last_status": answer.status}
    with service.store.writing() as connection:
        kept.change_delivery(connection, delivery.id, values={**values, "last_error": answer.error})
        since = kept.find_webhook(connection, webhook.id).failing_since
        if answer.arrived:
            kept.change_webhook(connection, webhook.id, values={"failing_since": None})
        elif since is None:
            kept.change_webhook(connection, webhook.id, values={"failing_since": now})
        elif now - since > DAY:
            _LOG.warning("webhook %s is disabled after a day of failures", webhook.id)
            kept.change_webhook(connection, webhook.id, values={"disabled_at": now})
            told = {"since": since, "last_error": answer.error}
            note(connection, Entry("system", "webhook.disable", webhook.id, webhook.project, detail=told), at=now)
