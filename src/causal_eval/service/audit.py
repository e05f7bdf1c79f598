"""The audit log: what was done is written down with it; admins read it, and see whether it is whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from causal_eval.service.access import Permission, require
from causal_eval.service.wiring import Visit
from causal_eval.store.audit import Entry, Noted, broken_links, entries, note

PAGE = 200


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done to what."""

    action: str
    """``user.add``, ``key.revoke`` ..."""
    target: str
    project: str | None = None


def record(connection: Connection, visit: Visit, *, deed: Deed, detail: Mapping[str, object] | None = None) -> None:
    """Write *deed* into the log, in the transaction that does it; *detail* holds no secret."""
    caller = visit.caller
    entry = Entry(caller.actor, deed.action, deed.target, deed.project, caller.address, detail or {})
    note(connection, entry, at=visit.service.clock())


def listed(visit: Visit, *, project: str | None = None, before: int | None = None, limit: int = PAGE) -> list[Noted]:
    """The newest entries, newest first, older than the one with the id *before*.

    Raises:
        NotAllowed, UnknownName: the caller is no admin, or does not enter *project*.
    """
    require(visit.caller, Permission.ADMINISTER, project=project)
    with visit.service.store.reading() as connection:
        return entries(connection, project=project, before=before, limit=min(limit, PAGE))


def broken(visit: Visit) -> list[int]:
    """Ids of entries that were changed, or before which one was taken away; empty: the log is whole."""
    require(visit.caller, Permission.ADMINISTER)
    with visit.service.store.reading() as connection:
        return list(broken_links(connection))
