"""How a letter to a subscriber leaves: with a way to end it, or signed and never to where nobody may go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp
import msgspec

from causal_eval.incidents.book import Book
from causal_eval.incidents.outbox import Waiting
from causal_eval.incidents.senders import EmailSender, Fault, Sender, text_of
from causal_eval.incidents.subscribers import PREFIX, Subscriber, called, stopping
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
        subscriber = await asyncio.to_thread(_called, self.book, one.letter.target)
        return None if subscriber is None else await self._post(subscriber, one)

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


@dataclass(frozen=True, slots=True)
class PublicMailSender:
    """E-mails to subscribers say in their headers how they are ended; what is for contacts goes as it is."""

    book: Book
    address: str
    """Of the status page, with ``/`` at its end; empty: nobody said where it is."""
    mail: EmailSender

    async def send(self, one: Waiting) -> Fault | None:
        """Hand it over once; who unsubscribed meanwhile is told nothing."""
        alias, _, _ = one.letter.key.partition("/")
        if not alias.startswith(f"{PREFIX}-"):
            return await self.mail.send(one)
        subscriber = await asyncio.to_thread(_called, self.book, alias)
        if subscriber is None:
            return None
        return await self.mail.send_with(one, stopping(subscriber, address=self.address))


def _called(book: Book, alias: str) -> Subscriber | None:
    with book.reading() as rows:
        return called(rows, alias)
