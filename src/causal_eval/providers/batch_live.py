"""A batch API whose provider may be switched off, and whose key replaced, between any two requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypeVar

from causal_eval.errors import UsageError
from causal_eval.providers.batch import BatchProvider, Found, Limits, Request, Sought, Standing, Take
from causal_eval.providers.events import KeyChanged, KeyStatus, Listener, Reread
from causal_eval.providers.keys import key_label
from causal_eval.providers.live import Live
from causal_eval.providers.provider import Failure, FailureKind, Prompt
from causal_eval.providers.switch import Latch

_T = TypeVar("_T")
_OUT = {FailureKind.AUTH: KeyStatus.REVOKED, FailureKind.QUOTA: KeyStatus.EXHAUSTED}


class _Opened(NamedTuple):
    """A batch API with the key that it is asked with."""

    key: str
    api: BatchProvider


class LiveBatches:
    """Wraps batch APIs that differ in their key; what is switched off is asked nothing, not even how far it is.

    A new key is used from the next request on; if it is refused, the old one is used on.
    """

    def __init__(
        self,
        build: Callable[[], BatchProvider],
        latch: Latch,
        *,
        live: Live,
        key: Callable[[], str],
        listener: Listener | None = None,
    ) -> None:
        self._build = build
        self._latch = latch
        self._live = live
        self._key = key
        self._listener = listener
        self._seen = live.version
        self._now = _Opened(key(), build())
        self._old: _Opened | None = None
        """With the key before, until the new one has been taken."""
        self._refused = set[str]()
        self._opened = [self._now.api]  # all are closed at the end

    @property
    def name(self) -> str:
        """``provider/model`` as the user wrote it."""
        return self._now.api.name

    @property
    def limits(self) -> Limits:
        """What the API takes in one batch."""
        return self._now.api.limits

    def encode(self, prompt: Prompt) -> bytes:
        """See the protocol."""
        return self._now.api.encode(prompt)

    async def submit(self, tag: str, requests: Sequence[Request]) -> str | Failure:
        """See the protocol."""
        return await self._told(lambda inner: inner.submit(tag, requests))

    async def find(self, sought: Sought) -> Found | Failure:
        """See the protocol."""
        return await self._told(lambda inner: inner.find(sought))

    async def poll(self, handle: str) -> Standing | Failure:
        """See the protocol."""
        return await self._told(lambda inner: inner.poll(handle))

    async def fetch(self, handle: str, take: Take) -> Failure | None:
        """See the protocol."""
        return await self._told(lambda inner: inner.fetch(handle, take))

    async def cancel(self, handle: str) -> Failure | None:
        """See the protocol."""
        return await self._told(lambda inner: inner.cancel(handle))

    async def close(self) -> None:
        """Release connections; idempotent."""
        for opened in self._opened:
            await opened.close()

    async def _told(self, call: Callable[[BatchProvider], Awaitable[_T | Failure]]) -> _T | Failure:
        if not self._latch.is_open():
            await self._latch.opened()
        if self._live.look() != self._seen:
            self._reread()
        told = await call(self._now.api)
        while isinstance(told, Failure) and told.kind in _OUT and self._has_another(told):
            told = await call(self._now.api)
        self._old = self._old if isinstance(told, Failure) else None
        return told

    def _has_another(self, refusal: Failure) -> bool:
        """Whether a key is there that has not been refused; it is used from now on."""
        refused = self._now
        self._refused.add(refused.key)
        self._tell(refused.key, _OUT[refusal.kind], reason=refusal.message)
        if self._old is not None:
            self._now, self._old = self._old, None
            return True
        if self._live.look(now=True) != self._seen:
            self._reread()
        return self._now is not refused

    def _reread(self) -> None:
        """Take the key that is listed now; one that cannot be read, is none or was refused changes nothing."""
        self._seen = self._live.version
        try:
            key = self._key()
            if not key or key == self._now.key or key in self._refused:
                return
            opened = self._build()
        except UsageError as error:
            if self._listener is not None:
                self._listener.on_event(Reread(str(error)))
            return
        self._old = self._old or self._now
        self._now = _Opened(key, opened)
        self._opened.append(opened)
        self._tell(key, KeyStatus.NEW)

    def _tell(self, key: str, status: KeyStatus, *, reason: str = "") -> None:
        if key and self._listener is not None:
            self._listener.on_event(KeyChanged(self.name, key_label(key), status, reason))
