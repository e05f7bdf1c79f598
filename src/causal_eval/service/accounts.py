"""Who asks: a caller by API key, by session, or by sitting at the machine; logging in and out; the first admin."""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from causal_eval.errors import NotLoggedIn, StoreError, TooSoon, UnknownName
from causal_eval.operations.notices import Entrance, Identified
from causal_eval.service import backoff
from causal_eval.service.access import Caller, Permission, Role, at_least
from causal_eval.service.secret import check_password, digest, hash_password, key_id, new_password
from causal_eval.service.wiring import Service
from causal_eval.store.accounts import (
    Session,
    User,
    change_user,
    count_users,
    delete_session,
    find_by_email,
    find_session,
    find_user,
    insert_session,
    insert_user,
    password_of,
    see_session,
)
from causal_eval.store.api_keys import ApiKey, KeptKey, find_key, use_key
from causal_eval.store.audit import Entry, note

SESSION = 12 * 3600.0
IDLE = 2 * 3600.0
"""Seconds that a session lasts, and that it lasts unused."""
MINUTE = 60.0
"""Uses of a key or session are written down at most so often."""
FIRST_ADMIN = "admin@localhost"

_REFUSED = "address and password do not belong together: check both"


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that has begun: what the browser keeps, and what its forms send back."""

    cookie: str = field(repr=False)
    csrf: str = field(repr=False)
    expires_at: float


@dataclass(frozen=True, slots=True)
class Login:
    """Who a session belongs to."""

    caller: Caller
    csrf: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """The account that a new service begins with; its password is told once."""

    email: str
    password: str = field(repr=False)


def by_key(service: Service, key: str, *, address: str) -> Caller:
    """The caller who holds *key*; at most 2 s old.

    Raises:
        NotLoggedIn: it is no key, or one that opens nothing any more.
    """
    if (caller := remembered(service, key, address=address)) is not None:
        return caller
    known, now = digest(key), service.clock()
    with _told(service), service.store.reading() as connection:
        found = _opening(connection, key, now=now)
        caller = _key_caller(found, find_user(connection, found.user_id))
    _use(service, found, now=now)
    service.known.keep(known, caller, now=now, expires_at=found.expires_at)
    return replace(caller, address=address)


def remembered(service: Service, key: str, *, address: str) -> Caller | None:
    """The caller who holds *key*, where it was looked up within the last 2 s; nothing is asked, so nobody waits."""
    caller = service.known.find(digest(key), now=service.clock())
    if caller is None:
        return None
    service.listener(Identified(Entrance.OK))
    return replace(caller, address=address)


def by_cookie(service: Service, cookie: str, *, address: str) -> Login:
    """The caller whose session *cookie* is.

    Raises:
        NotLoggedIn: there is no such session, or it is over.
    """
    known, now = digest(cookie), service.clock()
    with _told(service), service.store.reading() as connection:
        found = find_session(connection, known)
        if found is None or found.user.disabled_at is not None or _is_over(found, now):
            raise NotLoggedIn("this session is over: log in again")
    if now - found.seen_at >= MINUTE:
        with service.store.writing() as connection:
            see_session(connection, known, at=now)
    return Login(user_caller(found.user, address=address), found.csrf)


def log_in(service: Service, email: str, *, password: str, address: str) -> NewSession:
    """Begin a session; an account that does not exist is refused like a wrong password, and as slowly.

    Raises:
        NotLoggedIn: account and password do not belong together.
        TooSoon: this account failed from this address a moment ago.
    """
    with _told(service):
        return _log_in(service, normal_email(email), password=password, address=address)


def _log_in(service: Service, account: str, *, password: str, address: str) -> NewSession:
    failed = backoff.take_turn(service, account, address=address)
    with service.store.reading() as connection:
        user = find_by_email(connection, account)
        kept = None if user is None or user.disabled_at is not None else password_of(connection, user.id)
    checked = check_password(password, kept)
    if user is None or not checked.right:
        raise NotLoggedIn(_REFUSED)
    with service.store.writing() as connection:
        if password_of(connection, user.id) != kept or find_user(connection, user.id).disabled_at is not None:
            raise NotLoggedIn(_REFUSED)
        if checked.fresh is not None:
            change_user(connection, user.id, values={"password": checked.fresh})
        begun = begin_session(service, connection, user=user, address=address, detail={"failed_before": failed})
    backoff.clear(service, account, address=address)
    return begun


def begin_session(
    service: Service, connection: Connection, *, user: User, address: str, detail: dict[str, object]
) -> NewSession:
    """A session of *user*, who has shown who that is; part of the transaction that is open."""
    now = service.clock()
    begun = NewSession(service.token() + service.token(), service.token(), now + SESSION)
    session = Session(user, begun.csrf, begun.expires_at, now)
    insert_session(connection, digest(begun.cookie), session=session)
    note(connection, Entry(f"user:{user.id}", "session.begin", user.id, address=address[:64], detail=detail), at=now)
    return begun


def log_out(service: Service, cookie: str) -> None:
    """End the session; nothing happens where it is over."""
    with service.store.writing() as connection:
        user = delete_session(connection, digest(cookie))
        if user is not None:
            note(connection, Entry(f"user:{user}", "session.end", user), at=service.clock())


def local_caller(address: str) -> Caller:
    """Whoever sits at a machine that serves itself alone, without accounts."""
    return Caller("local", "local", Role.ADMIN, None, address=address)


def user_caller(user: User, *, address: str) -> Caller:
    """*user* as a caller: an admin enters every project, everybody else those that he is a member of."""
    role = Role(user.role)
    entered = None if role is Role.ADMIN else user.projects
    return Caller(f"user:{user.id}", user.name, role, entered, address=address)


def bootstrap(service: Service) -> FirstAdmin | None:
    """Make the first admin where there is no user yet; of processes that start together one does."""
    first = FirstAdmin(FIRST_ADMIN, new_password(service.token()))
    hashed, now = hash_password(first.password), service.clock()
    user = User(service.token(), first.email, "First admin", Role.ADMIN, now, None, frozenset())
    with service.store.reading() as connection:
        if count_users(connection):
            return None
    try:
        with service.store.writing() as connection:
            if count_users(connection):
                return None
            insert_user(connection, user, password=hashed)
            note(connection, Entry("system", "user.bootstrap", user.id, detail={"email": user.email}), at=now)
    except StoreError:  # without a shared write lock, the address that nobody else can have decides who was first
        with service.store.reading() as connection:
            if not count_users(connection):
                raise
        return None
    return first


def normal_email(email: str) -> str:
    """An address as accounts are found by: lower case, and nothing that a database refuses."""
    return email.replace("\x00", "").strip().lower()[:320]


@contextlib.contextmanager
def _told(service: Service) -> Iterator[None]:
    """Tell whoever listens how it went that somebody showed who he is."""
    outcome = Entrance.ERROR
    try:
        yield
        outcome = Entrance.OK
    except (NotLoggedIn, TooSoon):
        outcome = Entrance.DENIED
        raise
    finally:
        service.listener(Identified(outcome))


def _opening(connection: Connection, key: str, *, now: float) -> ApiKey:
    public = key_id(key)
    found: KeptKey | None = None if public is None else find_key(connection, public)
    if found is None or not hmac.compare_digest(found.digest, digest(key)) or found.key.revoked_at is not None:
        raise NotLoggedIn("this API key is unknown or revoked: make one, and send it as `Authorization: Bearer <key>`")
    if found.key.expires_at is not None and found.key.expires_at <= now:
        raise NotLoggedIn(f"API key {found.key.name!r} has expired: make a new one")
    return found.key


def _key_caller(key: ApiKey, user: User) -> Caller:
    if user.disabled_at is not None:
        raise NotLoggedIn("this API key is of a user who is disabled: ask an admin")
    whole = user_caller(user, address="")
    role = Role(key.role) if at_least(whole.role, Role(key.role)) else whole.role
    projects = whole.projects
    if key.project is not None:
        projects = frozenset({key.project}) if whole.enters(key.project) else frozenset()
    return Caller(f"key:{key.id}", key.name, role, projects, frozenset(map(Permission, key.scopes)))


def _use(service: Service, key: ApiKey, *, now: float) -> None:
    if key.last_used_at is not None and now - key.last_used_at < MINUTE:
        return
    # Who asks is known, and is answered even while nothing can be written: the next look-up tries again.
    with contextlib.suppress(StoreError), service.store.writing() as connection:
        use_key(connection, key.id, at=now, since=now - MINUTE)


def _is_over(session: Session, now: float) -> bool:
    return now >= session.expires_at or now - session.seen_at >= IDLE


def owner_of(connection: Connection, caller: Caller) -> str | None:
    """Id of the user who asks, himself or by a key; None: nobody with an account."""
    kind, _, name = caller.actor.partition(":")
    if kind == "key":
        found = find_key(connection, name)
        if found is None:
            raise UnknownName("key", name, ())
        return found.key.user_id
    return name if kind == "user" else None
