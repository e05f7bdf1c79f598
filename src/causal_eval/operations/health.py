"""How every part that the service stands on is: ok, degraded, down or not configured; and what the whole is then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from causal_eval.operations.metrics import provider_label
from causal_eval.operations.watch import State, Watch
from causal_eval.store.key_states import OPEN

LITTLE, NO_SPACE = 0.15, 0.05
"""Free shares of a disk below which it is degraded, and down."""
OLD_BACKUP = 26 * 3600.0
LONG_WAIT = 30.0
"""Seconds that a session waits for a lock, above which somebody is in the way."""


class Status(StrEnum):
    """How something is."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"
    NONE = "not configured"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that the service stands on."""

    name: str
    status: Status
    critical: bool = False
    """True: without it no request can be answered."""
    said: str = ""
    """One line for operators."""
    seconds: float | None = None
    """It took to answer."""
    since: float | None = None
    """When it became so; seconds since 1970."""


def parts(watch: Watch) -> list[Part]:
    """Everything that *watch* knows, as it is now."""
    state = watch.database()
    found = [_database(watch, state)]
    found += _rows(watch) if state.up else [Part("queue", Status.DOWN, said="the database cannot be asked")]
    redis = watch.redis()
    found.append(Part("redis", Status.NONE) if redis is None else _answering("redis", redis, critical=False))
    return [*found, *_disks(watch), _backup(watch)]


def overall(found: Iterable[Part]) -> Status:
    """Down where a critical part is; degraded where another is not well."""
    listed = list(found)
    if any(one.critical and one.status is Status.DOWN for one in listed):
        return Status.DOWN
    is_well = all(one.status in {Status.OK, Status.NONE} for one in listed)
    return Status.OK if is_well else Status.DEGRADED


def _database(watch: Watch, state: State) -> Part:
    waits = watch.waits
    if not state.up or waits.longest <= LONG_WAIT:
        return _answering("database", state, critical=True)
    said = f"{waits.sessions} sessions wait for a lock, one of them for {waits.longest:.0f} s"
    return Part("database", Status.DEGRADED, critical=True, said=said, seconds=round(state.seconds, 4))


def _answering(name: str, state: State, *, critical: bool) -> Part:
    status = Status.OK if state.up else Status.DOWN
    return Part(name, status, critical, state.fault, round(state.seconds, 4), state.since)


def _rows(watch: Watch) -> Iterator[Part]:
    rows = watch.rows
    living, depth = len(rows.workers), rows.queue.depth
    is_stuck = depth > 0 and not living
    said = f"{depth} shards to do, {living} workers"
    yield Part("queue", Status.DEGRADED if is_stuck else Status.OK, said=said)
    opened = {
        provider_label(one.provider) for one in rows.keys if one.breaker == OPEN and (one.breaker_until or 0) > rows.now
    }
    refused = {provider_label(one.provider) for one in rows.keys if one.revoked_at is not None}
    trouble = [f"{name}: circuit open" for name in sorted(opened)] + [
        f"{name}: key refused" for name in sorted(refused)
    ]
    yield Part("providers", Status.DEGRADED if trouble else Status.OK, said="; ".join(trouble))
    turned = ", ".join(one.name for one in rows.switches)
    yield Part("switches", Status.OK, said=f"overridden: {turned}" if turned else "")


def _disks(watch: Watch) -> Iterator[Part]:
    for name, disk in watch.disks().items():
        free = disk.free / max(1, disk.size)
        status = Status.OK if free >= LITTLE else Status.DEGRADED if free >= NO_SPACE else Status.DOWN
        yield Part(f"disk {name}", status, said=f"{free:.0%} free")


def _backup(watch: Watch) -> Part:
    known = watch.backups()
    if known.last_success_at is None:
        return Part("backup", Status.NONE, said="none was ever made")
    age = watch.clock() - known.last_success_at
    said = f"{age / 3600:.1f} h old"
    if known.restore_test_ok is False:
        return Part("backup", Status.DEGRADED, said=f"{said}; the last restore on trial failed")
    return Part("backup", Status.DEGRADED if age > OLD_BACKUP else Status.OK, said=said)
