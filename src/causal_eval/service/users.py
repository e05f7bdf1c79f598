"""Users: added, listed, changed, disabled; there is always an admin left who can act."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from causal_eval.errors import Conflict, NotAllowed, UsageError
from causal_eval.service.access import Permission, Role, require
from causal_eval.service.accounts import normal_email
from causal_eval.service.audit import Deed, record
from causal_eval.service.secret import check_password, hash_password
from causal_eval.service.wiring import Visit
from causal_eval.store import accounts
from causal_eval.store.accounts import User
from causal_eval.store.projects import known_projects

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class NewUser:
    """Somebody who is to have an account."""

    email: str
    name: str
    role: Role = Role.VIEWER
    password: str | None = field(default=None, repr=False)
    """None: logs in by the OpenID provider alone."""
    projects: frozenset[str] = frozenset()


def add(visit: Visit, wanted: NewUser) -> User:
    """Make an account.

    Raises:
        Conflict: the address has one.
        UnknownName, UsageError: a field cannot be taken.
    """
    require(visit.caller, Permission.ADMINISTER)
    email = _email(wanted.email)
    hashed = None if wanted.password is None else hash_password(wanted.password)
    user = User(
        visit.service.token(), email, _name(wanted.name), wanted.role, visit.service.clock(), None, wanted.projects
    )
    with visit.service.store.writing() as connection:
        if accounts.find_by_email(connection, email) is not None:
            raise Conflict(f"email {email} has an account: change that, or give another address")
        known_projects(connection, wanted.projects)
        accounts.insert_user(connection, user, password=hashed)
        detail = {"email": email, "role": user.role, "projects": sorted(user.projects)}
        record(connection, visit, deed=Deed("user.add", user.id), detail=detail)
    return user


def listed(visit: Visit) -> list[User]:
    """All users, by address."""
    require(visit.caller, Permission.ADMINISTER)
    with visit.service.store.reading() as connection:
        return accounts.list_users(connection)


def find(visit: Visit, user: str) -> User:
    """The user with this id: oneself, or anybody for an admin."""
    require(visit.caller, Permission.READ if visit.caller.actor == f"user:{user}" else Permission.ADMINISTER)
    with visit.service.store.reading() as connection:
        return accounts.find_user(connection, user)


def change(visit: Visit, user: str, *, name: str | None = None, role: Role | None = None) -> User:
    """Give *user* another name or role; None leaves it.

    Raises:
        Conflict: the last admin would be none any more.
    """
    require(visit.caller, Permission.ADMINISTER)
    values = {"name": None if name is None else _name(name), "role": role}
    wanted = {key: value for key, value in values.items() if value is not None}
    with visit.service.store.writing() as connection:
        if role is not None and role is not Role.ADMIN:
            _another_admin(connection, user, what="be demoted")
        changed = accounts.find_user(connection, user)
        if wanted:
            accounts.change_user(connection, user, values=wanted)
        record(connection, visit, deed=Deed("user.change", changed.id), detail=wanted)
    visit.service.known.forget()
    return find(visit, user)


def set_password(visit: Visit, user: str, *, password: str, present: str = "") -> None:
    """Give *user* a new password, which ends all sessions of his; one's own needs the present one.

    Raises:
        NotAllowed: *present* is not it, or the caller may not.
    """
    own = visit.caller.actor == f"user:{user}"
    require(visit.caller, Permission.READ if own else Permission.ADMINISTER)
    with visit.service.store.reading() as connection:
        accounts.find_user(connection, user)
        kept = accounts.password_of(connection, user)
    if own and not check_password(present, kept).right:
        raise NotAllowed("present password is wrong: give the one that you log in with")
    hashed = hash_password(password)
    with visit.service.store.writing() as connection:
        accounts.change_user(connection, user, values={"password": hashed})
        ended = accounts.delete_sessions(connection, user)
        record(connection, visit, deed=Deed("user.password", user), detail={"sessions_ended": ended})


def disable(visit: Visit, user: str) -> User:
    """Shut *user* out: sessions end at once, keys open nothing within 2 s.

    Raises:
        Conflict: it is the last admin.
    """
    require(visit.caller, Permission.ADMINISTER)
    with visit.service.store.writing() as connection:
        _another_admin(connection, user, what="be disabled")
        accounts.find_user(connection, user)
        disabled = accounts.moment(visit.service.clock())
        accounts.change_user(connection, user, values={"disabled_at": disabled})
        ended = accounts.delete_sessions(connection, user)
        record(connection, visit, deed=Deed("user.disable", user), detail={"sessions_ended": ended})
    visit.service.known.forget()
    return find(visit, user)


def enable(visit: Visit, user: str) -> User:
    """Let *user* in again."""
    require(visit.caller, Permission.ADMINISTER)
    with visit.service.store.writing() as connection:
        accounts.find_user(connection, user)
        accounts.change_user(connection, user, values={"disabled_at": None})
        record(connection, visit, deed=Deed("user.enable", user))
    return find(visit, user)


def _another_admin(connection: Connection, user: str, *, what: str) -> None:
    if accounts.admins_for_change(connection) == [user]:
        raise Conflict(f"user {user} is the last admin and cannot {what}: make another admin first")


def _email(text: str) -> str:
    email = normal_email(text)
    name, at, host = email.rpartition("@")
    if not (name and at and host) or not email.isprintable() or " " in email:
        raise UsageError(f"email is {text!r}: give an address such as ada@example.org")
    return email


def _name(text: str) -> str:
    if not text.strip() or len(text) > LONGEST_NAME or not text.isprintable():
        raise UsageError(f"name of the user is {text!r}: give 1 to {LONGEST_NAME} printable characters")
    return text.strip()
