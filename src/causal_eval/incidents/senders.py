"""How a letter leaves: to a webhook as Slack takes it, by e-mail, to a file; faults are told without any secret."""

from __future__ import annotations

import asyncio
import json
import os
import smtplib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Protocol

import aiohttp

from causal_eval.errors import CausalEvalError
from causal_eval.incidents import outbox
from causal_eval.incidents.book import Book
from causal_eval.incidents.contacts import Address, Contacts, Mail, Way, channel_of
from causal_eval.incidents.outbox import Waiting

PATIENCE = 5.0
REPEATED = "This may be a repeat: it was being sent when the sentinel stopped, or nobody said that it had arrived."
MAILED_AS = "incidents.causal-eval-bench"
"""Behind the @ of a Message-ID."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a letter was not sent."""

    text: str
    """Without any address, which may be secret."""
    perhaps: bool = False
    """It may have arrived all the same."""


class Sender(Protocol):
    """Sends letters of one kind."""

    async def send(self, one: Waiting) -> Fault | None:
        """Send it; None: whoever gets it has said that he has it."""


Senders = Mapping[Way, Sender]


@dataclass(frozen=True, slots=True)
class MemorySender:
    """Keeps what is sent."""

    sent: list[Waiting] = field(default_factory=list)

    async def send(self, one: Waiting) -> Fault | None:
        """It arrives."""
        self.sent.append(one)
        return None


@dataclass(frozen=True, slots=True)
class WebhookSender:
    """Posts ``{"text": ...}``; where to is looked up when it is sent."""

    contacts: Contacts
    session: aiohttp.ClientSession
    patience: float = PATIENCE

    async def send(self, one: Waiting) -> Fault | None:
        """Post it once."""
        place = channel_of(self.contacts, Address(Way.WEBHOOK, one.letter.target)).place
        headers = {"Idempotency-Key": one.token}
        if one.repeat:
            headers["X-Possible-Repeat"] = "true"
        patience = aiohttp.ClientTimeout(total=self.patience)
        said = {"text": escaped(text_of(one))}
        try:
            async with self.session.post(
                place, json=said, headers=headers, timeout=patience, allow_redirects=False
            ) as answer:  # fmt: skip
                return None if answer.status < HTTPStatus.MULTIPLE_CHOICES else Fault(f"status {answer.status}")
        except aiohttp.ClientConnectorError as error:
            return Fault(f"no connection ({type(error).__name__})")
        except TimeoutError:
            return Fault(f"no answer within {self.patience:g} s", perhaps=True)
        except (aiohttp.ClientError, OSError) as error:
            return Fault(f"no whole answer ({type(error).__name__})", perhaps=True)


@dataclass(frozen=True, slots=True)
class EmailSender:
    """Hands letters to the mail server, in a thread of their own."""

    mail: Mail
    patience: float = 2 * PATIENCE

    async def send(self, one: Waiting) -> Fault | None:
        """Hand it over."""
        return await self.send_with(one, {})

    async def send_with(self, one: Waiting, headers: Mapping[str, str]) -> Fault | None:
        """Hand it over with *headers* beside its own."""
        message = email_of(one, sender=self.mail.sender)
        for name, value in headers.items():
            message[name] = value
        return await asyncio.to_thread(self._hand_over, message)

    def _hand_over(self, message: EmailMessage) -> Fault | None:
        handing = accepted = False
        try:
            with smtplib.SMTP(self.mail.host, self.mail.port, timeout=self.patience) as server:
                if self.mail.tls:
                    server.starttls(context=ssl.create_default_context())
                if self.mail.user:
                    server.login(self.mail.user, self.mail.password)
                handing = True
                server.send_message(message)
                accepted = True
        except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
            code = f" {error.smtp_code}" if isinstance(error, smtplib.SMTPResponseException) else ""
            return None if accepted else Fault(f"the mail server refuses it ({type(error).__name__}{code})")
        except (smtplib.SMTPException, OSError) as error:
            # What breaks once it was accepted is the goodbye.
            fault = Fault(f"no whole answer of the mail server ({type(error).__name__})", perhaps=handing)
            return None if accepted else fault
        return None


