"""The loops of the sentinel: each does one thing again and again, and none waits for another."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path

import aiohttp

from causal_eval.errors import CausalEvalError
from causal_eval.incidents import acting, intake, keeping, outbox, status, subscribers, uptime, watching
from causal_eval.incidents.book import Book, Rows
from causal_eval.incidents.contacts import Contacts, Way
from causal_eval.incidents.incident import Incident
from causal_eval.incidents.public import PublicMailSender, PublicWebhookSender
from causal_eval.incidents.rules import Rules
from causal_eval.incidents.senders import EmailSender, Senders, deliver, senders_of
from causal_eval.incidents.status.page import StatusPage
from causal_eval.incidents.subscribers import EMAIL, WEBHOOK
from causal_eval.incidents.watching import Seen
from causal_eval.operations.guard import Allowed, guarded
from causal_eval.sentinel.feeding import Feeding
from causal_eval.sentinel.outside import Addresses, Outside

_LOG = logging.getLogger("causal_eval.sentinel")
PATIENCE = aiohttp.ClientTimeout(total=2.0)
LARGEST = 16 * 2**20
SOON = 1.0
"""Seconds after which letters leave and the status page is written, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What the sentinel looks at."""

    alertmanager: str = ""
    """Address of Alertmanager's API; empty: letters alone tell of alerts, and no Watchdog is expected."""
    probes: Mapping[str, str] = field(default_factory=dict)
    """Component -> the address that says whether it is well."""
    every: float = 15.0
    """Seconds between two looks."""
    heartbeat: str = ""
    """An address that is asked after each look, so that somebody notices when it no longer is."""
    prometheus: str = ""
    """Address of Prometheus, for what happened elsewhere."""
    metrics: Sequence[str] = ()
    """Addresses of metrics, for the same."""
    feeds: Mapping[str, str] = field(default_factory=dict)
    """Provider -> the address at which it says how it is."""
    feeds_every: float = 60.0


