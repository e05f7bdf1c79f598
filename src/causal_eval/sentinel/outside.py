"""What others show of themselves: read for timelines at every look, and kept whole once an incident opens."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

import aiohttp

from causal_eval.errors import OperationFailed
from causal_eval.incidents import elsewhere, keeping, snapshots
from causal_eval.incidents.book import Book
from causal_eval.incidents.incident import Incident
from causal_eval.incidents.snapshots import Snapshot
from causal_eval.sentinel.fetching import Wanted, fetch

_LOG = logging.getLogger("causal_eval.sentinel")
MOST = 4 * 2**20
"""Bytes of one answer."""
PATIENCE = 3.0
OURS = (
    "up|(build_info|deployment_|process_|http_requests_|http_request_duration_seconds_|evaluation_|model_api_|database_|"
    "redis_|read_only|runtime_|disk_|backup_|auth_|fenced_|probe_|ALERTS).*"
)
"""Metrics of Prometheus that are kept with an incident."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Who shows something."""

    prometheus: str = ""
    metrics: Sequence[str] = ()
    """Addresses of metrics in Prometheus' text format."""
    probes: Mapping[str, str] = field(default_factory=dict)
    """Component -> ``/health``."""
    alertmanager: str = ""

    def texts(self, wanted: str) -> dict[str, str]:
        """Name -> address of everything that shows metrics; Prometheus is asked for those that match *wanted*."""
        found = {urlsplit(url).netloc: url for url in self.metrics}
        if self.prometheus:
            match = quote('{__name__=~"' + wanted + '"}', safe="")
            found["prometheus"] = f"{self.prometheus.rstrip('/')}/federate?match[]={match}"
        return found


@dataclass(frozen=True, slots=True)
class Outside:
    """Looks at them."""

    book: Book
    addresses: Addresses
    clock: Callable[[], float]
    silent: set[str] = field(default_factory=set)
    """Who could not be asked last time: said once."""

    async def look(self, session: aiohttp.ClientSession) -> None:
        """Write what has happened into the timelines of live incidents."""
        texts, healths = await asyncio.gather(
            self._all(session, self.addresses.texts(elsewhere.METRICS)), self._all(session, self.addresses.probes)
        )
        seen: dict[str, str] = {}
        for name, body in texts.items():
            for key, value in elsewhere.read_metrics(body.decode("utf-8", "replace"), name).items():
                seen[key] = max(value, seen.get(key, value), key=float)
        for body in healths.values():
            seen |= elsewhere.read_health(body)
        if seen:
            await asyncio.to_thread(self._follow, seen)

    async def keep(self, session: aiohttp.ClientSession) -> None:
        """Keep how everything is, for each incident that has just opened."""
        for incident in await asyncio.to_thread(self._lacking):
            snapshot = await self._snapshot(session, incident)
            await asyncio.to_thread(self._keep, incident, snapshot)

    async def _snapshot(self, session: aiohttp.ClientSession, incident: Incident) -> Snapshot:
        alertmanager = self.addresses.alertmanager.rstrip("/")
        listed = {"alertmanager": f"{alertmanager}/api/v2/alerts"} if alertmanager else {}
        texts, healths, alerts = await asyncio.gather(
            self._all(session, self.addresses.texts(OURS)),
            self._all(session, self.addresses.probes),
            self._all(session, listed),
        )
        return await asyncio.to_thread(self._made, incident, texts, healths, alerts)

    def _made(
        self, incident: Incident, texts: Mapping[str, bytes], healths: Mapping[str, bytes], alerts: Mapping[str, bytes]
    ) -> Snapshot:
        with self.book.reading() as rows:
            happened, known = elsewhere.recent(rows), elsewhere.known(rows)
            firing = keeping.firing(rows, incident.id)
        health = {name: _json(healths.get(name)) for name in self.addresses.probes}
        words = {"down" if body is None else str(_field(_json(body), "status")) for body in map(healths.get, health)}
        asked = {*self.addresses.texts(OURS), *self.addresses.probes}
        found = {
            "said": health,
            "metrics": {name: body.decode("utf-8", "replace") for name, body in texts.items()},
            "alerts": _json(alerts.get("alertmanager")),
            "firing": firing,
            "deployments": [{"at": one.at, "text": one.text} for one in happened if one.key.startswith("deployed:")],
            "happened": [{"at": one.at, "kind": one.kind.value, "text": one.text} for one in happened],
            "last_seen": dict(known),
            "silent": sorted(asked - {*texts, *healths}),
        }
        return Snapshot(found, _word(words), "sentinel")

    async def _all(self, session: aiohttp.ClientSession, addresses: Mapping[str, str]) -> dict[str, bytes]:
        """What each says; who says nothing is left out."""
        found = await asyncio.gather(*(self._one(session, name, url=url) for name, url in addresses.items()))
        return {name: body for name, body in zip(addresses, found, strict=True) if body is not None}

    async def _one(self, session: aiohttp.ClientSession, name: str, *, url: str) -> bytes | None:
        try:
            answer = await fetch(
                session, Wanted(url=url, most=MOST, seconds=PATIENCE, any_status=name in self.addresses.probes)
            )
        except OperationFailed as error:
            if name not in self.silent:
                _LOG.info("%s shows nothing: %s", name, error)
            self.silent.add(name)
            return None
        self.silent.discard(name)
        return answer.body

    def _follow(self, seen: Mapping[str, str]) -> None:
        with self.book.writing() as rows:
            elsewhere.follow(rows, seen, at=self.clock())

    def _lacking(self) -> list[Incident]:
        with self.book.reading() as rows:
            return snapshots.lacking(rows, at=self.clock())

    def _keep(self, incident: Incident, snapshot: Snapshot) -> None:
        with self.book.writing() as rows:
            snapshots.keep(rows, incident.id, snapshot=snapshot, book=self.book.path, at=self.clock())


def _json(body: bytes | None) -> object:
    """What it says; of what is no JSON, that it is none."""
    if body is None:
        return "no answer"
    try:
        read: object = json.loads(body)
    except ValueError:
        return "no JSON"
    return read


def _field(read: object, name: str) -> object:
    return read.get(name, "") if isinstance(read, dict) else ""


def _word(words: set[str]) -> str:
    """The worst that was heard."""
    return next((one for one in ("down", "degraded", "ok") if one in words), "not known")
