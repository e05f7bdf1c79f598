"""What operators change while the service runs: for a while or for good, with a reason, and written into the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import Connection

from causal_eval.errors import UnknownName, UsageError
from causal_eval.providers.catalog import NAMED_SERVER, read_catalog
from causal_eval.providers.stack import CAP
from causal_eval.providers.switch import DISABLED
from causal_eval.service.access import Permission, require
from causal_eval.service.audit import Deed, record
from causal_eval.service.readonly import READ_ONLY, is_read_only
from causal_eval.service.wiring import Visit
from causal_eval.settings import Settings
from causal_eval.settings.words import MAX_CALLS, Place, read_duration, switch
from causal_eval.store.switches import Switch, list_switches, switched, turn, turn_back

LONGEST_REASON = 500
LONGEST = 366 * 86_400.0
"""Seconds that a switch with an end lasts at most."""


def listed(visit: Visit) -> list[Switch]:
    """Those that hold now, by name."""
    require(visit.caller, Permission.OPERATE)
    with visit.service.store.reading() as connection:
        return list_switches(connection)


def change(visit: Visit, name: str, *, value: str, reason: str, lasts: str | None = None) -> Switch:
    """Set *name*, for as long as *lasts* says (``2h``; None: until it is taken back); workers heed it within 5 s.

    Raises:
        UnknownName: it cannot be changed while the service runs.
        UsageError: value, reason or time cannot be taken.
    """
    require(visit.caller, Permission.OPERATE)
    if name not in _READ:
        raise UnknownName("switch", name, _READ)
    if not reason.strip() or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise UsageError(f"reason of switch {name}: give 1 to {LONGEST_REASON} printable characters")
    wanted = Switch(name, _READ[name](value), visit.caller.actor, 0.0, None, reason.strip())
    seconds = None if lasts is None else _seconds(lasts)
    with visit.service.store.writing() as connection:
        before = turn_back(connection, name)
        turned = turn(connection, wanted, seconds=seconds)
        detail = {"from": before and before.value, "to": turned.value, "reason": turned.reason, "until": turned.until}
        record(connection, visit, deed=Deed("switch.set", name), detail=detail)
    return turned


def take_back(visit: Visit, name: str) -> None:
    """Let the setting of the environment hold again.

    Raises:
        UnknownName: it is not set.
    """
    require(visit.caller, Permission.OPERATE)
    with visit.service.store.writing() as connection:
        before = turn_back(connection, name)
        if before is None:
            raise UnknownName("switch that is set", name, ())
        record(connection, visit, deed=Deed("switch.take_back", name), detail={"from": before.value})


def paused(connection: Connection) -> tuple[str, ...]:
    """How the names of answerers begin whose provider is switched off here; all do while the service only reads."""
    if is_read_only(connection):
        return ("",)
    names = [name for name in (switched(connection, DISABLED) or "").split(",") if name]
    return tuple(f"{way}/" for name in names for way in (name, f"{NAMED_SERVER}/{name}"))


def is_caching(connection: Connection, settings: Settings) -> bool:
    """Whether replies are cached, where an evaluation does not say: by the switch, else by *settings*."""
    said = switched(connection, CACHE)
    return settings.response_cache if said is None else said == "true"


def _calls(text: str) -> str:
    if not text.isdecimal() or not text.isascii() or len(text) > len(str(MAX_CALLS)) or not 1 <= int(text) <= MAX_CALLS:
        raise UsageError(f"{CAP} is {text!r}: give a whole number from 1 to {MAX_CALLS}")
    return str(int(text))


def _providers(text: str) -> str:
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in read_catalog() and not name.startswith(f"{NAMED_SERVER}/"):
            raise UnknownName("provider", name, read_catalog())
    if not names:
        raise UsageError(f"{DISABLED} is empty: name providers, or take the switch back")
    return ",".join(names)


def _yes_or_no(text: str) -> str:
    try:
        return "true" if switch(text.strip(), Place(Path(), {})) else "false"
    except ValueError as error:
        raise UsageError(f"the value is {text!r}: give true or false") from error


CACHE = "ENABLE_RESPONSE_CACHE"
_READ: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {CAP: _calls, DISABLED: _providers, CACHE: _yes_or_no, READ_ONLY: _yes_or_no}
)


def _seconds(text: str) -> float:
    try:
        seconds = read_duration(text)
    except ValueError as error:
        raise UsageError(f"lasts is {text!r}: give a time such as 30m, 2h or 7D, or leave it out") from error
    if seconds > LONGEST:
        raise UsageError(f"lasts is {text!r}: give a year at most, or leave it out")
    return seconds