@dataclass(frozen=True, slots=True)
class _Loop:
    """Something that is done again and again."""

    name: str
    once: Callable[[], Awaitable[None]]
    every: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentinel:
    """One sentinel over its book."""

    book: Book
    watched: Watched
    contacts: Contacts
    status_dir: Path
    """Where the status page is written."""
    address: str = ""
    """Where the public finds it, with ``/`` at its end; empty: nobody can subscribe."""
    allowed: Allowed = field(default_factory=Allowed)
    """Where webhooks of subscribers may go though it lies inside."""
    rules: Rules = field(default_factory=Rules)
    clock: Callable[[], float] = time.time
    failures: dict[str, int] = field(default_factory=dict)
    """By component: probes in a row that failed."""
    faults: dict[str, str] = field(default_factory=dict)
    """By loop: what is wrong with it now."""
    published: list[float] = field(default_factory=list)
    """When the status page was last written, if it was."""

    @property
    def ways(self) -> tuple[str, ...]:
        """How people can have changes told to them."""
        if not self.address:
            return ()
        return (WEBHOOK,) if self.contacts.mail is None else (EMAIL, WEBHOOK)

    def change(self, deed: Callable[[Rows], list[Incident]]) -> list[Incident]:
        """The incidents that *deed* changes, in one transaction."""
        with self.book.writing() as rows:
            return deed(rows)

    async def hear(self, body: bytes) -> list[Incident]:
        """Take in a letter of Alertmanager.

        Raises:
            UsageError: it is none.
        """
        alerts = intake.read_letter(body)
        at = self.clock()
        return await asyncio.to_thread(self.change, lambda rows: watching.hear(rows, alerts, at=at, rules=self.rules))

    async def look(self, session: aiohttp.ClientSession, *, since: float) -> None:
        """Ask everything once, and act on what is seen and on what is due."""
        seen = await asyncio.gather(*(self._ask(session, name, url=url) for name, url in self.watched.probes.items()))
        listed = await self._listed(session) if self.watched.alertmanager else None
        at = self.clock()
        await asyncio.to_thread(self.change, lambda rows: self._take_in(rows, seen, listed=listed, since=since, at=at))
        await asyncio.to_thread(self._act)

    def _take_in(
        self, rows: Rows, seen: Sequence[Seen], *, listed: Sequence[intake.Alert] | None, since: float, at: float
    ) -> list[Incident]:
        changed: list[Incident] = []
        for one in seen:
            self.failures[one.component] = 0 if one.well else self.failures.get(one.component, 0) + 1
            failures = self.failures[one.component]
            changed += watching.probed(rows, one, failures=failures, at=at, rules=self.rules)
            uptime.count(rows, one.component, at=at, up=one.well)
        if listed is not None:
            changed += watching.compare(rows, listed, at=at, rules=self.rules)
        if self.watched.alertmanager:
            changed += watching.listen(rows, since=since, at=at, rules=self.rules)
        return changed + keeping.look(rows, at=at, rules=self.rules)

    def _act(self) -> None:
        """Tell what is not told yet and act on what is due: apart, so that nothing about it undoes what was seen."""
        with self.book.writing() as rows:
            acting.act_on_all(rows, contacts=self.contacts, at=self.clock())

    async def _ask(self, session: aiohttp.ClientSession, component: str, *, url: str) -> Seen:
        try:
            async with session.get(url, timeout=PATIENCE, allow_redirects=False) as answer:
                well = answer.status < HTTPStatus.BAD_REQUEST
                return Seen(component, well, "" if well else f"status {answer.status}")
        except TimeoutError:
            return Seen(component, well=False, why=f"no answer within {PATIENCE.total:g} s")
        except (aiohttp.ClientError, OSError):
            return Seen(component, well=False, why="nobody answers")

    async def _listed(self, session: aiohttp.ClientSession) -> list[intake.Alert] | None:
        """What Alertmanager lists; None: it cannot be asked, and nothing follows from that."""
        url = f"{self.watched.alertmanager.rstrip('/')}/api/v2/alerts"
        try:
            async with session.get(url, timeout=PATIENCE, allow_redirects=False) as answer:
                answer.raise_for_status()
                listed = intake.read_list(await answer.read())
                intake.signals(listed)  # what cannot be read is found here, where no probe is lost by it
                return listed
        except (aiohttp.ClientError, OSError, TimeoutError, CausalEvalError) as error:
            _LOG.warning("Alertmanager cannot be asked what fires: %s", str(error) or type(error).__name__)
            return None

    async def _say_so(self, session: aiohttp.ClientSession) -> None:
        """Ask the heartbeat's address; that nobody answers there is its own watcher's to notice."""
        try:
            async with session.get(self.watched.heartbeat, timeout=PATIENCE) as answer:
                await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            _LOG.warning("the heartbeat did not get through: %s", type(error).__name__)

    async def publish(self) -> None:
        """Write the status page as it should be now."""
        at = self.clock()

        def written() -> None:
            with self.book.reading() as rows:
                page = replace(status.gather(rows, at=at, address=self.address), ways=self.ways)
            status.write(page, self.status_dir)
            if self.ways:
                self._tell(page, at=at)

        await asyncio.to_thread(written)
        self.published[:] = [at]

    def _tell(self, page: StatusPage, *, at: float) -> None:
        """Tell whoever subscribed what has changed since the last page."""
        with self.book.writing() as rows:
            subscribers.tell(rows, page, at=at)
            subscribers.give_up(rows, at=at)

    async def run(self, stop: asyncio.Event) -> None:
        """Look, send letters and write the status page again and again until *stop*."""
        since = self.clock()
        with self.book.writing() as rows:
            outbox.resume(rows, at=since)
        async with aiohttp.ClientSession() as session, guarded(self.allowed) as outward:
            senders = self._senders(session, outward)
            loops = self._loops(session, senders, since=since)
            await asyncio.gather(*(self._repeat(loop, stop) for loop in loops))

    def _senders(self, session: aiohttp.ClientSession, outward: aiohttp.ClientSession) -> Senders:
        senders = dict(senders_of(self.contacts, session))
        senders[Way.WEBHOOK] = PublicWebhookSender(self.book, outward, senders[Way.WEBHOOK], self.clock)
        if isinstance(mail := senders.get(Way.EMAIL), EmailSender):
            senders[Way.EMAIL] = PublicMailSender(self.book, self.address, mail)
        return senders

    def _loops(self, session: aiohttp.ClientSession, senders: Senders, *, since: float) -> list[_Loop]:
        """Everything that is done again and again."""
        watched = self.watched
        shown = Addresses(watched.prometheus, watched.metrics, watched.probes, watched.alertmanager)
        outside = Outside(self.book, shown, self.clock)
        feeding = Feeding(self.book, watched.feeds, self.clock)

        async def look() -> None:
            await self.look(session, since=since)
            if watched.heartbeat:
                await self._say_so(session)

        async def send() -> None:
            while await deliver(self.book, senders, clock=self.clock, limit=1):
                pass  # one at a time: a kill repeats one letter at most

        soon = min(watched.every, SOON)
        return [
            _Loop("look", look, watched.every),
            _Loop("send", send, soon),
            _Loop("publish", self.publish, soon),
            _Loop("follow", lambda: outside.look(session), max(watched.every, SOON)),
            _Loop("keep", lambda: outside.keep(session), soon),
            _Loop("feeds", lambda: feeding.look(session), watched.feeds_every),
        ]

    async def _repeat(self, loop: _Loop, stop: asyncio.Event) -> None:
        """Do what *loop* does every so often; what cannot be kept is said once, and tried again."""
        while not stop.is_set():
            began = time.monotonic()
            try:
                await loop.once()
                self.faults.pop(loop.name, None)
            except CausalEvalError as error:
                if self.faults.get(loop.name) != str(error):
                    _LOG.error("%s: %s", loop.name, error)
                self.faults[loop.name] = str(error)
            rest = loop.every - (time.monotonic() - began)
            try:
                await asyncio.wait_for(stop.wait(), max(rest, 0.01))
            except TimeoutError:
                continue
