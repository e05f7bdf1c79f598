"""Read-only mode: what changes something is refused, reading goes on, and workers wait, until it is over.

It is the switch ``READ_ONLY``. An operator turns it; before a disk is full, a worker does, for a few seconds at a time,
so that it ends by itself when there is room again, or when nobody is there to look.
"""

from __future__ import annotations

from sqlalchemy import Connection

from causal_eval.errors import ReadOnlyMode
from causal_eval.service.wiring import Service
from causal_eval.store.switches import Switch, list_switches, turn, turn_back

READ_ONLY = "READ_ONLY"
WATCHER = "disk watch"
HOLD_SECONDS = 30.0
"""For which a full disk is taken to stay full."""


def is_read_only(connection: Connection) -> bool:
    """Whether it holds now."""
    return _held(connection) is not None


def check_writable(service: Service) -> None:
    """See that things may be changed now.

    Raises:
        ReadOnlyMode: they may not; the message says why.
    """
    with service.store.reading() as connection:
        held = _held(connection)
    if held is not None:
        raise ReadOnlyMode(f"the service only reads now ({held.reason}): what is kept is safe, try again later")


def note_disk(service: Service, reason: str) -> bool:
    """Hold the mode while *reason* says that a disk is full, let go when it is empty; whether anything changed.

    What an operator has set stays as it is.
    """
    with service.store.reading() as connection:
        there = next((one for one in list_switches(connection) if one.name == READ_ONLY), None)
    if there is not None and there.set_by != WATCHER:
        return False
    if not reason:
        if there is None:
            return False
        with service.store.writing() as connection:
            turn_back(connection, READ_ONLY)
        return True
    with service.store.writing() as connection:
        turn(connection, Switch(READ_ONLY, "true", WATCHER, 0.0, None, reason), seconds=HOLD_SECONDS)
    return there is None


def _held(connection: Connection) -> Switch | None:
    return next((one for one in list_switches(connection) if one.name == READ_ONLY and one.value == "true"), None)
