"""API keys: made (shown once), listed, revoked; a key never reaches further than who makes it."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from causal_eval.errors import NotAllowed, UnknownName, UsageError
from causal_eval.service.access import NOBODY, Caller, Permission, Role, at_least, require
from causal_eval.service.accounts import owner_of
from causal_eval.service.audit import Deed, record
from causal_eval.service.secret import digest, key_id, new_key
from causal_eval.service.wiring import Visit
from causal_eval.store.accounts import User, find_user
from causal_eval.store.api_keys import ApiKey, find_key, insert_key, list_keys, revoke_key

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class KeyOrder:
    """The key that somebody wants."""

    name: str
    role: Role = Role.VIEWER
    project: str | None = None
    """The only project that it opens; None: all of its user's."""
    scopes: frozenset[Permission] = frozenset()
    """What it is limited to; empty: all of its role."""
    expires_at: float | None = None
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key, and the only sight of it."""

    line: ApiKey
    key: str = field(repr=False)


def make(visit: Visit, wanted: KeyOrder) -> MadeKey:
    """Make a key of who asks.

    Raises:
        NotAllowed: it would reach further than the caller.
        UsageError: a field cannot be taken.
    """
    require(visit.caller, Permission.READ, project=wanted.project)
    now = visit.service.clock()
    _check(wanted, now)
    _check_reach(wanted, visit.caller)
    key = new_key(visit.service.token(), visit.service.token() + visit.service.token())
    public = key_id(key)
    assert public is not None
    with visit.service.store.writing() as connection:
        owner = _owner(connection, visit.caller)
        _check_descent(connection, wanted, caller=visit.caller)
        if not at_least(Role(owner.role), wanted.role):
            raise NotAllowed(f"role of the key is {wanted.role}, its user is {owner.role}: give at most {owner.role}")
        scopes = tuple(sorted(wanted.scopes))
        line = ApiKey(
            public, owner.id, wanted.project, wanted.name, wanted.role, scopes, now, wanted.expires_at, None, None
        )
        insert_key(connection, line, digest=digest(key))
        detail = {"name": line.name, "role": line.role, "scopes": scopes, "expires_at": line.expires_at}
        record(connection, visit, deed=Deed("key.make", line.id, line.project), detail=detail)
    return MadeKey(line, key)


def listed(visit: Visit, *, everybodys: bool = False) -> list[ApiKey]:
    """The caller's keys, newest first, or those of all users, which only admins see."""
    require(visit.caller, Permission.ADMINISTER if everybodys else Permission.READ)
    with visit.service.store.reading() as connection:
        if everybodys:
            return list_keys(connection, None)
        owner = owner_of(connection, visit.caller)
        return [] if owner is None else list_keys(connection, owner)


def revoke(visit: Visit, key: str) -> None:
    """Shut *key* out, on this process at once and on all within 2 s.

    Raises:
        UnknownName: the caller has no such key; admins have all.
    """
    if visit.caller.actor == NOBODY.actor:
        require(visit.caller, Permission.READ)
    with visit.service.store.writing() as connection:
        found = find_key(connection, key)
        own = found is not None and found.key.user_id == owner_of(connection, visit.caller)
        if found is None or not (own or visit.caller.may(Permission.ADMINISTER)):
            raise UnknownName("API key", key, ())
        revoke_key(connection, key, at=visit.service.clock())
        record(connection, visit, deed=Deed("key.revoke", key, found.key.project))
    visit.service.known.forget()


def _owner(connection: Connection, caller: Caller) -> User:
    owner = owner_of(connection, caller)
    if owner is None:
        raise UsageError("API keys belong to users, and nobody is logged in: start the service with accounts")
    return find_user(connection, owner)


def _check(wanted: KeyOrder, now: float) -> None:
    if not wanted.name.strip() or len(wanted.name) > LONGEST_NAME or not wanted.name.isprintable():
        raise UsageError(f"name of the key is {wanted.name!r}: give 1 to {LONGEST_NAME} printable characters")
    if wanted.expires_at is not None and wanted.expires_at <= now:
        raise UsageError("expires_at of the key lies in the past: give a later time, or none")
    if wanted.project is not None and at_least(wanted.role, Role.OPERATOR):
        raise UsageError(
            f"role of a key for one project is {wanted.role}, which is of the whole system: give evaluator"
        )


def _check_reach(wanted: KeyOrder, caller: Caller) -> None:
    if not at_least(caller.role, wanted.role):
        raise NotAllowed(f"role of the key is {wanted.role}, its maker is {caller.role}: give at most {caller.role}")
    if caller.scopes and not (wanted.scopes and wanted.scopes <= caller.scopes):
        limits = ", ".join(sorted(caller.scopes))
        raise NotAllowed(f"scopes of the key reach further than those of {caller.name}: give some of {limits}")


def _check_descent(connection: Connection, wanted: KeyOrder, *, caller: Caller) -> None:
    """A key that makes a key hands on its project, and no longer life than its own."""
    kind, _, name = caller.actor.partition(":")
    parent = find_key(connection, name) if kind == "key" else None
    if parent is None:
        return
    if parent.key.project is not None and wanted.project != parent.key.project:
        raise NotAllowed(f"{caller.name} opens project {parent.key.project} alone: give that project")
    ends = parent.key.expires_at
    if ends is not None and (wanted.expires_at is None or wanted.expires_at > ends):
        raise NotAllowed(f"the key would outlive {caller.name}, which makes it: give an earlier expires_at")