@dataclass(frozen=True, slots=True)
class FileSender:
    """Appends a line of JSON, and has it on the disk before it says so."""

    contacts: Contacts

    async def send(self, one: Waiting) -> Fault | None:
        """Append it."""
        place = channel_of(self.contacts, Address(Way.FILE, one.letter.target)).place
        return await asyncio.to_thread(self._append, Path(place), one)

    def _append(self, path: Path, one: Waiting) -> Fault | None:
        letter = one.letter
        line = {
            "key": one.token, "incident": letter.incident, "subject": letter.subject, "text": text_of(one),
            "made_at": one.made_at, "repeat": one.repeat,
        }  # fmt: skip
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab+") as file:
                if _is_torn(file):
                    file.write(b"\n")
                file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            return Fault(f"the file cannot be written ({error.strerror})", perhaps=True)
        return None


def _is_torn(file: BinaryIO) -> bool:
    """Whether somebody was killed within the last line."""
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def senders_of(contacts: Contacts, session: aiohttp.ClientSession) -> Senders:
    """A sender for each way in which *contacts* can be reached."""
    found: dict[Way, Sender] = {Way.WEBHOOK: WebhookSender(contacts, session), Way.FILE: FileSender(contacts)}
    return found if contacts.mail is None else {**found, Way.EMAIL: EmailSender(contacts.mail)}


async def deliver(book: Book, senders: Senders, *, clock: Callable[[], float], limit: int = 20) -> int:
    """Send what waits, all at once, and record what became of each; how many arrived."""

    def take() -> list[Waiting]:
        with book.writing() as rows:
            return outbox.take(rows, at=clock(), limit=limit)

    taken = await asyncio.to_thread(take)
    return sum(await asyncio.gather(*(_deliver(book, senders, one=one, clock=clock) for one in taken)))


async def _deliver(book: Book, senders: Senders, *, one: Waiting, clock: Callable[[], float]) -> bool:
    fault = await _sent(senders, one)

    def record() -> None:
        with book.writing() as rows:
            if fault is None:
                outbox.done(rows, one.id, at=clock())
            else:
                outbox.failed(rows, one.id, fault=fault.text, at=clock(), perhaps=fault.perhaps or one.repeat)

    await asyncio.to_thread(record)
    return fault is None


async def _sent(senders: Senders, one: Waiting) -> Fault | None:
    sender = senders.get(Way(one.letter.channel))
    if sender is None:
        return Fault(f"nothing sends by {one.letter.channel}: contacts.yml has no section for it")
    try:
        return await sender.send(one)
    except CausalEvalError as error:
        return Fault(str(error))


def text_of(one: Waiting) -> str:
    """What is read, with a word where it may come a second time."""
    return f"{one.letter.body}\n{REPEATED}\n" if one.repeat else one.letter.body


def escaped(text: str) -> str:
    """*text* as Slack wants it: nothing in it is a link, or calls a channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def email_of(one: Waiting, *, sender: str) -> EmailMessage:
    """The letter as an e-mail; the same letter has the same Message-ID at every try."""
    message = EmailMessage(policy=_policy())
    message["From"], message["To"] = sender, one.letter.target
    message["Subject"] = " ".join(one.letter.subject.split())
    message["Message-ID"] = f"<{one.token}@{MAILED_AS}>"
    message["Date"] = format_datetime(datetime.fromtimestamp(one.made_at, UTC))
    message["Auto-Submitted"] = "auto-generated"
    if one.repeat:
        message["X-Possible-Repeat"] = "true"
    message.set_content(text_of(one))
    return message


class _OneLine(UnstructuredHeader, BaseHeader):
    """A header that stays on its line: the usual way wraps a long address as an encoded word, and nobody finds it."""

    def fold(self, *, policy: Policy) -> str:
        """The line."""
        return f"{self.name}: {self}{policy.linesep}"


def _policy() -> EmailPolicy[EmailMessage]:
    registry = HeaderRegistry()
    registry.map_to_type("list-unsubscribe", _OneLine)
    return SMTP.clone(header_factory=registry)
