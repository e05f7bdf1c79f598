"""Databases of a PostgreSQL server: one made beside another, filled, and put into its place when it is whole."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from causal_eval.errors import Conflict, StoreError, UsageError

_MARK = "causal-eval:"
"""How the comment of a database begins that a restore made: it may be made anew."""
_WHOLE = f"{_MARK} restored and verified, from "
_TRIES = 5
_PART = ".part"
"""How the name of a database ends that has no comment yet."""
_LONGEST = 63
"""Bytes of a name; the server cuts longer ones without a word."""
_ALONE = (
    "lock_timeout = '2s'",  # the server needs a moment to see that an earlier holder was killed
    "idle_session_timeout = 0",
    "tcp_keepalives_idle = 30",
    "tcp_keepalives_interval = 10",
    "tcp_keepalives_count = 3",
)


@dataclass(frozen=True, slots=True)
class Beside:
    """A database beside the one that is used."""

    url: str = field(repr=False)
    name: str
    owner: str


@contextlib.contextmanager
def _server(url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection to the server's own database, in which databases are made and renamed."""
    there = make_url(url).set(drivername="postgresql", database="postgres")
    try:
        with psycopg.connect(there.render_as_string(hide_password=False), autocommit=True) as connection:
            yield connection
    except psycopg.errors.InsufficientPrivilege as error:
        raise UsageError(
            f"the account may not make or rename databases ({error}): let CEB_BACKUP_DATABASE_URL name one that may"
        ) from error
    except psycopg.Error as error:
        raise StoreError(f"server {there.host or there.query.get('host')}: {' '.join(str(error).split())}") from error


def named(name: str, end: str) -> str:
    """*name* with that *end*; one that would be too long for the server is cut before it."""
    return name.encode()[: _LONGEST - len(end)].decode(errors="ignore") + end


@contextlib.contextmanager
def alone(url: str) -> Iterator[None]:
    """While the block runs, no other process restores to the database at *url*; one that was killed holds nothing.

    Raises:
        Conflict: one does.
    """
    name = str(make_url(url).database)
    with _server(url) as connection:
        for limit in _ALONE:
            connection.execute(sql.SQL("SET {}").format(sql.SQL(limit)))
        try:
            connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 2))", [f"restore to {name}"])
        except psycopg.errors.LockNotAvailable as error:
            raise Conflict(f"another process restores to database {name}: wait for it") from error
        yield


def make_beside(url: str, *, of: str, source: str) -> Beside:
    """An empty database at *url* for what is restored from *source*, whose owner is that of the database *of*.

    What an earlier restore left there goes, with whoever still fills it; anything else stays.

    Raises:
        Conflict: there is a database of that name which no restore made.
    """
    name = str(make_url(url).database)
    with _server(url) as connection:
        said = _comment(connection, name)
        if said is not None and not said.startswith(_MARK):
            raise Conflict(f"database {name} is there, and no restore made it: name another with --beside")
        part = named(name, _PART)  # killed before it says whose it is, it is known by its name
        for left in (part, name):
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(left)))
        owner = _owner(connection, of)
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(
                sql.Identifier(part), sql.Identifier(owner)
            )
        )
        _say(connection, part, words=f"{_MARK} being restored from {source}")
        connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(part), sql.Identifier(name)))
    return Beside(url, name, owner)


def call_whole(beside: Beside, *, source: str) -> None:
    """Note on the server that it was verified: only such a database is put into another's place."""
    with _server(beside.url) as connection:
        _say(connection, beside.name, words=f"{_WHOLE}{source}")


def swap(url: str, *, beside: str, aside: str) -> None:
    """Put the database *beside* into the place of that of *url*, which is called *aside* from then on.

    Whoever uses either is sent away, and finds the restored one when it comes again; both renames happen, or none.

    Raises:
        Conflict: *beside* is not there, or was never verified.
        StoreError: the databases are used so busily that no moment is found.
    """
    name = str(make_url(url).database)
    with _server(url) as connection:
        if not (_comment(connection, beside) or "").startswith(_WHOLE):
            raise Conflict(f"database {beside} was not restored and verified: nothing was swapped")
        for tries_left in reversed(range(_TRIES)):
            if _swapped(connection, {name: aside, beside: name}, last=not tries_left):
                return


def _swapped(connection: psycopg.Connection[tuple[object, ...]], renames: Mapping[str, str], *, last: bool) -> bool:
    """Whether all were renamed; False: somebody came in between."""
    try:
        with connection.transaction():
            for name, new in renames.items():
                _rename(connection, name, new=new)
    except psycopg.errors.ObjectInUse:
        if last:
            raise
        return False
    return True


def _rename(connection: psycopg.Connection[tuple[object, ...]], name: str, *, new: str) -> None:
    connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
    if _comment(connection, name) is not None:
        connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(new)))


def _comment(connection: psycopg.Connection[tuple[object, ...]], name: str) -> str | None:
    """What is said of the database; None: there is none of that name."""
    row = connection.execute(
        "SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    return None if row is None else str(row[0])


def _owner(connection: psycopg.Connection[tuple[object, ...]], name: str) -> str:
    row = connection.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", [name]).fetchone()
    if row is None:
        row = connection.execute("SELECT current_user").fetchone()
    assert row is not None
    return str(row[0])


def _say(connection: psycopg.Connection[tuple[object, ...]], name: str, *, words: str) -> None:
    connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(words)))
