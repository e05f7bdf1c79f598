"""Incidents for operators: read from the sentinel, or from the copy where that is away; the sentinel alone acts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

import msgspec

from causal_eval.effects import mirror
from causal_eval.errors import SentinelAway, StoreError, UsageError
from causal_eval.incidents import deeds, reported, view
from causal_eval.operations.deployments import deployed
from causal_eval.operations.health import overall, parts
from causal_eval.operations.watch import Watch
from causal_eval.service import sentinel
from causal_eval.service.access import Permission, require
from causal_eval.service.sentinel import Request, incident_path
from causal_eval.service.wiring import Visit

NEWEST = 10
"""Deployments that are kept with a snapshot."""
_MOST_COPIES = 2000
"""Looked through for open ones."""
_MACHINE = "sentinel"
Values = Mapping[str, object]
_T = TypeVar("_T", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Listing:
    """Some incidents."""

    incidents: tuple[view.Told, ...]
    as_of: float
    """When this was so; seconds since 1970."""
    is_copy: bool
    """The sentinel does not answer: this is what it told before."""
    following: int = 0
    """What the next page is asked for with; 0: there is none."""


@dataclass(frozen=True, slots=True)
class Case:
    """One incident."""

    whole: view.Whole
    """Of a copy without timeline and tasks."""
    as_of: float
    is_copy: bool


def listed(visit: Visit, *, over: bool = False, before: int = 0, limit: int = 50) -> Listing:
    """What is open, worst first; *over*: all, newest first, from the one before the number *before* on.

    Raises:
        SentinelAway: it does not answer, and there is no copy.
    """
    require(visit.caller, Permission.OPERATE)
    path = f"/incidents?all=1&before={before}&limit={limit}" if over else "/incidents"
    try:
        page = sentinel.ask(visit.service.settings, Request(path), view.Page)
    except SentinelAway as error:
        return _copies(visit, over=over, limit=limit, error=error)
    return Listing(page.incidents, page.at, is_copy=False, following=page.cursor)


def find(visit: Visit, incident: str) -> Case:
    """All about one; of a copy without what happened.

    Raises:
        UnknownName: there is none. SentinelAway: it does not answer, and there is no copy.
    """
    require(visit.caller, Permission.OPERATE)
    try:
        whole = sentinel.ask(visit.service.settings, Request(incident_path(incident)), view.Whole)
    except SentinelAway as error:
        return _copy(visit, incident, error=error)
    return Case(whole, visit.service.clock(), is_copy=False)


def start(visit: Visit, values: Values, *, key: str = "") -> view.Told:
    """Open one with *values* (of ``deeds.Open``), or find the open one of its kind.

    Raises:
        UsageError: a value cannot be taken. SentinelAway: nothing was done, or it is not known.
    """
    require(visit.caller, Permission.OPERATE)
    return _sent(visit, Request("/incidents", _made(deeds.Open, values, by=_who(visit)), key))


def act(visit: Visit, incident: str, *, deed: str, values: Values, key: str = "") -> view.Told:
    """Do *deed* (a name in ``deeds.DEEDS``) with *values*; the incident afterwards.

    Raises:
        UnknownName: there is none. UsageError: a value cannot be taken. Conflict: it is in no state for that.
        SentinelAway: nothing was done, or it is not known.
    """
    require(visit.caller, Permission.OPERATE)
    made = _made(deeds.DEEDS[deed], values, by=_who(visit))
    return _sent(visit, Request(incident_path(incident, deed), made, key))


def snapshot(visit: Visit, incident: str, *, key: str = "") -> view.Told:
    """Keep how everything is now, beside the incident.

    Raises:
        UnknownName: there is none. SentinelAway: nothing was kept, or it is not known.
    """
    require(visit.caller, Permission.OPERATE)
    service = visit.service
    watch = Watch(service.store, service.settings, clock=service.clock, now=lambda: service.now)
    try:
        found = parts(watch)
    finally:
        watch.stop()
    seen: dict[str, object] = {"parts": [asdict(one) for one in found], "deployments": _deployments(visit)}
    body = deeds.Seen(by=_who(visit), health=overall(found).value, seen=seen)
    return _sent(visit, Request(incident_path(incident, "snapshot"), body, key))


def report(visit: Visit, values: Values, *, key: str = "") -> str:
    """The id of the incident that a problem becomes part of; whoever has logged in may report one.

    Raises:
        UsageError: a value cannot be taken. TooSoon: too many within minutes.
        SentinelAway: it was not recorded, or that is not known.
    """
    require(visit.caller, Permission.READ)
    by = f"{visit.caller.name[:100]} ({visit.caller.actor[:90]})"
    return _sent(visit, Request("/reports", _made(reported.Report, values, by=by), key)).id


def _made(kind: type[_T], values: Values, *, by: str) -> _T:
    try:
        return msgspec.convert({**values, "by": by}, kind)
    except msgspec.ValidationError as error:
        said, _, place = str(error).partition(" - at `$.")
        field = place.rstrip("`")
        raise UsageError(f"{field}: {said[:1].lower()}{said[1:]}" if field else said) from error


def _who(visit: Visit) -> str:
    """As the timeline names who acts: a key by its own id too, and nobody as the machine, whose words are its own."""
    name, actor = visit.caller.name[:100].strip(), visit.caller.actor
    is_person = actor.startswith("user:") and name and name.casefold() != _MACHINE
    return name if is_person or actor == "local" else f"{name} ({actor})"


def _sent(visit: Visit, request: Request) -> view.Told:
    """What the sentinel makes of it; one caller's keys are never another's."""
    own = hashlib.sha256(f"{visit.caller.actor}\n{request.key}".encode()).hexdigest() if request.key else ""
    return sentinel.ask(visit.service.settings, replace(request, key=own), view.Told)


def _deployments(visit: Visit) -> list[dict[str, object]] | str:
    """The newest ones; a line, where the database cannot be asked."""
    try:
        return [asdict(one) for one in deployed(visit.service.store)[:NEWEST]]
    except StoreError as error:
        return f"not known: {type(error).__name__}"


def _copies(visit: Visit, *, over: bool, limit: int, error: SentinelAway) -> Listing:
    with visit.service.store.reading() as connection:
        found = mirror.listed(connection, limit=limit if over else _MOST_COPIES)
        as_of = mirror.as_of(connection)
    if as_of is None:
        raise error
    shown = found if over else sorted((one for one in found if one.state.is_live), key=lambda one: one.severity.value)
    return Listing(tuple(shown), as_of, is_copy=True)


def _copy(visit: Visit, incident: str, *, error: SentinelAway) -> Case:
    with visit.service.store.reading() as connection:
        as_of = mirror.as_of(connection)
        if as_of is None:
            raise error
        told = mirror.get(connection, sentinel.id_of(incident))
    ruling = view.Ruling(severity=told.severity, rule="", why="")
    return Case(view.Whole(incident=told, ruling=ruling, timeline=(), tasks=()), as_of, is_copy=True)
