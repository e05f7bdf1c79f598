"""How a letter to a subscriber's webhook leaves: signed, and never to where nobody may go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
import msgspec

from causal_eval.incidents.book import Book
from causal_eval.incidents.outbox import Waiting
from causal_eval.incidents.senders import Fault, Sender, text_of
from causal_eval.incidents.subscribers import PREFIX, Subscriber, called
from causal_eval.incidents.templates import moment
from causal_eval.operations.hooks import signed

PATIENCE = 3.0
"""Seconds: whoever has to act waits for this one behind it."""


@dataclass(frozen=True, slots=True)
class PublicWebhookSender:
    """Posts to subscribers; what is for contacts is *others'* to send."""

    book: Book
    session: aiohttp.ClientSession
    """One that ``guard.guarded`` made: the address is looked at when the connection is made."""
    others: Sender
    clock: Callable[[], float]

    async def send(self, one: Waiting) -> Fault | None:
        """Post it once; who unsubscribed meanwhile is told nothing."""
        if not one.letter.target.startswith(f"{PREFIX}-"):
            return await self.others.send(one)
        subscriber = await asyncio.to_thread(self._called, one.letter.target)
        return None if subscriber is None else await self._post(subscriber, one)

    def _called(self, alias: str) -> Subscriber | None:
        with self.book.reading() as rows:
            return called(rows, alias)

    async def _post(self, subscriber: Subscriber, one: Waiting) -> Fault | None:
        body = msgspec.json.encode(
            {
                "type": "status.changed",
                "timestamp": moment(one.made_at),
                "data": {"subject": one.letter.subject, "text": text_of(one)},
            }
        )
        headers = {**signed(subscriber.token.encode(), body, name=one.token, at=self.clock())}
        headers["idempotency-key"] = one.token
        patience = aiohttp.ClientTimeout(total=PATIENCE)
        try:
            async with self.session.post(
                subscriber.target, data=body, headers=headers, timeout=patience, allow_redirects=False
            ) as answer:
                return None if answer.status < HTTPStatus.MULTIPLE_CHOICES else Fault(f"status {answer.status}")
        except aiohttp.ClientConnectorError as error:
            return Fault(f"no connection ({type(error.os_error).__name__})")
        except TimeoutError:
            return Fault(f"no answer within {PATIENCE:g} s", perhaps=True)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Fault(f"no whole answer ({type(error).__name__})", perhaps=True)
