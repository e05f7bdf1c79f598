"""Users, the projects that they enter, their sessions, and their failed logins, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update

from causal_eval.errors import UnknownName
from causal_eval.store.account_tables import login_failures, members, sessions, users


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an account; never with the password."""

    id: str
    email: str
    name: str
    role: str
    created_at: float
    disabled_at: float | None
    projects: frozenset[str]
    """Those that the user is a member of."""


@dataclass(frozen=True, slots=True)
class Session:
    """A login that holds, and whose it is."""

    user: User
    csrf: str
    expires_at: float
    seen_at: float


@dataclass(frozen=True, slots=True)
class Failures:
    """How often a login into an account from an address failed since the last that did not."""

    count: int
    last_at: float


def moment(at: float) -> datetime:
    """Seconds since 1970 as a column of times holds them."""
    return datetime.fromtimestamp(at, UTC)


def seconds(at: datetime | None) -> float | None:
    """A column of times in seconds since 1970; SQLite gives back no time zone, which is then UTC."""
    if at is None:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


# ---- users ----------------------------------------------------------------------------------------------------------


def insert_user(connection: Connection, user: User, *, password: str | None) -> None:
    """Add *user* with its projects; *password* is the hash."""
    row = {name: getattr(user, name) for name in ("id", "email", "name", "role")}
    connection.execute(insert(users), {**row, "password": password, "created_at": moment(user.created_at)})
    for project in sorted(user.projects):
        insert_member(connection, user.id, project=project, at=user.created_at)


def count_users(connection: Connection) -> int:
    """How many there are, disabled ones too."""
    return connection.execute(select(func.count()).select_from(users)).scalar_one()


def find_user(connection: Connection, user: str) -> User:
    """The user with this id.

    Raises:
        UnknownName: there is none.
    """
    row = connection.execute(select(users).where(users.c.id == user)).first()
    if row is None:
        raise UnknownName("user", user, ())
    return _user(connection, row)


def find_by_email(connection: Connection, email: str) -> User | None:
    """The user with this address, which is in lower case."""
    row = connection.execute(select(users).where(users.c.email == email)).first()
    return None if row is None else _user(connection, row)


def find_by_subject(connection: Connection, issuer: str, *, subject: str) -> User | None:
    """The user whom an OpenID provider calls *subject*."""
    row = connection.execute(select(users).where(users.c.issuer == issuer, users.c.subject == subject)).first()
    return None if row is None else _user(connection, row)


def password_of(connection: Connection, user: str) -> str | None:
    """The hash of the user's password; None: no login by password."""
    return connection.scalars(select(users.c.password).where(users.c.id == user)).first()


def list_users(connection: Connection) -> list[User]:
    """All users by address."""
    return [_user(connection, row) for row in connection.execute(select(users).order_by(users.c.email))]


def admins_for_change(connection: Connection) -> list[str]:
    """Ids of the admins who can act, held against every other change until the transaction ends."""
    acting = and_(users.c.role == "admin", users.c.disabled_at.is_(None))
    return list(connection.scalars(select(users.c.id).where(acting).with_for_update()))


def change_user(connection: Connection, user: str, *, values: Mapping[str, object]) -> None:
    """Set columns of a user, by name."""
    connection.execute(update(users).where(users.c.id == user).values(**values))


def insert_member(connection: Connection, user: str, *, project: str, at: float) -> None:
    """Let *user* into *project*; nothing changes for one who is in already."""
    there = select(members.c.user_id).where(members.c.project == project, members.c.user_id == user)
    if connection.execute(there).first() is None:
        connection.execute(insert(members), {"project": project, "user_id": user, "added_at": moment(at)})


def delete_member(connection: Connection, user: str, *, project: str) -> int:
    """Take *user* out of *project*; how many rows that were."""
    return connection.execute(delete(members).where(members.c.project == project, members.c.user_id == user)).rowcount


def list_members(connection: Connection, project: str) -> list[User]:
    """The members of *project* by address."""
    query = select(users).join(members, members.c.user_id == users.c.id).where(members.c.project == project)
    return [_user(connection, row) for row in connection.execute(query.order_by(users.c.email))]


def _user(connection: Connection, row: Row[Any]) -> User:
    entered = connection.scalars(select(members.c.project).where(members.c.user_id == row.id))
    at = seconds(row.created_at)
    assert at is not None
    return User(row.id, row.email, row.name, row.role, at, seconds(row.disabled_at), frozenset(entered))


# ---- sessions -------------------------------------------------------------------------------------------------------


def insert_session(connection: Connection, digest: str, *, session: Session) -> None:
    """Begin a session; *digest* is the SHA-256 of its cookie. Those that are over go."""
    at = moment(session.seen_at)
    connection.execute(delete(sessions).where(sessions.c.expires_at <= at))
    connection.execute(
        insert(sessions),
        {
            "hash": digest,
            "user_id": session.user.id,
            "csrf": session.csrf,
            "created_at": at,
            "seen_at": at,
            "expires_at": moment(session.expires_at),
        },
    )


def find_session(connection: Connection, digest: str) -> Session | None:
    """The session of a cookie, over or not."""
    row = connection.execute(select(sessions).where(sessions.c.hash == digest)).first()
    if row is None:
        return None
    expires_at, seen_at = seconds(row.expires_at), seconds(row.seen_at)
    assert expires_at is not None
    assert seen_at is not None
    return Session(find_user(connection, row.user_id), row.csrf, expires_at, seen_at)


def see_session(connection: Connection, digest: str, *, at: float) -> None:
    """Write down that the session was used."""
    connection.execute(update(sessions).where(sessions.c.hash == digest).values(seen_at=moment(at)))


def delete_session(connection: Connection, digest: str) -> str | None:
    """End a session; the id of its user, None where there was none."""
    user = connection.scalars(select(sessions.c.user_id).where(sessions.c.hash == digest)).first()
    connection.execute(delete(sessions).where(sessions.c.hash == digest))
    return user


def delete_sessions(connection: Connection, user: str) -> int:
    """End every session of *user*; how many those were."""
    return connection.execute(delete(sessions).where(sessions.c.user_id == user)).rowcount


# ---- failed logins --------------------------------------------------------------------------------------------------


def failures(connection: Connection, account: str, *, address: str) -> Failures:
    """The failed logins into *account* from *address*; the row is held until the transaction ends."""
    query = select(login_failures.c.count.label("failed"), login_failures.c.last_at).where(_of(account, address))
    row = connection.execute(query.with_for_update()).first()
    return Failures(0, 0.0) if row is None else Failures(row.failed, row.last_at)


def save_failures(connection: Connection, account: str, *, address: str, now: Failures, forget: float) -> None:
    """Keep the count, and drop those of accounts that were left alone since *forget* (seconds since 1970)."""
    connection.execute(delete(login_failures).where(login_failures.c.last_at < forget))
    values = {"count": now.count, "last_at": now.last_at}
    if not connection.execute(update(login_failures).where(_of(account, address)).values(**values)).rowcount:
        connection.execute(insert(login_failures), {"account": account, "address": address, **values})


def forget_failures(connection: Connection, account: str, *, address: str) -> None:
    """Begin to count anew."""
    connection.execute(delete(login_failures).where(_of(account, address)))


def _of(account: str, address: str) -> Any:
    return and_(login_failures.c.account == account, login_failures.c.address == address)
