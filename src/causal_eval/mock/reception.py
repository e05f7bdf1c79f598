"""Receives requests: who asks, what hits them, and the books."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from aiohttp import web

from causal_eval.mock.accounts import Accounts, Item, Received
from causal_eval.mock.faults import Fault, Mode
from causal_eval.mock.headers import NAMED, limits
from causal_eval.mock.keys import Keyring
from causal_eval.mock.timeline import Timeline, Who
from causal_eval.mock.wire import Asked, tokens
from causal_eval.providers.clock import Clock
from causal_eval.providers.scripted import prompt_key

_KEY_HEADERS = ("x-api-key", "api-key", "x-goog-api-key")


@dataclass(frozen=True, slots=True)
class Case:
    """A request and what is to happen to it."""

    asked: Asked
    key: str = field(repr=False)
    """Its value: never written anywhere."""
    item: Item
    second: float
    fault: Fault | None
    latency: float
    headers: dict[str, str]
    """What every answer to it says."""

    @property
    def mode(self) -> Mode | None:
        """The fault's."""
        return self.fault.mode if self.fault else None


class Reception:
    """What all doors share: one count of requests, one ring of keys, one timeline, one set of books."""

    def __init__(self, keys: Keyring, timeline: Timeline, *, accounts: Accounts, clock: Clock) -> None:
        self.keys = keys
        self.accounts = accounts
        self.clock = clock
        self._timeline = timeline
        self._began: float | None = None
        self._number = 0
        self._met = set[object]()
        """Connections, by the client's address and port."""

    def second(self) -> float:
        """Seconds since the first request."""
        if self._began is None:
            self._began = self.clock.now()
        return self.clock.now() - self._began

    def judge(self, request: web.Request, asked: Asked) -> Case:
        """What is to happen to *request*; counts it for its key and for the phases that mean it."""
        value, second = _key(request), self.second()
        admission = self.keys.admit(value, tokens=tokens(asked.text), second=second)
        item = _item(admission.key, asked)
        fate = self._timeline.fate(Who(admission.key, asked.model, request.path, item.prompt), second)
        fault = None if self._spared(request, fate.fault) else fate.fault
        if admission.refused is not None:
            fault = Fault(admission.refused, seconds=math.ceil(admission.wait * 1000) / 1000 or None)
        headers = {**NAMED, **limits(admission.levels, request.path, self.clock.wall())}
        return Case(asked, value, item, second, fault, fate.latency, headers)

    def row(self, order: Case, asked: Asked) -> Case:
        """The case of one row of the batch that came with *order*."""
        return replace(order, asked=asked, item=_item(order.item.key, asked), second=self.second(), fault=None)

    def book(self, case: Case, path: str, *, paid: bool, batch: str = "") -> None:
        """Put the request into the books."""
        self._number += 1
        self.accounts.add(Received(self._number, case.second, path, case.item, case.mode, paid=paid, batch=batch))

    def _spared(self, request: web.Request, fault: Fault | None) -> bool:
        """Whether *fault* needs a connection that it has met before, and this one is new to it."""
        if fault is None or fault.mode is not Mode.STALE:
            return False
        connection = request.transport and request.transport.get_extra_info("peername")
        known = connection in self._met
        self._met ^= {connection}
        return not known


def _item(key: str, asked: Asked) -> Item:
    return Item(key, asked.model, prompt_key(asked.text) if asked.text else "")


def _key(request: web.Request) -> str:
    bearer = request.headers.get("Authorization", "")
    if bearer.startswith("Bearer "):
        return bearer[7:]
    return next((request.headers[name] for name in _KEY_HEADERS if name in request.headers), "")
