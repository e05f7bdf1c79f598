"""What providers say of themselves, asked every minute: one that cannot be asked harms neither us nor another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import aiohttp

from causal_eval.errors import OperationFailed, UsageError
from causal_eval.incidents import feeds
from causal_eval.incidents.book import Book
from causal_eval.incidents.feeds import Feed
from causal_eval.sentinel.fetching import Wanted, fetch

_LOG = logging.getLogger("causal_eval.sentinel")
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class _Known:
    """What a provider said last."""

    feed: Feed
    etag: str


@dataclass(frozen=True, slots=True)
class Feeding:
    """Asks every provider in turn."""

    book: Book
    addresses: Mapping[str, str]
    """Provider -> address of its ``summary.json``."""
    clock: Callable[[], float]
    known: dict[str, _Known] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    """Who could not be asked last time: said once."""

    async def look(self, session: aiohttp.ClientSession) -> None:
        """Ask all of them at once, and write down what they say."""
        await asyncio.gather(*(self._ask(session, provider) for provider in self.addresses))

    async def _ask(self, session: aiohttp.ClientSession, provider: str) -> None:
        try:
            now = await self._said(session, provider)
        except (OperationFailed, UsageError) as error:
            if provider not in self.silent:
                _LOG.warning("the status feed of %s cannot be read: %s", provider, error)
            self.silent.add(provider)
            return
        self.silent.discard(provider)
        await asyncio.to_thread(self._follow, provider, now)

    async def _said(self, session: aiohttp.ClientSession, provider: str) -> Feed:
        known = self.known.get(provider)
        etag = "" if known is None else known.etag
        wanted = Wanted(url=self.addresses[provider], most=feeds.LARGEST, seconds=PATIENCE, etag=etag)
        answer = await fetch(session, wanted)
        if known is None or answer.changed:
            known = self.known[provider] = _Known(feeds.read_feed(answer.body), answer.etag)
        return known.feed

    def _follow(self, provider: str, now: Feed) -> None:
        with self.book.writing() as rows:
            feeds.follow(rows, provider, now=now, at=self.clock())
